/** Subscribing: protocols, confirmation, filter policies, raw delivery. */
import { compilePattern } from '../eventbridge/pattern.ts';
import { asBoolean } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { CloudContext, Operation, WireInput } from '../kernel/service.ts';
import { invalidParameter, notFound, page, type Subscription, type Topic } from './topics.ts';

export interface Email {
  readonly to: string;
  readonly subject: string;
  readonly message: string;
  /** Virtual epoch milliseconds. */
  readonly atMs: number;
}

type Protocol = Subscription['protocol'];

function checkEndpoint(protocol: unknown, endpoint: unknown): Protocol {
  const known: Readonly<Record<string, RegExp>> = {
    sqs: /^arn:aws:sqs:[^:]+:\d{12}:[\w-]+$/,
    lambda: /^arn:aws:lambda:[^:]+:\d{12}:function:.+$/,
    email: /^[^@\s]+@[^@\s]+$/,
    'email-json': /^[^@\s]+@[^@\s]+$/,
  };
  const name = String(protocol);
  const format = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!format) {
    if (['http', 'https', 'sms', 'application', 'firehose'].includes(name)) {
      throw new UnsupportedFeature(`SNS protocol '${name}'`);
    }
    throw invalidParameter(`Does not support this protocol string: ${name}`);
  }
  if (!format.test(String(endpoint))) throw invalidParameter(`${name} endpoint '${String(endpoint)}'`);
  return name as Protocol;
}

/** Filters on attributes are flat, apart from `$or`. */
function checkFlat(policy: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(policy)) {
    if (key === '$or') for (const branch of value as Record<string, unknown>[]) checkFlat(branch);
    else if (!Array.isArray(value)) {
      throw invalidParameter(
        `FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy`,
      );
    }
  }
}

function compileFilter(text: string, scope: Subscription['filterScope']): (event: unknown) => boolean {
  let matches: (event: unknown) => boolean;
  try {
    matches = compilePattern(text);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw invalidParameter(`FilterPolicy: ${error.message.replace('Event pattern is not valid. Reason: ', '')}`);
  }
  if (scope === 'MessageAttributes') checkFlat(JSON.parse(text) as Record<string, unknown>);
  return matches;
}

function parseRedrive(text: string): string {
  let parsed: { deadLetterTargetArn?: unknown };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (error) {
    throw invalidParameter(`RedrivePolicy: failed to parse JSON. ${(error as Error).message}`);
  }
  if (typeof parsed.deadLetterTargetArn !== 'string' || !/^arn:aws:sqs:/.test(parsed.deadLetterTargetArn)) {
    throw invalidParameter(`RedrivePolicy: deadLetterTargetArn is not the ARN of a queue in '${text}'`);
  }
  return parsed.deadLetterTargetArn;
}

/** Sets attributes all together, so that a refused one changes nothing. */
function setAttributes(subscription: Subscription, attributes: Readonly<Record<string, unknown>>): void {
  const known = ['FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy'];
  const unknown = Object.keys(attributes).find((name) => !known.includes(name));
  if (unknown === 'DeliveryPolicy' || unknown === 'SubscriptionRoleArn' || unknown === 'ReplayPolicy') {
    throw new UnsupportedFeature(`${unknown} of an SNS subscription`);
  }
  if (unknown !== undefined) throw invalidParameter(`Attributes Reason: Unknown attribute: ${unknown}`);
  const scope = (attributes.FilterPolicyScope ?? subscription.filterScope) as string;
  if (scope !== 'MessageAttributes' && scope !== 'MessageBody') {
    throw invalidParameter(`FilterPolicyScope: Invalid value '${scope}', it must be MessageAttributes or MessageBody`);
  }
  const given = attributes.FilterPolicy as string | undefined;
  const text = given === undefined ? subscription.filterPolicy : given === '' || given === '{}' ? undefined : given;
  const matches = text === undefined ? undefined : compileFilter(text, scope);
  const raw = attributes.RawMessageDelivery;
  const redrive = attributes.RedrivePolicy as string | undefined;
  const deadLetterArn = redrive ? parseRedrive(redrive) : redrive === '' ? undefined : subscription.deadLetterArn;
  subscription.raw = raw === undefined ? subscription.raw : asBoolean(raw, 'RawMessageDelivery');
  subscription.filterScope = scope;
  subscription.filterPolicy = text;
  subscription.matches = matches;
  subscription.deadLetterArn = deadLetterArn;
}

