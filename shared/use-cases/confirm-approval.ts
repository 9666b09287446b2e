/** After the wait for a decision: what is stored counts, never what the token's completion said. */
import { type Catalog } from '../catalog/catalog.ts';
import { DecisionMissing } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';

export interface ConfirmApprovalDependencies {
  readonly catalog: Catalog;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
  readonly registry: ModelRegistry;
  readonly clock: Clock;
  readonly sha256: (text: string) => string;
}

export interface ApprovalResult {
  readonly status: 'APPROVED' | 'REJECTED' | 'EXPIRED' | 'VOID';
  readonly reason: string;
}

/** What has changed since the decision was asked for; undefined when nothing has. */
export async function brokenBinding(
  deps: ConfirmApprovalDependencies,
  release: ReleaseRecord,
): Promise<string | undefined> {
  const champion = await deps.endpoints.champion(release.model);
  const current = champion?.arm.servable.version;
  if (current !== release.binding.champion)
    return `the champion is now ${current ?? 'none'}, it was ${release.binding.champion ?? 'none'}`;
  const described = await deps.registry.describe(release.version);
  if (described.metadata['artifactDigest'] !== release.binding.artifactDigest) return 'the artifact has changed';
  if (described.approval !== 'APPROVED') return `the registry says ${described.approval}`;
  const policyDigest = deps.sha256(JSON.stringify(deps.catalog.model(release.model)));
  return policyDigest === release.binding.policyDigest ? undefined : 'the policy has changed';
}

/**
 * 1. A release without a decision past its time has expired. 2. A superseded one is void. 3. An approval holds only if all it
 * was bound to still stands.
 * @throws DecisionMissing when somebody completed the token without deciding; UnknownRelease
 */
export async function confirmApproval(deps: ConfirmApprovalDependencies, ref: ReleaseRef): Promise<ApprovalResult> {
  const nowMs = deps.clock.nowMs();
  const release = await deps.releases.change(ref, (record) => {
    const { wait: _wait, ...rest } = record;
    if (record.decision || record.supersededBy || nowMs < record.expiresAtMs) return record.wait ? rest : undefined;
    return {
      ...rest,
      decision: { status: 'EXPIRED', by: 'time limit', reason: 'nobody decided in time', atMs: nowMs },
    };
  });
  if (release.supersededBy) return { status: 'VOID', reason: `superseded by ${release.supersededBy}` };
  if (!release.decision) throw new DecisionMissing(ref.releaseId);
  if (release.decision.status !== 'APPROVED')
    return { status: release.decision.status, reason: release.decision.reason };
  const broken = await brokenBinding(deps, release);
  return broken === undefined
    ? { status: 'APPROVED', reason: release.decision.reason }
    : { status: 'VOID', reason: broken };
}
