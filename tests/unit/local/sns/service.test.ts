import { describe, expect, it, test } from '@jest/globals';
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
} from '../eventbridge/connected-cloud.ts';

const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:alerts`;

async function withTopic(): Promise<ConnectedCloud> {
  const cloud = newConnectedCloud();
  await cloud.do('sns', 'CreateTopic', { Name: 'alerts' });
  await cloud.do('sqs', 'CreateQueue', {
    QueueName: 'inbox',
    Attributes: { Policy: allowSend('inbox', 'sns.amazonaws.com', TOPIC) },
  });
  return cloud;
}
const subscribe = (cloud: ConnectedCloud, more: object = {}) =>
  cloud.do('sns', 'Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: queueArn('inbox'), ...more });
const publish = (cloud: ConnectedCloud, more: object = {}) =>
  cloud.do('sns', 'Publish', { TopicArn: TOPIC, Message: 'hello', ...more });
const severity = (StringValue: string): object => ({
  MessageAttributes: { severity: { DataType: 'String', StringValue } },
});
async function bodies(cloud: ConnectedCloud): Promise<string[]> {
  await cloud.kernel.runFor(1000);
  return (await drain(cloud, 'inbox')).map(({ Body }) => Body as string);
}

describe('delivery', () => {
  it('to a queue wraps the message, unless it is raw', async () => {
    const cloud = await withTopic();
    const { SubscriptionArn } = await subscribe(cloud);
    expect(SubscriptionArn).toMatch(new RegExp(`^${TOPIC}:[0-9a-f-]{36}$`));
    const { MessageId } = await publish(cloud, { Subject: 'S', ...severity('high') });
    const [wrapped] = await bodies(cloud);
    expect(JSON.parse(wrapped!)).toEqual({
      Type: 'Notification',
      MessageId,
      TopicArn: TOPIC,
      Subject: 'S',
      Message: 'hello',
      Timestamp: '2026-01-05T00:00:00.000Z',
      MessageAttributes: { severity: { Type: 'String', Value: 'high' } },
    });
    await cloud.do('sns', 'SetSubscriptionAttributes', {
      SubscriptionArn,
      AttributeName: 'RawMessageDelivery',
      AttributeValue: 'true',
    });
    await publish(cloud, severity('high'));
    await cloud.kernel.runFor(1000);
    const raw = (await drain(cloud, 'inbox')).find(({ Body }) => Body === 'hello');
    expect(raw.MessageAttributes).toMatchObject({ severity: { DataType: 'String', StringValue: 'high' } });
  });

  it('to a function needs its permission, and hands it a record', async () => {
    const cloud = await withTopic();
    const seen: unknown[] = [];
    cloud.handlers.f = async (event) => void seen.push(event);
    await cloud.do('lambda', 'CreateFunction', {
      FunctionName: 'f',
      Role: roleArn('f'),
      Handler: 'h',
      Runtime: 'nodejs22.x',
      Code: {},
    });
    await subscribe(cloud, { Protocol: 'lambda', Endpoint: functionArn('f') });
    await publish(cloud);
    await cloud.kernel.runFor(1000);
    expect(seen).toEqual([]);
    expect(cloud.metrics.filter(({ name }) => name === 'NumberOfNotificationsFailed')).toHaveLength(1);
    await cloud.do('lambda', 'AddPermission', {
      FunctionName: 'f',
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 'sns.amazonaws.com',
      SourceArn: TOPIC,
    });
    await publish(cloud);
    await cloud.kernel.runFor(1000);
    expect(seen).toMatchObject([
      { Records: [{ EventSource: 'aws:sns', Sns: { Message: 'hello', Subject: null, TopicArn: TOPIC } }] },
    ]);
  });

  it('by mail waits for the confirmation', async () => {
    const cloud = await withTopic();
    expect(await subscribe(cloud, { Protocol: 'email', Endpoint: 'ops@example.com' })).toEqual({
      SubscriptionArn: 'pending confirmation',
    });
    await publish(cloud, { Subject: 'lost' });
    await cloud.kernel.runFor(1000);
    expect(
      (await cloud.do('sns', 'ListSubscriptionsByTopic', { TopicArn: TOPIC })).Subscriptions[0].SubscriptionArn,
    ).toBe('PendingConfirmation');
    expect(cloud.sns.emails().map(({ subject }) => subject)).toEqual(['AWS Notification - Subscription Confirmation']);
    const Token = /--token (\w+)/.exec(cloud.sns.emails()[0]!.message)![1];
    await expect(cloud.do('sns', 'ConfirmSubscription', { TopicArn: TOPIC, Token: 'wrong' })).rejects.toMatchObject({
      code: 'InvalidParameter',
    });
    await cloud.do('sns', 'ConfirmSubscription', { TopicArn: TOPIC, Token });
    await publish(cloud, { Subject: 'Rolled back', Message: 'because' });
    await cloud.kernel.runFor(1000);
    expect(cloud.sns.emails().at(-1)).toEqual({
      to: 'ops@example.com',
      subject: 'Rolled back',
      message: 'because',
      atMs: cloud.kernel.clock.now() - 1000,
    });
  });

  it('that fails for good goes to the dead-letter queue of the subscription', async () => {
    const cloud = await withTopic();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('inbox') });
    await subscribe(cloud, { Endpoint: queueArn('gone'), Attributes: { RedrivePolicy } });
    await publish(cloud);
    expect(JSON.parse((await bodies(cloud))[0]!)).toMatchObject({ Message: 'hello' });
  });

  it('ends with the subscription', async () => {
    const cloud = await withTopic();
    const { SubscriptionArn } = await subscribe(cloud);
    await cloud.do('sns', 'Unsubscribe', { SubscriptionArn });
    await publish(cloud);
    expect(await bodies(cloud)).toEqual([]);
  });
});

describe('filter policies', () => {
  test.each<[string, object, object, boolean]>([
    ['a value', { severity: ['high', 'critical'] }, severity('critical'), true],
    ['another value', { severity: ['high', 'critical'] }, severity('low'), false],
    ['a missing attribute', { severity: ['high'] }, {}, false],
    ['anything but', { severity: [{ 'anything-but': 'low' }] }, severity('high'), true],
    [
      'a number',
      { cost: [{ numeric: ['>', 5] }] },
      { MessageAttributes: { cost: { DataType: 'Number', StringValue: '7.5' } } },
      true,
    ],
    [
      'an array',
      { tags: ['b'] },
      { MessageAttributes: { tags: { DataType: 'String.Array', StringValue: '["a","b"]' } } },
      true,
    ],
    [
      'a name with a dot',
      { 'store.name': ['x'] },
      { MessageAttributes: { 'store.name': { DataType: 'String', StringValue: 'x' } } },
      true,
    ],
    ['$or', { $or: [{ severity: ['high'] }, { cost: [1] }] }, severity('high'), true],
  ])('on attributes: %s', async (_name, policy, message, delivered) => {
    const cloud = await withTopic();
    await subscribe(cloud, { Attributes: { FilterPolicy: JSON.stringify(policy) } });
    await publish(cloud, message);
    expect(await bodies(cloud)).toHaveLength(delivered ? 1 : 0);
    expect(cloud.metrics.filter(({ name }) => name === 'NumberOfNotificationsFilteredOut')).toHaveLength(
      delivered ? 0 : 1,
    );
  });

  it('on the body', async () => {
    const cloud = await withTopic();
    await subscribe(cloud, {
      Attributes: { FilterPolicyScope: 'MessageBody', FilterPolicy: '{"detail":{"kind":["alarm"]}}' },
    });
    for (const Message of ['{"detail":{"kind":"alarm"}}', '{"detail":{"kind":"x"}}', 'text'])
      await publish(cloud, { Message });
    expect(await bodies(cloud)).toHaveLength(1);
  });

  test.each([
    ['a wrong operator', { FilterPolicy: '{"a":[{"startswith":"x"}]}' }],
    ['a nested policy on attributes', { FilterPolicy: '{"a":{"b":["x"]}}' }],
    ['an unknown scope', { FilterPolicyScope: 'Everything' }],
    ['an unknown attribute', { Nonsense: 'x' }],
  ])('refuse %s', async (_name, Attributes) => {
    const cloud = await withTopic();
    await expect(subscribe(cloud, { Attributes })).rejects.toMatchObject({ code: 'InvalidParameter' });
    expect((await cloud.do('sns', 'ListSubscriptions', {})).Subscriptions).toEqual([]);
  });
});

describe('publishing', () => {
  test.each([
    ['nothing', { Message: '' }, 'InvalidParameter'],
    ['more than 256 KB', { Message: 'x'.repeat(262_145) }, 'InvalidParameter'],
    ['a subject with a line break', { Subject: 'a\nb' }, 'InvalidParameter'],
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }, 'InvalidParameter'],
    ['to an unknown topic', { TopicArn: `${TOPIC}2` }, 'NotFound'],
    ['to no topic', { TopicArn: 'alerts' }, 'InvalidParameter'],
    [
      'an empty attribute',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'ParameterValueInvalid',
    ],
    ['a structure without a default', { MessageStructure: 'json', Message: '{"sqs":"x"}' }, 'InvalidParameter'],
    ['by text message', { PhoneNumber: '+1' }, 'UnsupportedFeature'],
  ])('%s is refused', async (_name, input, code) => {
    const cloud = await withTopic();
    await expect(publish(cloud, input)).rejects.toMatchObject({ code });
  });

  it('in a batch succeeds and fails one by one', async () => {
    const cloud = await withTopic();
    await subscribe(cloud);
    const PublishBatchRequestEntries = [
      { Id: 'a', Message: 'one' },
      { Id: 'b', Message: '' },
    ];
    const answer = await cloud.do('sns', 'PublishBatch', { TopicArn: TOPIC, PublishBatchRequestEntries });
    expect(answer).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [{ Id: 'b', Code: 'InvalidParameter', SenderFault: true }],
    });
    expect(await bodies(cloud)).toHaveLength(1);
  });

  it('takes a message for each protocol', async () => {
    const cloud = await withTopic();
    await subscribe(cloud, { Attributes: { RawMessageDelivery: 'true' } });
    await publish(cloud, { MessageStructure: 'json', Message: '{"default":"d","sqs":"for queues"}' });
    expect(await bodies(cloud)).toEqual(['for queues']);
  });

  it('by a service needs the topic policy: alarms may by default, rules may not', async () => {
    const cloud = await withTopic();
    const as = (name: string, sourceArn?: string) =>
      cloud.do(
        'sns',
        'Publish',
        { TopicArn: TOPIC, Message: 'x' },
        { kind: 'service', name, ...(sourceArn && { sourceArn }) },
      );
    await expect(as('cloudwatch.amazonaws.com')).resolves.toHaveProperty('MessageId');
    await expect(as('events.amazonaws.com', 'arn:aws:events:eu-central-1:111122223333:rule/r')).rejects.toMatchObject({
      code: 'AuthorizationError',
      statusCode: 403,
    });
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: TOPIC,
    };
    await cloud.do('sns', 'SetTopicAttributes', {
      TopicArn: TOPIC,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Statement: statement }),
    });
    await expect(as('events.amazonaws.com')).resolves.toHaveProperty('MessageId');
    await expect(as('cloudwatch.amazonaws.com')).rejects.toMatchObject({ code: 'AuthorizationError' });
  });
});

describe('topics', () => {
  it('are made, described, listed and deleted', async () => {
    const cloud = await withTopic();
    expect(await cloud.do('sns', 'CreateTopic', { Name: 'alerts' })).toEqual({ TopicArn: TOPIC });
    await subscribe(cloud);
    await subscribe(cloud, { Protocol: 'email', Endpoint: 'a@example.com' });
    expect((await cloud.do('sns', 'GetTopicAttributes', { TopicArn: TOPIC })).Attributes).toMatchObject({
      TopicArn: TOPIC,
      SubscriptionsConfirmed: '1',
      SubscriptionsPending: '1',
    });
    expect(await cloud.do('sns', 'ListTopics', {})).toMatchObject({ Topics: [{ TopicArn: TOPIC }] });
    await expect(cloud.do('sns', 'CreateTopic', { Name: 'x.fifo' })).rejects.toMatchObject({
      code: 'UnsupportedFeature',
    });
    await expect(subscribe(cloud, { Protocol: 'https', Endpoint: 'https://example.com' })).rejects.toMatchObject({
      code: 'UnsupportedFeature',
    });
    await expect(subscribe(cloud, { Protocol: 'pigeon' })).rejects.toMatchObject({ code: 'InvalidParameter' });
    await cloud.do('sns', 'DeleteTopic', { TopicArn: TOPIC });
    await expect(publish(cloud)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('name the IAM actions and resources of each call', () => {
    const { sns } = newConnectedCloud();
    expect(sns.access('PublishBatch', { TopicArn: TOPIC })).toEqual([{ action: 'sns:Publish', resource: TOPIC }]);
    expect(sns.access('Unsubscribe', { SubscriptionArn: `${TOPIC}:id` })).toEqual([
      { action: 'sns:Unsubscribe', resource: TOPIC },
    ]);
  });
});
