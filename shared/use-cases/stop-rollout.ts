/** An operator stops a rollout. The signal is durable before anybody is woken; it holds while the endpoint is `Updating`, too. */
import { type Catalog } from '../catalog/catalog.ts';
import { endpointName } from '../catalog/names.ts';
import { RolloutIsOver } from '../domain/errors.ts';
import { NoRolloutUnderWay } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type RolloutRecord, type RolloutRef, type RolloutStore, type StopSignal } from '../ports/rollout-store.ts';
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
  /** When absent, everything that is under way for the model. */
  readonly rolloutId?: string;
  readonly requestedBy: string;
  readonly reason: string;
}

/** @throws UnknownRollout, RolloutIsOver */
async function storeInNamed(
  deps: StopRolloutDependencies,
  ref: RolloutRef,
  stop: StopSignal,
): Promise<readonly RolloutRecord[]> {
  const after = await deps.rollouts.change(ref, (record) => {
    if (!record.active) throw new RolloutIsOver('rollout.abort-requested.v1', record.outcome ?? 'unknown');
    return withStop(record, stop);
  });
  return [after];
}

/** More than one is on record while a dead one waits to be brought home. The one that writes comes first. @throws NoRolloutUnderWay */
async function storeInAll(
  deps: StopRolloutDependencies,
  model: string,
  stop: StopSignal,
): Promise<readonly RolloutRecord[]> {
  const active = (await deps.rollouts.active()).filter((record) => record.model === model);
  const stopped: RolloutRecord[] = [];
  for (const record of active.sort((a, b) => b.epoch - a.epoch)) {
    const after = await deps.rollouts.change(record, (latest) => withStop(latest, stop));
    if (after.active) stopped.push(after);
  }
  if (stopped.length === 0) throw new NoRolloutUnderWay(model);
  return stopped;
}

async function store(deps: StopRolloutDependencies, request: AbortRequest, stop: StopSignal): Promise<string | null> {
  const { model, rolloutId } = request;
  const stopped =
    rolloutId === undefined
      ? await storeInAll(deps, model, stop)
      : await storeInNamed(deps, { model, rolloutId }, stop);
  const wakeUps = stopped.flatMap(wakeUp);
  if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  return stopped[0]?.rolloutId ?? null;
}

/**
 * The signal is stored and whoever waits is woken. With the table down the traffic goes back by the endpoint's labels, and
 * the signal waits in the spool.
 * @returns the rollout that was stopped, of several the one that writes; null when the table is down
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
