/** Where metrics live: one exact count of every observed value per metric and minute. */
import type { Kernel } from '../kernel/kernel.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { newRandom } from '../kernel/random.ts';

export const MINUTE_MS = 60_000;

/** What was observed in one minute, or the sum of several minutes. */
export interface Distribution {
  sampleCount: number;
  sum: number;
  minimum: number;
  maximum: number;
  /** False when a statistic set was put: then only its four numbers are known. */
  exact: boolean;
  /** Value -> how often; complete only when `exact`. */
  readonly counts: Map<number, number>;
  /** `counts` by rising value: made when a percentile first asks for it, dropped when something is added. */
  sorted: readonly (readonly [number, number])[] | undefined;
}

/** One (metric, minute, unit). */
interface Bucket extends Distribution {
  readonly readableAtMs: number;
}

export interface MetricIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** All observations of one metric: one namespace, name and set of dimensions. */
export interface Series {
  readonly identity: MetricIdentity;
  readonly key: string;
  readonly units: Map<string, Map<number, Bucket>>;
  /** Start of the newest minute that holds anything, epoch milliseconds. */
  newestMinuteMs: number;
}

/** Observations to file: `values[i]` seen `counts[i]` times, or the four numbers of a statistic set. */
export type Observations =
  | { readonly values: readonly number[]; readonly counts?: readonly number[] | undefined }
  | { readonly statisticSet: { sampleCount: number; sum: number; minimum: number; maximum: number } };

export function emptyDistribution(): Distribution {
  return {
    sampleCount: 0,
    sum: 0,
    minimum: Infinity,
    maximum: -Infinity,
    exact: true,
    counts: new Map(),
    sorted: undefined,
  };
}

/** The minute's start, epoch milliseconds. */
export function minuteOf(timestampMs: number): number {
  return Math.floor(timestampMs / MINUTE_MS) * MINUTE_MS;
}

export function metricKey(identity: MetricIdentity): string {
  const names = Object.keys(identity.dimensions).sort();
  const dimensions = names.map((name) => `${name}=${identity.dimensions[name]}`).join('\u0001');
  return `${identity.namespace}\u0000${identity.name}\u0000${dimensions}`;
}

function add(target: Distribution, observations: Observations): void {
  target.sorted = undefined;
  if ('statisticSet' in observations) {
    const { sampleCount, sum, minimum, maximum } = observations.statisticSet;
    target.sampleCount += sampleCount;
    target.sum += sum;
    target.minimum = Math.min(target.minimum, minimum);
    target.maximum = Math.max(target.maximum, maximum);
    // AWS: percentiles of a statistic set exist only if it holds one sample, or equal ones.
    if (sampleCount === 1 || minimum === maximum) {
      target.counts.set(minimum, (target.counts.get(minimum) ?? 0) + sampleCount);
    } else target.exact = false;
    return;
  }
  observations.values.forEach((value, index) => {
    const count = observations.counts?.[index] ?? 1;
    if (count === 0) return;
    target.sampleCount += count;
    target.sum += value * count;
    if (value < target.minimum) target.minimum = value;
    if (value > target.maximum) target.maximum = value;
    target.counts.set(value, (target.counts.get(value) ?? 0) + count);
  });
}

function merge(target: Distribution, from: Distribution): void {
  target.sampleCount += from.sampleCount;
  target.sum += from.sum;
  target.minimum = Math.min(target.minimum, from.minimum);
  target.maximum = Math.max(target.maximum, from.maximum);
  target.exact &&= from.exact;
  for (const [value, count] of from.counts) target.counts.set(value, (target.counts.get(value) ?? 0) + count);
}

export class MetricStore {
  readonly #kernel: Kernel;
  readonly #series = new Map<string, Series>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Files observations under the minute of their timestamp. */
  record(identity: MetricIdentity, observations: Observations, timestampMs: number, unit: string): void {
    const series = this.#obtain(identity);
    const minuteMs = minuteOf(timestampMs);
    let minutes = series.units.get(unit);
    if (!minutes) series.units.set(unit, (minutes = new Map()));
    let bucket = minutes.get(minuteMs);
    if (!bucket) {
      bucket = { ...emptyDistribution(), readableAtMs: this.#readableAtMs(series.key, minuteMs) };
      minutes.set(minuteMs, bucket);
    }
    add(bucket, observations);
    if (minuteMs > series.newestMinuteMs) series.newestMinuteMs = minuteMs;
  }

  find(identity: MetricIdentity): Series | undefined {
    return this.#series.get(metricKey(identity));
  }

  /** Every metric, in the order in which they were first seen. */
  list(): IterableIterator<Series> {
    return this.#series.values();
  }

  /**
   * All that can be read now of the minutes that begin in [fromMs, toMs); undefined when there is nothing.
   * @param unit only observations of this unit; all units together when undefined
   */
  read(series: Series, fromMs: number, toMs: number, unit?: string): Distribution | undefined {
    if (series.newestMinuteMs < fromMs) return undefined;
    const nowMs = this.#kernel.clock.now();
    const found: Bucket[] = [];
    for (const [name, minutes] of series.units) {
      if (unit !== undefined && name !== unit) continue;
      for (let minuteMs = minuteOf(fromMs); minuteMs < toMs; minuteMs += MINUTE_MS) {
        const bucket = minutes.get(minuteMs);
        if (bucket && bucket.readableAtMs <= nowMs) found.push(bucket);
      }
    }
    if (found.length < 2) return found[0];
    const total = emptyDistribution();
    for (const bucket of found) merge(total, bucket);
    return total;
  }

  #obtain(identity: MetricIdentity): Series {
    const key = metricKey(identity);
    let series = this.#series.get(key);
    if (!series) {
      series = { identity, key, units: new Map(), newestMinuteMs: -Infinity };
      this.#series.set(key, series);
    }
    return series;
  }

  /** A function of seed, metric and minute alone, so that who records first changes nothing. */
  #readableAtMs(key: string, minuteMs: number): number {
    const { min, max } = SLOWNESS.metricReadableAfterMs;
    return minuteMs + MINUTE_MS + newRandom(this.#kernel.seed, `cloudwatch/${key}/${minuteMs}`).integer(min, max);
  }
}
