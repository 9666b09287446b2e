import type { Evidence, EvidenceMinute, VariantMinute } from './evidence.ts';

/** One minute after cleaning: an arm is absent when its numbers were missing or could not be true. */
export interface CleanMinute {
  readonly minute: number;
  readonly challenger: VariantMinute | undefined;
  readonly champion: VariantMinute | undefined;
}

export interface Readings {
  /** Rising, each minute once. */
  readonly minutes: readonly CleanMinute[];
  /** Minutes with an arm whose numbers could not be true. */
  readonly unusableMinutes: number;
}

/**
 * Numbers that can be judged: finite, not negative, no more bad requests than requests. Everything else is treated as
 * absent, since a metric that lies is no better than none.
 */
export function isUsable(sums: VariantMinute): boolean {
  const counts = [sums.invocations, sums.errors5xx, sums.errors4xx, sums.slow];
  return counts.every((count) => Number.isFinite(count) && count >= 0 && count <= sums.invocations);
}

/** The readable minutes of this rollout, cleaned, merged and sorted. */
export function readMinutes(
  evidence: Pick<Evidence, 'minutes' | 'rolloutStartMinute' | 'readableUntilMinute'>,
): Readings {
  const byMinute = new Map<number, CleanMinute>();
  const unusable = new Set<number>();
  for (const reading of evidence.minutes) {
    const { minute } = reading;
    if (!(minute >= evidence.rolloutStartMinute && minute < evidence.readableUntilMinute)) continue;
    const known = byMinute.get(minute);
    const challenger = readArm(reading.challenger, known?.challenger, () => unusable.add(minute));
    const champion = readArm(reading.champion, known?.champion, () => unusable.add(minute));
    byMinute.set(minute, { minute, challenger, champion });
  }
  const minutes = [...byMinute.values()].sort((a, b) => a.minute - b.minute);
  return { minutes, unusableMinutes: unusable.size };
}

function readArm(
  reading: EvidenceMinute['challenger'],
  known: VariantMinute | undefined,
  onUnusable: () => void,
): VariantMinute | undefined {
  if (reading === null || reading === undefined) return known;
  if (!isUsable(reading)) {
    onUnusable();
    return known;
  }
  return known === undefined ? reading : newest(known, reading);
}

/**
 * Two readings of the same minute: sums only grow while late data arrive, so the larger of each is the newer. Taking
 * maxima makes the result independent of order and of repetition.
 */
function newest(one: VariantMinute, other: VariantMinute): VariantMinute {
  const p99s = [one.p99LatencyMs, other.p99LatencyMs].filter((value) => value !== undefined && Number.isFinite(value));
  return {
    invocations: Math.max(one.invocations, other.invocations),
    errors5xx: Math.max(one.errors5xx, other.errors5xx),
    errors4xx: Math.max(one.errors4xx, other.errors4xx),
    slow: Math.max(one.slow, other.slow),
    p99LatencyMs: p99s.length > 0 ? Math.max(...(p99s as number[])) : undefined,
  };
}
