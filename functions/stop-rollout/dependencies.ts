/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import { newEventPublisher } from '../../shared/aws/eventbridge-publisher.ts';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newSageMakerServing, servingClients } from '../../shared/aws/sagemaker-serving.ts';
import { newSqsSpool } from '../../shared/aws/sqs-spool.ts';
import { newStores } from '../../shared/aws/stores.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RECORDS_TABLE: z.string().check(z.minLength(3)),
  ACCOUNT_ID: z.string().check(z.regex(/^\d{12}$/)),
  SERVING_ROLE_ARN: z.string().check(z.minLength(20)),
  SPOOL_QUEUE_URL: z.string().check(z.minLength(10)),
  EVENT_BUS: z.string().check(z.minLength(1)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    catalog: newCatalog(),
    stage: settings.STAGE,
    clock: platform.clock,
    ...newStores(platform, settings),
    platform: newSageMakerServing(servingClients(options), {
      accountId: settings.ACCOUNT_ID,
      region: settings.AWS_REGION,
      executionRoleArn: settings.SERVING_ROLE_ARN,
    }),
    spool: newSqsSpool(new SQSClient(options), settings.SPOOL_QUEUE_URL),
    events: newEventPublisher(new EventBridgeClient(options), settings.EVENT_BUS),
    telemetry: newTelemetry('stop-rollout'),
  };
}
