/** An operator aborts a rollout. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { stopRollout, type StopRolloutDependencies } from '../../shared/use-cases/stop-rollout.ts';
import { incoming } from '../../events/contract.ts';
import { abortRequested } from '../../events/rollout/abort-requested.v1.ts';

export interface Dependencies extends StopRolloutDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: incoming(abortRequested) }, async (event) => {
    return stopRollout(deps, {
      model: event.detail.model,
      requestedBy: event.detail.requestedBy,
      reason: event.detail.reason,
      ...(event.detail.rolloutId === undefined ? {} : { rolloutId: event.detail.rolloutId }),
    });
  });
}
