/** Builds what the handler needs from the environment and the platform; the only file of this room that does. */
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { clientOptions, type Platform } from '../../shared/aws/platform.ts';
import { newTokens } from '../../shared/aws/step-functions.ts';
import { newStores } from '../../shared/aws/stores.ts';
import { readEnvironment } from '../../shared/runtime/environment.ts';
import { newTelemetry } from '../../shared/runtime/telemetry.ts';
import { type Dependencies } from './handler.ts';

const environment = z.object({
  AWS_REGION: z.string().check(z.minLength(4)),
  STAGE: z.enum(['dev', 'staging', 'prod']),
  RECORDS_TABLE: z.string().check(z.minLength(3)),
});

export function newDependencies(env: Readonly<Record<string, string | undefined>>, platform: Platform): Dependencies {
  const settings = readEnvironment(environment, env);
  const options = clientOptions(platform, settings.AWS_REGION);
  return {
    clock: platform.clock,
    ...newStores(platform, settings),
    tokens: newTokens(new SFNClient(options)),
    telemetry: newTelemetry('resume-wait'),
  };
}
