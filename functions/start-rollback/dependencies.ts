/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { clientOptions, sha256, type Platform } from '../../shared/aws/platform.ts';
import { newExecutions } from '../../shared/aws/step-functions.ts';
import { newStores } from '../../shared/aws/stores.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RECORDS_TABLE: z.string().check(z.minLength(3)),
  ROLLBACK_MACHINE_ARN: z.string().check(z.minLength(20)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    catalog: newCatalog(),
    ...newStores(platform, settings),
    rollbackMachine: settings.ROLLBACK_MACHINE_ARN,
    executions: newExecutions(new SFNClient(options)),
    sha256,
    telemetry: newTelemetry('start-rollback'),
  };
}
