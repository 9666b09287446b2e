/** Operations on single objects. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { asBoolean, asEpochMs } from '../kernel/coerce.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { CallContext, CloudContext, Operation, WireInput } from '../kernel/service.ts';
import { refuseAcl } from './buckets.ts';
import { type Bucket, noSuchKey, type ObjectVersion, type Retention, s3Error, type S3Store } from './model.ts';

const ATTRIBUTES = [
  'ContentType',
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'StorageClass',
  'ChecksumCRC32',
  'ChecksumCRC32C',
  'ChecksumCRC64NVME',
  'ChecksumSHA1',
  'ChecksumSHA256',
] as const;
const REFUSED = [
  'SSECustomerAlgorithm',
  'SSECustomerKey',
  'WebsiteRedirectLocation',
  'GrantFullControl',
  'GrantRead',
  'WriteOffsetBytes',
];
const STORAGE_CLASSES = ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING'];
const DAY_MS = 86_400_000;

const quoted = (etag: unknown): string => `"${String(etag).replaceAll('"', '')}"`;

export function md5Etag(body: Uint8Array): string {
  return quoted(createHash('md5').update(body).digest('hex'));
}

/** Bytes of a Body member: bytes, text, or (from a state machine) a JSON value. */
export function bodyBytes(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** @throws AwsError BadDigest when a checksum that came with the body differs from it */
export function verifyChecksums(body: Uint8Array, input: WireInput): void {
  const hashed = (algorithm: string): string => createHash(algorithm).update(body).digest('base64');
  const computed: readonly (readonly [string, () => string])[] = [
    ['ContentMD5', () => hashed('md5')],
    ['ChecksumSHA1', () => hashed('sha1')],
    ['ChecksumSHA256', () => hashed('sha256')],
    ['ChecksumCRC32', () => crc32Base64(body)],
  ];
  for (const [member, compute] of computed) {
    if (input[member] !== undefined && input[member] !== compute()) {
      const name = member.replace(/^(Checksum|Content)/, '');
      throw s3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    }
  }
}

function crc32Base64(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function preconditionFailed(condition: string): Error {
  return s3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}

/** Conditional writes: IfNoneMatch '*' (only if absent) and IfMatch (only over this ETag). */
export function checkWriteConditions(store: S3Store, bucket: Bucket, key: string, input: WireInput): void {
  const current = store.current(bucket, key);
  if (input.IfNoneMatch !== undefined) {
    if (input.IfNoneMatch !== '*')
      throw new UnsupportedFeature(`IfNoneMatch '${String(input.IfNoneMatch)}' on a write`, "S3 allows only '*'");
    if (current) throw preconditionFailed('If-None-Match');
  }
  if (input.IfMatch !== undefined) {
    if (!current) throw noSuchKey(key);
    if (input.IfMatch !== '*' && quoted(input.IfMatch) !== current.etag) throw preconditionFailed('If-Match');
  }
}

function checkReadConditions(version: ObjectVersion, input: WireInput): void {
  const modifiedMs = Math.floor(version.lastModifiedMs / 1000) * 1000;
  if (input.IfMatch !== undefined && input.IfMatch !== '*' && quoted(input.IfMatch) !== version.etag)
    throw preconditionFailed('If-Match');
  if (input.IfUnmodifiedSince !== undefined && modifiedMs > asEpochMs(input.IfUnmodifiedSince, 'IfUnmodifiedSince')) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const unchanged =
    input.IfNoneMatch !== undefined
      ? input.IfNoneMatch === '*' || quoted(input.IfNoneMatch) === version.etag
      : input.IfModifiedSince !== undefined && modifiedMs <= asEpochMs(input.IfModifiedSince, 'IfModifiedSince');
  if (unchanged) throw s3Error(304, 'NotModified', 'Not Modified');
}

function tagsOf(input: WireInput): { Key: string; Value: string }[] {
  return [...new URLSearchParams(String(input.Tagging ?? ''))].map(([key, value]) => ({ Key: key, Value: value }));
}

function retentionOf(store: S3Store, bucket: Bucket, input: WireInput): Retention | undefined {
  if (input.ObjectLockMode !== undefined) {
    if (!bucket.objectLock) throw s3Error(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
    const untilMs = asEpochMs(input.ObjectLockRetainUntilDate, 'ObjectLockRetainUntilDate');
    return { mode: input.ObjectLockMode as Retention['mode'], untilMs };
  }
  const rule = bucket.defaultRetention;
  return rule && { mode: rule.mode, untilMs: store.now() + rule.days * DAY_MS };
}

/** Files a body under a key, with the attributes of a PutObject, CopyObject or CreateMultipartUpload. */
export function storeObject(
  store: S3Store,
  bucket: Bucket,
  key: string,
  body: Uint8Array,
  etag: string,
  input: WireInput,
): ObjectVersion {
  refuseAcl(input);
  for (const member of REFUSED) if (input[member] !== undefined) throw new UnsupportedFeature(`S3 ${member}`);
  if (input.StorageClass !== undefined && !STORAGE_CLASSES.includes(String(input.StorageClass))) {
    throw new UnsupportedFeature(
      `the storage class ${String(input.StorageClass)}`,
      `known: ${STORAGE_CLASSES.join(', ')}`,
    );
  }
  const attributes = Object.fromEntries(
    ATTRIBUTES.filter((name) => input[name] !== undefined).map((name) => [name, String(input[name])]),
  );
  const encryption = bucketEncryption(bucket);
  const retention = retentionOf(store, bucket, input);
  return store.add(bucket, {
    key,
    deleteMarker: false,
    body,
    etag,
    attributes: { ContentType: 'binary/octet-stream', ServerSideEncryption: 'AES256', ...encryption, ...attributes },
    metadata: (input.Metadata ?? {}) as Record<string, string>,
    tags: tagsOf(input),
    ...(retention ? { retention } : {}),
    ...(input.ObjectLockLegalHoldStatus === 'ON' ? { legalHold: true } : {}),
  });
}

/** The members that the bucket's default encryption adds to an object. */
export function bucketEncryption(bucket: Bucket): Record<string, string> {
  const document = bucket.documents.get('encryption') as WireInput | undefined;
  const rule = document?.Rules?.[0]?.ApplyServerSideEncryptionByDefault as WireInput | undefined;
  if (!rule) return {};
  return {
    ServerSideEncryption: String(rule.SSEAlgorithm),
    ...(rule.KMSMasterKeyID === undefined ? {} : { SSEKMSKeyId: String(rule.KMSMasterKeyID) }),
  };
}

const versionMember = (version: ObjectVersion, bucket: Bucket): { VersionId?: string } =>
  bucket.versioning === undefined ? {} : { VersionId: version.versionId };

/** Announces a change when the bucket has EventBridge notifications on. */
export function announce(
  cloud: CloudContext,
  store: S3Store,
  bucket: Bucket,
  version: ObjectVersion,
  context: CallContext,
  change: { detailType: 'Object Created' | 'Object Deleted'; reason: string; deletionType?: string },
): void {
  const notification = bucket.documents.get('notification') as WireInput | undefined;
  if (notification?.EventBridgeConfiguration === undefined) return;
  const created = change.detailType === 'Object Created';
  cloud.emit({
    source: 'aws.s3',
    detailType: change.detailType,
    resources: [`arn:aws:s3:::${bucket.name}`],
    detail: {
      version: '0',
      bucket: { name: bucket.name },
      object: {
        key: version.key,
        ...(created ? { size: version.body.length, etag: version.etag.replaceAll('"', '') } : {}),
        ...(bucket.versioning === undefined ? {} : { 'version-id': version.versionId }),
        sequencer: store.random.hex(18).toUpperCase(),
      },
      'request-id': context.requestId,
      requester: cloud.accountId,
      'source-ip-address': '127.0.0.1',
      reason: change.reason,
      ...(change.deletionType === undefined ? {} : { 'deletion-type': change.deletionType }),
    },
  });
}

function describeVersion(bucket: Bucket, version: ObjectVersion, input: WireInput): Record<string, unknown> {
  const { StorageClass: storageClass, ...attributes } = version.attributes;
  const visible = Object.entries(attributes).filter(
    ([name]) => input.ChecksumMode === 'ENABLED' || !name.startsWith('Checksum'),
  );
  return {
    AcceptRanges: 'bytes',
    ContentLength: version.body.length,
    ETag: version.etag,
    LastModified: new Date(version.lastModifiedMs),
    Metadata: version.metadata,
    ...Object.fromEntries(visible),
    // S3 leaves the standard class out.
    ...(storageClass !== undefined && storageClass !== 'STANDARD' ? { StorageClass: storageClass } : {}),
    ...versionMember(version, bucket),
    ...(version.tags.length > 0 ? { TagCount: version.tags.length } : {}),
    ...(version.retention
      ? { ObjectLockMode: version.retention.mode, ObjectLockRetainUntilDate: new Date(version.retention.untilMs) }
      : {}),
  };
}

/** `bytes=0-9`, `bytes=5-`, `bytes=-3`. Undefined for a range that S3 ignores. @throws AwsError InvalidRange */
function parseRange(range: string, length: number): { from: number; to: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const from = match[1] === '' ? Math.max(0, length - Number(match[2])) : Number(match[1]);
  const to = match[1] === '' || match[2] === '' ? length - 1 : Math.min(Number(match[2]), length - 1);
  if (from >= length || from > to) {
    throw s3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: range,
      ActualObjectSize: length,
    });
  }
  return { from, to };
}

function readObject(store: S3Store, input: WireInput): { description: Record<string, unknown>; body: Uint8Array } {
  const bucket = store.bucket(input.Bucket);
  if (input.PartNumber !== undefined) throw new UnsupportedFeature('reading one part of an object (PartNumber)');
  const version = store.version(bucket, String(input.Key), input.VersionId);
  checkReadConditions(version, input);
  const range = input.Range === undefined ? undefined : parseRange(String(input.Range), version.body.length);
  const description = describeVersion(bucket, version, range ? {} : input);
  for (const [member, target] of Object.entries({
    ResponseContentType: 'ContentType',
    ResponseContentDisposition: 'ContentDisposition',
  })) {
    if (input[member] !== undefined) description[target] = String(input[member]);
  }
  if (!range) return { description, body: version.body };
  const body = version.body.subarray(range.from, range.to + 1);
  const contentRange = `bytes ${range.from}-${range.to}/${version.body.length}`;
  return { description: { ...description, ContentLength: body.length, ContentRange: contentRange }, body };
}

/** `bucket/key?versionId=x`, percent-encoded, with or without a leading slash. */
export function parseCopySource(source: unknown): { bucket: string; key: string; versionId: string | undefined } {
  const [path = '', query = ''] = String(source).replace(/^\//, '').split('?versionId=');
  const decoded = decodeURIComponent(path);
  const slash = decoded.indexOf('/');
  if (slash < 1) throw s3Error(400, 'InvalidArgument', `CopySource '${String(source)}' must be bucket/key`);
  return {
    bucket: decoded.slice(0, slash),
    key: decoded.slice(slash + 1),
    versionId: query === '' ? undefined : query,
  };
}

function copyObject(cloud: CloudContext, store: S3Store, input: WireInput, context: CallContext): object {
  const source = parseCopySource(input.CopySource);
  const from = store.version(store.bucket(source.bucket), source.key, source.versionId);
  if (input.CopySourceIfMatch !== undefined && quoted(input.CopySourceIfMatch) !== from.etag)
    throw preconditionFailed('x-amz-copy-source-If-Match');
  const bucket = store.bucket(input.Bucket);
  const key = String(input.Key);
  const replace = input.MetadataDirective === 'REPLACE';
  if (!replace && source.bucket === bucket.name && source.key === key && source.versionId === undefined) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
    throw s3Error(400, 'InvalidRequest', message);
  }
  checkWriteConditions(store, bucket, key, input);
  // Encryption and storage class come from the request and the target bucket, never from the source.
  const { ServerSideEncryption: _sse, SSEKMSKeyId: _kms, StorageClass: _class, ...attributes } = from.attributes;
  const inherited = replace ? {} : { ...attributes, Metadata: from.metadata };
  const version = storeObject(store, bucket, key, from.body, md5Etag(from.body), { ...input, ...inherited });
  if (input.TaggingDirective !== 'REPLACE') version.tags = from.tags;
  announce(cloud, store, bucket, version, context, { detailType: 'Object Created', reason: 'CopyObject' });
  return {
    CopyObjectResult: { ETag: version.etag, LastModified: new Date(version.lastModifiedMs) },
    ...versionMember(version, bucket),
    ...(source.versionId === undefined ? {} : { CopySourceVersionId: source.versionId }),
  };
}

/** @throws AwsError AccessDenied while Object Lock protects the version */
function checkLock(store: S3Store, version: ObjectVersion, input: WireInput): void {
  const bypass =
    input.BypassGovernanceRetention !== undefined &&
    asBoolean(input.BypassGovernanceRetention, 'BypassGovernanceRetention');
  const { retention } = version;
  const retained = retention && retention.untilMs > store.now() && !(retention.mode === 'GOVERNANCE' && bypass);
  if (retained || version.legalHold) {
    throw s3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
  }
}

/** Deletes a version for good, or puts a delete marker on top of a versioned key. */
export function deleteObject(
  cloud: CloudContext,
  store: S3Store,
  input: WireInput,
  context: CallContext,
): { DeleteMarker?: boolean; VersionId?: string } {
  const bucket = store.bucket(input.Bucket);
  const key = String(input.Key);
  const announceDeletion = (version: ObjectVersion, deletionType: string): void =>
    announce(cloud, store, bucket, version, context, {
      detailType: 'Object Deleted',
      reason: 'DeleteObject',
      deletionType,
    });
  if (input.VersionId !== undefined) {
    const version = bucket.objects.get(key)?.find((candidate) => candidate.versionId === input.VersionId);
    if (!version) return { VersionId: String(input.VersionId) };
    checkLock(store, version, input);
    store.remove(bucket, version);
    announceDeletion(version, 'Permanently Deleted');
    return { VersionId: version.versionId, ...(version.deleteMarker ? { DeleteMarker: true } : {}) };
  }
  if (bucket.versioning === undefined) {
    const version = store.current(bucket, key);
    if (version) {
      store.remove(bucket, version);
      announceDeletion(version, 'Permanently Deleted');
    }
    return {};
  }
  const body = new Uint8Array();
  const marker = store.add(bucket, { key, deleteMarker: true, body, etag: '', attributes: {}, metadata: {}, tags: [] });
  announceDeletion(marker, 'Delete Marker Created');
  return { DeleteMarker: true, VersionId: marker.versionId };
}

function putRetention(store: S3Store, input: WireInput): void {
  const bucket = store.bucket(input.Bucket);
  if (!bucket.objectLock) throw s3Error(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  const version = store.version(bucket, String(input.Key), input.VersionId);
  const mode = input.Retention?.Mode as unknown;
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') {
    throw s3Error(400, 'MalformedXML', `The retention mode '${String(mode)}' is neither COMPLIANCE nor GOVERNANCE`);
  }
  const untilMs = asEpochMs(input.Retention.RetainUntilDate, 'RetainUntilDate');
  if (untilMs <= store.now()) throw s3Error(400, 'InvalidArgument', 'The retain until date must be in the future!');
  const existing = version.retention;
  const weaker = existing && (untilMs < existing.untilMs || (existing.mode === 'COMPLIANCE' && mode !== 'COMPLIANCE'));
  if (weaker) checkLock(store, version, input);
  version.retention = { mode, untilMs };
}

export function objectOperations(cloud: CloudContext, store: S3Store): Record<string, Operation> {
  const versionOf = (input: WireInput): ObjectVersion =>
    store.version(store.bucket(input.Bucket), String(input.Key), input.VersionId);
  return {
    PutObject: (input, context) => {
      const bucket = store.bucket(input.Bucket);
      const key = String(input.Key);
      const body = bodyBytes(input.Body);
      verifyChecksums(body, input);
      checkWriteConditions(store, bucket, key, input);
      const version = storeObject(store, bucket, key, body, md5Etag(body), input);
      announce(cloud, store, bucket, version, context, { detailType: 'Object Created', reason: 'PutObject' });
      const { ContentType: _type, StorageClass: _class, ...attributes } = version.attributes;
      return { ETag: version.etag, Size: undefined, ...attributes, ...versionMember(version, bucket) };
    },
    GetObject: (input) => {
      const { description, body } = readObject(store, input);
      return { ...description, Body: body };
    },
    HeadObject: (input) => readObject(store, input).description,
    DeleteObject: (input, context) => deleteObject(cloud, store, input, context),
    CopyObject: (input, context) => copyObject(cloud, store, input, context),
    PutObjectTagging: (input) => {
      const version = versionOf(input);
      version.tags = ((input.Tagging?.TagSet ?? []) as WireInput[]).map(({ Key, Value }) => ({
        Key: String(Key),
        Value: String(Value),
      }));
      return versionMember(version, store.bucket(input.Bucket));
    },
    GetObjectTagging: (input) => {
      const version = versionOf(input);
      return { TagSet: version.tags, ...versionMember(version, store.bucket(input.Bucket)) };
    },
    DeleteObjectTagging: (input) => {
      const version = versionOf(input);
      version.tags = [];
      return versionMember(version, store.bucket(input.Bucket));
    },
    PutObjectRetention: (input) => putRetention(store, input),
    GetObjectRetention: (input) => {
      const { retention } = versionOf(input);
      if (!retention) {
        throw s3Error(
          404,
          'NoSuchObjectLockConfiguration',
          'The specified object does not have a ObjectLock configuration',
        );
      }
      return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.untilMs) } };
    },
  };
}
