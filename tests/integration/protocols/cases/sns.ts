import { ACCOUNT, refused, REGION, saved, type ServiceCases } from '../case.ts';

const TopicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:alerts`;
const Endpoint = `arn:aws:sqs:${REGION}:${ACCOUNT}:inbox`;
const SubscriptionArn = saved('SubscriptionArn');

export const SNS: ServiceCases = {
  service: 'sns',
  prepare: async (cloud) => {
    await cloud.context.call('sqs', 'CreateQueue', { QueueName: 'inbox' }, { kind: 'root' });
  },
  found: {
    Token: (cloud) => /--token (\w+)/.exec(cloud.services.sns.emails().at(-1)?.message ?? '')?.[1] ?? 'no e-mail came',
  },
  cases: [
    {
      operation: 'CreateTopic',
      input: { Name: 'alerts', Attributes: { DisplayName: 'Alerts & <more>' }, Tags: [{ Key: 'stage', Value: 'dev' }] },
      answer: { TopicArn },
    },
    { operation: 'ListTopics', input: {}, answer: { 'Topics.0.TopicArn': TopicArn } },
    { operation: 'GetTopicAttributes', input: { TopicArn }, answer: { 'Attributes.DisplayName': 'Alerts & <more>' } },
    {
      operation: 'SetTopicAttributes',
      input: { TopicArn, AttributeName: 'DisplayName', AttributeValue: 'Pages' },
      answer: {},
    },
    { operation: 'TagResource', input: { ResourceArn: TopicArn, Tags: [{ Key: 'team', Value: 'ml' }] }, answer: {} },
    { operation: 'UntagResource', input: { ResourceArn: TopicArn, TagKeys: ['stage'] }, answer: {} },
    {
      operation: 'ListTagsForResource',
      input: { ResourceArn: TopicArn },
      answer: { 'Tags.0.Key': 'team', 'Tags.0.Value': 'ml' },
    },
    {
      operation: 'Subscribe',
      input: {
        TopicArn,
        Protocol: 'sqs',
        Endpoint,
        Attributes: { FilterPolicy: '{"severity":["page"]}', RawMessageDelivery: 'true' },
        ReturnSubscriptionArn: true,
      },
      answer: { SubscriptionArn: /^arn:aws:sns:/ },
      save: { SubscriptionArn: 'SubscriptionArn' },
    },
    {
      operation: 'Subscribe',
      input: { TopicArn, Protocol: 'email', Endpoint: 'on-call@example.com' },
      answer: { SubscriptionArn: 'pending confirmation' },
    },
    {
      operation: 'ConfirmSubscription',
      input: { TopicArn, Token: saved('Token') },
      answer: { SubscriptionArn: /^arn:aws:sns:/ },
    },
    {
      operation: 'ListSubscriptions',
      input: {},
      answer: { 'Subscriptions.0.Protocol': 'sqs', 'Subscriptions.1.Protocol': 'email' },
    },
    { operation: 'ListSubscriptionsByTopic', input: { TopicArn }, answer: { 'Subscriptions.0.Endpoint': Endpoint } },
    {
      operation: 'GetSubscriptionAttributes',
      input: { SubscriptionArn },
      answer: { 'Attributes.FilterPolicy': '{"severity":["page"]}', 'Attributes.RawMessageDelivery': 'true' },
    },
    {
      operation: 'SetSubscriptionAttributes',
      input: { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'false' },
      answer: {},
    },
    {
      operation: 'Publish',
      input: {
        TopicArn,
        Message: 'größe & <more> "x"\nsecond line',
        Subject: 'a subject',
        MessageAttributes: { severity: { DataType: 'String', StringValue: 'page' } },
      },
      answer: { MessageId: /-/ },
    },
    {
      operation: 'PublishBatch',
      input: {
        TopicArn,
        PublishBatchRequestEntries: [
          { Id: 'a', Message: 'one' },
          { Id: 'b', Message: 'two', MessageAttributes: { n: { DataType: 'Number', StringValue: '2' } } },
        ],
      },
      answer: { 'Successful.0.Id': 'a', 'Successful.1.MessageId': /-/ },
    },
    { operation: 'Unsubscribe', input: { SubscriptionArn }, answer: {} },
    refused(
      'Publish',
      { TopicArn: `${TopicArn}-none`, Message: 'x' },
      'NotFoundException',
      404,
      /^Topic does not exist$/,
    ),
    refused(
      'Subscribe',
      { TopicArn, Protocol: 'pigeon', Endpoint: 'x' },
      'InvalidParameterException',
      400,
      /protocol string: pigeon/,
    ),
    { operation: 'DeleteTopic', input: { TopicArn }, answer: {} },
  ],
};
