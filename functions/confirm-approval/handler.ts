/** Task of model-release after the wait: only what is stored is a decision. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { confirmApproval, type ConfirmApprovalDependencies } from '../../shared/use-cases/confirm-approval.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends ConfirmApprovalDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return confirmApproval(deps, task);
  });
}
