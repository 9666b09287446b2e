import { MINUTE_MS, refused, REGION, ACCOUNT, START_MS, type ServiceCases } from '../case.ts';

const at = (minutes: number): Date => new Date(START_MS + minutes * MINUTE_MS);
const alarmArn = `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:errors`;
const dimensions = [{ Name: 'Endpoint', Value: 'demand' }];
const dashboard = JSON.stringify({ widgets: [{ type: 'text', properties: { markdown: 'a <b> & "c"' } }] });
const metric = { Namespace: 'Forecast', MetricName: 'Errors', Dimensions: dimensions };

export const CLOUDWATCH: ServiceCases = {
  service: 'monitoring',
  cases: [
    {
      operation: 'PutMetricData',
      input: {
        Namespace: 'Forecast',
        MetricData: [
          { MetricName: 'Errors', Dimensions: dimensions, Timestamp: at(0), Value: 3, Unit: 'Count' },
          {
            MetricName: 'Errors',
            Dimensions: dimensions,
            Timestamp: at(0),
            Values: [1, 2.5],
            Counts: [2, 4],
            Unit: 'Count',
          },
          {
            MetricName: 'Latency',
            Timestamp: at(0),
            StatisticValues: { SampleCount: 4, Sum: 10, Minimum: 1, Maximum: 4 },
            Unit: 'Milliseconds',
            StorageResolution: 60,
          },
        ],
      },
      answer: {},
    },
    {
      operation: 'GetMetricStatistics',
      afterMs: 6 * MINUTE_MS,
      input: {
        ...metric,
        StartTime: at(0),
        EndTime: at(5),
        Period: 60,
        Statistics: ['Sum', 'SampleCount', 'Maximum'],
      },
      answer: {
        Label: 'Errors',
        'Datapoints.0.Sum': 15,
        'Datapoints.0.SampleCount': 7,
        'Datapoints.0.Maximum': 3,
        'Datapoints.0.Timestamp': Date,
        'Datapoints.0.Unit': 'Count',
      },
    },
    {
      operation: 'GetMetricStatistics',
      input: { ...metric, StartTime: at(0), EndTime: at(5), Period: 60, ExtendedStatistics: ['p50'] },
      answer: { 'Datapoints.0.ExtendedStatistics.p50': /^2(\.\d+)?$/ },
    },
    {
      operation: 'GetMetricData',
      input: {
        StartTime: at(0),
        EndTime: at(5),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [
          { Id: 'e', MetricStat: { Metric: metric, Period: 60, Stat: 'Sum' }, ReturnData: false },
          { Id: 'twice', Expression: 'e * 2', Label: 'twice' },
        ],
      },
      answer: {
        'MetricDataResults.0.Id': 'twice',
        'MetricDataResults.0.Values.0': 30,
        'MetricDataResults.0.Timestamps.0': Date,
        'MetricDataResults.0.StatusCode': 'Complete',
      },
    },
    {
      operation: 'ListMetrics',
      input: { Namespace: 'Forecast', MetricName: 'Errors', Dimensions: [{ Name: 'Endpoint' }] },
      answer: { 'Metrics.0.MetricName': 'Errors', 'Metrics.0.Dimensions.0.Value': 'demand' },
    },
    {
      operation: 'PutMetricAlarm',
      input: {
        ...metric,
        AlarmName: 'errors',
        AlarmDescription: 'too <many> & more',
        ActionsEnabled: false,
        AlarmActions: [`arn:aws:sns:${REGION}:${ACCOUNT}:alerts`],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 2,
        DatapointsToAlarm: 1,
        Threshold: 2.5,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
        Tags: [{ Key: 'stage', Value: 'dev' }],
      },
      answer: {},
    },
    {
      operation: 'PutCompositeAlarm',
      input: { AlarmName: 'any', AlarmRule: 'ALARM("errors")', ActionsEnabled: true, AlarmDescription: 'one of them' },
      answer: {},
    },
    {
      operation: 'DescribeAlarms',
      input: { AlarmNames: ['errors', 'any'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
      answer: {
        'MetricAlarms.0.AlarmName': 'errors',
        'MetricAlarms.0.AlarmDescription': 'too <many> & more',
        'MetricAlarms.0.ActionsEnabled': false,
        'MetricAlarms.0.Threshold': 2.5,
        'MetricAlarms.0.AlarmActions.0': `arn:aws:sns:${REGION}:${ACCOUNT}:alerts`,
        'MetricAlarms.0.Dimensions.0.Name': 'Endpoint',
        'MetricAlarms.0.StateUpdatedTimestamp': Date,
        'CompositeAlarms.0.AlarmRule': 'ALARM("errors")',
      },
    },
    {
      operation: 'DescribeAlarmsForMetric',
      input: metric,
      answer: { 'MetricAlarms.0.AlarmArn': alarmArn },
    },
    { operation: 'EnableAlarmActions', input: { AlarmNames: ['errors'] }, answer: {} },
    { operation: 'DisableAlarmActions', input: { AlarmNames: ['errors'] }, answer: {} },
    {
      operation: 'SetAlarmState',
      input: { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'a drill', StateReasonData: '{"drill":true}' },
      answer: {},
    },
    {
      operation: 'DescribeAlarmHistory',
      input: { AlarmName: 'errors', HistoryItemType: 'StateUpdate', MaxRecords: 5, ScanBy: 'TimestampDescending' },
      answer: { 'AlarmHistoryItems.0.HistorySummary': /to ALARM/, 'AlarmHistoryItems.0.Timestamp': Date },
    },
    { operation: 'TagResource', input: { ResourceARN: alarmArn, Tags: [{ Key: 'team', Value: 'ml' }] }, answer: {} },
    { operation: 'UntagResource', input: { ResourceARN: alarmArn, TagKeys: ['stage'] }, answer: {} },
    {
      operation: 'ListTagsForResource',
      input: { ResourceARN: alarmArn },
      answer: { 'Tags.0.Key': 'team', 'Tags.0.Value': 'ml' },
    },
    { operation: 'PutDashboard', input: { DashboardName: 'fleet', DashboardBody: dashboard }, answer: {} },
    {
      operation: 'GetDashboard',
      input: { DashboardName: 'fleet' },
      answer: { DashboardName: 'fleet', DashboardBody: dashboard },
    },
    {
      operation: 'ListDashboards',
      input: { DashboardNamePrefix: 'fl' },
      answer: {
        'DashboardEntries.0.DashboardName': 'fleet',
        'DashboardEntries.0.LastModified': Date,
        'DashboardEntries.0.Size': dashboard.length,
      },
    },
    { operation: 'DeleteDashboards', input: { DashboardNames: ['fleet'] }, answer: {} },
    { operation: 'DeleteAlarms', input: { AlarmNames: ['any'] }, answer: {} },
    refused(
      'SetAlarmState',
      { AlarmName: 'none', StateValue: 'OK', StateReason: 'x' },
      'ResourceNotFound',
      404,
      /none|Not ?Found|exist/i,
    ),
    refused('GetDashboard', { DashboardName: 'none' }, 'ResourceNotFound', 404, /none/),
    {
      operation: 'PutMetricAlarm',
      input: {
        ...metric,
        AlarmName: 'bad',
        Period: 61,
        Statistic: 'Sum',
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      },
      error: { name: 'ValidationException', code: 'ValidationError', status: 400, message: /Period/ },
    },
  ],
};
