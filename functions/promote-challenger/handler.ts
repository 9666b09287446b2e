/** Task: the champion changes. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { promoteChallenger, type PromoteChallengerDependencies } from '../../shared/use-cases/promote-challenger.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends PromoteChallengerDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return promoteChallenger(deps, task, task.epoch);
  });
}
