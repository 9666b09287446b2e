/** Which permissions an S3 call needs (service authorization reference of Amazon S3). */
import type { Access, WireInput } from '../kernel/service.ts';
import type { S3Store } from './model.ts';
import { bucketEncryption, parseCopySource } from './objects.ts';

// Operations whose IAM action has another name than the operation.
const ACTIONS: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  ListBuckets: 'ListAllMyBuckets',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  HeadObject: 'GetObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  DeleteBucketTagging: 'PutBucketTagging',
};
// With a version id these become ...Version actions.
const VERSIONED = new Set([
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'GetObjectTagging',
  'PutObjectTagging',
  'DeleteObjectTagging',
]);
const WRITES = new Set(['PutObject', 'CopyObject', 'CreateMultipartUpload', 'UploadPart']);
const READS = new Set(['GetObject', 'HeadObject']);

function versionedAction(action: string): string {
  return action.endsWith('Tagging') ? action.replace('Tagging', 'VersionTagging') : `${action}Version`;
}

/** The customer's own KMS key of an object or bucket must be usable by the caller, too. */
function kmsAccess(store: S3Store, operation: string, input: WireInput): Access[] {
  const writes = WRITES.has(operation);
  if (!writes && !READS.has(operation)) return [];
  const bucket = store.buckets.get(String(input.Bucket));
  const stored = bucket && !writes ? store.current(bucket, String(input.Key))?.attributes : undefined;
  const attributes = stored ?? (bucket ? bucketEncryption(bucket) : {});
  const algorithm = writes
    ? (input.ServerSideEncryption ?? attributes.ServerSideEncryption)
    : attributes.ServerSideEncryption;
  const keyId = String((writes ? input.SSEKMSKeyId : undefined) ?? attributes.SSEKMSKeyId ?? '');
  // The key `aws/s3` of AWS itself is open to everyone who may use the bucket.
  if (!String(algorithm ?? '').startsWith('aws:kms') || !keyId.startsWith('arn:')) return [];
  return [{ action: writes ? 'kms:GenerateDataKey' : 'kms:Decrypt', resource: keyId }];
}

function listingConditions(operation: string, input: WireInput): Pick<Access, 'conditionKeys'> {
  if (operation !== 'ListObjectsV2' && operation !== 'ListObjectVersions') return {};
  const keys: Record<string, string> = {};
  if (input.Prefix !== undefined) keys['s3:prefix'] = String(input.Prefix);
  if (input.Delimiter !== undefined) keys['s3:delimiter'] = String(input.Delimiter);
  if (input.MaxKeys !== undefined) keys['s3:max-keys'] = String(input.MaxKeys);
  return Object.keys(keys).length > 0 ? { conditionKeys: keys } : {};
}

export function s3Access(store: S3Store, operation: string, input: WireInput): Access[] {
  const bucketArn = `arn:aws:s3:::${String(input.Bucket)}`;
  const name = ACTIONS[operation] ?? operation;
  if (operation === 'ListBuckets') return [{ action: `s3:${name}`, resource: 'arn:aws:s3:::*' }];
  if (operation === 'DeleteObjects') {
    return ((input.Delete?.Objects ?? []) as WireInput[]).map(({ Key, VersionId }) => ({
      action: VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
      resource: `${bucketArn}/${String(Key)}`,
    }));
  }
  if (operation === 'CopyObject') {
    const source = parseCopySource(input.CopySource);
    return [
      {
        action: source.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
        resource: `arn:aws:s3:::${source.bucket}/${source.key}`,
      },
      ...kmsAccess(store, 'GetObject', { Bucket: source.bucket, Key: source.key }),
      { action: 's3:PutObject', resource: `${bucketArn}/${String(input.Key)}` },
      ...kmsAccess(store, operation, input),
    ];
  }
  if (input.Key === undefined)
    return [{ action: `s3:${name}`, resource: bucketArn, ...listingConditions(operation, input) }];
  const action = input.VersionId !== undefined && VERSIONED.has(operation) ? versionedAction(name) : name;
  const bypass = String(input.BypassGovernanceRetention) === 'true' ? ['s3:BypassGovernanceRetention'] : [];
  const resource = `${bucketArn}/${String(input.Key)}`;
  return [
    ...[`s3:${action}`, ...bypass].map((each) => ({ action: each, resource })),
    ...kmsAccess(store, operation, input),
  ];
}
