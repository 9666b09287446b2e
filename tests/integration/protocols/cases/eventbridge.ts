import { ACCOUNT, refused, REGION, START_MS, type ServiceCases } from '../case.ts';

const arn = (path: string): string => `arn:aws:events:${REGION}:${ACCOUNT}:${path}`;
const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:jobs`;
const pattern = JSON.stringify({ source: ['switchyard'], detail: { n: [{ numeric: ['>', 1] }] } });

export const EVENTBRIDGE: ServiceCases = {
  service: 'events',
  cases: [
    {
      operation: 'CreateEventBus',
      input: { Name: 'trials', Tags: [{ Key: 'stage', Value: 'dev' }] },
      answer: { EventBusArn: arn('event-bus/trials') },
    },
    {
      operation: 'DescribeEventBus',
      input: { Name: 'trials' },
      answer: { Name: 'trials', Arn: arn('event-bus/trials') },
    },
    { operation: 'ListEventBuses', input: { NamePrefix: 'tri' }, answer: { 'EventBuses.0.Name': 'trials' } },
    {
      operation: 'PutPermission',
      input: {
        EventBusName: 'trials',
        Action: 'events:PutEvents',
        Principal: '444455556666',
        StatementId: 'partner',
      },
      answer: {},
    },
    {
      operation: 'PutRule',
      input: { Name: 'big', EventPattern: pattern, State: 'ENABLED', Description: 'large ones' },
      answer: { RuleArn: arn('rule/big') },
    },
    { operation: 'DescribeRule', input: { Name: 'big' }, answer: { EventPattern: pattern, State: 'ENABLED' } },
    { operation: 'DisableRule', input: { Name: 'big' }, answer: {} },
    { operation: 'EnableRule', input: { Name: 'big' }, answer: {} },
    { operation: 'ListRules', input: { NamePrefix: 'b', Limit: 5 }, answer: { 'Rules.0.Name': 'big' } },
    {
      operation: 'PutTargets',
      input: {
        Rule: 'big',
        Targets: [
          {
            Id: 'queue',
            Arn: queueArn,
            InputTransformer: { InputPathsMap: { n: '$.detail.n' }, InputTemplate: '{"n": <n>}' },
            RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
          },
        ],
      },
      answer: { FailedEntryCount: 0 },
    },
    {
      operation: 'ListTargetsByRule',
      input: { Rule: 'big' },
      answer: { 'Targets.0.Arn': queueArn, 'Targets.0.InputTransformer.InputPathsMap.n': '$.detail.n' },
    },
    { operation: 'ListRuleNamesByTarget', input: { TargetArn: queueArn }, answer: { 'RuleNames.0': 'big' } },
    {
      operation: 'TagResource',
      input: { ResourceARN: arn('rule/big'), Tags: [{ Key: 'team', Value: 'ml' }] },
      answer: {},
    },
    { operation: 'ListTagsForResource', input: { ResourceARN: arn('rule/big') }, answer: { 'Tags.0.Value': 'ml' } },
    { operation: 'UntagResource', input: { ResourceARN: arn('rule/big'), TagKeys: ['team'] }, answer: {} },
    {
      operation: 'PutEvents',
      input: {
        Entries: [
          { Source: 'switchyard', DetailType: 'Look Due', Detail: '{"n":2}', Time: new Date(START_MS) },
          { Source: 'switchyard', DetailType: 'Look Due', Detail: 'no JSON' },
        ],
      },
      answer: { FailedEntryCount: 1, 'Entries.0.EventId': /-/, 'Entries.1.ErrorCode': 'MalformedDetail' },
    },
    {
      operation: 'TestEventPattern',
      input: {
        EventPattern: pattern,
        Event: JSON.stringify({
          id: 'e1',
          account: ACCOUNT,
          source: 'switchyard',
          time: '2026-01-05T00:00:00Z',
          region: REGION,
          resources: [],
          'detail-type': 'Look Due',
          detail: { n: 2 },
        }),
      },
      answer: { Result: true },
    },
    refused('DeleteRule', { Name: 'big' }, 'ValidationException', 400, /has targets/),
    { operation: 'RemoveTargets', input: { Rule: 'big', Ids: ['queue'] }, answer: { FailedEntryCount: 0 } },
    { operation: 'DeleteRule', input: { Name: 'big' }, answer: {} },
    { operation: 'DeleteEventBus', input: { Name: 'trials' }, answer: {} },
    refused('DescribeRule', { Name: 'big' }, 'ResourceNotFoundException', 400, /Rule big does not exist/),
    refused(
      'PutRule',
      { Name: 'bad', EventPattern: '{"source": "x"}' },
      'InvalidEventPatternException',
      400,
      /Event pattern is not valid/,
    ),
  ],
};
