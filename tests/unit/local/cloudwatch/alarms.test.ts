import { describe, expect, it } from '@jest/globals';
import { decide } from '../../../../local/cloudwatch/alarm-evaluation.ts';
import { parseAlarmRule, ruleHolds } from '../../../../local/cloudwatch/alarm-rule.ts';
import { newCloudWatch } from '../../../../local/cloudwatch/service.ts';
import { AwsError } from '../../../../local/kernel/errors.ts';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alerts';
const FUNCTION = 'arn:aws:lambda:eu-central-1:111122223333:function:react';

const ALARM = {
  AlarmName: 'errors',
  Namespace: 'App',
  MetricName: 'Errors',
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 5,
  ComparisonOperator: 'GreaterThanThreshold',
};

function setUp() {
  const cloud = newFakeCloudContext();
  cloud.answer = () => ({});
  const service = newCloudWatch(cloud);
  const call = (operation: string, input: WireInput): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  const record = (minute: number, value: number, name = 'Errors'): void =>
    service.record({
      namespace: 'App',
      name,
      dimensions: {},
      values: [value],
      timestampMs: START_MS + minute * MINUTE_MS,
    });
  const stateOf = (name: string): string =>
    call('DescribeAlarms', { AlarmNames: [name], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }).MetricAlarms[0]
      ?.StateValue ??
    call('DescribeAlarms', { AlarmNames: [name], AlarmTypes: ['CompositeAlarm'] }).CompositeAlarms[0].StateValue;
  const changes = () =>
    cloud.events
      .filter((event) => event.detailType === 'CloudWatch Alarm State Change')
      .map(({ detail }) => detail as WireInput);
  return { cloud, service, call, record, stateOf, changes };
}

