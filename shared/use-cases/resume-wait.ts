/** The one holder of the right to complete task tokens. What it sends is a pointer; the state after the wait reads the record. */
import { type Clock } from '../ports/clock.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutStore, type PendingWait } from '../ports/rollout-store.ts';
import { type Tokens } from '../ports/flow.ts';
import { APPROVAL_WAIT, isDecided } from './request-approval.ts';
import { isResolved } from './rollout-signals.ts';

export interface ResumeWaitDependencies {
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

export interface ResolvedWait {
  readonly subject: 'rollout' | 'release';
  readonly model: string;
  readonly id: string;
  readonly wait: string;
}

/** The pending wait, if what is stored bears out that it is over: a wake-up alone is a claim that anybody can make. */
async function resolvedWait(deps: ResumeWaitDependencies, resolved: ResolvedWait): Promise<PendingWait | undefined> {
  const { model, id, wait } = resolved;
  if (resolved.subject === 'rollout') {
    const record = await deps.rollouts.get({ model, rolloutId: id });
    return record.wait?.wait === wait && isResolved(record, wait) ? record.wait : undefined;
  }
  const release = await deps.releases.get({ model, releaseId: id });
  // What staging has come to is not stored: the state after that wait asks the endpoint itself.
  const isOver = wait !== APPROVAL_WAIT || isDecided(release, deps.clock.nowMs());
  return release.wait?.wait === wait && isOver ? release.wait : undefined;
}

/** Idempotent: a wait that has been resumed, that is not over, or that is another one by now, is left alone. */
export async function resumeWait(deps: ResumeWaitDependencies, resolved: ResolvedWait): Promise<{ resumed: boolean }> {
  const { model, id, wait } = resolved;
  const pending = await resolvedWait(deps, resolved);
  if (!pending) return { resumed: false };
  const resumed = await deps.tokens.resume(pending.token, { subject: resolved.subject, model, id, wait });
  // Forgotten only after the token was used: a crash in between repeats a harmless call.
  await forget(deps, resolved, pending);
  return { resumed };
}

async function forget(deps: ResumeWaitDependencies, resolved: ResolvedWait, used: PendingWait): Promise<void> {
  const { model, id } = resolved;
  const without = <R extends { wait?: PendingWait }>(record: R): R | undefined => {
    if (record.wait?.token !== used.token) return undefined;
    const { wait: _wait, ...rest } = record;
    return rest as R;
  };
  if (resolved.subject === 'rollout') await deps.rollouts.change({ model, rolloutId: id }, without);
  else await deps.releases.change({ model, releaseId: id }, without);
}
