/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import * as z from 'zod/mini';
import { type Platform } from '../../shared/aws/platform.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, _platform: Platform): Dependencies {
  readEnvironment(environment, env);
  return { telemetry: newTelemetry('refuse-event') };
}
