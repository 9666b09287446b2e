import { ACCOUNT, bytes, refused, REGION, saved, type ServiceCases } from '../case.ts';

const arn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
const QueueUrl = saved('QueueUrl');
const DeadUrl = saved('DeadUrl');

export const SQS: ServiceCases = {
  service: 'sqs',
  cases: [
    {
      operation: 'CreateQueue',
      input: { QueueName: 'dead', tags: { stage: 'dev' } },
      answer: { QueueUrl: /\/111122223333\/dead$/ },
      save: { DeadUrl: 'QueueUrl' },
    },
    {
      operation: 'CreateQueue',
      input: {
        QueueName: 'jobs',
        Attributes: {
          VisibilityTimeout: '60',
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('dead'), maxReceiveCount: 3 }),
        },
      },
      answer: { QueueUrl: /\/jobs$/ },
      save: { QueueUrl: 'QueueUrl' },
    },
    { operation: 'GetQueueUrl', input: { QueueName: 'jobs' }, answer: { QueueUrl: /\/jobs$/ } },
    { operation: 'ListQueues', input: { QueueNamePrefix: 'jo' }, answer: { 'QueueUrls.0': /\/jobs$/ } },
    { operation: 'SetQueueAttributes', input: { QueueUrl, Attributes: { DelaySeconds: '0' } }, answer: {} },
    {
      operation: 'GetQueueAttributes',
      input: { QueueUrl, AttributeNames: ['All'] },
      answer: { 'Attributes.QueueArn': arn('jobs'), 'Attributes.VisibilityTimeout': '60' },
    },
    { operation: 'ListDeadLetterSourceQueues', input: { QueueUrl: DeadUrl }, answer: { 'queueUrls.0': /\/jobs$/ } },
    { operation: 'TagQueue', input: { QueueUrl, Tags: { team: 'ml' } }, answer: {} },
    { operation: 'ListQueueTags', input: { QueueUrl }, answer: { 'Tags.team': 'ml' } },
    { operation: 'UntagQueue', input: { QueueUrl, TagKeys: ['team'] }, answer: {} },
    {
      operation: 'SendMessage',
      input: {
        QueueUrl,
        MessageBody: 'größe & <more>',
        MessageAttributes: {
          text: { DataType: 'String', StringValue: 'x' },
          raw: { DataType: 'Binary', BinaryValue: bytes('binary') },
        },
      },
      answer: { MessageId: /-/, MD5OfMessageBody: /^[0-9a-f]{32}$/, MD5OfMessageAttributes: /^[0-9a-f]{32}$/ },
    },
    {
      operation: 'ReceiveMessage',
      input: {
        QueueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
      answer: {
        'Messages.0.Body': 'größe & <more>',
        'Messages.0.Attributes.ApproximateReceiveCount': '1',
        'Messages.0.MessageAttributes.raw.BinaryValue': Uint8Array,
      },
      save: { Receipt: 'Messages.0.ReceiptHandle' },
    },
    {
      operation: 'ChangeMessageVisibility',
      input: { QueueUrl, ReceiptHandle: saved('Receipt'), VisibilityTimeout: 30 },
      answer: {},
    },
    { operation: 'DeleteMessage', input: { QueueUrl, ReceiptHandle: saved('Receipt') }, answer: {} },
    {
      operation: 'SendMessageBatch',
      input: {
        QueueUrl,
        Entries: [
          { Id: 'a', MessageBody: 'one' },
          { Id: 'b', MessageBody: 'two', DelaySeconds: 0 },
        ],
      },
      answer: { 'Successful.0.Id': 'a', 'Successful.1.MD5OfMessageBody': /^[0-9a-f]{32}$/ },
    },
    {
      operation: 'ReceiveMessage',
      input: { QueueUrl, MaxNumberOfMessages: 10 },
      answer: { 'Messages.0.MessageId': /-/ },
      save: { Receipt: 'Messages.0.ReceiptHandle' },
    },
    {
      operation: 'ChangeMessageVisibilityBatch',
      input: { QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: saved('Receipt'), VisibilityTimeout: 20 }] },
      answer: { 'Successful.0.Id': 'a' },
    },
    {
      operation: 'DeleteMessageBatch',
      input: { QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: saved('Receipt') }] },
      answer: { 'Successful.0.Id': 'a' },
    },
    { operation: 'ReceiveMessage', input: { QueueUrl: DeadUrl, WaitTimeSeconds: 20 }, answer: { Messages: /^$/ } },
    { operation: 'PurgeQueue', input: { QueueUrl }, answer: {} },
    { operation: 'DeleteQueue', input: { QueueUrl }, answer: {} },
    refused('GetQueueUrl', { QueueName: 'jobs' }, 'QueueDoesNotExist', 400, /^The specified queue does not exist/),
    refused(
      'SendMessage',
      { QueueUrl, MessageBody: 'x' },
      'QueueDoesNotExist',
      400,
      /^The specified queue does not exist/,
    ),
    refused(
      'DeleteMessage',
      { QueueUrl: DeadUrl, ReceiptHandle: 'garbage' },
      'ReceiptHandleIsInvalid',
      400,
      /receipt handle/,
    ),
  ],
};
