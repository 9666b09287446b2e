/** Metric data queries: what GetMetricData and alarms ask of the store. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import { type Expression, parseExpression, referencedIds } from './expression-parser.ts';
import { evaluateExpression, type MathValue, type TimeSeries } from './metric-math.ts';
import { type Distribution, type MetricIdentity, type MetricStore } from './metric-store.ts';
import { parseStatistic } from './statistics.ts';

/** One statistic of one metric over periods of equal length. */
export interface MetricStat {
  readonly identity: MetricIdentity;
  readonly periodSeconds: number;
  /** For instance `Sum`, `p99` or `TC(250000:)`. */
  readonly statistic: string;
  readonly unit?: string | undefined;
}

export interface MetricQuery {
  readonly id: string;
  readonly label?: string | undefined;
  readonly returnData: boolean;
  readonly source:
    | { readonly kind: 'metric'; readonly stat: MetricStat }
    | { readonly kind: 'expression'; readonly text: string; readonly parsed: Expression };
}

/** Equally spaced periods: point i covers [startMs + i * period, startMs + (i + 1) * period). */
export interface Grid {
  readonly startMs: number;
  readonly periodSeconds: number;
  readonly length: number;
}

export function validationFailure(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

/** @throws AwsError when it is not a positive multiple of 60; UnsupportedFeature below a minute */
export function parsePeriodSeconds(value: unknown): number {
  const period = asNumber(value, 'Period');
  if ([1, 5, 10, 20, 30].includes(period)) throw new UnsupportedFeature(`high-resolution metrics (Period ${period})`);
  if (period <= 0 || period % 60 !== 0)
    throw validationFailure(`Period must be 10, 30 or a multiple of 60, not ${period}`);
  return period;
}

/** `[{Name, Value}]` as a record. */
export function parseDimensions(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!Array.isArray(value)) throw validationFailure('Dimensions must be a list');
  if (value.length > 30) throw validationFailure(`Dimensions: ${value.length} are more than the 30 that are allowed`);
  return Object.fromEntries(value.map((dimension: WireInput) => [String(dimension.Name), String(dimension.Value)]));
}

export function dimensionList(dimensions: Readonly<Record<string, string>>): { Name: string; Value: string }[] {
  return Object.entries(dimensions).map(([name, value]) => ({ Name: name, Value: value }));
}

function parseMetricStat(id: string, stat: WireInput): MetricStat {
  if (!stat.Metric?.MetricName || !stat.Metric.Namespace) {
    throw validationFailure(`MetricDataQuery ${id}: MetricStat.Metric needs Namespace and MetricName`);
  }
  const statistic = String(stat.Stat);
  parseStatistic(statistic);
  return {
    identity: {
      namespace: String(stat.Metric.Namespace),
      name: String(stat.Metric.MetricName),
      dimensions: parseDimensions(stat.Metric.Dimensions),
    },
    periodSeconds: parsePeriodSeconds(stat.Period),
    statistic,
    unit: stat.Unit === undefined ? undefined : String(stat.Unit),
  };
}

function parseQuery(raw: WireInput): MetricQuery {
  const id = String(raw.Id);
  if (!/^[a-z][a-zA-Z0-9_]*$/.test(id)) {
    throw validationFailure(`The value ${id} for parameter Id is invalid: it must begin with a lower-case letter.`);
  }
  if ((raw.MetricStat === undefined) === (raw.Expression === undefined)) {
    throw validationFailure(`MetricDataQuery ${id}: give either MetricStat or Expression`);
  }
  if (raw.AccountId !== undefined)
    throw new UnsupportedFeature(`MetricDataQuery ${id}: AccountId (cross-account metrics)`);
  const label = raw.Label === undefined ? undefined : String(raw.Label);
  if (label?.includes('${')) throw new UnsupportedFeature(`MetricDataQuery ${id}: dynamic labels`);
  return {
    id,
    label,
    returnData: raw.ReturnData === undefined ? true : asBoolean(raw.ReturnData, 'ReturnData'),
    source:
      raw.MetricStat !== undefined
        ? { kind: 'metric', stat: parseMetricStat(id, raw.MetricStat) }
        : { kind: 'expression', text: String(raw.Expression), parsed: parseExpression(String(raw.Expression)) },
  };
}

