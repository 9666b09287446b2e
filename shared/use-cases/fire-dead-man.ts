/** Nobody has completed a look for too long: the traffic goes back without asking the controller. */
import { type OutgoingEvent } from '../../events/contract.ts';
import { type DeadManOrder, type EventPublisher } from '../ports/flow.ts';
import { type RolloutRecord, type StopSignal } from '../ports/rollout-store.ts';
import { wakeUp, withStop } from './rollout-signals.ts';
import { restoreChampion, type Restored, type RestoreChampionDependencies } from './restore-champion.ts';

export interface FireDeadManDependencies extends RestoreChampionDependencies {
  readonly events: EventPublisher;
}

const REASON = 'DEAD_MAN: no look was completed in time';

/** Stores the stop. Undefined when the switch has nothing to do any more. */
async function stopped(
  deps: FireDeadManDependencies,
  order: DeadManOrder,
  stop: StopSignal,
): Promise<RolloutRecord | undefined> {
  if ((await deps.endpoints.champion(order.model))?.rolloutId === order.rolloutId) return undefined;
  const record = await deps.rollouts.change({ model: order.model, rolloutId: order.rolloutId }, (latest) =>
    latest.epoch === order.epoch ? withStop(latest, stop) : undefined,
  );
  // Begun only after the champion's 100 % was read back: another change now would hide this one from who waits for it.
  const restored = record.change?.purpose === 'REMOVE_VARIANT';
  return record.active && record.epoch === order.epoch && !restored ? record : undefined;
}

/**
 * 1. A rollout that is over, promoted, or of another epoch, is left alone: the switch was armed by a former holder. So is one
 * whose champion has everything back. 2. The stop is stored, or spooled. 3. The champion is given all traffic, with or without
 * the table. 4. A controller that lives is woken, even if the endpoint took no change now.
 * @throws EndpointBusy (retry), EventsNotAccepted (retry), StaleEpoch
 */
export async function fireDeadMan(deps: FireDeadManDependencies, order: DeadManOrder): Promise<Restored> {
  const stop: StopSignal = {
    kind: 'DEAD_MAN',
    detail: 'no look was completed in time',
    by: 'dead man',
    atMs: deps.clock.nowMs(),
  };
  let wakeUps: OutgoingEvent[] = [];
  try {
    const record = await stopped(deps, order, stop);
    if (!record) return { changeId: null };
    wakeUps = wakeUp(record);
  } catch (error) {
    // Without the table the rollback goes on: it must not depend on what may be the cause of the silence.
    if (!(error instanceof Error && error.name === 'StoreUnavailable')) throw error;
  }
  try {
    return await restoreChampion(deps, { ...order, reason: REASON, stop });
  } finally {
    // The traffic first: the bus may be down.
    if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  }
}
