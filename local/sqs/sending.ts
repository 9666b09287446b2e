/** Sending a message. */
import { createHash } from 'node:crypto';
import type { CloudContext, Principal, WireInput } from '../kernel/service.ts';
import { checkedNumber } from './attributes.ts';
import { md5, md5OfAttributes } from './digest.ts';
import { count, type QueueDirectory } from './directory.ts';
import { checkAttributes, checkSize, fifoIdentity } from './message-input.ts';
import type { Queue } from './queue.ts';

export type Send = (queue: Queue, input: WireInput, principal: Principal) => object;

function senderId(principal: Principal): string {
  if (principal.kind === 'role')
    return `AROA${createHash('sha256').update(principal.arn).digest('hex').slice(0, 17).toUpperCase()}`;
  return principal.kind === 'service' ? principal.name : 'AIDAOPERATOR';
}

/** Builds the sender; it answers as SendMessage does. */
export function newSend(cloud: CloudContext, queues: QueueDirectory): Send {
  const { clock } = cloud.kernel;
  const random = cloud.kernel.random('sqs-send');
  return (queue, input, principal) => {
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
      count(cloud, queue, 'NumberOfMessagesSent', 1);
      queues.changed(queue);
    }
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(body),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
      SequenceNumber: message.sequenceNumber,
    };
  };
}
