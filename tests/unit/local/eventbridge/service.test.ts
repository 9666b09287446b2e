import { describe, expect, it, test } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import {
  ACCOUNT,
  allowSend,
  drain,
  functionArn,
  newConnectedCloud,
  queueArn,
  REGION,
  roleArn,
  type ConnectedCloud,
} from './connected-cloud.ts';

const MINUTE = 60_000;
const ruleArn = (name: string): string => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;

/** A queue that rules may send to. */
async function withQueue(name = 'inbox', policy = allowSend(name, 'events.amazonaws.com')): Promise<ConnectedCloud> {
  const cloud = newConnectedCloud();
  await cloud.do('sqs', 'CreateQueue', { QueueName: name, Attributes: { Policy: policy } });
  return cloud;
}

async function putRule(
  cloud: ConnectedCloud,
  target: object,
  pattern: object = { source: ['shop'] },
  bus?: string,
): Promise<void> {
  await cloud.do('events', 'PutRule', { Name: 'r', EventPattern: JSON.stringify(pattern), EventBusName: bus });
  await cloud.do('events', 'PutTargets', { Rule: 'r', EventBusName: bus, Targets: [{ Id: 't', ...target }] });
}

const order = (detail: object = { id: 7 }, more: object = {}): object => ({
  Entries: [{ Source: 'shop', DetailType: 'order', Detail: JSON.stringify(detail), ...more }],
});

const metric = (cloud: ConnectedCloud, name: string): number =>
  cloud.metrics
    .filter((data) => data.namespace === 'AWS/Events' && data.name === name && data.dimensions.RuleName === 'r')
    .filter((data) => data.dimensions.EventBusName === undefined)
    .reduce((sum, { values }) => sum + values[0]!, 0);

