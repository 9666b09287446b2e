/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import * as z from 'zod/mini';
import { newCloudWatchMetrics } from '../../shared/aws/cloudwatch-metrics.ts';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newSageMakerRegistry } from '../../shared/aws/sagemaker-registry.ts';
import { newSageMakerServing, servingClients } from '../../shared/aws/sagemaker-serving.ts';
import { newDeadMansSwitch } from '../../shared/aws/scheduler-dead-man.ts';
import { newStores } from '../../shared/aws/stores.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RECORDS_TABLE: z.string().check(z.minLength(3)),
  DEAD_MAN_GROUP: z.string().check(z.minLength(1)),
  DEAD_MAN_FUNCTION_ARN: z.string().check(z.minLength(20)),
  DEAD_MAN_ROLE_ARN: z.string().check(z.minLength(20)),
  ACCOUNT_ID: z.string().check(z.regex(/^\d{12}$/)),
  SERVING_ROLE_ARN: z.string().check(z.minLength(20)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    catalog: newCatalog(),
    stage: settings.STAGE,
    clock: platform.clock,
    ...newStores(platform, settings),
    metrics: newCloudWatchMetrics(new CloudWatchClient(options)),
    registry: newSageMakerRegistry(new SageMakerClient(options)),
    deadMan: newDeadMansSwitch(new SchedulerClient(options), {
      groupName: settings.DEAD_MAN_GROUP,
      functionArn: settings.DEAD_MAN_FUNCTION_ARN,
      roleArn: settings.DEAD_MAN_ROLE_ARN,
    }),
    platform: newSageMakerServing(servingClients(options), {
      accountId: settings.ACCOUNT_ID,
      region: settings.AWS_REGION,
      executionRoleArn: settings.SERVING_ROLE_ARN,
    }),
    telemetry: newTelemetry('shift-traffic'),
  };
}
