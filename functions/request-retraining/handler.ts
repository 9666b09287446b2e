/** Starts a training pipeline: for a schedule of the catalog, or because somebody asked. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { requestRetraining, type RequestRetrainingDependencies } from '../../shared/use-cases/request-retraining.ts';
import { input } from './schema.ts';
import { type RetrainingRequest } from '../../shared/use-cases/request-retraining.ts';
import { type Input } from './schema.ts';

export interface Dependencies extends RequestRetrainingDependencies {
  readonly telemetry: Telemetry;
}

/** A schedule's window comes from the time that the schedule names; a request without a key is its own. */
function toRequest(deps: Dependencies, event: Input): RetrainingRequest {
  if ('scheduledAt' in event) {
    const { periodMinutes } = deps.catalog.model(event.model).schedule;
    const trigger = {
      kind: 'schedule' as const,
      model: event.model,
      scheduledAtMs: Date.parse(event.scheduledAt),
      periodMinutes,
    };
    return { trigger, reason: 'schedule', parameters: event.parameters ?? {} };
  }
  const { model, reason, requestedBy, parameters, idempotencyKey } = event.detail;
  const trigger = { kind: 'manual' as const, model, idempotencyKey: idempotencyKey ?? event.id };
  return { trigger, reason: `${requestedBy}: ${reason}`, parameters: parameters ?? {} };
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (event) => {
    return requestRetraining(deps, toRequest(deps, event));
  });
}
