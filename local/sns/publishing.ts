/** Publishing: limits, filters, and delivery to each subscription. */
import { deliverWithRetries } from '../eventbridge/delivery.ts';
import { serviceIsAllowed } from '../eventbridge/resource-policy.ts';
import { servicePrincipal } from '../eventbridge/service-principal.ts';
import { queueUrlOf } from '../eventbridge/targets.ts';
import { asBytes } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { CloudContext, Operation, Principal, WireInput } from '../kernel/service.ts';
import type { Email } from './subscriptions.ts';
import { invalidParameter, type SnsMessageAttribute, type Subscription, type Topic } from './topics.ts';

type Attributes = Readonly<Record<string, SnsMessageAttribute>>;

const MAXIMUM_BYTES = 262_144;
/** SNS tries AWS's own endpoints for 23 days; the laptop cloud's retry policy has EventBridge's bounds. */
const RETRY_POLICY = { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 };

interface Notification {
  readonly id: string;
  readonly topic: Topic;
  /** Text for one protocol, since MessageStructure json may tell them apart. */
  readonly messageFor: (protocol: string) => string;
  readonly subject: string | undefined;
  readonly attributes: Attributes;
  readonly publishedAtMs: number;
}

function checkAttributes(attributes: Attributes): Attributes {
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!/^(String|Number|Binary|String\.Array)(\..+)?$/.test(DataType ?? '')) {
      throw new AwsError(
        'ParameterValueInvalid',
        `The message attribute '${name}' has an invalid message attribute type '${DataType}'.`,
      );
    }
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
    if (value === undefined || value.length === 0) {
      throw new AwsError(
        'ParameterValueInvalid',
        `The message attribute '${name}' must contain non-empty message attribute value.`,
      );
    }
    if (DataType === 'Number' && !Number.isFinite(Number(StringValue))) {
      throw new AwsError('ParameterValueInvalid', `Could not cast message attribute '${name}' value to number.`);
    }
  }
  return attributes;
}

/** @throws AwsError InvalidParameter for what SNS refuses: size, subject, structure */
function parseMessage(input: WireInput): Pick<Notification, 'messageFor' | 'subject' | 'attributes'> {
  const message: unknown = input.Message;
  if (typeof message !== 'string' || message === '') throw invalidParameter('Empty message');
  const attributes = checkAttributes((input.MessageAttributes ?? {}) as Attributes);
  const attributeBytes = Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum + Buffer.byteLength(name + DataType + (StringValue ?? '')) + (BinaryValue?.length ?? 0),
    0,
  );
  if (Buffer.byteLength(message) + attributeBytes > MAXIMUM_BYTES) throw invalidParameter('Message too long');
  const subject = input.Subject as string | undefined;
  // Under 100 characters, no line breaks or control characters.
  if (subject !== undefined && !/^[^\p{Cc}]{1,99}$/u.test(subject)) throw invalidParameter('Subject');
  if (input.MessageStructure === undefined) return { messageFor: () => message, subject, attributes };
  if (input.MessageStructure !== 'json') throw invalidParameter(`MessageStructure '${String(input.MessageStructure)}'`);
  let parts: Record<string, unknown>;
  try {
    parts = JSON.parse(message) as Record<string, unknown>;
  } catch (error) {
    throw invalidParameter(`Message Structure - JSON message body failed to parse: ${(error as Error).message}`);
  }
  if (typeof parts.default !== 'string')
    throw invalidParameter('Message Structure - No default entry in JSON message body');
  return { messageFor: (protocol) => String(parts[protocol] ?? parts.default), subject, attributes };
}

/** Attributes as filter policies see them: numbers as numbers, arrays as arrays; binary ones not at all. */
function filterableAttributes(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, { DataType }]) => !DataType.startsWith('Binary'))
      .map(([name, { DataType, StringValue }]) => {
        if (DataType === 'Number') return [name, Number(StringValue)];
        if (DataType === 'String.Array') return [name, JSON.parse(StringValue!) as unknown];
        return [name, StringValue];
      }),
  );
}

