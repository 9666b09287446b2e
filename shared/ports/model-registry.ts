/** The registry of versions. */

export type ApprovalStatus = 'PENDING' | 'APPROVED' | 'REJECTED';

export interface VersionDescription {
  /** The version's identifier in the registry. */
  readonly version: string;
  readonly group: string;
  readonly number: number;
  /** False until the registry has finished registering it. */
  readonly complete: boolean;
  readonly approval: ApprovalStatus;
  readonly approvalDescription?: string;
  readonly artifactUri: string;
  readonly image: string;
  /** Metadata written at registration: digests, data version, feature recipe. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the evaluation report is. */
  readonly evaluationUri?: string;
  /** The training run that made it. */
  readonly generatedBy?: string;
}

/** Where a version stands in its life: shown in the registry, beside the approval. */
export type LifeCycleStage = 'Staging' | 'Canary' | 'Production' | 'Superseded' | 'RolledBack' | 'Refused';

export interface ModelRegistry {
  /** @throws UnknownVersion */
  describe(version: string): Promise<VersionDescription>;
  /** Writes where the version stands; never touches the approval. */
  markStage(version: string, stage: LifeCycleStage, description: string): Promise<void>;
}