describe('events', () => {
  it('reach the targets of the rules that match, as the whole envelope', async () => {
    const cloud = await withQueue();
    await putRule(cloud, { Arn: queueArn('inbox') });
    const { FailedEntryCount, Entries } = await cloud.do(
      'events',
      'PutEvents',
      order({ id: 7 }, { Resources: ['arn:x'] }),
    );
    await cloud.do('events', 'PutEvents', { Entries: [{ Source: 'else', DetailType: 'order', Detail: '{}' }] });
    await cloud.kernel.runFor(MINUTE);
    const messages = await drain(cloud, 'inbox');
    expect(FailedEntryCount).toBe(0);
    expect(messages.map(({ Body }) => JSON.parse(Body) as unknown)).toEqual([
      {
        version: '0',
        id: Entries[0].EventId,
        'detail-type': 'order',
        source: 'shop',
        account: ACCOUNT,
        time: '2026-01-05T00:00:00Z',
        region: REGION,
        resources: ['arn:x'],
        detail: { id: 7 },
      },
    ]);
    expect([metric(cloud, 'MatchedEvents'), metric(cloud, 'TriggeredRules'), metric(cloud, 'Invocations')]).toEqual([
      1, 1, 1,
    ]);
  });

  it('of AWS services come through put, and stay on the default bus', async () => {
    const cloud = await withQueue();
    await cloud.do('events', 'CreateEventBus', { Name: 'own' });
    await putRule(cloud, { Arn: queueArn('inbox'), InputPath: '$.detail.EndpointName' }, { source: ['aws.sagemaker'] });
    await cloud.do('events', 'PutRule', {
      Name: 'r',
      EventBusName: 'own',
      EventPattern: '{"source":["aws.sagemaker"]}',
    });
    cloud.eventbridge.put({
      source: 'aws.sagemaker',
      detailType: 'SageMaker Endpoint State Change',
      detail: { EndpointName: 'e' },
    });
    await cloud.kernel.runFor(1000);
    expect((await drain(cloud, 'inbox')).map(({ Body }) => Body as string)).toEqual(['"e"']);
    expect(cloud.metrics.filter(({ dimensions }) => dimensions.EventBusName === 'own')).toEqual([]);
  });

  it('are lost, or doubled and late, when a fault says so', async () => {
    const cloud = await withQueue();
    await putRule(cloud, { Arn: queueArn('inbox') });
    cloud.faults.inject('doubled', {
      event: ({ detail }) => (detail.id === 1 ? { kind: 'lose' } : { kind: 'copies', delaysMs: [0, 5 * MINUTE] }),
    });
    await cloud.do('events', 'PutEvents', order({ id: 1 }));
    await cloud.do('events', 'PutEvents', order({ id: 2 }));
    await cloud.kernel.runFor(MINUTE);
    expect(await drain(cloud, 'inbox')).toHaveLength(1);
    await cloud.kernel.runFor(5 * MINUTE);
    expect(
      (await drain(cloud, 'inbox')).filter(({ Attributes }) => Attributes.ApproximateReceiveCount === '1'),
    ).toHaveLength(1);
  });

  test.each([
    ['no source', { Source: undefined }, 'InvalidArgument'],
    ['no detail type', { DetailType: '' }, 'InvalidArgument'],
    ['malformed detail', { Detail: '{' }, 'MalformedDetail'],
    ['detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
    ["an AWS service's source", { Source: 'aws.sagemaker' }, 'NotAuthorizedForSourceException'],
  ])('with %s are refused one by one', async (_name, change, code) => {
    const cloud = newConnectedCloud();
    const [good] = (order() as { Entries: object[] }).Entries;
    const answer = await cloud.do('events', 'PutEvents', { Entries: [{ ...good, ...change }, good] });
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries[0].ErrorCode).toBe(code);
    expect(answer.Entries[1].EventId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('of more than ten entries or 256 KB in all are refused together', async () => {
    const cloud = newConnectedCloud();
    const [entry] = (order() as { Entries: object[] }).Entries;
    await expect(cloud.do('events', 'PutEvents', { Entries: Array(11).fill(entry) })).rejects.toThrow(
      'less than or equal to 10',
    );
    const large = { ...entry, Detail: JSON.stringify({ text: 'x'.repeat(140_000) }) };
    await expect(cloud.do('events', 'PutEvents', { Entries: [large, large] })).rejects.toThrow('Total size');
    expect((await cloud.do('events', 'PutEvents', { Entries: [large] })).FailedEntryCount).toBe(0);
  });

  it('travel to another bus with their source, and no further', async () => {
    const cloud = await withQueue();
    for (const Name of ['second', 'third']) await cloud.do('events', 'CreateEventBus', { Name });
    const bus = (name: string): string => `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${name}`;
    await putRule(cloud, { Arn: bus('second'), RoleArn: roleArn('forward') }, { source: ['aws.sagemaker'] });
    await putRule(cloud, { Arn: bus('third'), RoleArn: roleArn('forward') }, { source: ['aws.sagemaker'] }, 'second');
    await cloud.do('events', 'PutRule', {
      Name: 'q',
      EventBusName: 'second',
      EventPattern: '{"source":["aws.sagemaker"]}',
    });
    await cloud.do('events', 'PutTargets', {
      Rule: 'q',
      EventBusName: 'second',
      Targets: [{ Id: 'q', Arn: queueArn('inbox') }],
    });
    cloud.eventbridge.put({ source: 'aws.sagemaker', detailType: 'x', detail: {} });
    await cloud.kernel.runFor(MINUTE);
    expect(JSON.parse((await drain(cloud, 'inbox'))[0].Body)).toMatchObject({
      source: 'aws.sagemaker',
      'detail-type': 'x',
    });
    const puts = cloud.calls.filter(({ operation }) => operation === 'PutEvents');
    expect(puts.map(({ input, principal }) => [input.Entries[0].EventBusName as string, principal])).toEqual([
      [bus('second'), { kind: 'role', arn: roleArn('forward'), roleName: 'forward' }],
    ]);
  });
});

describe('targets', () => {
  it('get what the input transformer makes', async () => {
    const cloud = await withQueue();
    const InputTransformer = {
      InputPathsMap: {
        id: '$.detail.id',
        name: '$.detail.name',
        list: '$.detail.list',
        kind: '$.detail-type',
        none: '$.detail.none',
      },
      InputTemplate:
        '{"id": <id>, "text": "<name> of <kind>: <list><none>", "list": <list>, "rule": <aws.events.rule-name>}',
    };
    await putRule(cloud, { Arn: queueArn('inbox'), InputTransformer });
    await cloud.do('events', 'PutEvents', order({ id: 7, name: 'a "b"', list: ['x', 1] }));
    await cloud.kernel.runFor(MINUTE);
    expect(JSON.parse((await drain(cloud, 'inbox'))[0].Body)).toEqual({
      id: 7,
      text: 'a "b" of order: [x,1]',
      list: ['x', 1],
      rule: 'r',
    });
  });

  it('whose template can not be filled go to the dead-letter queue', async () => {
    const cloud = await withQueue('dead');
    const InputTransformer = { InputPathsMap: { none: '$.detail.none' }, InputTemplate: '{"id": <none>}' };
    await putRule(cloud, { Arn: functionArn('f'), InputTransformer, DeadLetterConfig: { Arn: queueArn('dead') } });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    expect((await drain(cloud, 'dead'))[0].MessageAttributes.ERROR_CODE.StringValue).toBe('INVALID_JSON');
  });

  it('are called as the role, or as EventBridge for the rule', async () => {
    const cloud = newConnectedCloud();
    cloud.intercepts['states:StartExecution'] = () => ({});
    cloud.intercepts['sagemaker:StartPipelineExecution'] = () => ({});
    cloud.intercepts['lambda:Invoke'] = () => ({});
    const states = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:m`;
    const pipeline = `arn:aws:sagemaker:${REGION}:${ACCOUNT}:pipeline/p`;
    await cloud.do('events', 'PutRule', { Name: 'r', EventPattern: '{"source":["shop"]}' });
    const Targets = [
      { Id: 'a', Arn: states, RoleArn: roleArn('start'), Input: '{"a":1}' },
      {
        Id: 'b',
        Arn: pipeline,
        RoleArn: roleArn('train'),
        SageMakerPipelineParameters: {
          PipelineParameterList: [
            { Name: 'Id', Value: '$.detail.id' },
            { Name: 'Mode', Value: 'full' },
          ],
        },
      },
      { Id: 'c', Arn: functionArn('f') },
      { Id: 'd', Arn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/events/all:*`, Input: '"logged"' },
    ];
    await cloud.do('events', 'PutTargets', { Rule: 'r', Targets });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    const made = cloud.calls.filter(({ service }) => service !== 'events');
    expect(made[0]).toEqual({
      service: 'states',
      operation: 'StartExecution',
      input: { stateMachineArn: states, input: '{"a":1}' },
      principal: { kind: 'role', arn: roleArn('start'), roleName: 'start' },
    });
    expect(made[1]!.input).toMatchObject({
      PipelineName: 'p',
      PipelineParameters: [
        { Name: 'Id', Value: '7' },
        { Name: 'Mode', Value: 'full' },
      ],
    });
    expect((made[1]!.input.ClientRequestToken as string).length).toBeGreaterThanOrEqual(32);
    expect(made[2]!.input).toMatchObject({ FunctionName: functionArn('f'), InvocationType: 'Event' });
    expect(made[2]!.principal).toEqual({ kind: 'service', name: 'events.amazonaws.com', sourceArn: ruleArn('r') });
    expect(cloud.logs).toMatchObject([{ logGroup: '/aws/events/all', message: '"logged"' }]);
  });

  test.each([
    [
      'a state machine without a role',
      { Arn: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:m` },
      'RoleArn is required',
    ],
    ['two inputs', { Arn: queueArn('q'), Input: '{}', InputPath: '$.detail' }, 'only one of Input'],
    ['an input that is no JSON', { Arn: queueArn('q'), Input: '{' }, 'JSON syntax error'],
    ['an unknown placeholder', { Arn: queueArn('q'), InputTransformer: { InputTemplate: '"<x>"' } }, '<x>'],
    ['a FIFO queue without a group', { Arn: queueArn('q.fifo') }, 'SqsParameters must be specified'],
    [
      'too many retries',
      { Arn: queueArn('q'), RetryPolicy: { MaximumRetryAttempts: 186 } },
      'MaximumRetryAttempts 186',
    ],
    ['a kind that the laptop cloud lacks', { Arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/c` }, 'UnsupportedFeature'],
    ['parameters that the laptop cloud lacks', { Arn: queueArn('q'), HttpParameters: {} }, 'UnsupportedFeature'],
  ])('with %s are refused', async (_name, target, message) => {
    const cloud = newConnectedCloud();
    await expect(putRule(cloud, target)).rejects.toThrow(message);
  });
});

describe('delivery that fails', () => {
  const throttled = (): never => {
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 });
  };

  it('is repeated with back-off until it works', async () => {
    const cloud = newConnectedCloud();
    const times: number[] = [];
    const start = cloud.kernel.clock.now();
    cloud.intercepts['lambda:Invoke'] = () => {
      times.push(cloud.kernel.clock.now() - start);
      return times.length < 5 ? throttled() : {};
    };
    await putRule(cloud, { Arn: functionArn('f') });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(60 * MINUTE);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(gaps).toHaveLength(4);
    gaps.forEach((gap, index) => {
      expect(gap).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(gap).toBeLessThanOrEqual(1000 * 2 ** index);
    });
    expect([metric(cloud, 'Invocations'), metric(cloud, 'FailedInvocations')]).toEqual([1, 0]);
  });

  it('ends after MaximumRetryAttempts in the dead-letter queue, with the original event and why', async () => {
    const cloud = await withQueue('dead', allowSend('dead', 'events.amazonaws.com', ruleArn('r')));
    cloud.intercepts['lambda:Invoke'] = throttled;
    const RetryPolicy = { MaximumRetryAttempts: 3 };
    await putRule(cloud, {
      Arn: functionArn('f'),
      Input: '1',
      RetryPolicy,
      DeadLetterConfig: { Arn: queueArn('dead') },
    });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(60 * MINUTE);
    expect(cloud.calls.filter(({ service }) => service === 'lambda')).toHaveLength(4);
    const [message] = await drain(cloud, 'dead');
    expect(JSON.parse(message.Body)).toMatchObject({ source: 'shop', detail: { id: 7 } });
    const texts = Object.fromEntries(
      Object.entries(message.MessageAttributes as Record<string, { StringValue: string }>).map(
        ([name, { StringValue }]) => [name, StringValue],
      ),
    );
    expect(texts).toEqual({
      RULE_ARN: ruleArn('r'),
      TARGET_ARN: functionArn('f'),
      ERROR_CODE: 'THROTTLING',
      ERROR_MESSAGE: 'Rate Exceeded.',
      RETRY_ATTEMPTS: '3',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
    });
    expect([metric(cloud, 'InvocationsSentToDlq'), metric(cloud, 'FailedInvocations')]).toEqual([1, 0]);
  });

  it('ends when the event is too old, by default after at most 185 retries in a day', async () => {
    const cloud = newConnectedCloud();
    cloud.intercepts['lambda:Invoke'] = throttled;
    await putRule(cloud, { Arn: functionArn('f'), RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(2 * MINUTE);
    const soon = cloud.calls.filter(({ service }) => service === 'lambda').length;
    expect(soon).toBeGreaterThan(4);
    expect(soon).toBeLessThan(9);
    expect(metric(cloud, 'FailedInvocations')).toBe(1);

    await putRule(cloud, { Arn: functionArn('f') });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(25 * 60 * MINUTE);
    const all = cloud.calls.filter(({ service }) => service === 'lambda').length - soon;
    expect(all).toBeGreaterThan(140);
    expect(all).toBeLessThanOrEqual(186);
    expect(metric(cloud, 'FailedInvocations')).toBe(2);
  });

  it('is not repeated when access is denied or the target is gone', async () => {
    const cloud = await withQueue('dead');
    await putRule(cloud, { Arn: functionArn('gone'), DeadLetterConfig: { Arn: queueArn('dead') } });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    cloud.handlers.f = async () => 1;
    await cloud.do('lambda', 'CreateFunction', {
      FunctionName: 'gone',
      Role: roleArn('x'),
      Handler: 'h',
      Runtime: 'nodejs22.x',
      Code: {},
    });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    const codes = (await drain(cloud, 'dead')).map(({ MessageAttributes }) => [
      MessageAttributes.ERROR_CODE.StringValue as string,
      MessageAttributes.RETRY_ATTEMPTS.StringValue as string,
    ]);
    expect(codes).toEqual([
      ['NO_RESOURCE', '0'],
      ['NO_PERMISSIONS', '0'],
    ]);
    expect(cloud.calls.filter(({ service, operation }) => service === 'lambda' && operation === 'Invoke')).toHaveLength(
      2,
    );
  });

  it('vanishes when the dead-letter queue has no policy for EventBridge', async () => {
    const cloud = newConnectedCloud();
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'dead' });
    await putRule(cloud, { Arn: functionArn('gone'), DeadLetterConfig: { Arn: queueArn('dead') } });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    expect(await drain(cloud, 'dead')).toEqual([]);
    expect([metric(cloud, 'InvocationsFailedToBeSentToDlq'), metric(cloud, 'FailedInvocations')]).toEqual([1, 1]);
  });

  it('needs a queue policy for the rule: another source is refused', async () => {
    const cloud = await withQueue('inbox', allowSend('inbox', 'events.amazonaws.com', ruleArn('other')));
    await putRule(cloud, { Arn: queueArn('inbox') });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(MINUTE);
    expect(await drain(cloud, 'inbox')).toEqual([]);
    expect(metric(cloud, 'FailedInvocations')).toBe(1);
  });

  it('because the laptop cloud lacks something stops the run', async () => {
    const cloud = newConnectedCloud();
    await putRule(cloud, { Arn: functionArn('f') });
    cloud.intercepts['lambda:Invoke'] = () => {
      throw new AwsError('UnsupportedFeature', 'UnsupportedFeature: x', { statusCode: 501 });
    };
    await cloud.do('events', 'PutEvents', order());
    await expect(cloud.kernel.runFor(MINUTE)).rejects.toThrow('background task');
  });
});

