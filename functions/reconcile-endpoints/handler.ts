/** Compares endpoints with their champions between rollouts, and mends what differs. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { reconcileEndpoints, type ReconcileEndpointsDependencies } from '../../shared/use-cases/reconcile-endpoints.ts';
import { input } from './schema.ts';

export interface Dependencies extends ReconcileEndpointsDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async () => {
    return reconcileEndpoints(deps);
  });
}
