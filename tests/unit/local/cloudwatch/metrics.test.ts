import { describe, expect, it } from '@jest/globals';
import { newCloudWatch } from '../../../../local/cloudwatch/service.ts';
import { SLOWNESS } from '../../../../local/kernel/latency.ts';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;

function setUp(seed = 1) {
  const cloud = newFakeCloudContext(seed);
  const service = newCloudWatch(cloud);
  const call = (operation: string, input: WireInput): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  const put = (name: string, minute: number, values: number[]): void =>
    service.record({ namespace: 'App', name, dimensions: {}, values, timestampMs: START_MS + minute * MINUTE_MS });
  const query = (queries: WireInput[], minutes: number, more: WireInput = {}): WireInput =>
    call('GetMetricData', {
      StartTime: new Date(START_MS),
      EndTime: new Date(START_MS + minutes * MINUTE_MS),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: queries,
      ...more,
    });
  return { cloud, service, call, put, query };
}

const metric = (id: string, name: string, stat = 'Sum', more: WireInput = {}): WireInput => ({
  Id: id,
  MetricStat: { Metric: { Namespace: 'App', MetricName: name }, Period: 60, Stat: stat },
  ...more,
});

describe('when a metric can be read', () => {
  it('shows a minute only 60 to 180 s after its end, whoever recorded first', async () => {
    const readableAt = async (order: string[]): Promise<number> => {
      const { cloud, put, query } = setUp();
      for (const name of order) put(name, 0, [1]);
      const { min, max } = SLOWNESS.metricReadableAfterMs;
      await cloud.kernel.runFor(MINUTE_MS + min - 1);
      expect(query([metric('m', 'A')], 5).MetricDataResults[0].Values).toEqual([]);
      while (query([metric('m', 'A')], 5).MetricDataResults[0].Values.length === 0) await cloud.kernel.runFor(1000);
      expect(cloud.kernel.clock.now() - START_MS).toBeLessThanOrEqual(MINUTE_MS + max + 1000);
      return cloud.kernel.clock.now();
    };
    expect(await readableAt(['A', 'B'])).toBe(await readableAt(['B', 'A']));
  });

  it('draws by seed', async () => {
    const readable = async (seed: number): Promise<string> => {
      const { cloud, put, query } = setUp(seed);
      for (let minute = 0; minute < 60; minute++) put('A', minute, [1]);
      await cloud.kernel.runFor(61 * MINUTE_MS);
      const shown = query([metric('m', 'A')], 61).MetricDataResults[0].Timestamps as Date[];
      return shown.map((time) => time.getTime()).join();
    };
    expect(await readable(1)).toBe(await readable(1));
    expect(new Set([await readable(1), await readable(2), await readable(3), await readable(4)]).size).toBeGreaterThan(
      1,
    );
  });
});

describe('PutMetricData', () => {
  it('files values with counts, single values and statistic sets, coercing text as the query protocol sends it', async () => {
    const { cloud, call, query } = setUp();
    call('PutMetricData', {
      Namespace: 'App',
      MetricData: [
        { MetricName: 'A', Values: ['1', '5'], Counts: ['2', '1'], Timestamp: '2026-01-05T00:00:10Z' },
        { MetricName: 'A', Value: 3, Timestamp: new Date(START_MS + 20_000) },
        {
          MetricName: 'A',
          StatisticValues: { SampleCount: 2, Sum: 4, Minimum: 1, Maximum: 3 },
          Timestamp: START_MS / 1000,
        },
      ],
    });
    await cloud.kernel.runFor(5 * MINUTE_MS);
    const results = query(
      ['Sum', 'SampleCount', 'Maximum'].map((stat, i) => metric(`m${i}`, 'A', stat)),
      5,
    ).MetricDataResults;
    expect(results.map((result: WireInput) => result.Values)).toEqual([[14], [6], [5]]);
    expect(results[0].Timestamps).toEqual([new Date(START_MS)]);
  });

  it('refuses what AWS refuses, without any effect', () => {
    const { call } = setUp();
    const put =
      (data: WireInput, namespace = 'App') =>
      () =>
        call('PutMetricData', { Namespace: namespace, MetricData: [{ MetricName: 'ok', Value: 1 }, data] });
    expect(put({ MetricName: 'A', Value: 1 }, 'AWS/SageMaker')).toThrow('AWS/ for parameter Namespace is invalid');
    expect(put({ MetricName: 'A', Value: 1, Values: [1] })).toThrow('mutually exclusive');
    expect(put({ MetricName: 'A', Value: NaN })).toThrow("'NaN' is not a number");
    expect(put({ MetricName: 'A', Values: [1, 2], Counts: [1] })).toThrow('must be of the same size');
    expect(put({ MetricName: 'A', Value: 1, Timestamp: new Date(0) })).toThrow('past two weeks');
    expect(put({ MetricName: 'A', Value: 1, StorageResolution: 1 })).toThrow('UnsupportedFeature');
    expect(call('ListMetrics', {}).Metrics).toEqual([]);
  });
});

