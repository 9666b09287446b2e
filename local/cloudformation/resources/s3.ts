/** AWS::S3::*: one call for each part of a bucket's configuration, with the API's member names. */
import { UnsupportedFeature } from '../../kernel/errors.ts';
import { type ResourceContext, type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, json, list, number, object, only, type Properties, tagList, text } from '../shape.ts';

const ruleFields = {
  Id: text,
  Status: text,
  Prefix: text,
  ExpirationInDays: number,
  ExpirationDate: text,
  ExpiredObjectDeleteMarker: boolean,
  NoncurrentVersionExpirationInDays: number,
  NoncurrentVersionExpiration: object({ NoncurrentDays: number, NewerNoncurrentVersions: number }),
  AbortIncompleteMultipartUpload: object({ DaysAfterInitiation: number }),
  Transitions: list(object({ StorageClass: text, TransitionInDays: number, TransitionDate: text })),
};

const bucketFields = {
  BucketName: text,
  VersioningConfiguration: object({ Status: text }),
  BucketEncryption: object({
    ServerSideEncryptionConfiguration: list(
      object({
        ServerSideEncryptionByDefault: object({ SSEAlgorithm: text, KMSMasterKeyID: text }),
        BucketKeyEnabled: boolean,
      }),
    ),
  }),
  PublicAccessBlockConfiguration: object({
    BlockPublicAcls: boolean,
    BlockPublicPolicy: boolean,
    IgnorePublicAcls: boolean,
    RestrictPublicBuckets: boolean,
  }),
  LifecycleConfiguration: object({ Rules: list(object(ruleFields)) }),
  ObjectLockEnabled: boolean,
  ObjectLockConfiguration: object({
    ObjectLockEnabled: text,
    Rule: object({ DefaultRetention: object({ Mode: text, Days: number, Years: number }) }),
  }),
  NotificationConfiguration: object({ EventBridgeConfiguration: object({ EventBridgeEnabled: boolean }) }),
  OwnershipControls: object({ Rules: list(object({ ObjectOwnership: only('BucketOwnerEnforced') })) }),
  Tags: tagList,
};

type BucketProperties = Properties<typeof bucketFields>;

const bucket = resourceType(bucketFields, async (properties, context) => {
  const Bucket = properties.BucketName ?? context.generatedName(63).toLowerCase();
  await context.call('s3', 'CreateBucket', {
    Bucket,
    ...(context.region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: context.region } }),
    ...(properties.ObjectLockEnabled === undefined ? {} : { ObjectLockEnabledForBucket: properties.ObjectLockEnabled }),
  });
  await configure(Bucket, properties, context);
  return {
    physicalId: Bucket,
    attributes: {
      Arn: `arn:aws:s3:::${Bucket}`,
      DomainName: `${Bucket}.s3.amazonaws.com`,
      RegionalDomainName: `${Bucket}.s3.${context.region}.amazonaws.com`,
      DualStackDomainName: `${Bucket}.s3.dualstack.${context.region}.amazonaws.com`,
    },
  };
});

async function configure(Bucket: string, properties: BucketProperties, context: ResourceContext): Promise<void> {
  const put = (operation: string, member: string, value: unknown): Promise<unknown> | undefined =>
    value === undefined ? undefined : context.call('s3', operation, { Bucket, [member]: value });
  await put('PutBucketTagging', 'Tagging', properties.Tags && { TagSet: properties.Tags });
  await put('PutBucketVersioning', 'VersioningConfiguration', properties.VersioningConfiguration);
  await put('PutBucketEncryption', 'ServerSideEncryptionConfiguration', toEncryption(properties.BucketEncryption));
  await put('PutPublicAccessBlock', 'PublicAccessBlockConfiguration', properties.PublicAccessBlockConfiguration);
  await put('PutBucketLifecycleConfiguration', 'LifecycleConfiguration', toLifecycle(properties, context.logicalId));
  await put('PutObjectLockConfiguration', 'ObjectLockConfiguration', properties.ObjectLockConfiguration);
  const toEventBridge = properties.NotificationConfiguration?.EventBridgeConfiguration;
  // EventBridgeEnabled is true unless the template says otherwise.
  if (toEventBridge && toEventBridge.EventBridgeEnabled !== false) {
    await put('PutBucketNotificationConfiguration', 'NotificationConfiguration', { EventBridgeConfiguration: {} });
  }
}

function toEncryption(encryption: BucketProperties['BucketEncryption']): object | undefined {
  const rules = encryption?.ServerSideEncryptionConfiguration;
  if (!rules) return undefined;
  return {
    Rules: rules.map(({ ServerSideEncryptionByDefault, BucketKeyEnabled }) => ({
      ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
      ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled }),
    })),
  };
}

function toLifecycle(properties: BucketProperties, logicalId: string): object | undefined {
  const rules = properties.LifecycleConfiguration?.Rules;
  return rules && { Rules: rules.map((rule) => toLifecycleRule(rule, logicalId)) };
}

function toLifecycleRule(rule: Properties<typeof ruleFields>, logicalId: string): object {
  if (rule.NoncurrentVersionExpirationInDays !== undefined && rule.NoncurrentVersionExpiration) {
    throw new UnsupportedFeature(
      `${logicalId}: NoncurrentVersionExpirationInDays beside NoncurrentVersionExpiration`,
      'write the second alone',
    );
  }
  const noncurrent =
    rule.NoncurrentVersionExpiration ??
    (rule.NoncurrentVersionExpirationInDays === undefined
      ? undefined
      : { NoncurrentDays: rule.NoncurrentVersionExpirationInDays });
  const expiration = defined({
    Days: rule.ExpirationInDays,
    Date: rule.ExpirationDate,
    ExpiredObjectDeleteMarker: rule.ExpiredObjectDeleteMarker,
  });
  return defined({
    ID: rule.Id,
    Status: rule.Status,
    Filter: { Prefix: rule.Prefix ?? '' },
    Expiration: Object.keys(expiration).length > 0 ? expiration : undefined,
    NoncurrentVersionExpiration: noncurrent,
    AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
    Transitions: rule.Transitions?.map((one) =>
      defined({ StorageClass: one.StorageClass, Days: one.TransitionInDays, Date: one.TransitionDate }),
    ),
  });
}

const defined = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const bucketPolicy = resourceType({ Bucket: text, PolicyDocument: json }, async (properties, context) => {
  const Policy = JSON.stringify(properties.PolicyDocument);
  await context.call('s3', 'PutBucketPolicy', { Bucket: properties.Bucket, Policy });
  return { physicalId: properties.Bucket ?? '' };
});

export const s3Types: Readonly<Record<string, ResourceType>> = {
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
};
