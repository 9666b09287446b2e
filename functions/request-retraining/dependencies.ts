/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import * as z from 'zod/mini';
import { newEventPublisher } from '../../shared/aws/eventbridge-publisher.ts';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newS3TrainingData } from '../../shared/aws/s3-training-data.ts';
import { newSageMakerPipelines } from '../../shared/aws/sagemaker-pipelines.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  DATA_BUCKET: z.string().check(z.minLength(3)),
  EVENT_BUS: z.string().check(z.minLength(1)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    catalog: newCatalog(),
    stage: settings.STAGE,
    pipelines: newSageMakerPipelines(new SageMakerClient(options)),
    trainingData: newS3TrainingData(new S3Client(options), settings.DATA_BUCKET),
    events: newEventPublisher(new EventBridgeClient(options), settings.EVENT_BUS),
    telemetry: newTelemetry('request-retraining'),
  };
}
