/** Sending, receiving and deleting messages. */
import { createHash } from 'node:crypto';
import { asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { CallContext, CloudContext, Operation, Principal, WireInput } from '../kernel/service.ts';
import { parsePolicy, serviceIsAllowed } from '../eventbridge/resource-policy.ts';
import { arrivalsOf } from './arrivals.ts';
import { checkedNumber, parseRedrivePolicy } from './attributes.ts';
import { md5, md5OfAttributes, type MessageAttributes } from './digest.ts';
import type { Message, Queue } from './queue.ts';

export interface QueueDirectory {
  /** @throws AwsError QueueDoesNotExist */
  byUrl(url: unknown): Queue;
  byArn(arn: string): Queue | undefined;
  /** Tells that the queue's content changed: wakes those who wait, keeps the metrics going. */
  changed(queue: Queue): void;
}

const invalidValue = (message: string): AwsError => new AwsError('InvalidParameterValue', message);

/** @throws AwsError AccessDenied unless the queue's policy lets the service act */
function authorize(cloud: CloudContext, queue: Queue, principal: Principal, action: string): void {
  if (principal.kind !== 'service') return;
  const text = queue.attributes.get('Policy');
  const policy = text ? parsePolicy(text, invalidValue) : undefined;
  if (!serviceIsAllowed(policy, { principal, action, resource: queue.arn, accountId: cloud.accountId })) {
    throw new AwsError(
      'AccessDenied',
      `User: ${principal.name} is not authorized to perform: ${action} on resource: ${queue.arn} because no ` +
        `resource-based policy allows the ${action} action`,
      { statusCode: 403 },
    );
  }
}

function senderId(principal: Principal): string {
  if (principal.kind === 'role')
    return `AROA${createHash('sha256').update(principal.arn).digest('hex').slice(0, 17).toUpperCase()}`;
  return principal.kind === 'service' ? principal.name : 'AIDAOPERATOR';
}

function checkAttributes(attributes: MessageAttributes): MessageAttributes {
  const names = Object.keys(attributes);
  if (names.length > 10)
    throw invalidValue(`Number of message attributes [${names.length}] exceeds the allowed maximum [10].`);
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name]!;
    if (!/^(String|Number|Binary)(\..+)?$/.test(DataType ?? '')) {
      throw invalidValue(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    if ((DataType.startsWith('Binary') ? BinaryValue : StringValue) === undefined || StringValue === '') {
      throw invalidValue(
        `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
      );
    }
  }
  return attributes;
}

function checkSize(queue: Queue, body: unknown, attributes: MessageAttributes): string {
  if (typeof body !== 'string' || body === '') {
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  const attributeBytes = Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum + Buffer.byteLength(name + DataType + (StringValue ?? '')) + (BinaryValue?.length ?? 0),
    0,
  );
  const limit = queue.number('MaximumMessageSize');
  if (Buffer.byteLength(body) + attributeBytes > limit) {
    throw invalidValue(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  return body;
}

/** Group and deduplication id of a FIFO message. */
function fifoIdentity(queue: Queue, input: WireInput, body: string): { groupId?: string; deduplicationId?: string } {
  if (!queue.isFifo) {
    if (input.MessageDeduplicationId !== undefined) {
      throw invalidValue(
        'The request includes a parameter that is not valid for this queue type: MessageDeduplicationId',
      );
    }
    if (input.MessageGroupId !== undefined)
      throw new UnsupportedFeature('MessageGroupId (fair queues) on a standard queue');
    return {};
  }
  if (input.MessageGroupId === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  if (Number(input.DelaySeconds ?? 0) > 0) {
    throw invalidValue(
      `Value ${String(input.DelaySeconds)} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  }
  const contentBased = queue.attributes.get('ContentBasedDeduplication') === 'true';
  if (input.MessageDeduplicationId === undefined && !contentBased) {
    throw invalidValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  const deduplicationId = (input.MessageDeduplicationId ?? createHash('sha256').update(body).digest('hex')) as string;
  return { groupId: String(input.MessageGroupId), deduplicationId };
}

/** The system attributes of a received message that were asked for. */
function systemAttributes(
  queue: Queue,
  message: Message,
  asked: readonly string[],
): Record<string, string> | undefined {
  const all: Record<string, string | undefined> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    SequenceNumber: message.sequenceNumber,
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSourceArn,
  };
  const wanted = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (asked.includes('All') || asked.includes(name)),
  ) as [string, string][];
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}

function selectAttributes(attributes: MessageAttributes, asked: readonly string[]): MessageAttributes | undefined {
  const names = Object.keys(attributes).filter((name) =>
    asked.some(
      (wish) =>
        wish === 'All' || wish === '.*' || wish === name || (wish.endsWith('.*') && name.startsWith(wish.slice(0, -1))),
    ),
  );
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, attributes[name]!]));
}

