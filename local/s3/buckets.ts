/** Operations on buckets and their configuration. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { Operation, WireInput } from '../kernel/service.ts';
import { type Bucket, type DocumentName, s3Error, type S3Store } from './model.ts';

const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;

const MISSING: Readonly<Record<Exclude<DocumentName, 'notification'>, readonly [string, string]>> = {
  encryption: [
    'ServerSideEncryptionConfigurationNotFoundError',
    'The server side encryption configuration was not found',
  ],
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  publicAccessBlock: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
};

function documentOf(bucket: Bucket, name: Exclude<DocumentName, 'notification'>): unknown {
  const document = bucket.documents.get(name);
  const [code, message] = MISSING[name];
  if (document === undefined) throw s3Error(404, code, message, { BucketName: bucket.name });
  return document;
}

function createBucket(store: S3Store, region: string, input: WireInput): object {
  const name = String(input.Bucket);
  if (!BUCKET_NAME.test(name))
    throw s3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  if (store.buckets.has(name)) {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.';
    throw s3Error(409, 'BucketAlreadyOwnedByYou', message, { BucketName: name });
  }
  const location = input.CreateBucketConfiguration?.LocationConstraint;
  if (location !== undefined && location !== region) {
    const message = `The ${String(location)} location constraint is incompatible for the region specific endpoint this request was sent to.`;
    throw s3Error(400, 'IllegalLocationConstraintException', message);
  }
  refuseAcl(input);
  const objectLock =
    input.ObjectLockEnabledForBucket !== undefined &&
    asBoolean(input.ObjectLockEnabledForBucket, 'ObjectLockEnabledForBucket');
  store.buckets.set(name, {
    name,
    createdMs: store.now(),
    // Object Lock needs versions, and AWS turns them on with it.
    versioning: objectLock ? 'Enabled' : undefined,
    objectLock,
    documents: new Map(),
    objects: new Map(),
  });
  return { Location: `/${name}` };
}

/** @throws UnsupportedFeature for canned ACLs that would open something */
export function refuseAcl(input: WireInput): void {
  const acl = input.ACL;
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control') {
    throw new UnsupportedFeature(`the canned ACL '${String(acl)}'`, 'use a bucket policy');
  }
}

function putNotification(bucket: Bucket, input: WireInput): void {
  const configuration = (input.NotificationConfiguration ?? {}) as WireInput;
  const other = Object.keys(configuration).find((name) => name !== 'EventBridgeConfiguration');
  if (other !== undefined)
    throw new UnsupportedFeature(`bucket notifications by ${other}`, 'use EventBridgeConfiguration');
  bucket.documents.set('notification', configuration);
}

function putObjectLock(bucket: Bucket, input: WireInput): void {
  if (bucket.versioning !== 'Enabled') {
    throw s3Error(
      409,
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
  }
  const configuration = (input.ObjectLockConfiguration ?? {}) as WireInput;
  bucket.objectLock = true;
  delete bucket.defaultRetention;
  const rule = configuration.Rule?.DefaultRetention as WireInput | undefined;
  if (!rule) return;
  if (rule.Mode !== 'COMPLIANCE' && rule.Mode !== 'GOVERNANCE') {
    throw s3Error(
      400,
      'MalformedXML',
      `The object lock mode '${String(rule.Mode)}' is neither COMPLIANCE nor GOVERNANCE`,
    );
  }
  const days = rule.Days !== undefined ? asNumber(rule.Days, 'Days') : asNumber(rule.Years, 'Years') * 365;
  bucket.defaultRetention = { mode: rule.Mode, days };
}

function getObjectLock(bucket: Bucket): object {
  if (!bucket.objectLock) {
    throw s3Error(
      404,
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    );
  }
  const rule = bucket.defaultRetention;
  return {
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      ...(rule ? { Rule: { DefaultRetention: { Mode: rule.mode, Days: rule.days } } } : {}),
    },
  };
}

