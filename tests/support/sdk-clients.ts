/** Calls any operation of the laptop cloud through the real SDK client of its service. */
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as sagemaker from '@aws-sdk/client-sagemaker';
import * as sagemakerRuntime from '@aws-sdk/client-sagemaker-runtime';
import * as scheduler from '@aws-sdk/client-scheduler';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { type SdkRequestHandler } from '../../local/protocols/request-handler.ts';

interface Client {
  send(command: object): Promise<Record<string, unknown>>;
  destroy(): void;
}
type ClientClass = new (configuration: object) => Client;
type CommandClass = new (input: object) => object;

/** Service id of the laptop cloud -> the SDK's package and client. A service may have more than one. */
const SDK: Readonly<Record<string, readonly (readonly [module: object, client: string])[]>> = {
  dynamodb: [[dynamodb, 'DynamoDBClient']],
  events: [[eventbridge, 'EventBridgeClient']],
  kms: [[kms, 'KMSClient']],
  lambda: [[lambda, 'LambdaClient']],
  logs: [[logs, 'CloudWatchLogsClient']],
  monitoring: [[cloudwatch, 'CloudWatchClient']],
  s3: [[s3, 'S3Client']],
  sagemaker: [
    [sagemaker, 'SageMakerClient'],
    [sagemakerRuntime, 'SageMakerRuntimeClient'],
  ],
  scheduler: [[scheduler, 'SchedulerClient']],
  secretsmanager: [[secretsManager, 'SecretsManagerClient']],
  sns: [[sns, 'SNSClient']],
  sqs: [[sqs, 'SQSClient']],
  ssm: [[ssm, 'SSMClient']],
  states: [[sfn, 'SFNClient']],
  sts: [[sts, 'STSClient']],
};

/** True when the SDK has a client for the service among the project's dependencies. */
export function hasSdkClient(service: string): boolean {
  return service in SDK;
}

export interface SdkCaller {
  /** The output of the operation, without `$metadata`; rejects with the SDK's typed exception. */
  call(service: string, operation: string, input: object): Promise<Record<string, unknown>>;
  destroy(): void;
}

/** @param credentials whose calls these are; the operator's if absent */
export function newSdkCaller(
  requestHandler: SdkRequestHandler,
  region: string,
  credentials: object = { accessKeyId: 'operator', secretAccessKey: 'secret' },
): SdkCaller {
  const clients = new Map<string, Client>();
  return {
    async call(service, operation, input) {
      const found = SDK[service]?.find(([module]) => `${operation}Command` in module);
      if (!found) throw new Error(`no SDK client of '${service}' has the operation ${operation}`);
      const [module, name] = found;
      const exported = module as Record<string, unknown>;
      let client = clients.get(name);
      if (!client) {
        // Errors are part of what is tested: no second try.
        const configuration = { region, credentials, requestHandler, maxAttempts: 1, forcePathStyle: true };
        client = new (exported[name] as ClientClass)(configuration);
        clients.set(name, client);
      }
      const Command = exported[`${operation}Command`] as CommandClass;
      const { $metadata: _metadata, ...output } = await client.send(new Command(input));
      return output;
    },
    destroy() {
      for (const client of clients.values()) client.destroy();
    },
  };
}
