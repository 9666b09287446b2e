import type { HardLimits } from '../rollout/policy.ts';
import type { VariantMinute } from './evidence.ts';
import { type HardLimitBreach } from './verdict.ts';

/** A challenger's minute, already found usable. */
export interface ChallengerMinute extends VariantMinute {
  readonly minute: number;
}

/**
 * Absolute safety limits: a limit is broken when `breachingMinutes` of `outOfMinutes` minutes in a row are above it and
 * hold at least `minRequests` requests together. Any such window counts, not only the newest: a look that came late must
 * not forget what an earlier look would have seen. Minutes without requests neither breach nor excuse.
 * @param minutes the challenger's usable minutes, rising.
 */
export function brokenHardLimits(limits: HardLimits, minutes: readonly ChallengerMinute[]): HardLimitBreach[] {
  const share = firstBreach(
    minutes,
    limits,
    limits.errors5xxShare,
    (sums) => sums.errors5xx / sums.invocations,
    'errors5xxShare',
  );
  const p99 = firstBreach(minutes, limits, limits.p99LatencyMs, (sums) => sums.p99LatencyMs ?? NaN, 'p99LatencyMs');
  return [share, p99].filter((breach) => breach !== undefined);
}

function firstBreach(
  minutes: readonly ChallengerMinute[],
  limits: HardLimits,
  threshold: number,
  valueOf: (sums: ChallengerMinute) => number,
  limit: HardLimitBreach['limit'],
): HardLimitBreach | undefined {
  // A comparison with NaN is false, so an unknown value never breaches.
  const breaching = minutes.filter((sums) => sums.invocations > 0 && valueOf(sums) > threshold);
  for (const [index, last] of breaching.entries()) {
    const window = breaching.slice(0, index + 1).filter((sums) => sums.minute > last.minute - limits.outOfMinutes);
    const requests = window.reduce((sum, sums) => sum + sums.invocations, 0);
    if (window.length < limits.breachingMinutes || requests < limits.minRequests) continue;
    const worst = Math.max(...window.map(valueOf));
    return { limit, threshold, worst, minutes: window.map((sums) => sums.minute), requests };
  }
  return undefined;
}
