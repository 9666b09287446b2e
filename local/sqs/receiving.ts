/** Receiving: redrive, visibility, long polls. */
import { asNumber } from '../kernel/coerce.ts';
import type { CloudContext, WireInput } from '../kernel/service.ts';
import { arrivalsOf } from './arrivals.ts';
import { checkedNumber, parseRedrivePolicy } from './attributes.ts';
import { md5, md5OfAttributes, type MessageAttributes } from './digest.ts';
import { count, type QueueDirectory } from './directory.ts';
import { invalidValue } from './message-input.ts';
import type { Message, Queue } from './queue.ts';

export type Receive = (queue: Queue, input: WireInput) => Promise<object>;

/** The system attributes of a received message that were asked for. */
function systemAttributes(message: Message, asked: readonly string[]): Record<string, string> | undefined {
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

/** Builds the receiver; it answers as ReceiveMessage does, after at most WaitTimeSeconds of virtual time. */
export function newReceive(cloud: CloudContext, queues: QueueDirectory): Receive {
  const { kernel } = cloud;
  const { clock } = kernel;
  const random = kernel.random('sqs-receive');
  const arrivals = arrivalsOf(kernel);

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
          Attributes: systemAttributes(message, asked),
          MD5OfMessageAttributes: md5OfAttributes(MessageAttributes),
          MessageAttributes,
        };
      });
    if (received.length > 0) {
      count(cloud, queue, 'NumberOfMessagesReceived', received.length);
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

  return async (queue, input) => {
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
    if (messages.length === 0) count(cloud, queue, 'NumberOfEmptyReceives', 1);
    return messages.length === 0 ? {} : { Messages: messages };
  };
}
