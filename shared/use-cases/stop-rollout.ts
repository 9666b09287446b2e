/** An operator stops a rollout. The signal is durable before anybody is woken; it holds while the endpoint is `Updating`, too. */
import { type Catalog } from '../catalog/catalog.ts';
import { endpointName } from '../catalog/names.ts';
import { RolloutIsOver } from '../domain/errors.ts';
import { NoRolloutUnderWay } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type RolloutStore, type StopSignal } from '../ports/rollout-store.ts';
import { restoreByLabels, type RestoreByLabelsDependencies } from './restore-by-labels.ts';
import { wakeUp, withStop } from './rollout-signals.ts';

export interface StopRolloutDependencies extends RestoreByLabelsDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
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

async function store(deps: StopRolloutDependencies, request: AbortRequest, stop: StopSignal): Promise<string> {
  const active = (await deps.rollouts.active()).filter((record) => record.model === request.model);
  const rolloutId = request.rolloutId ?? active[0]?.rolloutId;
  if (rolloutId === undefined) throw new NoRolloutUnderWay(request.model);
  const after = await deps.rollouts.change({ model: request.model, rolloutId }, (record) => {
    if (!record.active) throw new RolloutIsOver('rollout.abort-requested.v1', record.outcome ?? 'unknown');
    return withStop(record, stop);
  });
  const wakeUps = wakeUp(after);
  if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  return rolloutId;
}

/**
 * The signal is stored and whoever waits is woken. With the table down the traffic goes back by the endpoint's labels, and
 * the signal waits in the spool.
 * @returns the rollout that was stopped; null when the table is down
 * @throws UnknownModel, UnknownRollout, RolloutIsOver, NoRolloutUnderWay, EndpointBusy (retry)
 */
export async function stopRollout(
  deps: StopRolloutDependencies,
  request: AbortRequest,
): Promise<{ rolloutId: string | null }> {
  const { name } = deps.catalog.realTime(request.model);
  const stop: StopSignal = { kind: 'ABORT', detail: request.reason, by: request.requestedBy, atMs: deps.clock.nowMs() };
  try {
    return { rolloutId: await store(deps, request, stop) };
  } catch (error) {
    if (!(error instanceof Error && error.name === 'StoreUnavailable')) throw error;
    const about = { model: name, endpoint: endpointName(deps.stage, name), stop };
    await restoreByLabels(deps, request.rolloutId === undefined ? about : { ...about, rolloutId: request.rolloutId });
    return { rolloutId: null };
  }
}