function batchEntries(input: WireInput): WireInput[] {
  const entries = (input.Entries ?? []) as WireInput[];
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set(entries.map(({ Id }): unknown => Id));
  if (ids.size < entries.length) throw new AwsError('BatchEntryIdsNotDistinct', 'Id of some entries are not distinct.');
  return entries;
}

/** Runs each entry of a batch; what the service refuses is reported for that entry alone. */
function batch(input: WireInput, run: (entry: WireInput) => object): { Successful: object[]; Failed: object[] } {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of batchEntries(input)) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
      Failed.push({ Id: entry.Id, SenderFault: error.statusCode < 500, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

export function messageOperations(cloud: CloudContext, queues: QueueDirectory): Record<string, Operation> {
  const { kernel } = cloud;
  const { clock } = kernel;
  const random = kernel.random('sqs');
  const arrivals = arrivalsOf(kernel);

  const count = (queue: Queue, name: string, value: number): void =>
    cloud.recordMetric({
      namespace: 'AWS/SQS',
      name,
      dimensions: { QueueName: queue.name },
      values: [value],
      unit: 'Count',
    });

  const send = (queue: Queue, input: WireInput, principal: Principal): object => {
    const attributes = checkAttributes(input.MessageAttributes ?? {});
    const body = checkSize(queue, input.MessageBody, attributes);
    const { groupId, deduplicationId } = fifoIdentity(queue, input, body);
    const nowMs = clock.now();
    const delaySeconds =
      queue.isFifo || input.DelaySeconds === undefined
        ? queue.number('DelaySeconds')
        : checkedNumber('DelaySeconds', input.DelaySeconds, 'InvalidParameterValue');
    let message = deduplicationId === undefined ? undefined : queue.duplicateOf(deduplicationId, nowMs);
    if (!message) {
      message = {
        ...{
          id: random.uuid(),
          body,
          attributes,
          sentAtMs: nowMs,
          senderId: senderId(principal),
          groupId,
          deduplicationId,
        },
        sequenceNumber: queue.isFifo ? queue.nextSequenceNumber() : undefined,
        traceHeader: input.MessageSystemAttributes?.AWSTraceHeader?.StringValue,
        ...{ visibleAtMs: nowMs + delaySeconds * 1000, receiveCount: 0, firstReceivedAtMs: undefined },
        ...{ receiptHandle: undefined, deadLetterSourceArn: undefined },
      };
      queue.add(message, nowMs);
      count(queue, 'NumberOfMessagesSent', 1);
      queues.changed(queue);
    }
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(body),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
      SequenceNumber: message.sequenceNumber,
    };
  };

  /** Moves messages that were received too often to the dead-letter queue. */
  const redrive = (queue: Queue): void => {
    const text = queue.attributes.get('RedrivePolicy');
    if (!text) return;
    const { deadLetterTargetArn, maxReceiveCount } = parseRedrivePolicy(text);
    const target = queues.byArn(deadLetterTargetArn);
    if (!target) return;
    const spent = queue.receivable(clock.now()).filter(({ receiveCount }) => receiveCount >= maxReceiveCount);
    if (spent.length === 0) return;
    queue.messages = queue.messages.filter((message) => !spent.includes(message));
    for (const message of spent) {
      kernel.trace(`sqs ${queue.name} ${message.id} to dead-letter queue ${target.name}`);
      message.deadLetterSourceArn = queue.arn;
      target.messages.push(message);
    }
    queues.changed(queue);
    queues.changed(target);
  };

  const take = (queue: Queue, input: WireInput): object[] => {
    redrive(queue);
    const nowMs = clock.now();
    const maximum =
      input.MaxNumberOfMessages === undefined ? 1 : asNumber(input.MaxNumberOfMessages, 'MaxNumberOfMessages');
    if (!Number.isInteger(maximum) || maximum < 1 || maximum > 10) {
      throw invalidValue(
        `Value ${maximum} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    }
    const visibility =
      input.VisibilityTimeout === undefined
        ? queue.number('VisibilityTimeout')
        : checkedNumber('VisibilityTimeout', input.VisibilityTimeout, 'InvalidParameterValue');
    const asked = [
      ...((input.AttributeNames ?? []) as string[]),
      ...((input.MessageSystemAttributeNames ?? []) as string[]),
    ];
    const received = queue
      .receivable(nowMs)
      .slice(0, maximum)
      .map((message) => {
        const ReceiptHandle = queue.receive(message, visibility, nowMs, random);
        const MessageAttributes = selectAttributes(message.attributes, (input.MessageAttributeNames ?? []) as string[]);
        return {
          ...{ MessageId: message.id, ReceiptHandle, MD5OfBody: md5(message.body), Body: message.body },
          Attributes: systemAttributes(queue, message, asked),
          MD5OfMessageAttributes: md5OfAttributes(MessageAttributes),
          MessageAttributes,
        };
      });
    if (received.length > 0) {
      count(queue, 'NumberOfMessagesReceived', received.length);
      queues.changed(queue);
    }
    return received;
  };

  /** Waits until the queue has something to receive, or the time is over. */
  const awaitMessages = (queue: Queue, untilMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.at(untilMs, `long poll of ${queue.name}`, () => {
        giveUp();
        resolve();
      });
      const giveUp = arrivals.wait(queue.arn, () => {
        timer.cancel();
        resolve();
      });
    });

  const receive = async (input: WireInput, { principal }: CallContext): Promise<object> => {
    const queue = queues.byUrl(input.QueueUrl);
    authorize(cloud, queue, principal, 'sqs:ReceiveMessage');
    const waitSeconds =
      input.WaitTimeSeconds === undefined
        ? queue.number('ReceiveMessageWaitTimeSeconds')
        : checkedNumber('ReceiveMessageWaitTimeSeconds', input.WaitTimeSeconds, 'InvalidParameterValue');
    const untilMs = clock.now() + waitSeconds * 1000;
    let messages = take(queue, input);
    while (messages.length === 0 && clock.now() < untilMs) {
      await awaitMessages(queue, untilMs);
      messages = take(queue, input);
    }
    if (messages.length === 0) count(queue, 'NumberOfEmptyReceives', 1);
    return messages.length === 0 ? {} : { Messages: messages };
  };

  const byReceipt = (queue: Queue, receiptHandle: unknown): Message | undefined => {
    const [id, ...rest] = Buffer.from(String(receiptHandle), 'base64').toString().split('/');
    if (!id || rest.length !== 1 || !/^[0-9a-f-]{36}$/.test(id)) {
      throw new AwsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${String(receiptHandle)}" is not a valid receipt handle.`,
      );
    }
    return queue.messages.find((message) => message.id === id);
  };

  const remove = (queue: Queue, receiptHandle: unknown): object => {
    const message = byReceipt(queue, receiptHandle);
    // A message that was received again since may be deleted in a standard queue by its newest receipt only.
    if (message && message.receiptHandle === receiptHandle) {
      queue.messages = queue.messages.filter((other) => other !== message);
      count(queue, 'NumberOfMessagesDeleted', 1);
      queues.changed(queue);
    }
    return {};
  };

  const changeVisibility = (queue: Queue, input: WireInput): object => {
    const seconds = checkedNumber('VisibilityTimeout', input.VisibilityTimeout, 'InvalidParameterValue');
    const message = byReceipt(queue, input.ReceiptHandle);
    const nowMs = clock.now();
    if (!message || message.receiptHandle !== input.ReceiptHandle || message.visibleAtMs <= nowMs) {
      throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.');
    }
    message.visibleAtMs = nowMs + seconds * 1000;
    queues.changed(queue);
    return {};
  };

  return {
    SendMessage: (input, { principal }) => {
      const queue = queues.byUrl(input.QueueUrl);
      authorize(cloud, queue, principal, 'sqs:SendMessage');
      return send(queue, input, principal);
    },
    SendMessageBatch: (input, { principal }) => {
      const queue = queues.byUrl(input.QueueUrl);
      authorize(cloud, queue, principal, 'sqs:SendMessage');
      return batch(input, (entry) => send(queue, entry, principal));
    },
    ReceiveMessage: receive,
    DeleteMessage: (input) => void remove(queues.byUrl(input.QueueUrl), input.ReceiptHandle),
    DeleteMessageBatch: (input) => {
      const queue = queues.byUrl(input.QueueUrl);
      return batch(input, (entry) => remove(queue, entry.ReceiptHandle));
    },
    ChangeMessageVisibility: (input) => void changeVisibility(queues.byUrl(input.QueueUrl), input),
    ChangeMessageVisibilityBatch: (input) => {
      const queue = queues.byUrl(input.QueueUrl);
      return batch(input, (entry) => changeVisibility(queue, entry));
    },
    PurgeQueue: (input) => {
      const queue = queues.byUrl(input.QueueUrl);
      if (queue.purgedAtMs !== undefined && clock.now() - queue.purgedAtMs < 60_000) {
        throw new AwsError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        );
      }
      queue.purgedAtMs = clock.now();
      queue.messages = [];
      queues.changed(queue);
    },
  };
}
