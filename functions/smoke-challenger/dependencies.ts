/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod/mini';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newS3LabelledRows } from '../../shared/aws/s3-labelled-rows.ts';
import { newSageMakerServing, servingClients } from '../../shared/aws/sagemaker-serving.ts';
import { newStores } from '../../shared/aws/stores.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RECORDS_TABLE: z.string().check(z.minLength(3)),
  ACCOUNT_ID: z.string().check(z.regex(/^\d{12}$/)),
  SERVING_ROLE_ARN: z.string().check(z.minLength(20)),
  DATA_BUCKET: z.string().check(z.minLength(3)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    clock: platform.clock,
    ...newStores(platform, settings),
    platform: newSageMakerServing(servingClients(options), {
      accountId: settings.ACCOUNT_ID,
      region: settings.AWS_REGION,
      executionRoleArn: settings.SERVING_ROLE_ARN,
    }),
    labelledRows: newS3LabelledRows(new S3Client(options), settings.DATA_BUCKET),
    telemetry: newTelemetry('smoke-challenger'),
  };
}
