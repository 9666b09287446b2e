/** SDK clients whose answers a test scripts; nothing is sent. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';

const options = { region: 'eu-central-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };

export const clients = {
  cloudWatch: () => new CloudWatchClient(options),
  dynamoDb: () => new DynamoDBClient(options),
  eventBridge: () => new EventBridgeClient(options),
  s3: () => new S3Client(options),
  sageMaker: () => new SageMakerClient(options),
  sageMakerRuntime: () => new SageMakerRuntimeClient(options),
  scheduler: () => new SchedulerClient(options),
  stepFunctions: () => new SFNClient(options),
};

export { mockClient };

/** An error as the SDK throws it: AWS's code is its name. */
export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $metadata: {} });
}

/** An error of the network as Node throws it: the code is no name. */
export function networkError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code });
}
