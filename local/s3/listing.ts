/** ListObjectsV2, ListObjectVersions and DeleteObjects. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CallContext, CloudContext, Operation, WireInput } from '../kernel/service.ts';
import { type Bucket, type ObjectVersion, s3Error, type S3Store } from './model.ts';
import { deleteObject } from './objects.ts';

interface Entry<T> {
  /** The key, or the common prefix that stands for many. */
  readonly name: string;
  readonly item: T | undefined;
}

/** Groups sorted items by delimiter: items of one common prefix become one entry. */
function group<T>(items: readonly { key: string; item: T }[], prefix: string, delimiter: string): Entry<T>[] {
  const entries: Entry<T>[] = [];
  for (const { key, item } of items) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      entries.push({ name: key, item });
      continue;
    }
    const name = key.slice(0, end + delimiter.length);
    if (entries.at(-1)?.name !== name || entries.at(-1)?.item !== undefined) entries.push({ name, item: undefined });
  }
  return entries;
}

const byKey = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function limitOf(input: WireInput): number {
  return Math.min(input.MaxKeys === undefined ? 1000 : asNumber(input.MaxKeys, 'MaxKeys'), 1000);
}

function describe(version: ObjectVersion): object {
  return {
    Key: version.key,
    LastModified: new Date(version.lastModifiedMs),
    ETag: version.etag,
    Size: version.body.length,
    StorageClass: version.attributes.StorageClass ?? 'STANDARD',
  };
}

function decodeToken(token: unknown): string {
  const decoded = Buffer.from(String(token), 'base64url').toString();
  if (!decoded.startsWith('after:'))
    throw s3Error(400, 'InvalidArgument', 'The continuation token provided is incorrect');
  return decoded.slice('after:'.length);
}

function listObjectsV2(store: S3Store, input: WireInput): object {
  const bucket = store.bucket(input.Bucket);
  const prefix = String(input.Prefix ?? '');
  const delimiter = String(input.Delimiter ?? '');
  const after =
    input.ContinuationToken !== undefined ? decodeToken(input.ContinuationToken) : String(input.StartAfter ?? '');
  const limit = limitOf(input);
  const current = [...bucket.objects.keys()]
    .filter((key) => key.startsWith(prefix) && store.current(bucket, key) !== undefined)
    .sort(byKey)
    .map((key) => ({ key, item: store.current(bucket, key)! }));
  const entries = group(current, prefix, delimiter).filter(({ name }) => byKey(name, after) > 0);
  const page = entries.slice(0, limit);
  const isTruncated = entries.length > page.length;
  const last = page.at(-1)?.name;
  return {
    Name: bucket.name,
    Prefix: prefix,
    Delimiter: input.Delimiter,
    MaxKeys: limit,
    KeyCount: page.length,
    IsTruncated: isTruncated,
    ContinuationToken: input.ContinuationToken,
    StartAfter: input.StartAfter,
    EncodingType: input.EncodingType,
    NextContinuationToken:
      isTruncated && last !== undefined ? Buffer.from(`after:${last}`).toString('base64url') : undefined,
    Contents: page.flatMap(({ item }) => (item ? [describe(item)] : [])),
    CommonPrefixes: page.flatMap(({ name, item }) => (item ? [] : [{ Prefix: name }])),
  };
}

function versionsInOrder(
  bucket: Bucket,
  prefix: string,
): { key: string; item: { version: ObjectVersion; latest: boolean } }[] {
  return [...bucket.objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort(byKey)
    .flatMap((key) => {
      const newestFirst = bucket.objects.get(key)!.toReversed();
      return newestFirst.map((version, index) => ({ key, item: { version, latest: index === 0 } }));
    });
}

function listObjectVersions(store: S3Store, input: WireInput): object {
  const bucket = store.bucket(input.Bucket);
  const prefix = String(input.Prefix ?? '');
  const limit = limitOf(input);
  const entries = group(versionsInOrder(bucket, prefix), prefix, String(input.Delimiter ?? ''));
  const keyMarker = input.KeyMarker === undefined ? undefined : String(input.KeyMarker);
  const versionMarker = input.VersionIdMarker as string | undefined;
  const markerAt = entries.findIndex(
    ({ name, item }) => name === keyMarker && item?.version.versionId === versionMarker,
  );
  const rest = entries.filter(({ name }, index) => {
    if (keyMarker === undefined) return true;
    return versionMarker !== undefined && markerAt >= 0 ? index > markerAt : byKey(name, keyMarker) > 0;
  });
  const page = rest.slice(0, limit);
  const isTruncated = rest.length > page.length;
  const last = page.at(-1);
  const shown = page.flatMap(({ item }) => item ?? []);
  return {
    Name: bucket.name,
    Prefix: prefix,
    Delimiter: input.Delimiter,
    KeyMarker: input.KeyMarker ?? '',
    VersionIdMarker: input.VersionIdMarker ?? '',
    MaxKeys: limit,
    IsTruncated: isTruncated,
    EncodingType: input.EncodingType,
    NextKeyMarker: isTruncated ? last?.name : undefined,
    NextVersionIdMarker: isTruncated ? last?.item?.version.versionId : undefined,
    Versions: shown
      .filter(({ version }) => !version.deleteMarker)
      .map(({ version, latest }) => ({ ...describe(version), VersionId: version.versionId, IsLatest: latest })),
    DeleteMarkers: shown
      .filter(({ version }) => version.deleteMarker)
      .map(({ version, latest }) => ({
        Key: version.key,
        VersionId: version.versionId,
        IsLatest: latest,
        LastModified: new Date(version.lastModifiedMs),
      })),
    CommonPrefixes: page.flatMap(({ name, item }) => (item ? [] : [{ Prefix: name }])),
  };
}

function deleteObjects(cloud: CloudContext, store: S3Store, input: WireInput, context: CallContext): object {
  store.bucket(input.Bucket);
  const objects = (input.Delete?.Objects ?? []) as WireInput[];
  if (objects.length === 0 || objects.length > 1000) {
    throw s3Error(400, 'MalformedXML', `Delete must name 1 to 1000 objects, not ${objects.length}`);
  }
  const quiet = input.Delete.Quiet !== undefined && asBoolean(input.Delete.Quiet, 'Quiet');
  const deleted: object[] = [];
  const errors: object[] = [];
  for (const { Key, VersionId } of objects) {
    const target = { Key: String(Key), ...(VersionId === undefined ? {} : { VersionId: String(VersionId) }) };
    try {
      const bypass = { BypassGovernanceRetention: input.BypassGovernanceRetention };
      const result = deleteObject(cloud, store, { Bucket: input.Bucket, ...target, ...bypass }, context);
      const marker = result.DeleteMarker ? { DeleteMarker: true, DeleteMarkerVersionId: result.VersionId } : {};
      deleted.push({ ...target, ...marker });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ ...target, Code: error.code, Message: error.message });
    }
  }
  return { Deleted: quiet ? [] : deleted, Errors: errors };
}

export function listingOperations(cloud: CloudContext, store: S3Store): Record<string, Operation> {
  return {
    ListObjectsV2: (input) => listObjectsV2(store, input),
    ListObjectVersions: (input) => listObjectVersions(store, input),
    DeleteObjects: (input, context) => deleteObjects(cloud, store, input, context),
  };
}