/**
 * Parses and checks `MetricDataQueries` (of GetMetricData) or `Metrics` (of PutMetricAlarm).
 * @throws AwsError ValidationError on doubled ids, unknown references and circles
 */
export function parseQueries(raw: unknown): MetricQuery[] {
  if (!Array.isArray(raw) || raw.length === 0) throw validationFailure('at least one metric data query is required');
  const queries = raw.map((query: WireInput) => parseQuery(query));
  const byId = new Map(queries.map((query) => [query.id, query]));
  if (byId.size !== queries.length)
    throw validationFailure('The values for parameter Id in MetricDataQueries are not unique.');
  for (const query of queries) metricsBehind(query, queries);
  return queries;
}

/** The metric queries that a query rests on, directly or through other expressions. */
export function metricsBehind(query: MetricQuery, queries: readonly MetricQuery[]): MetricQuery[] {
  const found = new Set<MetricQuery>();
  const visit = (current: MetricQuery, path: readonly string[]): void => {
    if (path.includes(current.id))
      throw validationFailure(`The expressions ${[...path, current.id].join(' -> ')} form a circle`);
    if (current.source.kind === 'metric') {
      found.add(current);
      return;
    }
    for (const id of referencedIds(current.source.parsed)) {
      if (id === '*') {
        for (const other of queries) if (other.source.kind === 'metric') found.add(other);
        continue;
      }
      const other = queries.find((candidate) => candidate.id === id);
      if (!other) throw validationFailure(`Error in expression '${current.id}': undefined variable '${id}'`);
      visit(other, [...path, current.id]);
    }
  };
  visit(query, []);
  return [...found];
}

/** The common period of the metrics behind a query, in seconds. */
export function periodSecondsOf(query: MetricQuery, queries: readonly MetricQuery[]): number {
  const periods = new Set(
    metricsBehind(query, queries).map((metric) =>
      metric.source.kind === 'metric' ? metric.source.stat.periodSeconds : 0,
    ),
  );
  if (periods.size === 0) throw validationFailure(`Error in expression '${query.id}': it names no metric`);
  if (periods.size > 1) {
    throw new UnsupportedFeature(
      `Error in expression '${query.id}': metrics of different periods (${[...periods].join(', ')} s)`,
      'give all metrics of an expression the same period',
    );
  }
  return [...periods][0]!;
}

/** What can be read now of each period of the grid. */
export function readDistributions(store: MetricStore, stat: MetricStat, grid: Grid): (Distribution | undefined)[] {
  const series = store.find(stat.identity);
  const periodMs = grid.periodSeconds * 1000;
  return Array.from({ length: grid.length }, (_, index) => {
    const fromMs = grid.startMs + index * periodMs;
    return series && store.read(series, fromMs, fromMs + periodMs, stat.unit);
  });
}

function readSeries(store: MetricStore, stat: MetricStat, grid: Grid): TimeSeries {
  const statistic = parseStatistic(stat.statistic);
  return readDistributions(store, stat, grid).map((distribution) => distribution && statistic(distribution));
}

/** Evaluates one query on a grid whose period is the query's own. */
export function evaluateQuery(
  store: MetricStore,
  query: MetricQuery,
  queries: readonly MetricQuery[],
  grid: Grid,
): MathValue {
  const memo = new Map<string, MathValue>();
  const valueOf = (current: MetricQuery): MathValue => {
    const known = memo.get(current.id);
    if (known) return known;
    const { source } = current;
    const value: MathValue =
      source.kind === 'metric'
        ? { kind: 'series', values: readSeries(store, source.stat, grid) }
        : evaluateExpression(source.parsed, {
            text: source.text,
            length: grid.length,
            periodSeconds: grid.periodSeconds,
            lookup: (id) => valueOf(queries.find((candidate) => candidate.id === id)!),
            metrics: () =>
              queries
                .filter((candidate) => candidate.source.kind === 'metric')
                .map((candidate) => (valueOf(candidate) as { values: TimeSeries }).values),
          });
    memo.set(current.id, value);
    return value;
  };
  return valueOf(query);
}
