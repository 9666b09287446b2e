/** Every service's story, and the cloud on which it is told. */
import { newCloud, type LaptopCloud } from '../../../local/cloud.ts';
import { ACCOUNT, REGION, START_MS, type ServiceCases } from './case.ts';
import { CLOUDFORMATION } from './cases/cloudformation.ts';
import { CLOUDWATCH } from './cases/cloudwatch.ts';
import { DYNAMODB } from './cases/dynamodb.ts';
import { EVENTBRIDGE } from './cases/eventbridge.ts';
import { IAM } from './cases/iam.ts';
import { KMS } from './cases/kms.ts';
import { LAMBDA } from './cases/lambda.ts';
import { LOGS } from './cases/logs.ts';
import { S3 } from './cases/s3.ts';
import { SAGEMAKER } from './cases/sagemaker.ts';
import { SCHEDULER } from './cases/scheduler.ts';
import { SECRETSMANAGER } from './cases/secretsmanager.ts';
import { SNS } from './cases/sns.ts';
import { SQS } from './cases/sqs.ts';
import { SSM } from './cases/ssm.ts';
import { STEPFUNCTIONS } from './cases/stepfunctions.ts';
import { STS } from './cases/sts.ts';

export const STORIES: readonly ServiceCases[] = [
  ...[CLOUDFORMATION, CLOUDWATCH, DYNAMODB, EVENTBRIDGE, IAM, KMS, LAMBDA, LOGS, S3],
  ...[SAGEMAKER, SCHEDULER, SECRETSMANAGER, SNS, SQS, SSM, STEPFUNCTIONS, STS],
];

/**
 * An empty cloud whose functions answer their event (or fail when it says so) and whose containers echo.
 * @param scratchDirectory an existing directory
 */
export function newEchoCloud(scratchDirectory: string): LaptopCloud {
  return newCloud({
    seed: 1,
    startMs: START_MS,
    region: REGION,
    accountId: ACCOUNT,
    scratchDirectory,
    lambdaRuntime: () => ({
      start: async () => ({
        invoke: async (event) => {
          if ((event as { fail?: boolean } | null)?.fail) throw new Error('the function failed');
          return event;
        },
      }),
    }),
    containerHost: {
      startServer: async () => ({
        ping: async () => true,
        invoke: async ({ body, contentType }) =>
          Buffer.from(body).toString() === 'fail'
            ? { statusCode: 500, body: Buffer.from('the model failed'), contentType: 'text/plain' }
            : { statusCode: 200, body, contentType },
      }),
      runJob: async () => ({ exitCode: 0, log: [] }),
    },
  });
}
