/** Nobody has completed a look for too long: the traffic goes back without asking the controller. */
import { type EventPublisher } from '../ports/flow.ts';
import { type DeadManOrder } from '../ports/flow.ts';
import { wakeUp, withStop } from './rollout-signals.ts';
import { restoreChampion, type Restored, type RestoreChampionDependencies } from './restore-champion.ts';

export interface FireDeadManDependencies extends RestoreChampionDependencies {
  readonly events: EventPublisher;
}

const REASON = 'DEAD_MAN: no look was completed in time';

/**
 * 1. A rollout that is over, or of another epoch, is left alone: the switch was armed by a former holder. So is one whose
 * champion has everything back. 2. The stop is stored, or spooled. 3. The champion is given all traffic, with or without the
 * table. 4. A controller that lives is woken.
 * @throws EndpointBusy (retry), StaleEpoch
 */
export async function fireDeadMan(
  deps: FireDeadManDependencies,
  order: DeadManOrder,
): Promise<Restored | { changeId: null }> {
  const ref = { model: order.model, rolloutId: order.rolloutId };
  const stop = {
    kind: 'DEAD_MAN' as const,
    detail: 'no look was completed in time',
    by: 'dead man',
    atMs: deps.clock.nowMs(),
  };
  try {
    const record = await deps.rollouts.change(ref, (latest) =>
      latest.epoch === order.epoch ? withStop(latest, stop) : undefined,
    );
    if (!record.active || record.epoch !== order.epoch) return { changeId: null };
    // Begun only after the champion's 100 % was read back: another change now would hide this one from who waits for it.
    if (record.change?.purpose === 'REMOVE_VARIANT') return { changeId: null };
    const wakeUps = wakeUp(record);
    if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  } catch (error) {
    // Without the table the rollback goes on: it must not depend on what may be the cause of the silence.
    if (!(error instanceof Error && error.name === 'StoreUnavailable')) throw error;
  }
  return restoreChampion(deps, { ...order, reason: REASON, stop });
}