describe('GetMetricData', () => {
  async function withTraffic() {
    const world = setUp();
    world.put('Requests', 0, [1, 1, 1, 1]);
    world.put('Requests', 1, [1, 1]);
    world.put('Requests', 3, [1]);
    world.put('Errors', 0, [1]);
    world.put('Zero', 0, [0]);
    await world.cloud.kernel.runFor(20 * MINUTE_MS);
    return world;
  }
  const inputs = [metric('r', 'Requests'), metric('e', 'Errors'), metric('z', 'Zero')].map((q) => ({
    ...q,
    ReturnData: false,
  }));

  it.each<[string, number[]]>([
    ['e / r', [0.25]],
    ['FILL(e, 0) / r', [0.25, 0, 0]],
    ['100 * (r - e)', [300]],
    ['r / z', []],
    ['FILL(r, REPEAT)', [4, 2, 2, 1]],
    ['IF(r > 1, r, -1)', [4, 2, -1]],
    ['IF(r >= 4 AND NOT (r == 5), 1)', [1]],
    ['r > 1 && r < 4 || r == 1', [0, 1, 1]],
    ['SUM([r, e])', [5, 2, 1]],
    ['MAX([r, FILL(e, 3)])', [4, 3, 3, 3]],
    ['r - AVG(r)', [4 - 7 / 3, 2 - 7 / 3, 1 - 7 / 3]],
    ['SUM(METRICS())', [5, 2, 1]],
    ['TIME_SERIES(MIN(r))', [1, 1, 1, 1]],
    ['DIFF(r)', [-2, -1]],
    ['RATE(r) * PERIOD(r)', [-2, -0.5]],
    ['RUNNING_SUM(r)', [4, 6, 7]],
    ['ABS(-r) + 2 ^ 3', [12, 10, 9]],
  ])('%s', async (expression, expected) => {
    const { query } = await withTraffic();
    const [result] = query([...inputs, { Id: 'x', Expression: expression }], 4).MetricDataResults;
    expect(result).toMatchObject({ Id: 'x', Label: 'x', StatusCode: 'Complete' });
    expect(result.Values.map((value: number) => Number(value.toFixed(9)))).toEqual(
      expected.map((value) => Number(value.toFixed(9))),
    );
  });

  it('refuses bad expressions with the reason, and unknown functions loudly', async () => {
    const { query } = await withTraffic();
    const evaluating = (expression: string) => () => query([...inputs, { Id: 'x', Expression: expression }], 4);
    expect(evaluating('e / q')).toThrow("undefined variable 'q'");
    expect(evaluating('e +')).toThrow('it ends too early');
    expect(evaluating('(e')).toThrow("a ')' is missing");
    expect(evaluating('e $ r')).toThrow("unexpected '$'");
    expect(evaluating('x + e')).toThrow('form a circle');
    expect(evaluating('AVG(e)')).toThrow('must be a time series');
    expect(evaluating("SEARCH('x', 'Sum')")).toThrow('UnsupportedFeature');
    expect(evaluating('SELECT AVG(x) FROM y')).toThrow('UnsupportedFeature');
    expect(evaluating('FILL(e, LINEAR)')).toThrow('UnsupportedFeature');
  });

  it('pages by datapoints and scans in both directions', async () => {
    const { query } = await withTraffic();
    const page = (token?: string): WireInput =>
      query([metric('r', 'Requests'), metric('e', 'Errors')], 4, {
        MaxDatapoints: 2,
        ...(token ? { NextToken: token } : {}),
      });
    const first = page();
    const second = page(first.NextToken);
    expect(first.MetricDataResults.map((r: WireInput) => [r.Values, r.StatusCode])).toEqual([
      [[4, 2], 'PartialData'],
      [[], 'PartialData'],
    ]);
    expect(second.MetricDataResults.map((r: WireInput) => [r.Values, r.StatusCode])).toEqual([
      [[1], 'Complete'],
      [[1], 'Complete'],
    ]);
    expect(second.NextToken).toBeUndefined();
    expect(query([metric('r', 'Requests')], 4, { ScanBy: 'TimestampDescending' }).MetricDataResults[0].Values).toEqual([
      1, 2, 4,
    ]);
    expect(() => page('nonsense')).toThrow('is not valid');
  });

  it('aggregates exactly over longer periods', async () => {
    const { call, put, cloud } = setUp();
    for (let minute = 0; minute < 10; minute++) put('Latency', minute, [minute * 10, minute * 10 + 1]);
    await cloud.kernel.runFor(20 * MINUTE_MS);
    const statistics = call('GetMetricStatistics', {
      Namespace: 'App',
      MetricName: 'Latency',
      StartTime: '2026-01-05T00:00:00Z',
      EndTime: '2026-01-05T00:10:00Z',
      Period: '300',
      Statistics: ['Sum', 'Maximum'],
      ExtendedStatistics: ['p90', 'TC(80:)'],
    });
    expect(statistics.Datapoints).toEqual([
      {
        Timestamp: new Date(START_MS),
        Sum: 205,
        Maximum: 41,
        Unit: 'None',
        ExtendedStatistics: { p90: 40, 'TC(80:)': 0 },
      },
      {
        Timestamp: new Date(START_MS + 300_000),
        Sum: 705,
        Maximum: 91,
        Unit: 'None',
        ExtendedStatistics: { p90: 90, 'TC(80:)': 3 },
      },
    ]);
  });

  it('refuses more than 1,440 datapoints of GetMetricStatistics', () => {
    const { call } = setUp();
    const input = {
      Namespace: 'App',
      MetricName: 'A',
      StartTime: 0,
      EndTime: 86_400 * 2,
      Period: 60,
      Statistics: ['Sum'],
    };
    expect(() => call('GetMetricStatistics', input)).toThrow('exceeds the limit of 1,440');
  });
});

