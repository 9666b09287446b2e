/** CloudWatch's statistics over exact value counts: `Sum`, `p99`, `TC(100:)`, `PR(:250)`, `tm95`, ... */
import { AwsError } from '../kernel/errors.ts';
import type { Distribution } from './metric-store.ts';

/** Computes a statistic; undefined when the distribution can't tell (percentiles of a statistic set). */
export type Statistic = (distribution: Distribution) => number | undefined;

interface Bound {
  readonly value: number;
  readonly percent: boolean;
}

const SIMPLE: Readonly<Record<string, Statistic>> = {
  SampleCount: (d) => d.sampleCount,
  Sum: (d) => d.sum,
  Average: (d) => d.sum / d.sampleCount,
  Minimum: (d) => d.minimum,
  Maximum: (d) => d.maximum,
};

const cache = new Map<string, Statistic>();

/** True for the five classic statistics, which go into the member `Statistic`; the others are extended ones. */
export function isClassicStatistic(name: string): boolean {
  return Object.hasOwn(SIMPLE, name);
}

/**
 * The statistic of that name.
 * @throws AwsError InvalidParameterValue for a name that CloudWatch does not know
 */
export function parseStatistic(name: string): Statistic {
  let statistic = cache.get(name);
  if (!statistic) cache.set(name, (statistic = parse(name)));
  return statistic;
}

function parse(name: string): Statistic {
  if (Object.hasOwn(SIMPLE, name)) return SIMPLE[name]!;
  if (name === 'IQM') return ranged('TM', { value: 25, percent: true }, { value: 75, percent: true });
  const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name);
  if (percentile) return onlyExact((d) => percentileOf(sortedCounts(d), d.sampleCount, Number(percentile[1])));
  const short = /^(tm|tc|ts|wm)(\d{1,2}(?:\.\d{1,10})?|100)$/i.exec(name);
  if (short) return ranged(short[1]!.toUpperCase(), undefined, { value: Number(short[2]), percent: true });
  const long = /^(TM|TC|TS|WM|PR)\((?:(-?[\d.]+)(%?))?:(?:(-?[\d.]+)(%?))?\)$/i.exec(name);
  if (long && (long[2] ?? long[4]) !== undefined) {
    const kind = long[1]!.toUpperCase();
    const bound = (text: string | undefined, percent: string | undefined): Bound | undefined =>
      text === undefined ? undefined : { value: Number(text), percent: percent === '%' };
    const low = bound(long[2], long[3]);
    const high = bound(long[4], long[5]);
    const mixed = low && high && low.percent !== high.percent;
    const badNumber = [low, high].some((b) => b && !Number.isFinite(b.value));
    if (!mixed && !badNumber && !(kind === 'PR' && (low?.percent || high?.percent))) return ranged(kind, low, high);
  }
  throw new AwsError(
    'InvalidParameterValueException',
    `The value ${name} for parameter ExtendedStatistic is not supported.`,
  );
}

function onlyExact(statistic: Statistic): Statistic {
  return (d) => (d.exact && d.counts.size > 0 ? statistic(d) : undefined);
}

type SortedCounts = readonly (readonly [number, number])[];

function sortedCounts(d: Distribution): SortedCounts {
  return (d.sorted ??= [...d.counts].sort((a, b) => a[0] - b[0]));
}

/** Nearest rank: the smallest value that at least that percentage of the samples does not exceed. */
function percentileOf(sorted: SortedCounts, total: number, percent: number): number {
  // The tiny allowance keeps p99 of 100 samples at rank 99 in spite of binary fractions.
  const rank = Math.max(1, Math.ceil((percent / 100) * total - 1e-9));
  let seen = 0;
  for (const [value, count] of sorted) {
    seen += count;
    if (seen >= rank) return value;
  }
  return sorted.at(-1)![0];
}

/**
 * The part of the samples between two bounds. Absolute bounds: lower exclusive, upper inclusive (AWS's statistics definitions).
 * Percent bounds cut that share of the samples off each side.
 */
function inRange(sorted: SortedCounts, total: number, low?: Bound, high?: Bound): SortedCounts {
  if (!(low?.percent || high?.percent)) {
    return sorted.filter(([value]) => (!low || value > low.value) && (!high || value <= high.value));
  }
  const from = low ? (low.value / 100) * total : 0;
  const to = high ? (high.value / 100) * total : total;
  const kept: [number, number][] = [];
  let seen = 0;
  for (const [value, count] of sorted) {
    const part = Math.min(seen + count, Math.round(to)) - Math.max(seen, Math.round(from));
    if (part > 0) kept.push([value, part]);
    seen += count;
  }
  return kept;
}

function ranged(kind: string, low: Bound | undefined, high: Bound | undefined): Statistic {
  return onlyExact((d) => {
    const sorted = sortedCounts(d);
    const kept = inRange(sorted, d.sampleCount, low, high);
    const count = kept.reduce((sum, [, times]) => sum + times, 0);
    const total = kept.reduce((sum, [value, times]) => sum + value * times, 0);
    switch (kind) {
      case 'TC':
        return count;
      case 'TS':
        return total;
      case 'PR':
        return (100 * count) / d.sampleCount;
      case 'TM':
        return count > 0 ? total / count : undefined;
      default:
        return winsorizedMean(sorted, d.sampleCount, low, high);
    }
  });
}

function winsorizedMean(sorted: SortedCounts, total: number, low?: Bound, high?: Bound): number {
  const limit = (bound: Bound | undefined, open: number): number => {
    if (!bound) return open;
    return bound.percent ? percentileOf(sorted, total, bound.value) : bound.value;
  };
  const [floor, ceiling] = [limit(low, -Infinity), limit(high, Infinity)];
  return sorted.reduce((sum, [value, times]) => sum + Math.min(Math.max(value, floor), ceiling) * times, 0) / total;
}
