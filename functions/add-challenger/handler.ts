/** Task: provisions the challenger with no traffic. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { addChallenger, type AddChallengerDependencies } from '../../shared/use-cases/add-challenger.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends Omit<AddChallengerDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return addChallenger({ ...deps, remainingMs }, task, task.epoch);
  });
}