function describe(subscription: Subscription, accountId: string): Record<string, string> {
  return {
    SubscriptionArn: subscription.arn,
    TopicArn: subscription.topic.arn,
    Owner: accountId,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    PendingConfirmation: String(!subscription.confirmed),
    ConfirmationWasAuthenticated: String(subscription.confirmed),
    RawMessageDelivery: String(subscription.raw),
    ...(subscription.filterPolicy !== undefined && {
      FilterPolicy: subscription.filterPolicy,
      FilterPolicyScope: subscription.filterScope,
    }),
    ...(subscription.deadLetterArn !== undefined && {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: subscription.deadLetterArn }),
    }),
  };
}

export interface SubscriptionDependencies {
  readonly cloud: CloudContext;
  readonly topics: ReadonlyMap<string, Topic>;
  readonly random: Random;
  readonly findTopic: (arn: unknown) => Topic;
  readonly mail: (email: Omit<Email, 'atMs'>) => void;
}

export function subscriptionOperations(dependencies: SubscriptionDependencies): Record<string, Operation> {
  const { cloud, topics, random, findTopic, mail } = dependencies;
  const all = (): Subscription[] => [...topics.values()].flatMap((topic) => [...topic.subscriptions.values()]);

  const find = (arn: unknown): Subscription => {
    const found = all().find((subscription) => subscription.arn === arn);
    if (!found) throw notFound('Subscription does not exist');
    return found;
  };

  const list = (subscriptions: readonly Subscription[], input: WireInput): object => {
    const { items, NextToken } = page(subscriptions, input.NextToken);
    const Subscriptions = items.map((subscription) => ({
      SubscriptionArn: subscription.confirmed ? subscription.arn : 'PendingConfirmation',
      Owner: cloud.accountId,
      Protocol: subscription.protocol,
      Endpoint: subscription.endpoint,
      TopicArn: subscription.topic.arn,
    }));
    return { Subscriptions, NextToken };
  };

  const askForConfirmation = ({ topic, endpoint, token }: Subscription): void =>
    mail({
      to: endpoint,
      subject: 'AWS Notification - Subscription Confirmation',
      message: `You have chosen to subscribe to the topic: ${topic.arn}\nTo confirm: aws sns confirm-subscription --topic-arn ${topic.arn} --token ${token}`,
    });

  const subscribe = (input: WireInput): object => {
    const topic = findTopic(input.TopicArn);
    const protocol = checkEndpoint(input.Protocol, input.Endpoint);
    const endpoint = String(input.Endpoint);
    const asked =
      input.ReturnSubscriptionArn !== undefined && asBoolean(input.ReturnSubscriptionArn, 'ReturnSubscriptionArn');
    const existing = [...topic.subscriptions.values()].find(
      (one) => one.protocol === protocol && one.endpoint === endpoint,
    );
    const subscription: Subscription = existing ?? {
      ...{ topic, protocol, endpoint, arn: `${topic.arn}:${random.uuid()}`, token: random.hex(64) },
      confirmed: !protocol.startsWith('email'),
      ...{
        raw: false,
        filterPolicy: undefined,
        filterScope: 'MessageAttributes',
        matches: undefined,
        deadLetterArn: undefined,
      },
    };
    if (!existing) setAttributes(subscription, input.Attributes ?? {});
    else if (Object.keys(input.Attributes ?? {}).length > 0) {
      const before = describe(existing, cloud.accountId);
      const differs = Object.entries(input.Attributes as Record<string, unknown>).find(
        ([name, value]) => before[name] !== value,
      );
      if (differs) {
        throw invalidParameter(
          `Attributes Reason: Subscription already exists with different attributes (${differs[0]})`,
        );
      }
    }
    topic.subscriptions.set(subscription.arn, subscription);
    if (!subscription.confirmed) askForConfirmation(subscription);
    return { SubscriptionArn: subscription.confirmed || asked ? subscription.arn : 'pending confirmation' };
  };

  return {
    Subscribe: subscribe,
    ConfirmSubscription: (input) => {
      const topic = findTopic(input.TopicArn);
      const subscription = [...topic.subscriptions.values()].find(({ token }) => token === input.Token);
      if (!subscription) throw invalidParameter('Token');
      subscription.confirmed = true;
      return { SubscriptionArn: subscription.arn };
    },
    Unsubscribe: (input) => {
      // AWS answers 200 for a subscription that is gone.
      const found = all().find(({ arn }) => arn === input.SubscriptionArn);
      found?.topic.subscriptions.delete(found.arn);
    },
    ListSubscriptions: (input) => list(all(), input),
    ListSubscriptionsByTopic: (input) => list([...findTopic(input.TopicArn).subscriptions.values()], input),
    GetSubscriptionAttributes: (input) => ({ Attributes: describe(find(input.SubscriptionArn), cloud.accountId) }),
    SetSubscriptionAttributes: (input) =>
      setAttributes(find(input.SubscriptionArn), { [String(input.AttributeName)]: input.AttributeValue as unknown }),
  };
}
