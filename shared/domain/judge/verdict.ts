/** What is counted as bad. Names double as keys of the policy's guardrails. */
export const guardrailNames = ['errors5xx', 'errors4xx', 'latency'] as const;
export type GuardrailName = (typeof guardrailNames)[number];

/** No data is never a pass and never a failure: it is a reason within INCONCLUSIVE. */
export type Decision = 'ROLLBACK' | 'ADVANCE' | 'INCONCLUSIVE';

/** What the challenger was compared with: the champion in the same minutes, its last 24 hours, or the catalog's limit. */
export type Control = 'concurrent' | 'historical' | 'catalog-limit';

export type PromotionRoute = 'ratio' | 'bernoulli';

/** One broken absolute limit, with the minutes that broke it. */
export interface HardLimitBreach {
  readonly limit: 'errors5xxShare' | 'p99LatencyMs';
  readonly threshold: number;
  /** The worst minute's value. */
  readonly worst: number;
  /** The breaching minutes of the first window that broke the limit, rising. */
  readonly minutes: readonly number[];
  /** Challenger requests in those minutes. */
  readonly requests: number;
}

/** Why a verdict is what it is. The first reason is the deciding one. */
export type Reason =
  // ROLLBACK
  | {
      readonly code: 'HARM_PROVEN';
      readonly guardrail: GuardrailName;
      readonly eValue: number;
      readonly threshold: number;
    }
  | { readonly code: 'HARD_LIMIT_BROKEN'; readonly breach: HardLimitBreach }
  | { readonly code: 'INCONCLUSIVE_TIMEOUT'; readonly heldMinutes: number; readonly holdMinutesMax: number }
  // ADVANCE
  | { readonly code: 'NOTHING_AGAINST_IT'; readonly minutes: number }
  | {
      readonly code: 'NON_INFERIOR';
      readonly guardrail: GuardrailName;
      readonly route: PromotionRoute;
      readonly eValue: number;
      readonly threshold: number;
    }
  // INCONCLUSIVE, and what was lacking when a hold ran out
  | { readonly code: 'NO_DATA'; readonly arm: 'challenger' | 'champion' | 'both' }
  | { readonly code: 'TIME_NOT_OVER'; readonly elapsedMinutes: number; readonly neededMinutes: number }
  | { readonly code: 'MINUTES_MISSING'; readonly coverage: number; readonly neededCoverage: number }
  | { readonly code: 'TOO_FEW_REQUESTS'; readonly requests: number; readonly neededRequests: number }
  | {
      readonly code: 'NOT_YET_NON_INFERIOR';
      readonly guardrail: GuardrailName;
      readonly eValue: number;
      readonly threshold: number;
    };

export type ReasonCode = Reason['code'];

/** The evidence of one guardrail. E values are capped at 1e300 so that they stay JSON numbers. */
export interface GuardrailEvidence {
  readonly guardrail: GuardrailName;
  readonly challengerBad: number;
  readonly challengerRequests: number;
  readonly championBad: number;
  readonly championRequests: number;
  /** Evidence of harm, and the threshold 1 / (alpha / guardrails) that makes it a rollback. */
  readonly rollbackE: number;
  readonly rollbackThreshold: number;
  /** Evidence of non-inferiority by the ratio to the champion; null in the bake after 100 %. */
  readonly promoteRatioE: number | null;
  /** Evidence that the bad share lies below the catalog's limit; null in the bake after 100 %. */
  readonly promoteBernoulliE: number | null;
  readonly promoteThreshold: number;
  /** The absolute share the Bernoulli e-process compares with. */
  readonly limitShare: number;
  readonly control: Control;
}

/** Plain JSON with a fixed order of keys: what the record of a look keeps. */
export interface VerdictEvidence {
  readonly phase: 'step' | 'bake';
  readonly stepIndex: number | null;
  readonly sharePercent: number;
  /** First minute of the phase and first minute not looked at. */
  readonly fromMinute: number;
  readonly untilMinute: number;
  readonly elapsedMinutes: number;
  readonly neededMinutes: number;
  /** Minutes of the phase in which every needed arm had requests, and as a share of the elapsed minutes. */
  readonly coveredMinutes: number;
  readonly coverage: number;
  readonly neededCoverage: number;
  /** Challenger requests within the phase. */
  readonly requests: number;
  readonly neededRequests: number;
  readonly holdMinutesMax: number;
  /** First minute of the rollout in which the challenger gave a bad answer; null when it gave none. */
  readonly firstBadMinute: number | null;
  /** Minutes within the rollout whose numbers could not be true (NaN, negative, more errors than requests). */
  readonly unusableMinutes: number;
  readonly guardrails: readonly GuardrailEvidence[];
  readonly hardLimitBreaches: readonly HardLimitBreach[];
  readonly note: string;
}

/** The result of one look. */
export interface Verdict {
  readonly decision: Decision;
  readonly reasons: readonly Reason[];
  readonly evidence: VerdictEvidence;
}
