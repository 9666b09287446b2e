import { ACCOUNT, refused, REGION, START_MS, type ServiceCases } from '../case.ts';

const group = '/aws/lambda/look';
const groupArn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}`;

export const LOGS: ServiceCases = {
  service: 'logs',
  cases: [
    { operation: 'CreateLogGroup', input: { logGroupName: group, tags: { stage: 'dev' } }, answer: {} },
    { operation: 'PutRetentionPolicy', input: { logGroupName: group, retentionInDays: 14 }, answer: {} },
    {
      operation: 'DescribeLogGroups',
      input: { logGroupNamePrefix: '/aws/', limit: 5 },
      answer: {
        'logGroups.0.logGroupName': group,
        'logGroups.0.retentionInDays': 14,
        'logGroups.0.creationTime': START_MS,
      },
    },
    { operation: 'DeleteRetentionPolicy', input: { logGroupName: group }, answer: {} },
    refused(
      'PutMetricFilter',
      {
        logGroupName: group,
        filterName: 'errors',
        filterPattern: '{ $.level = "ERROR" }',
        metricTransformations: [{ metricName: 'Errors', metricNamespace: 'Logs', metricValue: '1', defaultValue: 0 }],
      },
      'UnsupportedFeature',
      501,
      /metric filters/,
    ),
    { operation: 'TagResource', input: { resourceArn: groupArn, tags: { team: 'ml' } }, answer: {} },
    { operation: 'UntagResource', input: { resourceArn: groupArn, tagKeys: ['stage'] }, answer: {} },
    { operation: 'ListTagsForResource', input: { resourceArn: groupArn }, answer: { 'tags.team': 'ml' } },
    { operation: 'CreateLogStream', input: { logGroupName: group, logStreamName: 'one' }, answer: {} },
    {
      operation: 'PutLogEvents',
      input: {
        logGroupName: group,
        logStreamName: 'one',
        logEvents: [
          { timestamp: START_MS, message: '{"level":"INFO","text":"größer <&>"}' },
          { timestamp: START_MS, message: '{"level":"ERROR"}' },
        ],
      },
      answer: { nextSequenceToken: /./ },
    },
    {
      operation: 'DescribeLogStreams',
      input: { logGroupName: group, orderBy: 'LastEventTime', descending: true },
      answer: { 'logStreams.0.logStreamName': 'one', 'logStreams.0.lastEventTimestamp': START_MS },
    },
    {
      operation: 'GetLogEvents',
      input: { logGroupName: group, logStreamName: 'one', startFromHead: true, limit: 1 },
      answer: { 'events.0.message': /größer <&>/, nextForwardToken: /^f/ },
    },
    {
      operation: 'FilterLogEvents',
      input: { logGroupName: group, filterPattern: '{ $.level = "ERROR" }', startTime: START_MS },
      answer: { 'events.0.message': '{"level":"ERROR"}', 'events.0.timestamp': START_MS },
    },
    refused(
      'CreateLogGroup',
      { logGroupName: group },
      'ResourceAlreadyExistsException',
      400,
      /^The specified log group already exists$/,
    ),
    refused(
      'GetLogEvents',
      { logGroupName: group, logStreamName: 'none' },
      'ResourceNotFoundException',
      400,
      /log stream does not exist/,
    ),
    { operation: 'DeleteLogGroup', input: { logGroupName: group }, answer: {} },
  ],
};
