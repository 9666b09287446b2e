/** GetMetricData, GetMetricStatistics and ListMetrics. */
import { asEpochMs, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import type { MetricStore, Series } from './metric-store.ts';
import {
  dimensionList,
  evaluateQuery,
  type Grid,
  type MetricQuery,
  parseDimensions,
  parsePeriodSeconds,
  parseQueries,
  periodSecondsOf,
  readDistributions,
  validationFailure,
} from './queries.ts';
import { isClassicStatistic, parseStatistic } from './statistics.ts';

const MAX_DATAPOINTS = 100_800;
const MAX_STATISTICS_DATAPOINTS = 1440;
const METRICS_PER_PAGE = 500;

interface Datapoint {
  readonly timestampMs: number;
  readonly value: number;
}

/** The offset that a page token stands for. */
export function pageOffset(token: unknown): number {
  if (token === undefined) return 0;
  const offset = typeof token === 'string' ? /^page-(\d+)$/.exec(token)?.[1] : undefined;
  if (offset === undefined) throw new AwsError('InvalidNextToken', `The token ${JSON.stringify(token)} is not valid.`);
  return Number(offset);
}

export function pageToken(offset: number): string {
  return `page-${offset}`;
}

function gridOf(startMs: number, endMs: number, periodSeconds: number): Grid {
  const periodMs = periodSeconds * 1000;
  const alignedMs = Math.floor(startMs / periodMs) * periodMs;
  return { startMs: alignedMs, periodSeconds, length: Math.max(0, Math.ceil((endMs - alignedMs) / periodMs)) };
}

function timeRange(input: WireInput): { startMs: number; endMs: number } {
  const startMs = asEpochMs(input.StartTime, 'StartTime');
  const endMs = asEpochMs(input.EndTime, 'EndTime');
  if (startMs >= endMs) {
    throw validationFailure(
      `The parameter StartTime (${new Date(startMs).toISOString()}) must be less than the parameter EndTime (${new Date(endMs).toISOString()}).`,
    );
  }
  return { startMs, endMs };
}

/** The datapoints of each query that returns data; an array of time series gives several results with the same id. */
function resultsOf(
  store: MetricStore,
  query: MetricQuery,
  queries: readonly MetricQuery[],
  range: { startMs: number; endMs: number },
): { query: MetricQuery; label: string; points: Datapoint[] }[] {
  const grid = gridOf(range.startMs, range.endMs, periodSecondsOf(query, queries));
  const value = evaluateQuery(store, query, queries, grid);
  if (value.kind === 'scalar') {
    throw validationFailure(
      `Error in expression '${query.id}': the result must be a time series or an array of time series`,
    );
  }
  const label = query.label ?? (query.source.kind === 'metric' ? query.source.stat.identity.name : query.id);
  return (value.kind === 'array' ? value.members : [value.values]).map((series) => ({
    query,
    label,
    points: series.flatMap((point, index) =>
      point === undefined ? [] : [{ timestampMs: grid.startMs + index * grid.periodSeconds * 1000, value: point }],
    ),
  }));
}

export function getMetricData(store: MetricStore, input: WireInput): object {
  const queries = parseQueries(input.MetricDataQueries);
  if (queries.length > 500) throw validationFailure(`MetricDataQueries: ${queries.length} are more than 500`);
  if (input.LabelOptions !== undefined) throw new UnsupportedFeature('GetMetricData LabelOptions');
  const range = timeRange(input);
  const scanBy = String(input.ScanBy ?? 'TimestampDescending');
  if (!['TimestampAscending', 'TimestampDescending'].includes(scanBy))
    throw validationFailure(`ScanBy '${scanBy}' is not known`);
  const most = input.MaxDatapoints === undefined ? MAX_DATAPOINTS : asNumber(input.MaxDatapoints, 'MaxDatapoints');
  const results = queries
    .filter((query) => query.returnData)
    .flatMap((query) => resultsOf(store, query, queries, range));

  const from = pageOffset(input.NextToken);
  let seen = 0;
  const total = results.reduce((sum, result) => sum + result.points.length, 0);
  const page = results.map(({ query, label, points }) => {
    if (scanBy === 'TimestampDescending') points.reverse();
    const first = seen;
    seen += points.length;
    const slice = points.slice(Math.max(0, from - first), Math.max(0, from + most - first));
    return {
      Id: query.id,
      Label: label,
      Timestamps: slice.map((point) => new Date(point.timestampMs)),
      Values: slice.map((point) => point.value),
      StatusCode: first + points.length > from + most ? 'PartialData' : 'Complete',
    };
  });
  return { MetricDataResults: page, Messages: [], NextToken: from + most < total ? pageToken(from + most) : undefined };
}

function statisticNames(input: WireInput): { classic: string[]; extended: string[] } {
  const classic = ((input.Statistics ?? []) as unknown[]).map(String);
  const extended = ((input.ExtendedStatistics ?? []) as unknown[]).map(String);
  if (classic.length + extended.length === 0) {
    throw new AwsError('MissingRequiredParameterException', 'Must specify either Statistics or ExtendedStatistics');
  }
  for (const name of classic) {
    if (!isClassicStatistic(name))
      throw new AwsError('InvalidParameterValueException', `The value ${name} for parameter Statistics is invalid.`);
  }
  extended.forEach(parseStatistic);
  return { classic, extended };
}

export function getMetricStatistics(store: MetricStore, input: WireInput): object {
  const { startMs, endMs } = timeRange(input);
  const periodSeconds = parsePeriodSeconds(input.Period);
  const grid = gridOf(startMs, endMs, periodSeconds);
  if (grid.length > MAX_STATISTICS_DATAPOINTS) {
    throw new AwsError(
      'InvalidParameterCombinationException',
      `You have requested up to ${grid.length} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
  const { classic, extended } = statisticNames(input);
  const identity = {
    namespace: String(input.Namespace),
    name: String(input.MetricName),
    dimensions: parseDimensions(input.Dimensions),
  };
  const unit = input.Unit === undefined ? undefined : String(input.Unit);
  const units = [...(store.find(identity)?.units.keys() ?? [])];
  const stat = { identity, periodSeconds, statistic: 'Sum', unit };
  const datapoints = readDistributions(store, stat, grid).flatMap((distribution, index) => {
    if (!distribution) return [];
    const read = (names: readonly string[]): Record<string, number | undefined> =>
      Object.fromEntries(names.map((name) => [name, parseStatistic(name)(distribution)]));
    return [
      {
        Timestamp: new Date(grid.startMs + index * periodSeconds * 1000),
        ...read(classic),
        Unit: unit ?? (units.length === 1 ? units[0] : 'None'),
        ...(extended.length > 0 ? { ExtendedStatistics: read(extended) } : {}),
      },
    ];
  });
  return { Label: identity.name, Datapoints: datapoints };
}

export function listMetrics(store: MetricStore, input: WireInput): object {
  if (input.RecentlyActive !== undefined) throw new UnsupportedFeature('ListMetrics RecentlyActive');
  if (input.IncludeLinkedAccounts !== undefined || input.OwningAccount !== undefined) {
    throw new UnsupportedFeature('ListMetrics across accounts');
  }
  const filters = (input.Dimensions ?? []) as WireInput[];
  const matches = ({ identity }: Series): boolean =>
    (input.Namespace === undefined || identity.namespace === input.Namespace) &&
    (input.MetricName === undefined || identity.name === input.MetricName) &&
    filters.every(({ Name, Value }) => {
      const value = identity.dimensions[String(Name)];
      return value !== undefined && (Value === undefined || value === Value);
    });
  const found = [...store.list()].filter(matches);
  const from = pageOffset(input.NextToken);
  return {
    Metrics: found.slice(from, from + METRICS_PER_PAGE).map(({ identity }) => ({
      Namespace: identity.namespace,
      MetricName: identity.name,
      Dimensions: dimensionList(identity.dimensions),
    })),
    NextToken: from + METRICS_PER_PAGE < found.length ? pageToken(from + METRICS_PER_PAGE) : undefined,
  };
}
