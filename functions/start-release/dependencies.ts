/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newExecutions } from '../../shared/aws/step-functions.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RELEASE_MACHINE_ARN: z.string().check(z.minLength(20)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    catalog: newCatalog(),
    stage: settings.STAGE,
    releaseMachine: settings.RELEASE_MACHINE_ARN,
    executions: newExecutions(new SFNClient(options)),
    telemetry: newTelemetry('start-release'),
  };
}
