/** The registry's door to the decision: a person approved or rejected a version there. */
import { type Catalog } from '../catalog/catalog.ts';
import { build } from '../../events/contract.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseRecord, type ReleaseStore } from '../ports/release-store.ts';
import { APPROVAL_WAIT } from './request-approval.ts';
import { modelOfGroup, releaseIdOf } from './start-release.ts';

export interface RecordApprovalDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly registry: ModelRegistry;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

export interface RegistryDecision {
  readonly group: string;
  readonly version: string;
  readonly versionNumber: number;
  readonly status: 'APPROVED' | 'REJECTED';
}

/** The first decision wins; undefined when nothing is to be written. */
export function withDecision(
  record: ReleaseRecord,
  made: Pick<RegistryDecision, 'status'>,
  reason: string,
  nowMs: number,
): ReleaseRecord | undefined {
  if (record.decision === undefined) {
    // A decision after the time limit is no decision: the release expires.
    if (nowMs >= record.expiresAtMs) return undefined;
    return { ...record, decision: { status: made.status, by: 'registry', reason, atMs: nowMs } };
  }
  const revokes = record.decision.status === 'APPROVED' && made.status === 'REJECTED' && !record.revoked;
  return revokes ? { ...record, revoked: { by: 'registry', atMs: nowMs } } : undefined;
}

/**
 * The first decision wins; a rejection after an approval revokes it, which the running rollout sees at its next step.
 * @throws UnknownModel, UnknownRelease
 */
export async function recordApproval(deps: RecordApprovalDependencies, made: RegistryDecision): Promise<void> {
  const model = modelOfGroup(deps.catalog, deps.stage, made.group);
  const ref = { model, releaseId: releaseIdOf(model, made.versionNumber) };
  const described = await deps.registry.describe(made.version);
  const reason = described.approvalDescription ?? 'no reason given';
  const record = await deps.releases.change(ref, (each) => withDecision(each, made, reason, deps.clock.nowMs()));
  if (record.wait === undefined) return;
  await deps.events.publish([
    build(waitResolved, { subject: 'release', model, id: ref.releaseId, wait: APPROVAL_WAIT }),
  ]);
}
