/** The way back: the champion gets all traffic. Goes on without the table; what could not be recorded is spooled. */
import { StaleEpoch } from '../domain/errors.ts';
import { EndpointBusy } from '../domain/flow-errors.ts';
import { championOnly, type Colour } from '../domain/rollout/weights.ts';
import { type Spool } from '../ports/flow.ts';
import { type ObservedEndpoint } from '../ports/serving-platform.ts';
import { type RolloutRecord, type StopSignal } from '../ports/rollout-store.ts';
import { changeEndpoint, type ChangeEndpointDependencies } from './change-endpoint.ts';

export interface RestoreChampionDependencies extends ChangeEndpointDependencies {
  readonly spool: Spool;
}

/** All that is needed to act with every table down. */
export interface RestoreOrder {
  readonly model: string;
  readonly rolloutId: string;
  readonly endpoint: string;
  readonly epoch: number;
  readonly championVariant: Colour | null;
  readonly reason: string;
  /** A signal that is spooled with the deed when the table is down: else the rollout would go on when the table is back. */
  readonly stop?: StopSignal;
}

export interface Restored {
  /** Null when nothing had to be changed, or when the change could not be recorded. */
  readonly changeId: string | null;
}

/** True when the champion has all traffic already, read back. */
export function servesAlone(observed: ObservedEndpoint | undefined, variant: string): boolean {
  if (!observed || observed.status !== 'IN_SERVICE') return false;
  const serving = observed.variants.filter((each) => each.currentWeight > 0 || each.desiredWeight > 0);
  return serving.length === 1 && serving[0]?.variant === variant;
}

const isStoreDown = (error: unknown): boolean => error instanceof Error && error.name === 'StoreUnavailable';

/** Without the table: the epoch on the endpoint's own labels is the fence. */
async function restoreWithoutTable(
  deps: RestoreChampionDependencies,
  order: RestoreOrder,
  weights: Record<string, number>,
): Promise<Restored> {
  const labels = await deps.platform.labels(order.endpoint);
  const current = Number(labels['switchyard:epoch']);
  if (Number.isFinite(current) && current > order.epoch) throw new StaleEpoch(order.epoch, current);
  const observed = await deps.platform.observe(order.endpoint);
  if (observed?.status === 'CHANGING') throw new EndpointBusy(order.endpoint, observed.rawStatus);
  await deps.platform.setWeights(order.endpoint, weights);
  const { model, rolloutId, reason, stop } = order;
  await deps.spool.keep({
    model,
    rolloutId,
    ...(stop ? { stop } : {}),
    detail: `restored ${JSON.stringify(weights)} without the table: ${reason}`,
  });
  return { changeId: null };
}

function withReason(record: RolloutRecord, reason: string): RolloutRecord | undefined {
  return record.reason === undefined ? { ...record, reason } : undefined;
}

/**
 * 1. A champion that has all traffic already is left alone. 2. Otherwise it is asked to get 100 %, with intent and outcome on
 * the record. 3. A first deployment has no champion: its endpoint is taken away.
 * @throws EndpointBusy (retry until done), StaleEpoch
 */
export async function restoreChampion(deps: RestoreChampionDependencies, order: RestoreOrder): Promise<Restored> {
  const { championVariant } = order;
  const ref = { model: order.model, rolloutId: order.rolloutId };
  if (championVariant === null) {
    await deps.rollouts.change(ref, (record) => withReason(record, order.reason));
    await deps.platform.deleteEndpoint(order.endpoint);
    return { changeId: null };
  }
  const weights = championOnly(championVariant);
  try {
    await deps.rollouts.change(ref, (record) => withReason(record, order.reason));
    const observed = await deps.platform.observe(order.endpoint);
    if (servesAlone(observed, championVariant)) return { changeId: null };
    const configuration = observed?.configuration ?? '';
    const call = (): Promise<void> => deps.platform.setWeights(order.endpoint, weights);
    return {
      changeId: await changeEndpoint(deps, {
        ref,
        epoch: order.epoch,
        endpoint: order.endpoint,
        actor: 'restore-champion',
        purpose: 'RESTORE',
        configuration,
        weights,
        call,
      }),
    };
  } catch (error) {
    if (!isStoreDown(error)) throw error;
    return restoreWithoutTable(deps, order, weights);
  }
}
