/** Builders of policies and minutes, so that a test names only what it is about. */
import type { Evidence, EvidenceMinute, JudgedPhase, VariantMinute } from '../../../../../shared/domain/judge/judge.ts';
import type { RolloutPolicy } from '../../../../../shared/domain/rollout/policy.ts';

export const policy: RolloutPolicy = {
  alpha: 0.05,
  beta: 0.05,
  margin: 1.5,
  steps: [5, 10, 25, 50].map((sharePercent) => ({ sharePercent, minutes: 10 })),
  minRequests: 50,
  holdMinutesMax: 60,
  bakeMinutes: 30,
  guardrails: {
    errors5xx: { limitShare: 0.01 },
    errors4xx: { limitShare: 0.02 },
    latency: { limitMs: 100, limitShare: 0.02 },
  },
  hardLimits: { errors5xxShare: 0.2, p99LatencyMs: 1000, breachingMinutes: 3, outOfMinutes: 3, minRequests: 20 },
  accuracy: { marginShare: 0.1, minDistinctRows: 100 },
  keepWarmMinutes: 60,
};

/** Minute 0 of every test's rollout. */
export const start = 29_000_000;

export function arm(invocations: number, bad: Partial<VariantMinute> = {}): VariantMinute {
  return { invocations, errors5xx: 0, errors4xx: 0, slow: 0, ...bad };
}

/** `count` equal minutes from `from` on. */
export function minutes(
  count: number,
  challenger: VariantMinute | undefined,
  champion: VariantMinute | undefined,
  from = start,
): EvidenceMinute[] {
  return Array.from({ length: count }, (_, index) => ({ minute: from + index, challenger, champion }));
}

/** A look at step `stepIndex` that began with the rollout; all given minutes are readable unless told otherwise. */
export function evidence(
  readings: readonly EvidenceMinute[],
  overrides: Partial<Evidence> & { readonly stepIndex?: number } = {},
): Evidence {
  const { stepIndex = 0, ...rest } = overrides;
  const phase: JudgedPhase = { kind: 'step', stepIndex, startMinute: start };
  const last = Math.max(start - 1, ...readings.map((reading) => reading.minute).filter(Number.isFinite));
  return { phase, rolloutStartMinute: start, readableUntilMinute: last + 1, minutes: readings, ...rest };
}
