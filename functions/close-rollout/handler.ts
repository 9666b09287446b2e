/** Task: the end of a rollout, read back and explained. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { closeRollout, type CloseRolloutDependencies } from '../../shared/use-cases/close-rollout.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends CloseRolloutDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return closeRollout(deps, task, task.reason);
  });
}