describe("AWS's tables of missing data", () => {
  // 0 = not breaching, X = breaching, - = missing; the newest datapoint is the last one.
  const outcome = (points: string, treat: 'missing' | 'ignore' | 'breaching' | 'notBreaching', m: number): string =>
    decide(
      [...points].map((point) => (point === '-' ? undefined : point === 'X')),
      { evaluationPeriods: 3, datapointsToAlarm: m, treat },
    ).value;
  const row = (points: string, m: number): string[] =>
    (['missing', 'ignore', 'breaching', 'notBreaching'] as const).map((treat) => outcome(points, treat, m));

  it.each([
    ['0-X-X', ['OK', 'OK', 'OK', 'OK']],
    ['0----', ['OK', 'OK', 'OK', 'OK']],
    ['-----', ['INSUFFICIENT_DATA', 'RETAIN', 'ALARM', 'OK']],
    ['0XX-X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['--X--', ['ALARM', 'RETAIN', 'ALARM', 'OK']],
    // Too young to tell: the next datapoint may be good.
    ['----X', ['RETAIN', 'RETAIN', 'ALARM', 'OK']],
  ])('3 out of 3: %s', (points, expected) => expect(row(points, 3)).toEqual(expected));

  it.each([
    ['0-X-X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['00X0X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0-X--', ['OK', 'OK', 'ALARM', 'OK']],
    ['----0', ['OK', 'OK', 'ALARM', 'OK']],
    ['---X-', ['ALARM', 'RETAIN', 'ALARM', 'OK']],
  ])('2 out of 3: %s', (points, expected) => expect(row(points, 2)).toEqual(expected));
});

describe('a metric alarm', () => {
  it('starts in INSUFFICIENT_DATA and changes once, no earlier than its data can be read', async () => {
    const { cloud, call, record, stateOf, changes } = setUp();
    call('PutMetricAlarm', {
      ...ALARM,
      AlarmDescription: 'too many errors',
      AlarmActions: [TOPIC, FUNCTION],
      OKActions: [TOPIC],
    });
    expect(stateOf('errors')).toBe('INSUFFICIENT_DATA');
    for (let minute = 0; minute < 5; minute++) record(minute, 9);
    for (let minute = 5; minute < 12; minute++) record(minute, 0);
    await cloud.kernel.runFor(MINUTE_MS * 2 - 1);
    expect(changes()).toEqual([]);
    await cloud.kernel.runFor(MINUTE_MS * 13);
    expect(changes().map((detail) => [detail.previousState.value, detail.state.value])).toEqual([
      ['INSUFFICIENT_DATA', 'ALARM'],
      ['ALARM', 'OK'],
    ]);

    const [alarm] = changes();
    expect(alarm).toMatchObject({
      alarmName: 'errors',
      configuration: {
        description: 'too many errors',
        metrics: [
          {
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            metricStat: { metric: { namespace: 'App', name: 'Errors', dimensions: {} }, period: 60, stat: 'Sum' },
            returnData: true,
          },
        ],
      },
      previousState: { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
    });
    expect(alarm!.state.timestamp).toMatch(/^2026-01-05T00:0\d:00\.000\+0000$/);
    expect(alarm!.state.reason).toMatch(
      /^Threshold Crossed: 1 out of the last 1 datapoints \[9\.0 \(05\/01\/26 00:0\d:00\)\] was greater than the threshold \(5\.0\) \(minimum 1 datapoint for INSUFFICIENT_DATA -> ALARM transition\)\.$/,
    );
    const data = JSON.parse(alarm!.state.reasonData as string) as WireInput;
    expect(data).toEqual({
      version: '1.0',
      queryDate: alarm!.state.timestamp,
      startDate: expect.stringMatching(/\+0000$/),
      statistic: 'Sum',
      period: 60,
      recentDatapoints: [9],
      threshold: 5,
      evaluatedDatapoints: [{ timestamp: data.startDate, sampleCount: 1, value: 9 }],
    });
    expect(cloud.events.find((event) => event.detailType === 'CloudWatch Alarm State Change')).toMatchObject({
      source: 'aws.cloudwatch',
      resources: ['arn:aws:cloudwatch:eu-central-1:111122223333:alarm:errors'],
    });
  });

  it('performs the actions of the state that it enters, and keeps what failed in its history', async () => {
    const { cloud, call, record } = setUp();
    cloud.answer = (service) => {
      if (service === 'lambda') throw new AwsError('AccessDeniedException', 'no permission');
      return {};
    };
    call('PutMetricAlarm', { ...ALARM, AlarmActions: [TOPIC, FUNCTION], OKActions: [TOPIC] });
    for (let minute = 0; minute < 5; minute++) record(minute, 9);
    await cloud.kernel.runFor(MINUTE_MS * 6);
    expect(cloud.calls.map(({ service, operation, principal }) => [service, operation, principal])).toEqual([
      ['sns', 'Publish', { kind: 'service', name: 'cloudwatch.amazonaws.com' }],
      ['lambda', 'Invoke', { kind: 'service', name: 'lambda.alarms.cloudwatch.amazonaws.com' }],
    ]);
    const [published, invoked] = cloud.calls;
    expect(published!.input).toMatchObject({ TopicArn: TOPIC, Subject: 'ALARM: "errors" in EU (Frankfurt)' });
    expect(JSON.parse(published!.input.Message as string)).toMatchObject({
      AlarmName: 'errors',
      NewStateValue: 'ALARM',
      OldStateValue: 'INSUFFICIENT_DATA',
      Trigger: { MetricName: 'Errors', Statistic: 'SUM', Threshold: 5, EvaluationPeriods: 1 },
    });
    expect(JSON.parse((invoked!.input.Payload as Buffer).toString())).toMatchObject({
      source: 'aws.cloudwatch',
      alarmData: { alarmName: 'errors', state: { value: 'ALARM' } },
    });
    const history = call('DescribeAlarmHistory', {
      AlarmName: 'errors',
      ScanBy: 'TimestampAscending',
    }).AlarmHistoryItems;
    expect(history.map((item: WireInput) => item.HistorySummary)).toEqual([
      'Alarm "errors" created',
      'Alarm updated from INSUFFICIENT_DATA to ALARM',
      `Successfully executed action ${TOPIC}`,
      `Failed to execute action ${FUNCTION}`,
    ]);
    expect(JSON.parse(history[3].HistoryData as string)).toMatchObject({
      actionState: 'Failed',
      error: 'no permission',
    });
  });

  it('performs nothing while actions are disabled', async () => {
    const { cloud, call, record, stateOf } = setUp();
    call('PutMetricAlarm', { ...ALARM, AlarmActions: [TOPIC] });
    call('DisableAlarmActions', { AlarmNames: ['errors'] });
    for (let minute = 0; minute < 5; minute++) record(minute, 9);
    await cloud.kernel.runFor(MINUTE_MS * 6);
    expect(stateOf('errors')).toBe('ALARM');
    expect(cloud.calls).toEqual([]);
  });

  it.each([
    ['missing', 'INSUFFICIENT_DATA'],
    ['ignore', 'INSUFFICIENT_DATA'],
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
  ])('treats missing data as %s: %s', async (treat, expected) => {
    const { cloud, call, stateOf } = setUp();
    call('PutMetricAlarm', { ...ALARM, EvaluationPeriods: '3', TreatMissingData: treat });
    await cloud.kernel.runFor(MINUTE_MS * 2);
    expect(stateOf('errors')).toBe(expected);
  });

  it('goes back to INSUFFICIENT_DATA when its metric falls silent, and wakes up again', async () => {
    const { cloud, call, record, changes } = setUp();
    call('PutMetricAlarm', ALARM);
    record(0, 0);
    record(60, 9);
    await cloud.kernel.runFor(MINUTE_MS * 90);
    expect(changes().map((detail) => detail.state.value)).toEqual([
      'OK',
      'INSUFFICIENT_DATA',
      'ALARM',
      'INSUFFICIENT_DATA',
    ]);
    expect(changes()[1]!.state.reason).toBe('Insufficient Data: 1 datapoint was unknown.');
  });

  it('needs M of N datapoints', async () => {
    const { cloud, call, record, stateOf } = setUp();
    call('PutMetricAlarm', { ...ALARM, EvaluationPeriods: 5, DatapointsToAlarm: 3 });
    [9, 0, 9, 0, 0, 0, 0].forEach((value, minute) => record(minute, value));
    await cloud.kernel.runFor(MINUTE_MS * 9);
    expect(stateOf('errors')).toBe('OK');
    [9, 9, 0, 9, 0, 0].forEach((value, index) => record(9 + index, value));
    await cloud.kernel.runFor(MINUTE_MS * 9);
    expect(
      call('DescribeAlarmHistory', { HistoryItemType: 'StateUpdate' }).AlarmHistoryItems.map(
        (item: WireInput) => item.HistorySummary,
      ),
    ).toContain('Alarm updated from OK to ALARM');
  });

  it('watches metric math, and says so in its event', async () => {
    const { cloud, service, call, changes } = setUp();
    const metric = (id: string, name: string): WireInput => ({
      Id: id,
      ReturnData: false,
      MetricStat: {
        Metric: { Namespace: 'App', MetricName: name, Dimensions: [{ Name: 'V', Value: 'green' }] },
        Period: 60,
        Stat: 'Sum',
      },
    });
    const { Namespace: _n, MetricName: _m, Statistic: _s, Period: _p, ...rule } = ALARM;
    call('PutMetricAlarm', {
      ...rule,
      Threshold: 0.1,
      Metrics: [
        metric('e', 'Errors'),
        metric('r', 'Requests'),
        { Id: 'rate', Label: 'error rate', Expression: 'FILL(e, 0) / r' },
      ],
    });
    expect(() => call('PutMetricAlarm', { ...rule, Metrics: [metric('e', 'Errors')] })).toThrow(
      'Exactly one element of the metrics list',
    );
    for (let minute = 0; minute < 5; minute++) {
      const at = { namespace: 'App', dimensions: { V: 'green' }, timestampMs: START_MS + minute * MINUTE_MS };
      service.record({ ...at, name: 'Errors', values: [1, 1] });
      service.record({ ...at, name: 'Requests', values: [4, 4] });
    }
    await cloud.kernel.runFor(MINUTE_MS * 8);
    // Errors may become readable after requests: until then FILL shows 0, as it does in AWS.
    const alarm = changes().find((detail) => detail.state.value === 'ALARM')!;
    expect(alarm).toMatchObject({
      configuration: {
        metrics: [
          { id: 'e', metricStat: { metric: { name: 'Errors', dimensions: { V: 'green' } } }, returnData: false },
          { id: 'r', returnData: false },
          { id: 'rate', expression: 'FILL(e, 0) / r', label: 'error rate', returnData: true },
        ],
      },
    });
    const data = JSON.parse(alarm.state.reasonData as string) as WireInput;
    expect(data).toMatchObject({ recentDatapoints: [0.25], threshold: 0.1 });
    expect(data).not.toHaveProperty('statistic');
  });

  it('watches extended statistics such as TC', async () => {
    const { cloud, service, call, stateOf } = setUp();
    const { Statistic: _s, ...rest } = ALARM;
    call('PutMetricAlarm', { ...rest, ExtendedStatistic: 'TC(250:)', Threshold: 2 });
    for (let minute = 0; minute < 5; minute++) {
      service.record({
        namespace: 'App',
        name: 'Errors',
        dimensions: {},
        values: [100, 300, 400],
        counts: [50, 2, 1],
        timestampMs: START_MS + minute * MINUTE_MS,
      });
    }
    await cloud.kernel.runFor(MINUTE_MS * 6);
    expect(stateOf('errors')).toBe('ALARM');
  });

  it.each<[string, WireInput, string]>([
    ['a day of five-minute periods', { Period: 300, EvaluationPeriods: 289 }, 'more than a day'],
    ['eight days of daily periods', { Period: 86_400, EvaluationPeriods: 8 }, 'more than a week'],
    ['M above N', { DatapointsToAlarm: 2 }, 'DatapointsToAlarm 2'],
    ['both kinds of statistic', { ExtendedStatistic: 'p99' }, 'Exactly one of Statistic and ExtendedStatistic'],
    ['an odd period', { Period: 61 }, 'multiple of 60'],
    ['an unknown comparison', { ComparisonOperator: 'Above' }, "Value 'Above' at 'comparisonOperator'"],
    ['an unknown treatment', { TreatMissingData: 'fine' }, "Value 'fine' at 'treatMissingData'"],
    ['anomaly detection', { ComparisonOperator: 'GreaterThanUpperThreshold' }, 'UnsupportedFeature'],
    ['sub-minute periods', { Period: 10 }, 'UnsupportedFeature'],
    [
      'an action of another service',
      { AlarmActions: ['arn:aws:automate:eu-central-1:ec2:stop'] },
      'UnsupportedFeature',
    ],
  ])('refuses %s', (_what, change, message) => {
    const { call } = setUp();
    expect(() => call('PutMetricAlarm', { ...ALARM, ...change })).toThrow(message);
  });

  it('accepts three daily periods', () => {
    const { call, stateOf } = setUp();
    call('PutMetricAlarm', { ...ALARM, Period: 86_400, EvaluationPeriods: 3 });
    expect(stateOf('errors')).toBe('INSUFFICIENT_DATA');
  });

  it('keeps its state when it is overwritten, and is corrected after SetAlarmState', async () => {
    const { cloud, call, record, stateOf, changes } = setUp();
    call('PutMetricAlarm', ALARM);
    call('SetAlarmState', {
      AlarmName: 'errors',
      StateValue: 'ALARM',
      StateReason: 'drill',
      StateReasonData: '{"drill":true}',
    });
    expect(stateOf('errors')).toBe('ALARM');
    expect(changes()[0]!.state).toMatchObject({ value: 'ALARM', reason: 'drill', reasonData: '{"drill":true}' });
    call('PutMetricAlarm', { ...ALARM, Threshold: 6 });
    expect(stateOf('errors')).toBe('ALARM');
    record(0, 0);
    record(1, 0);
    await cloud.kernel.runFor(MINUTE_MS * 4);
    expect(stateOf('errors')).toBe('OK');
    expect(() =>
      call('SetAlarmState', { AlarmName: 'errors', StateValue: 'OK', StateReason: 'x', StateReasonData: '{' }),
    ).toThrow('not JSON');
    expect(() => call('SetAlarmState', { AlarmName: 'nobody', StateValue: 'OK', StateReason: 'x' })).toThrow(
      'Alarm not found: nobody',
    );
  });

  it('keeps the clock busy only while there are alarms', () => {
    const { cloud, call } = setUp();
    expect(cloud.kernel.clock.pending).toBe(0);
    call('PutMetricAlarm', ALARM);
    call('PutMetricAlarm', { ...ALARM, AlarmName: 'other' });
    expect(cloud.kernel.clock.pending).toBe(1);
    call('DeleteAlarms', { AlarmNames: ['errors', 'other'] });
    expect(cloud.kernel.clock.pending).toBe(0);
  });
});

describe('a composite alarm', () => {
  it('follows its children at once and names the one that moved it', async () => {
    const { cloud, call, record, stateOf, changes } = setUp();
    call('PutMetricAlarm', ALARM);
    call('PutMetricAlarm', { ...ALARM, AlarmName: 'silence', MetricName: 'Nothing' });
    call('PutCompositeAlarm', {
      AlarmName: 'trouble',
      AlarmRule: 'ALARM("errors") AND NOT ALARM(arn:aws:cloudwatch:eu-central-1:111122223333:alarm:silence)',
      AlarmActions: [TOPIC],
    });
    expect(stateOf('trouble')).toBe('OK');
    for (let minute = 0; minute < 5; minute++) record(minute, 9);
    await cloud.kernel.runFor(MINUTE_MS * 6);
    expect(stateOf('trouble')).toBe('ALARM');
    const change = changes().find((detail) => detail.alarmName === 'trouble' && detail.state.value === 'ALARM')!;
    expect(change.configuration).toEqual({ alarmRule: expect.stringContaining('ALARM("errors")') });
    expect(change.state.reason).toMatch(/alarm:errors transitioned to ALARM at Monday 05 January, 2026 00:0\d:00 UTC$/);
    expect(JSON.parse(change.state.reasonData as string)).toEqual({
      triggeringAlarms: [
        {
          arn: 'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:errors',
          state: { value: 'ALARM', timestamp: change.state.timestamp },
        },
      ],
    });
    expect(cloud.calls.map(({ operation }) => operation)).toEqual(['Publish']);
    expect(() => call('DeleteAlarms', { AlarmNames: ['errors'] })).toThrow('composite alarm(s) depending on it');
    call('DeleteAlarms', { AlarmNames: ['errors', 'trouble'] });
    expect(call('DescribeAlarms', {}).MetricAlarms).toHaveLength(1);
  });

  it('is listed only when asked for, as in AWS', () => {
    const { call } = setUp();
    call('PutMetricAlarm', ALARM);
    call('PutCompositeAlarm', { AlarmName: 'c', AlarmRule: 'OK(errors)' });
    expect(call('DescribeAlarms', {}).CompositeAlarms).toEqual([]);
    expect(call('DescribeAlarms', { AlarmTypes: ['CompositeAlarm'] })).toMatchObject({
      MetricAlarms: [],
      CompositeAlarms: [{ AlarmRule: 'OK(errors)' }],
    });
  });

  it('refuses unknown children, circles and broken rules', () => {
    const { call } = setUp();
    call('PutMetricAlarm', ALARM);
    const put =
      (rule: string, name = 'c') =>
      () =>
        call('PutCompositeAlarm', { AlarmName: name, AlarmRule: rule });
    expect(put('ALARM(nobody)')).toThrow('alarms [nobody] in the alarm rule do not exist');
    expect(put('ALARM(c)')).toThrow('leads back to itself');
    expect(put('ALARM(errors) AND')).toThrow('it ends too early');
    expect(put('ALARM(errors) ALARM(errors)')).toThrow("unexpected 'ALARM(errors)'");
    expect(put('(ALARM(errors)')).toThrow("a ')' is missing");
    put('ALARM(errors)')();
    put('ALARM(c)', 'd')();
    expect(put('ALARM(d)')).toThrow('leads back to itself');
  });

  it.each([
    ['ALARM(a) OR ALARM(b) AND OK(a)', true],
    ['(ALARM(a) OR ALARM(b)) AND OK(a)', false],
    ['NOT OK(a) AND OK("b")', true],
    ['NOT (OK(b) OR FALSE)', false],
    ['INSUFFICIENT_DATA(c) AND TRUE', true],
  ])('%s', (rule, expected) => {
    const states: Record<string, string> = { a: 'ALARM', b: 'OK', c: 'INSUFFICIENT_DATA' };
    expect(ruleHolds(parseAlarmRule(rule), (name) => states[name])).toBe(expected);
  });
});

describe('looking around', () => {
  it('describes by name, prefix, state and metric, in pages', () => {
    const { call } = setUp();
    for (const name of ['a-1', 'a-2', 'b-1']) call('PutMetricAlarm', { ...ALARM, AlarmName: name });
    call('SetAlarmState', { AlarmName: 'a-2', StateValue: 'ALARM', StateReason: 'x' });
    const names = (input: WireInput): string[] =>
      call('DescribeAlarms', input).MetricAlarms.map((alarm: WireInput) => alarm.AlarmName);
    expect(names({ AlarmNames: ['b-1'] })).toEqual(['b-1']);
    expect(names({ AlarmNamePrefix: 'a-' })).toEqual(['a-1', 'a-2']);
    expect(names({ StateValue: 'ALARM' })).toEqual(['a-2']);
    const first = call('DescribeAlarms', { MaxRecords: 2 });
    expect(names({ MaxRecords: 2, NextToken: first.NextToken })).toEqual(['b-1']);
    expect(call('DescribeAlarmsForMetric', { Namespace: 'App', MetricName: 'Errors' }).MetricAlarms).toHaveLength(3);
    expect(
      call('DescribeAlarmsForMetric', { Namespace: 'App', MetricName: 'Errors', Statistic: 'Average' }).MetricAlarms,
    ).toEqual([]);
  });

  it('keeps tags and dashboards', () => {
    const { call } = setUp();
    call('PutMetricAlarm', { ...ALARM, Tags: [{ Key: 'stage', Value: 'dev' }] });
    const arn = 'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:errors';
    call('TagResource', { ResourceARN: arn, Tags: [{ Key: 'model', Value: 'demand-forecast' }] });
    expect(call('ListTagsForResource', { ResourceARN: arn }).Tags).toEqual([
      { Key: 'stage', Value: 'dev' },
      { Key: 'model', Value: 'demand-forecast' },
    ]);
    expect(() => call('ListTagsForResource', { ResourceARN: `${arn}x` })).toThrow('Unable to find resource');

    call('PutDashboard', { DashboardName: 'fleet', DashboardBody: '{"widgets":[{"type":"text"}]}' });
    expect(call('GetDashboard', { DashboardName: 'fleet' })).toMatchObject({
      DashboardBody: '{"widgets":[{"type":"text"}]}',
    });
    expect(call('ListDashboards', {}).DashboardEntries).toMatchObject([{ DashboardName: 'fleet', Size: 29 }]);
    expect(() => call('PutDashboard', { DashboardName: 'x', DashboardBody: '{' })).toThrow(
      'must be a valid JSON object',
    );
    call('DeleteDashboards', { DashboardNames: ['fleet'] });
    expect(() => call('GetDashboard', { DashboardName: 'fleet' })).toThrow('Dashboard fleet does not exist');
  });
});
