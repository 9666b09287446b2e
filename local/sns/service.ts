/** Amazon SNS (query protocol): topics, subscriptions to queues, functions and mail, filters, an outbox of e-mails. */
import { parsePolicy } from '../eventbridge/resource-policy.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';
import { publishingOperations } from './publishing.ts';
import { subscriptionOperations, type Email } from './subscriptions.ts';
import { defaultPolicy, invalidParameter, notFound, page, type Topic } from './topics.ts';

export type { Email } from './subscriptions.ts';

export type Sns = Service & {
  /** Every mail that SNS sent, confirmation requests included, oldest first. */
  emails(): readonly Email[];
};

function setTopicAttribute(topic: Topic, name: string, value: string): void {
  switch (name) {
    case 'DisplayName':
      topic.displayName = value;
      return;
    case 'Policy':
      topic.policy = parsePolicy(value, (reason) => invalidParameter(`Policy Error: ${reason}`));
      return;
    case 'KmsMasterKeyId':
      topic.kmsMasterKeyId = value;
      return;
    case 'FifoTopic':
      if (value !== 'false') throw new UnsupportedFeature('FIFO topics');
      return;
    default:
      throw /^(DeliveryPolicy|TracingConfig|ArchivePolicy|ContentBasedDeduplication|FifoThroughputScope|SignatureVersion|.+FeedbackRoleArn|.+FeedbackSampleRate)$/.test(
        name,
      )
        ? new UnsupportedFeature(`topic attribute ${name}`)
        : invalidParameter(`AttributeName '${name}'`);
  }
}

function describeTopic(topic: Topic, accountId: string): Record<string, string> {
  const subscriptions = [...topic.subscriptions.values()];
  const confirmed = subscriptions.filter((subscription) => subscription.confirmed).length;
  return {
    TopicArn: topic.arn,
    Owner: accountId,
    DisplayName: topic.displayName,
    Policy: JSON.stringify(topic.policy),
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(subscriptions.length - confirmed),
    SubscriptionsDeleted: '0',
    ...(topic.kmsMasterKeyId !== undefined && { KmsMasterKeyId: topic.kmsMasterKeyId }),
  };
}

function topicOperations(
  cloud: CloudContext,
  topics: Map<string, Topic>,
  findTopic: (arn: unknown) => Topic,
): Record<string, Operation> {
  const create = (input: WireInput): object => {
    const name = String(input.Name);
    if (name.endsWith('.fifo')) throw new UnsupportedFeature('FIFO topics');
    if (!/^[\w-]{1,256}$/.test(name)) throw invalidParameter(`Topic Name '${name}'`);
    if (input.DataProtectionPolicy !== undefined) throw new UnsupportedFeature('DataProtectionPolicy of a topic');
    const arn = `arn:aws:sns:${cloud.region}:${cloud.accountId}:${name}`;
    const topic: Topic = topics.get(arn) ?? {
      ...{ name, arn, tags: new Map<string, string>(), displayName: '', deliveryPolicy: undefined },
      ...{ kmsMasterKeyId: undefined, subscriptions: new Map(), policy: defaultPolicy(arn, cloud.accountId) },
    };
    for (const [attribute, value] of Object.entries((input.Attributes ?? {}) as Record<string, string>)) {
      setTopicAttribute(topic, attribute, value);
    }
    setTags(topic, input.Tags);
    topics.set(arn, topic);
    return { TopicArn: arn };
  };
  const setTags = (topic: Topic, tags: unknown): void => {
    for (const { Key, Value } of (tags ?? []) as { Key: string; Value: string }[]) topic.tags.set(Key, Value);
  };
  return {
    CreateTopic: create,
    // AWS answers 200 for a topic that is gone.
    DeleteTopic: (input) => void topics.delete(String(input.TopicArn)),
    ListTopics: (input) => {
      const { items, NextToken } = page([...topics.keys()].sort(), input.NextToken);
      return { Topics: items.map((TopicArn) => ({ TopicArn })), NextToken };
    },
    GetTopicAttributes: (input) => ({ Attributes: describeTopic(findTopic(input.TopicArn), cloud.accountId) }),
    SetTopicAttributes: (input) =>
      setTopicAttribute(findTopic(input.TopicArn), String(input.AttributeName), String(input.AttributeValue ?? '')),
    TagResource: (input) => setTags(findTopic(input.ResourceArn), input.Tags),
    UntagResource: (input) => {
      for (const key of input.TagKeys as string[]) findTopic(input.ResourceArn).tags.delete(key);
    },
    ListTagsForResource: (input) => ({
      Tags: [...findTopic(input.ResourceArn).tags].map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

/** Builds SNS. */
export function newSns(cloud: CloudContext): Sns {
  const topics = new Map<string, Topic>();
  const outbox: Email[] = [];
  const random = cloud.kernel.random('sns');
  const findTopic = (arn: unknown): Topic => {
    if (!/^arn:aws:sns:[^:]+:\d{12}:[\w-]+$/.test(String(arn)))
      throw invalidParameter(`TopicArn Reason: '${String(arn)}' is not an ARN of a topic`);
    const topic = topics.get(String(arn));
    if (!topic) throw notFound('Topic does not exist');
    return topic;
  };
  const mail = (email: Omit<Email, 'atMs'>): void => void outbox.push({ ...email, atMs: cloud.kernel.clock.now() });
  const arn = (name: string): string => `arn:aws:sns:${cloud.region}:${cloud.accountId}:${name}`;
  return {
    id: 'sns',
    operations: {
      ...topicOperations(cloud, topics, findTopic),
      ...subscriptionOperations({ cloud, topics, random, findTopic, mail }),
      ...publishingOperations({ cloud, random, findTopic, mail }),
    },
    access: (operation, input): readonly Access[] => {
      const action = `sns:${operation === 'PublishBatch' ? 'Publish' : operation}`;
      if (operation === 'CreateTopic') return [{ action, resource: arn(String(input.Name)) }];
      if (operation === 'ListTopics' || operation === 'ListSubscriptions') return [{ action, resource: arn('*') }];
      const named = (input.TopicArn ?? input.TargetArn ?? input.ResourceArn ?? input.SubscriptionArn ?? '*') as string;
      // A subscription's ARN is its topic's with an id behind; IAM knows topics only.
      return [
        {
          action,
          resource: named.split(':').slice(0, 6).join(':'),
        },
      ];
    },
    emails: () => outbox,
  };
}
