/** The one holder of the right to complete task tokens. What it sends is a pointer; the state after the wait reads the record. */
import { type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutStore, type PendingWait } from '../ports/rollout-store.ts';
import { type Tokens } from '../ports/flow.ts';

export interface ResumeWaitDependencies {
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly tokens: Tokens;
}

export interface ResolvedWait {
  readonly subject: 'rollout' | 'release';
  readonly model: string;
  readonly id: string;
  readonly wait: string;
}

/** Idempotent: a wait that has been resumed, or that is another one by now, is left alone. */
export async function resumeWait(deps: ResumeWaitDependencies, resolved: ResolvedWait): Promise<{ resumed: boolean }> {
  const { model, id, wait } = resolved;
  const pending =
    resolved.subject === 'rollout'
      ? (await deps.rollouts.get({ model, rolloutId: id })).wait
      : (await deps.releases.get({ model, releaseId: id })).wait;
  if (pending?.wait !== wait) return { resumed: false };
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
