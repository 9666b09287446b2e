/** The operations on messages. */
import { parsePolicy, serviceIsAllowed } from '../eventbridge/resource-policy.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext, Operation, Principal, WireInput } from '../kernel/service.ts';
import { checkedNumber } from './attributes.ts';
import { count, type QueueDirectory } from './directory.ts';
import { batch, invalidValue } from './message-input.ts';
import type { Message, Queue } from './queue.ts';
import { newReceive } from './receiving.ts';
import { newSend } from './sending.ts';

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

/** The message of a receipt, if it still exists. @throws AwsError ReceiptHandleIsInvalid */
function byReceipt(queue: Queue, receiptHandle: unknown): Message | undefined {
  const [id, ...rest] = Buffer.from(String(receiptHandle), 'base64').toString().split('/');
  if (!id || rest.length !== 1 || !/^[0-9a-f-]{36}$/.test(id)) {
    throw new AwsError(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${String(receiptHandle)}" is not a valid receipt handle.`,
    );
  }
  return queue.messages.find((message) => message.id === id);
}

/** Operations SendMessage to PurgeQueue. */
export function messageOperations(cloud: CloudContext, queues: QueueDirectory): Record<string, Operation> {
  const { clock } = cloud.kernel;
  const send = newSend(cloud, queues);
  const receive = newReceive(cloud, queues);

  const remove = (queue: Queue, receiptHandle: unknown): object => {
    const message = byReceipt(queue, receiptHandle);
    // A message that was received again since may be deleted in a standard queue by its newest receipt only.
    if (message && message.receiptHandle === receiptHandle) {
      queue.messages = queue.messages.filter((other) => other !== message);
      count(cloud, queue, 'NumberOfMessagesDeleted', 1);
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
    ReceiveMessage: (input, { principal }) => {
      const queue = queues.byUrl(input.QueueUrl);
      authorize(cloud, queue, principal, 'sqs:ReceiveMessage');
      return receive(queue, input);
    },
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
