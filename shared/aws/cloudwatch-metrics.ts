/** CloudWatch as the metric source: per-variant sums by minute, exact counts above a latency limit. */
import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { type VariantMinute } from '../domain/judge/evidence.ts';
import { MetricsUnreadable } from '../domain/flow-errors.ts';
import { type MetricSource } from '../ports/metric-source.ts';
import { errorMessage, errorName } from './platform.ts';

const MS_PER_MINUTE = 60_000;
const SECONDS_PER_HOUR = 3_600;
const MICROSECONDS_PER_MS = 1_000;

type Field = 'invocations' | 'errors5xx' | 'errors4xx' | 'slow' | 'p99';

function queriesFor(
  prefix: string,
  endpoint: string,
  variant: string,
  latencyLimitMs: number,
  periodSeconds: number,
): MetricDataQuery[] {
  const Dimensions = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: variant },
  ];
  const query = (field: Field, MetricName: string, Stat: string): MetricDataQuery => ({
    Id: `${prefix}_${field}`,
    MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: periodSeconds, Stat },
  });
  return [
    query('invocations', 'Invocations', 'Sum'),
    query('errors5xx', 'Invocation5XXErrors', 'Sum'),
    query('errors4xx', 'Invocation4XXErrors', 'Sum'),
    // ModelLatency is in microseconds; TC counts the requests above the limit exactly.
    query('slow', 'ModelLatency', `TC(${latencyLimitMs * MICROSECONDS_PER_MS}:)`),
    query('p99', 'ModelLatency', 'p99'),
  ];
}

/** Values by query id and period start in epoch milliseconds. */
type Series = Map<string, Map<number, number>>;

async function fetchSeries(
  client: CloudWatchClient,
  what: string,
  queries: MetricDataQuery[],
  fromMs: number,
  untilMs: number,
): Promise<Series> {
  const series: Series = new Map();
  let NextToken: string | undefined;
  try {
    do {
      const input = {
        MetricDataQueries: queries,
        StartTime: new Date(fromMs),
        EndTime: new Date(untilMs),
        ScanBy: 'TimestampAscending' as const,
      };
      const page = await client.send(new GetMetricDataCommand({ ...input, ...(NextToken ? { NextToken } : {}) }));
      for (const result of page.MetricDataResults ?? []) {
        const points = series.get(result.Id ?? '') ?? new Map<number, number>();
        result.Timestamps?.forEach((at, index) => points.set(at.getTime(), result.Values?.[index] ?? Number.NaN));
        series.set(result.Id ?? '', points);
      }
      NextToken = page.NextToken;
    } while (NextToken);
  } catch (error) {
    throw new MetricsUnreadable(what, `${errorName(error)}: ${errorMessage(error)}`);
  }
  return series;
}

/** A minute in which the arm was asked nothing has no Invocations: it is left out, as no data. */
function variantMinute(series: Series, prefix: string, atMs: number): VariantMinute | undefined {
  const value = (field: Field): number | undefined => series.get(`${prefix}_${field}`)?.get(atMs);
  const invocations = value('invocations');
  const slow = value('slow');
  // Requests without their latencies are a minute that is only half readable.
  if (invocations === undefined || slow === undefined) return undefined;
  const counts = { invocations, errors5xx: value('errors5xx') ?? 0, errors4xx: value('errors4xx') ?? 0, slow };
  const p99 = value('p99');
  return p99 === undefined ? counts : { ...counts, p99LatencyMs: p99 / MICROSECONDS_PER_MS };
}

export function newCloudWatchMetrics(client: CloudWatchClient): MetricSource {
  return {
    async minutes(query) {
      const { endpoint, challengerVariant, championVariant, fromMinute, untilMinute, latencyLimitMs } = query;
      if (untilMinute <= fromMinute) return [];
      const queries = [
        ...queriesFor('challenger', endpoint, challengerVariant, latencyLimitMs, 60),
        ...(championVariant === undefined ? [] : queriesFor('champion', endpoint, championVariant, latencyLimitMs, 60)),
      ];
      const series = await fetchSeries(
        client,
        endpoint,
        queries,
        fromMinute * MS_PER_MINUTE,
        untilMinute * MS_PER_MINUTE,
      );
      const minutes = Array.from({ length: untilMinute - fromMinute }, (_each, index) => fromMinute + index);
      return minutes
        .map((minute) => ({
          minute,
          challenger: variantMinute(series, 'challenger', minute * MS_PER_MINUTE),
          champion: variantMinute(series, 'champion', minute * MS_PER_MINUTE),
        }))
        .filter((each) => each.challenger !== undefined || each.champion !== undefined);
    },

    async history({ endpoint, variant, fromMinute, untilMinute, latencyLimitMs }) {
      const queries = queriesFor('arm', endpoint, variant, latencyLimitMs, SECONDS_PER_HOUR);
      const series = await fetchSeries(
        client,
        endpoint,
        queries,
        fromMinute * MS_PER_MINUTE,
        untilMinute * MS_PER_MINUTE,
      );
      const sum = (field: Field): number =>
        [...(series.get(`arm_${field}`)?.values() ?? [])].reduce((total, value) => total + value, 0);
      return {
        invocations: sum('invocations'),
        errors5xx: sum('errors5xx'),
        errors4xx: sum('errors4xx'),
        slow: sum('slow'),
      };
    },

    async raised(alarmNames) {
      if (alarmNames.length === 0) return [];
      const { MetricAlarms } = await client.send(
        new DescribeAlarmsCommand({ AlarmNames: [...alarmNames], StateValue: 'ALARM' }),
      );
      return (MetricAlarms ?? []).map((alarm) => alarm.AlarmName ?? '');
    },
  };
}
