/** Task of canary-blue-green and rollback-model: takes the lease and writes down what the rollout is about. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { openRollout, type OpenRolloutDependencies } from '../../shared/use-cases/open-rollout.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends OpenRolloutDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return openRollout(deps, task);
  });
}
