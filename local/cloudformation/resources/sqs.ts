/** AWS::SQS::*. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, json, jsonText, list, number, tagList, tagMap, text } from '../shape.ts';

const queue = resourceType(
  {
    QueueName: text,
    DelaySeconds: number,
    MaximumMessageSize: number,
    MessageRetentionPeriod: number,
    ReceiveMessageWaitTimeSeconds: number,
    VisibilityTimeout: number,
    RedrivePolicy: jsonText,
    RedriveAllowPolicy: jsonText,
    FifoQueue: boolean,
    ContentBasedDeduplication: boolean,
    DeduplicationScope: text,
    FifoThroughputLimit: text,
    KmsMasterKeyId: text,
    KmsDataKeyReusePeriodSeconds: number,
    SqsManagedSseEnabled: boolean,
    Tags: tagList,
  },
  async (properties, context) => {
    const { QueueName: givenName, Tags, ...attributes } = properties;
    const suffix = attributes.FifoQueue === true ? '.fifo' : '';
    const QueueName = givenName ?? context.generatedName(80 - suffix.length) + suffix;
    const Attributes = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
    const { QueueUrl } = await context.call('sqs', 'CreateQueue', {
      QueueName,
      Attributes,
      ...(Tags ? { tags: tagMap(Tags) } : {}),
    });
    return { physicalId: QueueUrl, attributes: { Arn: context.arn('sqs', QueueName), QueueName, QueueUrl } };
  },
);

const queuePolicy = resourceType({ Queues: list(text), PolicyDocument: json }, async (properties, context) => {
  const Policy = JSON.stringify(properties.PolicyDocument);
  for (const QueueUrl of properties.Queues ?? []) {
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  }
  const id = context.generatedName(128);
  return { physicalId: id, attributes: { Id: id } };
});

export const sqsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': queue,
  'AWS::SQS::QueuePolicy': queuePolicy,
};