function passesFilter(subscription: Subscription, notification: Notification): boolean {
  if (!subscription.matches) return true;
  if (subscription.filterScope === 'MessageAttributes')
    return subscription.matches(filterableAttributes(notification.attributes));
  try {
    return subscription.matches(JSON.parse(notification.messageFor(subscription.protocol)));
  } catch (error) {
    // A body that is no JSON fits no body filter.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const attributeText = ({ StringValue, BinaryValue }: SnsMessageAttribute): string =>
  StringValue ?? Buffer.from(asBytes(BinaryValue, 'BinaryValue')).toString('base64');

/** The JSON envelope of SQS and Lambda. Signatures are left out: nobody holds SNS's key here. */
function envelope(notification: Notification, subscription: Subscription): Record<string, unknown> {
  const attributes = Object.entries(notification.attributes).map(([name, attribute]) => [
    name,
    { Type: attribute.DataType, Value: attributeText(attribute) },
  ]);
  return {
    Type: 'Notification',
    MessageId: notification.id,
    TopicArn: notification.topic.arn,
    ...(notification.subject !== undefined && { Subject: notification.subject }),
    Message: notification.messageFor(subscription.protocol),
    Timestamp: new Date(notification.publishedAtMs).toISOString(),
    ...(attributes.length > 0 && { MessageAttributes: Object.fromEntries(attributes) as object }),
  };
}

function lambdaEvent(notification: Notification, subscription: Subscription): object {
  const sns = { Subject: null, MessageAttributes: {}, ...envelope(notification, subscription) };
  const record = { EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: subscription.arn, Sns: sns };
  return { Records: [record] };
}

export interface PublishingDependencies {
  readonly cloud: CloudContext;
  readonly random: Random;
  readonly findTopic: (arn: unknown) => Topic;
  readonly mail: (email: Omit<Email, 'atMs'>) => void;
}

export function publishingOperations({
  cloud,
  random,
  findTopic,
  mail,
}: PublishingDependencies): Record<string, Operation> {
  const { kernel } = cloud;

  const count = (topic: Topic, name: string): void =>
    cloud.recordMetric({
      namespace: 'AWS/SNS',
      name,
      dimensions: { TopicName: topic.name },
      values: [1],
      unit: 'Count',
    });

  const send = async (notification: Notification, subscription: Subscription): Promise<void> => {
    const principal = servicePrincipal('sns.amazonaws.com', notification.topic.arn);
    const { protocol, endpoint, raw } = subscription;
    if (protocol === 'lambda') {
      const Payload = Buffer.from(JSON.stringify(lambdaEvent(notification, subscription)));
      await cloud.call('lambda', 'Invoke', { FunctionName: endpoint, InvocationType: 'Event', Payload }, principal);
    } else if (protocol === 'sqs') {
      const body = raw ? notification.messageFor('sqs') : JSON.stringify(envelope(notification, subscription));
      const attributes = raw ? { MessageAttributes: notification.attributes } : {};
      await cloud.call(
        'sqs',
        'SendMessage',
        { QueueUrl: queueUrlOf(endpoint), MessageBody: body, ...attributes },
        principal,
      );
    } else {
      const message =
        protocol === 'email-json'
          ? JSON.stringify(envelope(notification, subscription))
          : notification.messageFor('email');
      mail({ to: endpoint, subject: notification.subject ?? 'AWS Notification Message', message });
    }
  };

  const deliver = async (notification: Notification, subscription: Subscription): Promise<void> => {
    const { topic } = notification;
    const outcome = await deliverWithRetries(
      cloud,
      {
        label: `topic ${topic.name} -> ${subscription.endpoint}`,
        attempt: () => send(notification, subscription),
        retryPolicy: RETRY_POLICY,
        deadLetter:
          subscription.deadLetterArn === undefined
            ? undefined
            : {
                queueArn: subscription.deadLetterArn,
                principal: servicePrincipal('sns.amazonaws.com', topic.arn),
                body: () => JSON.stringify(envelope(notification, subscription)),
                attributes: {},
              },
      },
      random,
    );
    count(topic, outcome === 'delivered' ? 'NumberOfNotificationsDelivered' : 'NumberOfNotificationsFailed');
    if (outcome === 'dead-lettered') count(topic, 'NumberOfNotificationsRedrivenToDlq');
    if (outcome === 'dead-letter-failed') count(topic, 'NumberOfNotificationsFailedToRedriveToDlq');
  };

  const publish = (topic: Topic, input: WireInput): string => {
    if (input.MessageGroupId !== undefined || input.MessageDeduplicationId !== undefined) {
      throw new UnsupportedFeature('MessageGroupId and MessageDeduplicationId of SNS (FIFO topics, fair queues)');
    }
    const notification: Notification = {
      ...parseMessage(input),
      id: random.uuid(),
      topic,
      publishedAtMs: kernel.clock.now(),
    };
    count(topic, 'NumberOfMessagesPublished');
    for (const subscription of topic.subscriptions.values()) {
      if (!subscription.confirmed) continue;
      if (!passesFilter(subscription, notification)) {
        count(topic, 'NumberOfNotificationsFilteredOut');
        continue;
      }
      kernel.spawn(`topic ${topic.name} -> ${subscription.endpoint}`, async () => {
        await kernel.clock.sleep(0, `notification of ${topic.name}`);
        await deliver(notification, subscription);
      });
    }
    return notification.id;
  };

  const authorize = (topic: Topic, principal: Principal): void => {
    if (principal.kind !== 'service') return;
    const question = { principal, action: 'SNS:Publish', resource: topic.arn, accountId: cloud.accountId };
    if (serviceIsAllowed(topic.policy, question)) return;
    throw new AwsError(
      'AuthorizationError',
      `User: ${principal.name} is not authorized to perform: SNS:Publish on resource: ${topic.arn} because no ` +
        'resource-based policy allows the SNS:Publish action',
      { statusCode: 403 },
    );
  };

  return {
    Publish: (input, { principal }) => {
      if (input.PhoneNumber !== undefined) throw new UnsupportedFeature('Publish to a PhoneNumber');
      const topic = findTopic(input.TopicArn ?? input.TargetArn);
      authorize(topic, principal);
      return { MessageId: publish(topic, input) };
    },
    PublishBatch: (input, { principal }) => {
      const topic = findTopic(input.TopicArn);
      authorize(topic, principal);
      const entries = (input.PublishBatchRequestEntries ?? []) as WireInput[];
      if (entries.length === 0)
        throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
      if (entries.length > 10) {
        throw new AwsError(
          'TooManyEntriesInBatchRequest',
          `The batch request contains more entries than permissible: ${entries.length} of 10.`,
        );
      }
      if (new Set(entries.map(({ Id }): unknown => Id)).size < entries.length) {
        throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
      }
      const Successful: object[] = [];
      const Failed: object[] = [];
      for (const entry of entries) {
        try {
          Successful.push({ Id: entry.Id, MessageId: publish(topic, entry) });
        } catch (error) {
          if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
          Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: error.statusCode < 500 });
        }
      }
      return { Successful, Failed };
    },
  };
}
