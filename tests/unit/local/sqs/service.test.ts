import { describe, expect, it, test } from '@jest/globals';
import { md5, md5OfAttributes } from '../../../../local/sqs/digest.ts';
import {
  allowSend,
  drain,
  newConnectedCloud,
  queueArn,
  queueUrl,
  type ConnectedCloud,
} from '../eventbridge/connected-cloud.ts';

async function withQueue(attributes: object = {}, name = 'q'): Promise<ConnectedCloud> {
  const cloud = newConnectedCloud();
  await cloud.do('sqs', 'CreateQueue', { QueueName: name, Attributes: attributes });
  return cloud;
}
const send = (cloud: ConnectedCloud, MessageBody: string, more: object = {}, name = 'q') =>
  cloud.do('sqs', 'SendMessage', { QueueUrl: queueUrl(name), MessageBody, ...more });
const receive = async (cloud: ConnectedCloud, more: object = {}, name = 'q') =>
  ((await cloud.do('sqs', 'ReceiveMessage', { QueueUrl: queueUrl(name), ...more })).Messages ?? []) as {
    Body: string;
    MessageId: string;
    ReceiptHandle: string;
    Attributes?: Record<string, string>;
    MD5OfBody: string;
    MD5OfMessageAttributes?: string;
    MessageAttributes?: object;
  }[];

describe('digests', () => {
  it('are those of AWS', () => {
    expect(md5('This is a test message')).toBe('fafb00f5732ab283681e124bf8747ed1');
    const attributes = {
      colour: { DataType: 'String', StringValue: 'blue' },
      count: { DataType: 'Number', StringValue: '7' },
      blob: { DataType: 'Binary', BinaryValue: 'AQID' },
    };
    // Computed by moto 5.2.1, another implementation of the documented algorithm.
    expect(md5OfAttributes(attributes)).toBe('5d70382ddf4c6c4699d0b87f69083985');
    expect(
      md5OfAttributes({ ...attributes, blob: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 3]) } }),
    ).toBe('5d70382ddf4c6c4699d0b87f69083985');
    expect(md5OfAttributes({})).toBeUndefined();
  });
});

