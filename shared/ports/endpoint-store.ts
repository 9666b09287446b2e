/** What is true of an endpoint between rollouts: who may write to it, and who its champion is. */
import { type Arm } from './rollout-store.ts';

/** The right to change one endpoint. `epoch` rises with each holder, for ever. */
export interface Lease {
  readonly model: string;
  readonly epoch: number;
  readonly holder?: { readonly rolloutId: string; readonly executionArn: string };
  readonly heartbeatAtMs: number;
}

export interface ChampionRecord {
  readonly model: string;
  readonly endpoint: string;
  readonly arm: Arm;
  readonly configuration: string;
  readonly promotedAtMs: number;
  readonly rolloutId: string;
  /** Digest of the artifact that was promoted: what a rollback must bring back, not merely 'the previous one'. */
  readonly artifactDigest: string;
  /** When the endpoint was first seen to serve something else; absent while it serves its champion. */
  readonly suspectedAtMs?: number;
  readonly previous?: {
    readonly arm: Arm;
    readonly artifactDigest: string;
    /** Until then the old variant stays provisioned with weight 0; absent once it is gone. */
    readonly warmUntilMs?: number;
  };
}

export interface EndpointStore {
  /** Compare-and-set on the lease, as RolloutStore.change; the first `next` sees epoch 0 and no holder. */
  changeLease(model: string, next: (lease: Lease) => Lease | undefined): Promise<Lease>;
  /** Strongly consistent. */
  lease(model: string): Promise<Lease>;
  /** Strongly consistent; undefined before the first promotion. */
  champion(model: string): Promise<ChampionRecord | undefined>;
  /**
   * Flips the champion in one transaction with a check of the lease's epoch, of the champion that is being replaced, and that
   * no stop was stored for the rollout.
   * @throws StaleEpoch, ChampionChanged, RolloutStopped
   */
  promote(next: ChampionRecord, check: { epoch: number; replacedRolloutId?: string }): Promise<void>;
  /** Compare-and-set on the champion record, for its warm variant. */
  changeChampion(model: string, next: (champion: ChampionRecord) => ChampionRecord | undefined): Promise<void>;
  /** Champions of this region and stage. */
  champions(): Promise<readonly ChampionRecord[]>;
}
