/** Amazon SQS (JSON protocol): standard and FIFO queues, long polling, redrive, queue policies for AWS's services. */
import { parsePolicy } from '../eventbridge/resource-policy.ts';
import { AwsError } from '../kernel/errors.ts';
import type { Timer } from '../kernel/clock.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';
import { arrivalsOf } from './arrivals.ts';
import { checkedAttributes, initialAttributes, parseRedrivePolicy } from './attributes.ts';
import type { QueueDirectory } from './directory.ts';
import { messageOperations } from './messages.ts';
import { Queue } from './queue.ts';

/** CloudWatch gets the state of a queue at each full minute. */
const SAMPLE_MS = 60_000;

function nonExistent(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

class Queues implements QueueDirectory {
  readonly #cloud: CloudContext;
  readonly #byName = new Map<string, Queue>();
  readonly #wakeUps = new Map<string, Timer>();
  readonly #samplers = new Set<string>();

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
    arrivalsOf(cloud.kernel).onWait((arn) => {
      const queue = this.byArn(arn);
      if (queue) this.#wake(queue);
    });
  }

  all(): Queue[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  add(queue: Queue): void {
    this.#byName.set(queue.name, queue);
  }

  remove(queue: Queue): void {
    this.#byName.delete(queue.name);
    this.#wakeUps.get(queue.arn)?.cancel();
  }

  byName(name: unknown): Queue {
    const queue = this.#byName.get(String(name));
    if (!queue) throw nonExistent();
    return queue;
  }

  byUrl(url: unknown): Queue {
    if (typeof url !== 'string')
      throw new AwsError('MissingParameter', 'The request must contain the parameter QueueUrl.');
    const [account, name] = url.split('/').slice(-2);
    if (account !== this.#cloud.accountId) throw nonExistent();
    return this.byName(name);
  }

  byArn(arn: string): Queue | undefined {
    const queue = this.#byName.get(arn.slice(arn.lastIndexOf(':') + 1));
    return queue?.arn === arn ? queue : undefined;
  }

  changed(queue: Queue): void {
    this.#wake(queue);
    this.#sample(queue);
  }

  /** Wakes those who wait now, or when the next message gets visible. */
  #wake(queue: Queue): void {
    const arrivals = arrivalsOf(this.#cloud.kernel);
    const { clock } = this.#cloud.kernel;
    this.#wakeUps.get(queue.arn)?.cancel();
    this.#wakeUps.delete(queue.arn);
    if (!arrivals.awaited(queue.arn)) return;
    if (queue.receivable(clock.now()).length > 0) {
      arrivals.announce(queue.arn);
      return;
    }
    const nextMs = queue.nextVisibleAtMs(clock.now());
    if (nextMs === undefined) return;
    this.#wakeUps.set(
      queue.arn,
      clock.at(nextMs, `visible messages of ${queue.name}`, () => this.#wake(queue)),
    );
  }

  /** Samples each minute while the queue holds messages, and once more when it is empty again. */
  #sample(queue: Queue): void {
    if (this.#samplers.has(queue.name)) return;
    this.#samplers.add(queue.name);
    const { clock } = this.#cloud.kernel;
    const atMs = (Math.floor(clock.now() / SAMPLE_MS) + 1) * SAMPLE_MS;
    clock.at(atMs, `metrics of ${queue.name}`, () => {
      this.#samplers.delete(queue.name);
      const { visible, inFlight, delayed } = queue.counts(clock.now());
      this.#record(queue, 'ApproximateNumberOfMessagesVisible', visible, 'Count');
      this.#record(queue, 'ApproximateNumberOfMessagesNotVisible', inFlight, 'Count');
      this.#record(queue, 'ApproximateNumberOfMessagesDelayed', delayed, 'Count');
      const oldestMs = queue.messages.reduce((oldest, { sentAtMs }) => Math.min(oldest, sentAtMs), clock.now());
      this.#record(queue, 'ApproximateAgeOfOldestMessage', (clock.now() - oldestMs) / 1000, 'Seconds');
      if (queue.messages.length > 0) this.#sample(queue);
    });
  }

  #record(queue: Queue, name: string, value: number, unit: string): void {
    this.#cloud.recordMetric({
      namespace: 'AWS/SQS',
      name,
      dimensions: { QueueName: queue.name },
      values: [value],
      unit,
    });
  }
}

function checkQueueName(name: string, attributes: ReadonlyMap<string, string>): void {
  const fifo = attributes.get('FifoQueue') === 'true';
  if (!/^[\w-]{1,80}$|^[\w-]{1,75}\.fifo$/.test(name) || fifo !== name.endsWith('.fifo')) {
    throw new AwsError(
      'InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. ' +
        `A FIFO queue's name ends with .fifo: '${name}'`,
    );
  }
}

