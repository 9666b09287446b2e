/** AWS::SSM::Parameter. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { map, noEffect, only, text } from '../shape.ts';

const parameter = resourceType(
  {
    Name: text,
    Type: text,
    Value: text,
    Description: text,
    AllowedPattern: text,
    DataType: only('text'),
    Tier: noEffect('tiers differ in price and in limits that a template’s parameters don’t reach'),
    // SSM's tags are a map in CloudFormation and a list in its API.
    Tags: map(text),
  },
  async (properties, context) => {
    const Name = properties.Name ?? context.generatedName(1011);
    const { Tags, ...rest } = properties;
    await context.call('ssm', 'PutParameter', {
      ...rest,
      Name,
      ...(Tags ? { Tags: Object.entries(Tags).map(([Key, Value]) => ({ Key, Value })) } : {}),
    });
    return { physicalId: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
);

export const ssmTypes: Readonly<Record<string, ResourceType>> = { 'AWS::SSM::Parameter': parameter };
