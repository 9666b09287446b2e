/** Asks for a person's decision and lets the release wait for it. */
import { build } from '../../events/contract.ts';
import { approvalRequested } from '../../events/release/approval-requested.v1.ts';
import { SignalAlreadyThere } from '../domain/flow-errors.ts';
import { formatUtc } from '../domain/time/utc.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';

export interface RequestApprovalDependencies {
  readonly releases: ReleaseStore;
  readonly registry: ModelRegistry;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

/** The name under which a release waits for a decision. */
export const APPROVAL_WAIT = 'approval';

/** Decided, superseded, or past its time: the state after the wait finds out which. */
export function isDecided(release: ReleaseRecord, nowMs: number): boolean {
  return release.decision !== undefined || release.supersededBy !== undefined || nowMs >= release.expiresAtMs;
}

/**
 * 1. The token is stored, unless a decision is there already. 2. The registry is looked at: a decision may have been made
 * before this release existed. 3. `release.approval-requested` is put.
 * @throws SignalAlreadyThere when there is nothing to wait for; UnknownRelease
 */
export async function requestApproval(
  deps: RequestApprovalDependencies,
  ref: ReleaseRef,
  token: string,
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const known = await deps.releases.get(ref);
  const described = await deps.registry.describe(known.version);
  const release = await deps.releases.change(ref, (record) => {
    if (record.decision || record.supersededBy) throw new SignalAlreadyThere(APPROVAL_WAIT);
    if (described.approval === 'PENDING')
      return { ...record, wait: { wait: APPROVAL_WAIT, token, registeredAtMs: nowMs } };
    const reason = described.approvalDescription ?? 'decided in the registry';
    return { ...record, decision: { status: described.approval, by: 'registry', reason, atMs: nowMs } };
  });
  if (release.decision) throw new SignalAlreadyThere(APPROVAL_WAIT);

  const preflight = release.reports['preflight'] as { undecidedShare?: number } | undefined;
  const detail = {
    model: release.model,
    releaseId: release.releaseId,
    version: release.version,
    expiresAt: formatUtc(release.expiresAtMs),
    ...(release.binding.champion === undefined ? {} : { champion: release.binding.champion }),
    ...(preflight?.undecidedShare === undefined ? {} : { undecidedShare: preflight.undecidedShare }),
  };
  await deps.events.publish([build(approvalRequested, detail)]);
}
