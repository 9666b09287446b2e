/** The way back: the champion gets all traffic. Goes on without the table; what could not be recorded is spooled. */
import { StaleEpoch } from '../domain/errors.ts';
import { EndpointBusy } from '../domain/flow-errors.ts';
import { championOnly, type Colour, otherColour } from '../domain/rollout/weights.ts';
import { type Spool } from '../ports/flow.ts';
import { type ObservedEndpoint } from '../ports/serving-platform.ts';
import { type RolloutRecord, type StopSignal } from '../ports/rollout-store.ts';
import { changeEndpoint, type ChangeEndpointDependencies, checkLease } from './change-endpoint.ts';

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

/** Without the table: the epoch on the endpoint's own labels is the fence, and their champion tells of a promotion. */
async function restoreWithoutTable(
  deps: RestoreChampionDependencies,
  order: RestoreOrder,
  championVariant: Colour,
): Promise<Restored> {
  const weights = championOnly(championVariant);
  const labels = await deps.platform.labels(order.endpoint);
  const current = Number(labels['switchyard:epoch']);
  if (Number.isFinite(current) && current > order.epoch) throw new StaleEpoch(order.epoch, current);
  if (current === order.epoch && labels['switchyard:champion'] === otherColour(championVariant))
    return { changeId: null };
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

/** True when the rollout's promotion is committed, and the order would undo it. */
async function undoesPromotion(deps: RestoreChampionDependencies, order: RestoreOrder): Promise<boolean> {
  const champion = await deps.endpoints.champion(order.model);
  return champion?.rolloutId === order.rolloutId && champion.arm.variant !== order.championVariant;
}

/** A failed first deployment has no champion to go back to. */
async function takeEndpointAway(deps: RestoreChampionDependencies, order: RestoreOrder): Promise<Restored> {
  if (await undoesPromotion(deps, order)) return { changeId: null };
  await checkLease(deps.endpoints, order.model, order.epoch);
  await deps.rollouts.change(order, (record) => withReason(record, order.reason));
  await deps.platform.deleteEndpoint(order.endpoint);
  return { changeId: null };
}

/**
 * 1. A committed promotion stands, and a champion that has all traffic already is left alone. 2. Otherwise it is asked to get
 * 100 %, with intent and outcome on the record. 3. A first deployment has no champion: its endpoint is taken away.
 * @throws EndpointBusy (retry until done), StaleEpoch
 */
export async function restoreChampion(deps: RestoreChampionDependencies, order: RestoreOrder): Promise<Restored> {
  const { championVariant } = order;
  if (championVariant === null) return takeEndpointAway(deps, order);
  const ref = { model: order.model, rolloutId: order.rolloutId };
  const weights = championOnly(championVariant);
  try {
    if (await undoesPromotion(deps, order)) return { changeId: null };
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
    return restoreWithoutTable(deps, order, championVariant);
  }
}
