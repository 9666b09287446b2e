/** After the wait for a change: what was read back decides, and a share that has landed begins to be watched. */
import { NotSettled } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type ChangeOutcome, type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { type SettleChangeDependencies, settleRollout } from './settle-change.ts';

export interface ConfirmChangeDependencies extends SettleChangeDependencies {
  readonly rollouts: RolloutStore;
  readonly clock: Clock;
}

export interface ConfirmedChange {
  readonly outcome: ChangeOutcome;
  readonly detail: string;
}

const MS_PER_MINUTE = 60_000;

function withBake(record: RolloutRecord, nowMs: number): RolloutRecord | undefined {
  if (record.kind !== 'CANARY' || record.change?.purpose !== 'SHIFT' || record.bake?.stepIndex === record.stepIndex)
    return undefined;
  // Only minutes that lie wholly after the share was read back are evidence of it.
  const startMinute = Math.floor(nowMs / MS_PER_MINUTE) + 1;
  const { verdict: _former, ...rest } = record;
  return {
    ...rest,
    firstTrafficMinute: record.firstTrafficMinute ?? startMinute,
    bake: { stepIndex: record.stepIndex, startMinute, startedAtMs: nowMs },
  };
}

/**
 * @throws NotSettled (retry) when neither success nor failure can be read back yet
 */
export async function confirmChange(
  deps: ConfirmChangeDependencies,
  ref: RolloutRef,
  changeId: string,
): Promise<ConfirmedChange> {
  let record = await deps.rollouts.get(ref);
  if (record.settled?.changeId !== changeId) {
    await settleRollout(deps, record);
    record = await deps.rollouts.get(ref);
  }
  const settled = record.settled;
  if (settled?.changeId !== changeId) throw new NotSettled(record.endpoint, `${changeId} is still under way`);
  if (settled.outcome === 'SETTLED') await deps.rollouts.change(ref, (latest) => withBake(latest, deps.clock.nowMs()));
  return { outcome: settled.outcome, detail: settled.detail };
}
