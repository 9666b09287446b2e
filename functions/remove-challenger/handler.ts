/** Task: takes the losing variant off the endpoint. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { type AddChallengerDependencies } from '../../shared/use-cases/add-challenger.ts';
import { removeChallenger } from '../../shared/use-cases/remove-challenger.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends Omit<AddChallengerDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return removeChallenger({ ...deps, remainingMs }, task, task.epoch);
  });
}
