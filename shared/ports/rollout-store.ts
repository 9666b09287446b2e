/** Rollouts as records: read, change by compare-and-set, list those that are under way. */
import { type ChampionHistory } from '../domain/judge/evidence.ts';
import { type Verdict } from '../domain/judge/verdict.ts';
import { type EndpointState, type Settlement } from '../domain/rollout/settlement.ts';
import { type Colour } from '../domain/rollout/weights.ts';
import { type Servable } from './serving-platform.ts';

export type RolloutKind = 'FIRST_DEPLOYMENT' | 'CANARY' | 'ROLLBACK_ON_DEMAND';
export type RolloutOutcome = 'PROMOTED' | 'ROLLED_BACK' | 'FAILED_SAFE';

export interface Arm {
  readonly variant: Colour;
  readonly servable: Servable;
}

/** What was asked of the endpoint: written before the call, compared with what is read back after it. */
export interface Change {
  readonly changeId: string;
  readonly purpose: 'CREATE' | 'ADD_CHALLENGER' | 'SHIFT' | 'RESTORE' | 'REMOVE_VARIANT';
  readonly configuration: string;
  /** Absolute weights that every variant must have when the change has landed. */
  readonly weights: Readonly<Record<string, number>>;
  /** What stood before, read before the call: how a silent return to it is told from a stranger's change. */
  readonly previous?: EndpointState;
  readonly requestedAtMs: number;
  /** When the platform took the request; until then nothing that is read back can be about it. */
  readonly acceptedAtMs?: number;
}

export type ChangeOutcome = Exclude<Settlement['kind'], 'STILL_UPDATING'>;

export interface Settled {
  readonly changeId: string;
  readonly outcome: ChangeOutcome;
  readonly detail: string;
  readonly atMs: number;
}

export type StopKind = 'ALARM' | 'ABORT' | 'DEAD_MAN' | 'REVOKED';

/** A reason to give all traffic back to the champion; the first one stays. */
export interface StopSignal {
  readonly kind: StopKind;
  readonly detail: string;
  readonly by: string;
  readonly atMs: number;
}

export interface PendingWait {
  readonly wait: string;
  /** The token that resumes the state machine: it leaves this record only towards the state machine service. */
  readonly token: string;
  readonly registeredAtMs: number;
}

/** One traffic share being watched. */
export interface Bake {
  readonly stepIndex: number;
  /** First whole minute after the share was read back. */
  readonly startMinute: number;
  readonly startedAtMs: number;
}

export interface StepVerdict {
  readonly stepIndex: number;
  readonly decision: 'ADVANCE' | 'ROLLBACK';
  readonly reason: string;
  readonly look: number;
  readonly atMs: number;
}

/** One thing that was done to the world, in order: intent before, outcome after. */
export interface Deed {
  readonly action: string;
  readonly actor: string;
  readonly intentAtMs: number;
  readonly outcome?: string;
  readonly outcomeAtMs?: number;
}

export interface RolloutRef {
  readonly model: string;
  readonly rolloutId: string;
}

export interface RolloutRecord extends RolloutRef {
  readonly kind: RolloutKind;
  readonly endpoint: string;
  readonly releaseId?: string;
  /** The execution that drives it. */
  readonly executionArn: string;
  /** Epoch of the lease under which it writes. */
  readonly epoch: number;
  readonly challenger: Arm;
  readonly champion?: Arm;
  readonly startedAtMs: number;
  readonly active: boolean;
  readonly outcome?: RolloutOutcome;
  readonly reason?: string;
  readonly endedAtMs?: number;
  /** Changes asked for so far; the next one's id is made of it. */
  readonly changes: number;
  readonly change?: Change;
  readonly settled?: Settled;
  /** First whole minute in which the challenger had traffic. */
  readonly firstTrafficMinute?: number;
  readonly stepIndex: number;
  /** When the challenger's alarms were read for the present share: one that is raised later was not seen by it. */
  readonly alarmsReadAtMs?: number;
  readonly bake?: Bake;
  readonly history?: ChampionHistory;
  readonly verdict?: StepVerdict;
  readonly stop?: StopSignal;
  readonly wait?: PendingWait;
  readonly looks: number;
  readonly lastVerdict?: Verdict;
  readonly heartbeatAtMs: number;
  readonly deeds: readonly Deed[];
}

/** One look at the evidence, kept for ever. */
export interface Look extends RolloutRef {
  readonly look: number;
  readonly atMs: number;
  readonly stepIndex: number;
  readonly verdict: Verdict;
}

export interface RolloutStore {
  /** @throws RolloutExists when there is one of this id */
  create(record: RolloutRecord): Promise<void>;
  /** Strongly consistent. @throws UnknownRollout */
  get(ref: RolloutRef): Promise<RolloutRecord>;
  /**
   * Compare-and-set: reads, lets `next` compute the record to write, and writes it only if nobody wrote in between; otherwise
   * starts again. `next` returning undefined leaves the record as it is. What `next` throws is thrown.
   * @returns the record as it stands afterwards
   */
  change(ref: RolloutRef, next: (record: RolloutRecord) => RolloutRecord | undefined): Promise<RolloutRecord>;
  /** Rollouts under way in this region and stage. */
  active(): Promise<readonly RolloutRecord[]>;
  saveLook(look: Look): Promise<void>;
  /** All looks of a rollout, oldest first. */
  looks(ref: RolloutRef): Promise<readonly Look[]>;
}
