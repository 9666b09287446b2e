/** Signals are durable fields of the rollout's record first, and wake-ups second; so none is lost between two waits. */
import { build, type OutgoingEvent } from '../../events/contract.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';
import { RolloutStopped } from '../domain/flow-errors.ts';
import { type RolloutRecord, type Settled, type StopSignal } from '../ports/rollout-store.ts';

/** The name of the wait in which a share is watched. */
export function bakeWait(stepIndex: number): string {
  return `bake-${stepIndex}`;
}

/** @throws RolloutStopped; called before every mutation that moves forward */
export function checkNotStopped(record: RolloutRecord): void {
  if (record.stop) throw new RolloutStopped(record.rolloutId, `${record.stop.kind}: ${record.stop.detail}`);
}

/** True when what would end this wait is stored already. */
export function isResolved(record: RolloutRecord, wait: string): boolean {
  if (record.settled?.changeId === wait) return true;
  if (!wait.startsWith('bake-')) return false;
  return record.stop !== undefined || (record.verdict !== undefined && bakeWait(record.verdict.stepIndex) === wait);
}

/** Stores a reason to stop; the first one stays. Undefined when nothing is to be written. */
export function withStop(record: RolloutRecord, stop: StopSignal): RolloutRecord | undefined {
  return record.stop || !record.active ? undefined : { ...record, stop };
}

/** The wake-up for a record whose wait is resolved; nothing when it is not waiting for what is stored. */
export function wakeUp(record: RolloutRecord): OutgoingEvent[] {
  const { wait, model, rolloutId } = record;
  if (!wait || !isResolved(record, wait.wait)) return [];
  return [build(waitResolved, { subject: 'rollout', model, id: rolloutId, wait: wait.wait })];
}

/** Stores what reading back has shown; it ends the change. */
export function withOutcomeOfChange(record: RolloutRecord, settled: Settled): RolloutRecord {
  const text = `${settled.changeId} read back: ${settled.outcome} ${settled.detail}`;
  const deed = {
    action: text,
    actor: 'settle-change',
    intentAtMs: settled.atMs,
    outcome: settled.outcome,
    outcomeAtMs: settled.atMs,
  };
  return { ...record, settled, deeds: [...record.deeds, deed] };
}