function describeAttributes(queue: Queue, asked: readonly string[], nowMs: number): Record<string, string> | undefined {
  const { visible, inFlight, delayed } = queue.counts(nowMs);
  const all: Record<string, string> = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.createdAtMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAtMs / 1000)),
    ...Object.fromEntries([...queue.attributes].filter(([, value]) => value !== '')),
  };
  const KNOWN_OPTIONAL = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'FifoQueue', 'ContentBasedDeduplication'];
  const OTHER_OPTIONAL = [
    'KmsMasterKeyId',
    'KmsDataKeyReusePeriodSeconds',
    'DeduplicationScope',
    'FifoThroughputLimit',
    'All',
  ];
  const unknown = asked.find((name) => !(name in all) && ![...KNOWN_OPTIONAL, ...OTHER_OPTIONAL].includes(name));
  if (unknown !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  const chosen = Object.entries(all).filter(([name]) => asked.includes('All') || asked.includes(name));
  return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
}

function queueOperations(cloud: CloudContext, queues: Queues): Record<string, Operation> {
  const { clock } = cloud.kernel;

  const setAttributes = (queue: Queue | undefined, changes: ReadonlyMap<string, string>): void => {
    const policy = changes.get('Policy');
    if (policy)
      parsePolicy(
        policy,
        (reason) => new AwsError('InvalidAttributeValue', `Invalid value for the parameter Policy: ${reason}`),
      );
    const redrive = changes.get('RedrivePolicy');
    if (redrive) {
      const { deadLetterTargetArn } = parseRedrivePolicy(redrive);
      if (!queues.byArn(deadLetterTargetArn)) {
        throw new AwsError(
          'InvalidParameterValue',
          `Value ${redrive} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
        );
      }
    }
    if (!queue) return;
    for (const [name, value] of changes) queue.attributes.set(name, value);
    queue.modifiedAtMs = clock.now();
  };

  const create = (input: WireInput): object => {
    const name = String(input.QueueName);
    const changes = checkedAttributes(input.Attributes ?? {});
    checkQueueName(name, changes);
    const existing = queues.all().find((queue) => queue.name === name);
    if (existing) {
      const differs = [...changes].find(([attribute, value]) => existing.attributes.get(attribute) !== value);
      if (differs) {
        throw new AwsError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${differs[0]}`,
        );
      }
      return { QueueUrl: existing.url };
    }
    setAttributes(undefined, changes);
    const arn = `arn:aws:sqs:${cloud.region}:${cloud.accountId}:${name}`;
    const url = `https://sqs.${cloud.region}.amazonaws.com/${cloud.accountId}/${name}`;
    const queue = new Queue({ name, arn, url, nowMs: clock.now() }, new Map([...initialAttributes(), ...changes]));
    for (const [key, value] of Object.entries((input.tags ?? {}) as Record<string, string>)) queue.tags.set(key, value);
    queues.add(queue);
    // Wakes pollers that were there before the queue.
    queues.changed(queue);
    return { QueueUrl: url };
  };

  return {
    CreateQueue: create,
    DeleteQueue: (input) => queues.remove(queues.byUrl(input.QueueUrl)),
    GetQueueUrl: (input) => ({ QueueUrl: queues.byName(input.QueueName).url }),
    ListQueues: (input) => {
      const urls = queues
        .all()
        .filter(({ name }) => name.startsWith(input.QueueNamePrefix ?? ''))
        .map(({ url }) => url);
      return urls.length === 0 ? {} : { QueueUrls: urls };
    },
    GetQueueAttributes: (input) => ({
      Attributes: describeAttributes(
        queues.byUrl(input.QueueUrl),
        (input.AttributeNames ?? []) as string[],
        clock.now(),
      ),
    }),
    SetQueueAttributes: (input) =>
      setAttributes(queues.byUrl(input.QueueUrl), checkedAttributes(input.Attributes ?? {})),
    ListDeadLetterSourceQueues: (input) => {
      const target = queues.byUrl(input.QueueUrl);
      const sources = queues.all().filter(({ attributes }) => {
        const text = attributes.get('RedrivePolicy');
        return !!text && parseRedrivePolicy(text).deadLetterTargetArn === target.arn;
      });
      return { queueUrls: sources.map(({ url }) => url) };
    },
    TagQueue: (input) => {
      const { tags } = queues.byUrl(input.QueueUrl);
      for (const [key, value] of Object.entries((input.Tags ?? {}) as Record<string, string>)) tags.set(key, value);
    },
    UntagQueue: (input) => {
      const { tags } = queues.byUrl(input.QueueUrl);
      for (const key of input.TagKeys as string[]) tags.delete(key);
    },
    ListQueueTags: (input) => ({ Tags: Object.fromEntries(queues.byUrl(input.QueueUrl).tags) }),
  };
}

/** Batches need the permission of the single operation. */
const ACTIONS: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
};

/** Builds SQS. */
export function newSqs(cloud: CloudContext): Service {
  const queues = new Queues(cloud);
  const arn = (name: string): string => `arn:aws:sqs:${cloud.region}:${cloud.accountId}:${name}`;
  return {
    id: 'sqs',
    operations: { ...queueOperations(cloud, queues), ...messageOperations(cloud, queues) },
    access: (operation, input): readonly Access[] => {
      const action = `sqs:${ACTIONS[operation] ?? operation}`;
      if (operation === 'ListQueues') return [{ action, resource: arn('*') }];
      const name = (input.QueueName ??
        String(input.QueueUrl ?? '')
          .split('/')
          .pop()) as string;
      return [{ action, resource: arn(name) }];
    },
  };
}
