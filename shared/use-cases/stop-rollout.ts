/** An operator stops a rollout. The signal is durable before anybody is woken; it holds while the endpoint is `Updating`, too. */
import { type Catalog } from '../catalog/catalog.ts';
import { RolloutIsOver } from '../domain/errors.ts';
import { NoRolloutUnderWay } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type RolloutStore } from '../ports/rollout-store.ts';
import { wakeUp, withStop } from './rollout-signals.ts';

export interface StopRolloutDependencies {
  readonly catalog: Catalog;
  readonly rollouts: RolloutStore;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

export interface AbortRequest {
  readonly model: string;
  /** When absent, whatever is under way for the model. */
  readonly rolloutId?: string;
  readonly requestedBy: string;
  readonly reason: string;
}

/** @throws UnknownModel, UnknownRollout, RolloutIsOver, NoRolloutUnderWay */
export async function stopRollout(
  deps: StopRolloutDependencies,
  request: AbortRequest,
): Promise<{ rolloutId: string }> {
  const model = deps.catalog.realTime(request.model);
  const active = (await deps.rollouts.active()).filter((record) => record.model === model.name);
  const rolloutId = request.rolloutId ?? active[0]?.rolloutId;
  if (rolloutId === undefined) throw new NoRolloutUnderWay(request.model);
  const stop = { kind: 'ABORT' as const, detail: request.reason, by: request.requestedBy, atMs: deps.clock.nowMs() };
  const after = await deps.rollouts.change({ model: model.name, rolloutId }, (record) => {
    if (!record.active) throw new RolloutIsOver('rollout.abort-requested.v1', record.outcome ?? 'unknown');
    return withStop(record, stop);
  });
  const wakeUps = wakeUp(after);
  if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  return { rolloutId };
}
