/** An operator wants the previous version back. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { startRollback, type StartRollbackDependencies } from '../../shared/use-cases/start-rollback.ts';
import { incoming } from '../../events/contract.ts';
import { rollbackRequested } from '../../events/rollout/rollback-requested.v1.ts';

export interface Dependencies extends StartRollbackDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: incoming(rollbackRequested) }, async (event) => {
    return startRollback(deps, {
      model: event.detail.model,
      requestedBy: event.detail.requestedBy,
      reason: event.detail.reason,
      idempotencyKey: event.detail.idempotencyKey ?? event.id,
    });
  });
}
