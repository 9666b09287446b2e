/** Lets a state machine wait: its token is stored, unless what it waits for is there already. */
import { SignalAlreadyThere } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { isResolved } from './rollout-signals.ts';

export interface AwaitSignalDependencies {
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly clock: Clock;
}

export type AwaitSignalRequest = { readonly wait: string; readonly token: string } & (
  ({ readonly subject: 'rollout' } & RolloutRef) | ({ readonly subject: 'release' } & ReleaseRef)
);

/** @throws SignalAlreadyThere, UnknownRollout, UnknownRelease */
export async function awaitSignal(deps: AwaitSignalDependencies, request: AwaitSignalRequest): Promise<void> {
  const wait = { wait: request.wait, token: request.token, registeredAtMs: deps.clock.nowMs() };
  if (request.subject === 'release') {
    await deps.releases.change(request, (record) => ({ ...record, wait }));
    return;
  }
  await deps.rollouts.change(request, (record) => {
    if (isResolved(record, request.wait)) throw new SignalAlreadyThere(request.wait);
    return { ...record, wait };
  });
}
