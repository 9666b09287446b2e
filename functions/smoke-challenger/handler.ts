/** Task: asks the challenger itself, before anybody else does. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { smokeChallenger, type SmokeChallengerDependencies } from '../../shared/use-cases/smoke-challenger.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends SmokeChallengerDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return smokeChallenger(deps, task);
  });
}
