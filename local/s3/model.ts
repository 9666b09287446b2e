/** What S3 keeps: buckets, and the versions of their objects. */
import { AwsError } from '../kernel/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Random } from '../kernel/random.ts';

export interface Retention {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly untilMs: number;
}

/** Members that a caller gives with an object and gets back with it, for instance `ContentType` or `CacheControl`. */
export type ObjectAttributes = Readonly<Record<string, string>>;

export interface ObjectVersion {
  readonly key: string;
  /** `null` while the bucket has no versioning. */
  readonly versionId: string;
  readonly deleteMarker: boolean;
  readonly body: Uint8Array;
  /** Quoted: the MD5 of the body, or of the parts' MD5s with `-<parts>`. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly attributes: ObjectAttributes;
  readonly metadata: Readonly<Record<string, string>>;
  tags: readonly { readonly Key: string; readonly Value: string }[];
  retention?: Retention;
  legalHold?: boolean;
}

/** Configuration documents that are kept and given back as they came; what they mean is said where they are put. */
export type DocumentName = 'encryption' | 'lifecycle' | 'publicAccessBlock' | 'policy' | 'notification' | 'tagging';

export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
  versioning: 'Enabled' | 'Suspended' | undefined;
  objectLock: boolean;
  defaultRetention?: { readonly mode: Retention['mode']; readonly days: number };
  readonly documents: Map<DocumentName, unknown>;
  /** Versions of each key, oldest first. */
  readonly objects: Map<string, ObjectVersion[]>;
}

export interface MultipartUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly startedMs: number;
  /** Members of CreateMultipartUpload, applied on completion. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly parts: Map<number, { readonly body: Uint8Array; readonly etag: string; readonly lastModifiedMs: number }>;
}

export function s3Error(
  statusCode: number,
  code: string,
  message: string,
  fields: Record<string, unknown> = {},
): AwsError {
  return new AwsError(code, message, { statusCode, fields });
}

export function noSuchKey(key: string): AwsError {
  return s3Error(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
}

/** The account's buckets. */
export class S3Store {
  readonly kernel: Kernel;
  readonly random: Random;
  readonly buckets = new Map<string, Bucket>();
  readonly uploads = new Map<string, MultipartUpload>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.random = kernel.random('s3');
  }

  now(): number {
    return this.kernel.clock.now();
  }

  /** @throws AwsError NoSuchBucket */
  bucket(name: unknown): Bucket {
    const bucket = this.buckets.get(String(name));
    if (!bucket)
      throw s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: String(name) });
    return bucket;
  }

  /** The newest version of a key; undefined when there is none or it is a delete marker. */
  current(bucket: Bucket, key: string): ObjectVersion | undefined {
    const newest = bucket.objects.get(key)?.at(-1);
    return newest?.deleteMarker ? undefined : newest;
  }

  /**
   * A version by id, or the current one.
   * @throws AwsError NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker
   */
  version(bucket: Bucket, key: string, versionId: unknown): ObjectVersion {
    if (versionId === undefined) {
      const current = this.current(bucket, key);
      if (!current) throw noSuchKey(key);
      return current;
    }
    const version = bucket.objects.get(key)?.find((candidate) => candidate.versionId === versionId);
    if (!version) {
      throw s3Error(404, 'NoSuchVersion', 'The specified version does not exist.', { Key: key, VersionId: versionId });
    }
    if (version.deleteMarker) {
      throw s3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        Method: 'GET',
      });
    }
    return version;
  }

  /** Adds a version; without versioning (or when it is suspended) it takes the place of the version `null`. */
  add(bucket: Bucket, version: Omit<ObjectVersion, 'versionId' | 'lastModifiedMs'>): ObjectVersion {
    const versionId = bucket.versioning === 'Enabled' ? this.random.hex(32) : 'null';
    const added: ObjectVersion = { ...version, versionId, lastModifiedMs: this.now() };
    const others = (bucket.objects.get(version.key) ?? []).filter(
      (candidate) => versionId !== 'null' || candidate.versionId !== 'null',
    );
    bucket.objects.set(version.key, [...others, added]);
    return added;
  }

  remove(bucket: Bucket, version: ObjectVersion): void {
    const left = (bucket.objects.get(version.key) ?? []).filter((candidate) => candidate !== version);
    if (left.length > 0) bucket.objects.set(version.key, left);
    else bucket.objects.delete(version.key);
  }
}