describe('rules', () => {
  it('fire on their schedule, up to a minute late, with the due time in the event', async () => {
    const cloud = await withQueue();
    await cloud.do('events', 'PutRule', { Name: 'r', ScheduleExpression: 'cron(0 2 * * ? *)' });
    await cloud.do('events', 'PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: queueArn('inbox') }] });
    await cloud.kernel.runFor(26 * 60 * MINUTE + MINUTE);
    const messages = await drain(cloud, 'inbox');
    const events = messages.map(({ Body }) => JSON.parse(Body) as { time: string });
    expect(events.map(({ time }) => time)).toEqual(['2026-01-05T02:00:00Z', '2026-01-06T02:00:00Z']);
    expect(events[0]).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      detail: {},
      resources: [ruleArn('r')],
    });
    messages.forEach(({ Attributes }, index) => {
      const lateMs = Number(Attributes.SentTimestamp) - Date.parse(events[index]!.time);
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(MINUTE);
    });
  });

  it('that are disabled match nothing and fire never', async () => {
    const cloud = await withQueue();
    await putRule(cloud, { Arn: queueArn('inbox') });
    await cloud.do('events', 'PutRule', { Name: 'tick', ScheduleExpression: 'rate(1 minute)' });
    await cloud.do('events', 'PutTargets', { Rule: 'tick', Targets: [{ Id: 't', Arn: queueArn('inbox') }] });
    for (const Name of ['r', 'tick']) await cloud.do('events', 'DisableRule', { Name });
    await cloud.do('events', 'PutEvents', order());
    await cloud.kernel.runFor(5 * MINUTE);
    expect(await drain(cloud, 'inbox')).toEqual([]);
    await cloud.do('events', 'EnableRule', { Name: 'tick' });
    await cloud.kernel.runFor(2 * MINUTE);
    expect((await drain(cloud, 'inbox')).length).toBeGreaterThanOrEqual(1);
  });

  it('are described, listed, and deleted only without targets', async () => {
    const cloud = await withQueue();
    await putRule(cloud, { Arn: queueArn('inbox') });
    expect(await cloud.do('events', 'DescribeRule', { Name: 'r' })).toMatchObject({
      Name: 'r',
      State: 'ENABLED',
      EventPattern: '{"source":["shop"]}',
      EventBusName: 'default',
      Arn: ruleArn('r'),
    });
    expect((await cloud.do('events', 'ListRules', { NamePrefix: 'r' })).Rules).toHaveLength(1);
    expect(await cloud.do('events', 'ListRuleNamesByTarget', { TargetArn: queueArn('inbox') })).toMatchObject({
      RuleNames: ['r'],
    });
    expect((await cloud.do('events', 'ListTargetsByRule', { Rule: 'r' })).Targets).toEqual([
      { Id: 't', Arn: queueArn('inbox') },
    ]);
    await expect(cloud.do('events', 'DeleteRule', { Name: 'r' })).rejects.toThrow(
      "Rule can't be deleted since it has targets.",
    );
    await cloud.do('events', 'RemoveTargets', { Rule: 'r', Ids: ['t'] });
    await cloud.do('events', 'DeleteRule', { Name: 'r' });
    await expect(cloud.do('events', 'DescribeRule', { Name: 'r' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('are refused with a bad pattern, a bad schedule, or a schedule on another bus', async () => {
    const cloud = newConnectedCloud();
    await cloud.do('events', 'CreateEventBus', { Name: 'own' });
    const put = (input: object): Promise<unknown> => cloud.do('events', 'PutRule', { Name: 'r', ...input });
    await expect(put({ EventPattern: '{"source":"shop"}' })).rejects.toMatchObject({
      code: 'InvalidEventPatternException',
    });
    await expect(put({ ScheduleExpression: 'rate(1 minutes)' })).rejects.toThrow(
      'Parameter ScheduleExpression is not valid.',
    );
    await expect(put({ ScheduleExpression: 'rate(1 minute)', EventBusName: 'own' })).rejects.toThrow(
      'only on the default event bus',
    );
    await expect(put({})).rejects.toThrow('EventPattern or ScheduleExpression must be specified');
    await expect(put({ EventPattern: '{"a":[1]}', EventBusName: 'none' })).rejects.toThrow(
      'Event bus none does not exist.',
    );
  });
});

describe('buses, patterns and tags', () => {
  it('are made once and deleted without rules', async () => {
    const cloud = newConnectedCloud();
    await cloud.do('events', 'CreateEventBus', { Name: 'own', Tags: [{ Key: 'a', Value: 'b' }] });
    await expect(cloud.do('events', 'CreateEventBus', { Name: 'own' })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
    });
    const { Arn } = await cloud.do('events', 'DescribeEventBus', { Name: 'own' });
    expect(await cloud.do('events', 'ListTagsForResource', { ResourceARN: Arn })).toEqual({
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    await cloud.do('events', 'PutPermission', {
      EventBusName: 'own',
      StatementId: 's',
      Principal: '444455556666',
      Action: 'events:PutEvents',
    });
    expect(JSON.parse((await cloud.do('events', 'DescribeEventBus', { Name: 'own' })).Policy).Statement).toHaveLength(
      1,
    );
    await cloud.do('events', 'DeleteEventBus', { Name: 'own' });
    expect(
      (await cloud.do('events', 'ListEventBuses', {})).EventBuses.map(({ Name }: { Name: string }) => Name),
    ).toEqual(['default']);
  });

  it('TestEventPattern wants a whole event', async () => {
    const cloud = newConnectedCloud();
    const event = {
      id: '1',
      account: ACCOUNT,
      source: 'shop',
      time: '2026-01-05T00:00:00Z',
      region: REGION,
      resources: [],
      'detail-type': 'x',
      detail: {},
    };
    const ask = (Event: object): Promise<unknown> =>
      cloud.do('events', 'TestEventPattern', { EventPattern: '{"source":["shop"]}', Event: JSON.stringify(Event) });
    expect(await ask(event)).toEqual({ Result: true });
    expect(await ask({ ...event, source: 'other' })).toEqual({ Result: false });
    await expect(ask({ source: 'shop' })).rejects.toThrow('id is missing');
  });

  it('name the IAM actions and resources of each call', () => {
    const { eventbridge } = newConnectedCloud();
    expect(eventbridge.access('PutEvents', { Entries: [{ EventBusName: 'own' }, {}] })).toEqual([
      { action: 'events:PutEvents', resource: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/own` },
      { action: 'events:PutEvents', resource: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default` },
    ]);
    expect(
      eventbridge.access('PutTargets', { Rule: 'r', EventBusName: 'own', Targets: [{ RoleArn: roleArn('x') }] }),
    ).toEqual([
      { action: 'events:PutTargets', resource: ruleArn('own/r') },
      {
        action: 'iam:PassRole',
        resource: roleArn('x'),
        conditionKeys: { 'iam:PassedToService': 'events.amazonaws.com' },
      },
    ]);
  });
});

describe('a run', () => {
  it('is the same with the same seed, and another with another', async () => {
    const run = async (seed: number): Promise<string> => {
      const cloud = newConnectedCloud(seed);
      cloud.handlers.f = async () => {
        throw new Error('broken');
      };
      const fn = { FunctionName: 'f', Role: roleArn('f'), Handler: 'h', Runtime: 'nodejs22.x', Code: {} };
      await cloud.do('lambda', 'CreateFunction', fn);
      const grant = { FunctionName: 'f', StatementId: 's', Action: 'lambda:*', Principal: 'events.amazonaws.com' };
      await cloud.do('lambda', 'AddPermission', grant);
      await putRule(cloud, { Arn: functionArn('f') });
      await cloud.do('events', 'PutRule', { Name: 'tick', ScheduleExpression: 'rate(7 minutes)' });
      await cloud.do('events', 'PutTargets', { Rule: 'tick', Targets: [{ Id: 't', Arn: functionArn('f') }] });
      for (let id = 0; id < 5; id++) await cloud.do('events', 'PutEvents', order({ id }));
      await cloud.kernel.runFor(60 * MINUTE);
      return cloud.kernel.traceDigest().sha256;
    };
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
  });
});
