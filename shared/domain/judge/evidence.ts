/** Sums of one variant over one minute, as its metrics give them. Counts are whole numbers, at least 0. */
export interface VariantMinute {
  readonly invocations: number;
  readonly errors5xx: number;
  readonly errors4xx: number;
  /** Requests whose model latency was above the policy's `guardrails.latency.limitMs`. */
  readonly slow: number;
  /** p99 of the model's latency in milliseconds, where it is known. */
  readonly p99LatencyMs?: number | undefined;
}

/** What both arms did in the same minute. A missing arm is "no data", which is neither good nor bad. */
export interface EvidenceMinute {
  /** Whole minutes since 1970-01-01T00:00Z. */
  readonly minute: number;
  readonly challenger?: VariantMinute | null | undefined;
  readonly champion?: VariantMinute | null | undefined;
}

/** Sums of the champion over its last 24 hours before the rollout. */
export interface ChampionHistory {
  readonly invocations: number;
  readonly errors5xx: number;
  readonly errors4xx: number;
  readonly slow: number;
}

/**
 * What is being judged: a step with a share below 100 %, or the bake after 100 %.
 * `startMinute` is the first whole minute in which the asked share was in force (read back).
 */
export type JudgedPhase =
  | { readonly kind: 'step'; readonly stepIndex: number; readonly startMinute: number }
  | { readonly kind: 'bake'; readonly startMinute: number; readonly history?: ChampionHistory | null | undefined };

/** Everything that one look at a rollout rests on. */
export interface Evidence {
  readonly phase: JudgedPhase;
  /** The challenger's first minute; earlier minutes are another version's under the same variant name: ignored. */
  readonly rolloutStartMinute: number;
  /**
   * First minute that is not yet fully readable (now minus the delay of metrics). It is the judge's clock: minutes from
   * here on are ignored, and a minute before it that is absent is missing data.
   */
  readonly readableUntilMinute: number;
  /** All minutes of the rollout, in any order; a doubled minute changes nothing. */
  readonly minutes: readonly EvidenceMinute[];
}
