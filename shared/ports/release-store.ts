/** Releases: a candidate from registration to its end, with the decision of a person in the middle. */
import { type PendingWait } from './rollout-store.ts';

export type ReleaseOutcome = 'PROMOTED' | 'ROLLED_BACK' | 'REFUSED' | 'REJECTED' | 'EXPIRED' | 'FAILED';

/** What a decision is bound to: if one of these changes, the approval is void. */
export interface ApprovalBinding {
  readonly version: string;
  readonly artifactDigest: string;
  readonly evaluationDigest: string;
  readonly policyDigest: string;
  readonly champion?: string;
}

export interface Decision {
  readonly status: 'APPROVED' | 'REJECTED' | 'EXPIRED';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface ReleaseRef {
  readonly model: string;
  readonly releaseId: string;
}

export interface ReleaseRecord extends ReleaseRef {
  readonly version: string;
  readonly versionNumber: number;
  readonly executionArn: string;
  readonly binding: ApprovalBinding;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly decision?: Decision;
  /** A revocation after the decision; the rollout stops at its next step. */
  readonly revoked?: { readonly by: string; readonly atMs: number };
  readonly wait?: PendingWait;
  /** The newer candidate that voided this one. */
  readonly supersededBy?: string;
  readonly outcome?: ReleaseOutcome;
  readonly reason?: string;
  readonly endedAtMs?: number;
  /** Reports by name (preflight, endToEnd, accuracy): plain JSON. */
  readonly reports: Readonly<Record<string, unknown>>;
}

export interface ReleaseStore {
  /** Writes a new release; finds the first when it is there already (same id, same version). @throws ReleaseConflict */
  create(record: ReleaseRecord): Promise<ReleaseRecord>;
  /** @throws UnknownRelease */
  get(ref: ReleaseRef): Promise<ReleaseRecord>;
  find(ref: ReleaseRef): Promise<ReleaseRecord | undefined>;
  /** Compare-and-set, as RolloutStore.change. */
  change(ref: ReleaseRef, next: (record: ReleaseRecord) => ReleaseRecord | undefined): Promise<ReleaseRecord>;
  /** Releases of this region and stage that have no outcome yet, oldest first. */
  open(): Promise<readonly ReleaseRecord[]>;
}
