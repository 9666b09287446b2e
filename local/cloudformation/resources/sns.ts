/** AWS::SNS::*. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, json, jsonText, list, noEffect, object, tagList, text } from '../shape.ts';

const topic = resourceType(
  {
    TopicName: text,
    DisplayName: text,
    FifoTopic: boolean,
    ContentBasedDeduplication: boolean,
    DeliveryPolicy: jsonText,
    Subscription: list(object({ Protocol: text, Endpoint: text })),
    SignatureVersion: noEffect('messages to HTTP endpoints are not sent, hence not signed'),
    TracingConfig: noEffect('there is no X-Ray'),
    KmsMasterKeyId: text,
    Tags: tagList,
  },
  async (properties, context) => {
    const { TopicName: givenName, Subscription = [], Tags, ...attributes } = properties;
    const suffix = attributes.FifoTopic === true ? '.fifo' : '';
    const Name = givenName ?? context.generatedName(256 - suffix.length) + suffix;
    const { TopicArn } = await context.call('sns', 'CreateTopic', {
      Name,
      Attributes: attributeTexts(attributes),
      ...(Tags ? { Tags } : {}),
    });
    for (const { Protocol, Endpoint } of Subscription) {
      await context.call('sns', 'Subscribe', { TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true });
    }
    return { physicalId: TopicArn, attributes: { TopicArn, TopicName: Name } };
  },
);

const attributeTexts = (attributes: object): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));

const subscription = resourceType(
  {
    TopicArn: text,
    Protocol: text,
    Endpoint: text,
    FilterPolicy: jsonText,
    FilterPolicyScope: text,
    RawMessageDelivery: boolean,
    RedrivePolicy: jsonText,
    DeliveryPolicy: jsonText,
  },
  async (properties, context) => {
    const { TopicArn, Protocol, Endpoint, ...attributes } = properties;
    const { SubscriptionArn } = await context.call('sns', 'Subscribe', {
      TopicArn,
      Protocol,
      Endpoint,
      Attributes: attributeTexts(attributes),
      ReturnSubscriptionArn: true,
    });
    return { physicalId: SubscriptionArn, attributes: { Arn: SubscriptionArn } };
  },
);

const topicPolicy = resourceType({ Topics: list(text), PolicyDocument: json }, async (properties, context) => {
  const AttributeValue = JSON.stringify(properties.PolicyDocument);
  for (const TopicArn of properties.Topics ?? []) {
    await context.call('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue });
  }
  const id = context.generatedName(128);
  return { physicalId: id, attributes: { Id: id } };
});

export const snsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SNS::Topic': topic,
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::TopicPolicy': topicPolicy,
};
