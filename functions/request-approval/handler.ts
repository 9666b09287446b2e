/** Task with token of model-release: asks for a person's decision. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { requestApproval, type RequestApprovalDependencies } from '../../shared/use-cases/request-approval.ts';
import { input } from './schema.ts';

export interface Dependencies extends RequestApprovalDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (task) => {
    await requestApproval(deps, task, task.token);
    return {};
  });
}