describe('messages', () => {
  it('are hidden while somebody works on them, and come back', async () => {
    const cloud = await withQueue();
    const { MessageId, MD5OfMessageBody } = await send(cloud, 'a', {
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
    });
    const [first] = await receive(cloud, { MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['kind'] });
    expect(first).toMatchObject({
      Body: 'a',
      MessageId,
      MD5OfBody: MD5OfMessageBody,
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.UTC(2026, 0, 5)) },
    });
    expect(first!.MD5OfMessageAttributes).toBe(md5OfAttributes({ kind: { DataType: 'String', StringValue: 'x' } }));
    expect(await receive(cloud)).toEqual([]);
    await cloud.kernel.runFor(30_000);
    const [second] = await receive(cloud, { AttributeNames: ['ApproximateReceiveCount'] });
    expect(second).toMatchObject({ MessageId, Attributes: { ApproximateReceiveCount: '2' } });
    await cloud.do('sqs', 'DeleteMessage', { QueueUrl: queueUrl('q'), ReceiptHandle: first!.ReceiptHandle });
    await cloud.do('sqs', 'ChangeMessageVisibility', {
      QueueUrl: queueUrl('q'),
      ReceiptHandle: second!.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    const [third] = await receive(cloud);
    await cloud.do('sqs', 'DeleteMessage', { QueueUrl: queueUrl('q'), ReceiptHandle: third!.ReceiptHandle });
    await cloud.kernel.runFor(60_000);
    expect(await receive(cloud)).toEqual([]);
  });

  it('are waited for by a long poll, in virtual time', async () => {
    const cloud = await withQueue();
    const start = cloud.kernel.clock.now();
    const poll = receive(cloud, { WaitTimeSeconds: 20 });
    cloud.kernel.clock.after(7_000, 'sender', () =>
      cloud.kernel.spawn(
        'sender',
        () =>
          cloud.call(
            'sqs',
            'SendMessage',
            { QueueUrl: queueUrl('q'), MessageBody: 'late' },
            { kind: 'root' },
          ) as Promise<void>,
      ),
    );
    expect((await poll)[0]?.Body).toBe('late');
    expect(cloud.kernel.clock.now() - start).toBe(7_000);
    expect(await receive(cloud, { WaitTimeSeconds: 20, MaxNumberOfMessages: 10 })).toEqual([]);
    expect(cloud.kernel.clock.now() - start).toBe(27_000);
    // The message gets visible again 30 s after it was received.
    expect(await receive(cloud, { WaitTimeSeconds: 20 })).toHaveLength(1);
    expect(cloud.kernel.clock.now() - start).toBe(37_000);
  });

  it('can be delayed, and are forgotten after the retention period', async () => {
    const cloud = await withQueue({ MessageRetentionPeriod: '60' });
    await send(cloud, 'a', { DelaySeconds: 10 });
    expect(await receive(cloud)).toEqual([]);
    await cloud.kernel.runFor(10_000);
    expect(await receive(cloud, { VisibilityTimeout: 0 })).toHaveLength(1);
    await cloud.kernel.runFor(60_000);
    expect(await receive(cloud)).toEqual([]);
  });

  it('go to the dead-letter queue when they were received too often', async () => {
    const cloud = await withQueue({}, 'dead');
    await cloud.do('sqs', 'CreateQueue', {
      QueueName: 'q',
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: '2' }) },
    });
    const { MessageId } = await send(cloud, 'poison');
    for (let i = 0; i < 2; i++) expect(await receive(cloud, { VisibilityTimeout: 0 })).toHaveLength(1);
    expect(await receive(cloud)).toEqual([]);
    const [message] = await drain(cloud, 'dead');
    expect(message).toMatchObject({
      MessageId,
      Body: 'poison',
      Attributes: { DeadLetterQueueSourceArn: queueArn('q') },
    });
    expect(await cloud.do('sqs', 'ListDeadLetterSourceQueues', { QueueUrl: queueUrl('dead') })).toEqual({
      queueUrls: [queueUrl('q')],
    });
  });

  it('in batches succeed and fail one by one', async () => {
    const cloud = await withQueue({ MaximumMessageSize: '1024' });
    const Entries = [
      { Id: 'a', MessageBody: 'x' },
      { Id: 'b', MessageBody: 'x'.repeat(1025) },
    ];
    const { Successful, Failed } = await cloud.do('sqs', 'SendMessageBatch', { QueueUrl: queueUrl('q'), Entries });
    expect(Successful).toMatchObject([{ Id: 'a', MD5OfMessageBody: md5('x') }]);
    expect(Failed).toMatchObject([{ Id: 'b', SenderFault: true, Code: 'InvalidParameterValue' }]);
    const received = await receive(cloud, { MaxNumberOfMessages: 10 });
    const deleted = await cloud.do('sqs', 'DeleteMessageBatch', {
      QueueUrl: queueUrl('q'),
      Entries: [
        { Id: '1', ReceiptHandle: received[0]!.ReceiptHandle },
        { Id: '2', ReceiptHandle: 'nonsense' },
      ],
    });
    expect(deleted).toMatchObject({ Successful: [{ Id: '1' }], Failed: [{ Id: '2', Code: 'ReceiptHandleIsInvalid' }] });
    const batch = (entries: object[]): Promise<unknown> =>
      cloud.do('sqs', 'SendMessageBatch', { QueueUrl: queueUrl('q'), Entries: entries });
    await expect(batch([])).rejects.toMatchObject({ code: 'EmptyBatchRequest' });
    await expect(batch(Array(11).fill(Entries[0]))).rejects.toMatchObject({ code: 'TooManyEntriesInBatchRequest' });
    await expect(batch([Entries[0]!, Entries[0]!])).rejects.toMatchObject({ code: 'BatchEntryIdsNotDistinct' });
  });

  test.each([
    ['nothing in it', { MessageBody: '' }, 'MissingParameter'],
    [
      'a wrong attribute type',
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      'InvalidParameterValue',
    ],
    [
      'an empty attribute',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValue',
    ],
    ['too long a delay', { DelaySeconds: 901 }, 'InvalidParameterValue'],
    ['a deduplication id on a standard queue', { MessageDeduplicationId: 'x' }, 'InvalidParameterValue'],
    ['a group on a standard queue', { MessageGroupId: 'x' }, 'UnsupportedFeature'],
  ])('with %s are refused', async (_name, input, code) => {
    const cloud = await withQueue();
    await expect(send(cloud, 'x', input)).rejects.toMatchObject({ code });
  });
});

describe('a FIFO queue', () => {
  const FIFO = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };

  it('keeps the order of a group and holds it back while one of its messages is in flight', async () => {
    const cloud = await withQueue(FIFO, 'q.fifo');
    for (const [body, MessageGroupId] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
    ] as const)
      await send(cloud, body, { MessageGroupId }, 'q.fifo');
    const [first] = await receive(cloud, {}, 'q.fifo');
    expect(first!.Body).toBe('1');
    expect((await receive(cloud, { MaxNumberOfMessages: 10 }, 'q.fifo')).map(({ Body }) => Body)).toEqual(['3']);
    await cloud.do('sqs', 'DeleteMessage', { QueueUrl: queueUrl('q.fifo'), ReceiptHandle: first!.ReceiptHandle });
    expect((await receive(cloud, {}, 'q.fifo')).map(({ Body }) => Body)).toEqual(['2']);
  });

  it('drops duplicates for five minutes', async () => {
    const cloud = await withQueue(FIFO, 'q.fifo');
    const first = await send(cloud, 'same', { MessageGroupId: 'a' }, 'q.fifo');
    expect(await send(cloud, 'same', { MessageGroupId: 'a' }, 'q.fifo')).toEqual(first);
    await cloud.kernel.runFor(300_000);
    expect((await send(cloud, 'same', { MessageGroupId: 'a' }, 'q.fifo')).MessageId).not.toBe(first.MessageId);
    expect(await receive(cloud, { MaxNumberOfMessages: 10 }, 'q.fifo')).toHaveLength(2);
  });

  it('demands a group and a deduplication id', async () => {
    const cloud = await withQueue({ FifoQueue: 'true' }, 'q.fifo');
    await expect(send(cloud, 'x', {}, 'q.fifo')).rejects.toMatchObject({ code: 'MissingParameter' });
    await expect(send(cloud, 'x', { MessageGroupId: 'a' }, 'q.fifo')).rejects.toThrow('ContentBasedDeduplication');
  });
});