describe('ListMetrics', () => {
  it('filters by namespace, name and dimensions', () => {
    const { service, call } = setUp();
    service.record({
      namespace: 'AWS/SageMaker',
      name: 'Invocations',
      dimensions: { EndpointName: 'e', VariantName: 'blue' },
      values: [1],
    });
    service.record({
      namespace: 'AWS/SageMaker',
      name: 'Invocations',
      dimensions: { EndpointName: 'e', VariantName: 'green' },
      values: [1],
    });
    service.record({ namespace: 'App', name: 'A', dimensions: {}, values: [1] });
    expect(call('ListMetrics', {}).Metrics).toHaveLength(3);
    expect(
      call('ListMetrics', { Namespace: 'AWS/SageMaker', Dimensions: [{ Name: 'VariantName', Value: 'green' }] })
        .Metrics,
    ).toEqual([
      {
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocations',
        Dimensions: [
          { Name: 'EndpointName', Value: 'e' },
          { Name: 'VariantName', Value: 'green' },
        ],
      },
    ]);
  });
});

describe('access', () => {
  it('names real actions and resources', () => {
    const { service } = setUp();
    expect(service.access('PutMetricData', { Namespace: 'App' })).toEqual([
      { action: 'cloudwatch:PutMetricData', resource: '*', conditionKeys: { 'cloudwatch:namespace': 'App' } },
    ]);
    expect(service.access('DescribeAlarms', {})[0]?.resource).toBe(
      'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*',
    );
    expect(service.access('DeleteAlarms', { AlarmNames: ['a', 'b'] }).map(({ resource }) => resource)).toEqual([
      'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a',
      'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:b',
    ]);
    expect(service.access('PutDashboard', { DashboardName: 'd' })[0]?.resource).toBe(
      'arn:aws:cloudwatch::111122223333:dashboard/d',
    );
  });
});
