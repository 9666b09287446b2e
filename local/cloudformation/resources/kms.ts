/** AWS::KMS::*. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, jsonText, noEffect, tagList, text } from '../shape.ts';

const key = resourceType(
  {
    Description: text,
    KeyPolicy: jsonText,
    KeyUsage: text,
    KeySpec: text,
    MultiRegion: boolean,
    Enabled: boolean,
    EnableKeyRotation: noEffect('a rotated key still opens what it sealed: nothing changes for its users'),
    RotationPeriodInDays: noEffect('a rotated key still opens what it sealed: nothing changes for its users'),
    PendingWindowInDays: noEffect('stacks are never deleted'),
    Tags: tagList,
  },
  async (properties, context) => {
    const { KeyPolicy, Enabled, Tags, ...rest } = properties;
    const { KeyMetadata } = await context.call('kms', 'CreateKey', {
      ...rest,
      ...(KeyPolicy === undefined ? {} : { Policy: KeyPolicy }),
      ...(Tags ? { Tags: Tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })) } : {}),
    });
    if (Enabled === false) await context.call('kms', 'DisableKey', { KeyId: KeyMetadata.KeyId });
    return { physicalId: KeyMetadata.KeyId, attributes: { Arn: KeyMetadata.Arn, KeyId: KeyMetadata.KeyId } };
  },
);

const alias = resourceType({ AliasName: text, TargetKeyId: text }, async (properties, context) => {
  await context.call('kms', 'CreateAlias', { ...properties });
  return { physicalId: properties.AliasName ?? '' };
});

export const kmsTypes: Readonly<Record<string, ResourceType>> = { 'AWS::KMS::Key': key, 'AWS::KMS::Alias': alias };
