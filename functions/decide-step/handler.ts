/** Task after the watch: next share, promotion or the way back. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { decideStep, type DecideStepDependencies } from '../../shared/use-cases/decide-step.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends DecideStepDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return decideStep(deps, task, task.stepIndex);
  });
}
