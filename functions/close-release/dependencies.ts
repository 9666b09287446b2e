/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import * as z from 'zod/mini';
import { newEventPublisher } from '../../shared/aws/eventbridge-publisher.ts';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newS3Documents } from '../../shared/aws/s3-documents.ts';
import { newSageMakerRegistry } from '../../shared/aws/sagemaker-registry.ts';
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
  EVENT_BUS: z.string().check(z.minLength(1)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    stage: settings.STAGE,
    clock: platform.clock,
    ...newStores(platform, settings),
    registry: newSageMakerRegistry(new SageMakerClient(options)),
    platform: newSageMakerServing(servingClients(options), {
      accountId: settings.ACCOUNT_ID,
      region: settings.AWS_REGION,
      executionRoleArn: settings.SERVING_ROLE_ARN,
    }),
    documents: newS3Documents(new S3Client(options), settings.DATA_BUCKET),
    events: newEventPublisher(new EventBridgeClient(options), settings.EVENT_BUS),
    telemetry: newTelemetry('close-release'),
  };
}