describe('queues', () => {
  it('have an address, attributes with defaults, and counts', async () => {
    const cloud = await withQueue({ VisibilityTimeout: '120' });
    expect(await cloud.do('sqs', 'GetQueueUrl', { QueueName: 'q' })).toEqual({ QueueUrl: queueUrl('q') });
    await send(cloud, 'a');
    await send(cloud, 'b');
    await send(cloud, 'c', { DelaySeconds: 5 });
    await receive(cloud);
    const { Attributes } = await cloud.do('sqs', 'GetQueueAttributes', {
      QueueUrl: queueUrl('q'),
      AttributeNames: ['All'],
    });
    expect(Attributes).toMatchObject({
      QueueArn: queueArn('q'),
      VisibilityTimeout: '120',
      DelaySeconds: '0',
      MessageRetentionPeriod: '345600',
      MaximumMessageSize: '1048576',
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
    });
    await cloud.do('sqs', 'PurgeQueue', { QueueUrl: queueUrl('q') });
    await expect(cloud.do('sqs', 'PurgeQueue', { QueueUrl: queueUrl('q') })).rejects.toMatchObject({
      code: 'PurgeQueueInProgress',
    });
    await cloud.kernel.runFor(150_000);
    expect(await receive(cloud)).toEqual([]);
    await cloud.do('sqs', 'DeleteQueue', { QueueUrl: queueUrl('q') });
    await expect(send(cloud, 'x')).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
    });
    expect(await cloud.do('sqs', 'ListQueues', {})).toEqual({});
  });

  it('are made again only with the same attributes', async () => {
    const cloud = await withQueue({ VisibilityTimeout: '120' });
    expect(await cloud.do('sqs', 'CreateQueue', { QueueName: 'q', Attributes: { VisibilityTimeout: '120' } })).toEqual({
      QueueUrl: queueUrl('q'),
    });
    await expect(
      cloud.do('sqs', 'CreateQueue', { QueueName: 'q', Attributes: { VisibilityTimeout: '60' } }),
    ).rejects.toMatchObject({ code: 'QueueNameExists' });
  });

  test.each([
    [{ VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
    [{ Nonsense: '1' }, 'InvalidAttributeName'],
    [{ RedrivePolicy: '{"maxReceiveCount":3}' }, 'InvalidAttributeValue'],
    [
      { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('none'), maxReceiveCount: 3 }) },
      'InvalidParameterValue',
    ],
    [{ Policy: '{' }, 'InvalidAttributeValue'],
    [{ FifoQueue: 'true' }, 'InvalidParameterValue'],
    [{ DeduplicationScope: 'messageGroup' }, 'UnsupportedFeature'],
  ])('with attributes %j are refused', async (attributes, code) => {
    await expect(withQueue(attributes)).rejects.toMatchObject({ code });
  });

  it('let a service send only when their policy says so, for its source', async () => {
    const source = 'arn:aws:events:eu-central-1:111122223333:rule/r';
    const cloud = await withQueue();
    const as = (sourceArn?: string) =>
      cloud.do(
        'sqs',
        'SendMessage',
        { QueueUrl: queueUrl('q'), MessageBody: 'x' },
        { kind: 'service', name: 'events.amazonaws.com', ...(sourceArn && { sourceArn }) },
      );
    await expect(as(source)).rejects.toMatchObject({ code: 'AccessDenied', statusCode: 403 });
    await cloud.do('sqs', 'SetQueueAttributes', {
      QueueUrl: queueUrl('q'),
      Attributes: { Policy: allowSend('q', 'events.amazonaws.com', source) },
    });
    await expect(as(source)).resolves.toMatchObject({ MD5OfMessageBody: md5('x') });
    await expect(as(`${source}2`)).rejects.toMatchObject({ code: 'AccessDenied' });
    await expect(as()).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  it('report their depth to CloudWatch each minute while they hold messages', async () => {
    const cloud = await withQueue();
    await cloud.kernel.runFor(120_000);
    const depth = (): (readonly number[])[] =>
      cloud.metrics.filter(({ name }) => name === 'ApproximateNumberOfMessagesVisible').map(({ values }) => values);
    expect(depth()).toEqual([[0]]);
    await send(cloud, 'a');
    await cloud.kernel.runFor(120_000);
    expect(depth()).toEqual([[0], [1], [1]]);
    await cloud.do('sqs', 'PurgeQueue', { QueueUrl: queueUrl('q') });
    await cloud.kernel.runFor(600_000);
    expect(depth()).toEqual([[0], [1], [1], [0]]);
  });
});
