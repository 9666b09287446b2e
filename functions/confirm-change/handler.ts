/** Task: reads back what was asked of the endpoint. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { confirmChange, type ConfirmChangeDependencies } from '../../shared/use-cases/confirm-change.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends ConfirmChangeDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return confirmChange(deps, task, task.changeId);
  });
}