function putVersioning(bucket: Bucket, input: WireInput): void {
  const status = input.VersioningConfiguration?.Status as unknown;
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw s3Error(400, 'MalformedXML', `The versioning status '${String(status)}' is neither Enabled nor Suspended`);
  }
  if (input.VersioningConfiguration.MFADelete === 'Enabled') throw new UnsupportedFeature('MFA delete');
  if (status === 'Suspended' && bucket.objectLock) {
    throw s3Error(
      409,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  }
  bucket.versioning = status;
}

function putPolicy(bucket: Bucket, input: WireInput): void {
  const policy = String(input.Policy);
  try {
    JSON.parse(policy);
  } catch (cause) {
    throw s3Error(400, 'MalformedPolicy', `Policies must be valid JSON: ${(cause as Error).message}`);
  }
  bucket.documents.set('policy', policy);
}

export function bucketOperations(store: S3Store, region: string, accountId: string): Record<string, Operation> {
  const bucketOf = (input: WireInput): Bucket => store.bucket(input.Bucket);
  const forget =
    (name: DocumentName): Operation =>
    (input) => {
      bucketOf(input).documents.delete(name);
    };
  const keep =
    (name: DocumentName, member: string): Operation =>
    (input) => {
      bucketOf(input).documents.set(name, input[member]);
    };
  return {
    CreateBucket: (input) => createBucket(store, region, input),
    DeleteBucket: (input) => {
      const bucket = bucketOf(input);
      if (bucket.objects.size > 0) {
        throw s3Error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty', {
          BucketName: bucket.name,
        });
      }
      store.buckets.delete(bucket.name);
    },
    HeadBucket: (input) => {
      bucketOf(input);
      return { BucketRegion: region };
    },
    ListBuckets: (input) => ({
      Buckets: [...store.buckets.values()]
        .filter(({ name }) => name.startsWith(String(input.Prefix ?? '')))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, createdMs }) => ({ Name: name, CreationDate: new Date(createdMs) })),
      Owner: { ID: accountId },
    }),
    GetBucketLocation: (input) => {
      bucketOf(input);
      return { LocationConstraint: region === 'us-east-1' ? undefined : region };
    },
    PutBucketVersioning: (input) => putVersioning(bucketOf(input), input),
    GetBucketVersioning: (input) => ({ Status: bucketOf(input).versioning }),
    PutObjectLockConfiguration: (input) => putObjectLock(bucketOf(input), input),
    GetObjectLockConfiguration: (input) => getObjectLock(bucketOf(input)),
    PutBucketPolicy: (input) => putPolicy(bucketOf(input), input),
    GetBucketPolicy: (input) => ({ Policy: documentOf(bucketOf(input), 'policy') }),
    DeleteBucketPolicy: forget('policy'),
    PutPublicAccessBlock: keep('publicAccessBlock', 'PublicAccessBlockConfiguration'),
    GetPublicAccessBlock: (input) => ({
      PublicAccessBlockConfiguration: documentOf(bucketOf(input), 'publicAccessBlock'),
    }),
    DeletePublicAccessBlock: forget('publicAccessBlock'),
    PutBucketEncryption: keep('encryption', 'ServerSideEncryptionConfiguration'),
    GetBucketEncryption: (input) => ({ ServerSideEncryptionConfiguration: documentOf(bucketOf(input), 'encryption') }),
    DeleteBucketEncryption: forget('encryption'),
    // Kept, not carried out: a run is too short for objects to expire.
    PutBucketLifecycleConfiguration: keep('lifecycle', 'LifecycleConfiguration'),
    GetBucketLifecycleConfiguration: (input) => documentOf(bucketOf(input), 'lifecycle') as object,
    DeleteBucketLifecycle: forget('lifecycle'),
    PutBucketTagging: (input) => {
      bucketOf(input).documents.set('tagging', input.Tagging?.TagSet ?? []);
    },
    GetBucketTagging: (input) => ({ TagSet: documentOf(bucketOf(input), 'tagging') }),
    DeleteBucketTagging: forget('tagging'),
    PutBucketNotificationConfiguration: (input) => putNotification(bucketOf(input), input),
    GetBucketNotificationConfiguration: (input) => bucketOf(input).documents.get('notification') ?? {},
  };
}
