/** Multipart uploads. */
import { createHash } from 'node:crypto';
import { asNumber } from '../kernel/coerce.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { CloudContext, Operation, WireInput } from '../kernel/service.ts';
import { type MultipartUpload, s3Error, type S3Store } from './model.ts';
import { announce, bodyBytes, checkWriteConditions, md5Etag, storeObject, verifyChecksums } from './objects.ts';

const LEAST_PART_BYTES = 5 * 1024 * 1024;

function uploadOf(store: S3Store, input: WireInput): MultipartUpload {
  store.bucket(input.Bucket);
  const upload = store.uploads.get(String(input.UploadId));
  if (upload?.bucket !== input.Bucket || upload?.key !== input.Key) {
    const message =
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
    throw s3Error(404, 'NoSuchUpload', message, { UploadId: String(input.UploadId) });
  }
  return upload!;
}

function chosenParts(upload: MultipartUpload, input: WireInput): Uint8Array[] {
  const listed = ((input.MultipartUpload?.Parts ?? []) as WireInput[]).map((part) => ({
    number: asNumber(part.PartNumber, 'PartNumber'),
    etag: `"${String(part.ETag).replaceAll('"', '')}"`,
  }));
  if (listed.length === 0) throw s3Error(400, 'MalformedXML', 'You must specify at least one part');
  if (listed.some(({ number }, index) => index > 0 && number <= listed[index - 1]!.number)) {
    throw s3Error(
      400,
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
  }
  return listed.map(({ number, etag }, index) => {
    const part = upload.parts.get(number);
    if (part?.etag !== etag) {
      const message =
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
      throw s3Error(400, 'InvalidPart', message, { PartNumber: number, ETag: etag });
    }
    if (index < listed.length - 1 && part.body.length < LEAST_PART_BYTES) {
      const message = 'Your proposed upload is smaller than the minimum allowed size';
      throw s3Error(400, 'EntityTooSmall', message, {
        ProposedSize: part.body.length,
        MinSizeAllowed: LEAST_PART_BYTES,
      });
    }
    return part.body;
  });
}

export function multipartOperations(cloud: CloudContext, store: S3Store): Record<string, Operation> {
  return {
    CreateMultipartUpload: (input) => {
      const bucket = store.bucket(input.Bucket);
      const uploadId = store.random.hex(64);
      const upload = {
        bucket: bucket.name,
        key: String(input.Key),
        uploadId,
        startedMs: store.now(),
        input,
        parts: new Map(),
      };
      store.uploads.set(uploadId, upload);
      return { Bucket: bucket.name, Key: upload.key, UploadId: uploadId };
    },
    UploadPart: (input) => {
      const upload = uploadOf(store, input);
      const number = asNumber(input.PartNumber, 'PartNumber');
      if (!Number.isInteger(number) || number < 1 || number > 10_000) {
        throw s3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
          ArgumentValue: number,
        });
      }
      const body = bodyBytes(input.Body);
      verifyChecksums(body, input);
      const etag = md5Etag(body);
      upload.parts.set(number, { body, etag, lastModifiedMs: store.now() });
      return { ETag: etag, ChecksumCRC32: input.ChecksumCRC32 as unknown };
    },
    UploadPartCopy: () => {
      throw new UnsupportedFeature('UploadPartCopy', 'use CopyObject');
    },
    ListParts: (input) => {
      const upload = uploadOf(store, input);
      const parts = [...upload.parts].sort(([a], [b]) => a - b);
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.uploadId,
        IsTruncated: false,
        Parts: parts.map(([number, part]) => ({
          PartNumber: number,
          ETag: part.etag,
          Size: part.body.length,
          LastModified: new Date(part.lastModifiedMs),
        })),
      };
    },
    CompleteMultipartUpload: (input, context) => {
      const upload = uploadOf(store, input);
      const bucket = store.bucket(input.Bucket);
      const bodies = chosenParts(upload, input);
      checkWriteConditions(store, bucket, upload.key, input);
      const digests = bodies.map((body) => createHash('md5').update(body).digest());
      const etag = `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${bodies.length}"`;
      const version = storeObject(store, bucket, upload.key, Buffer.concat(bodies), etag, upload.input);
      store.uploads.delete(upload.uploadId);
      announce(cloud, store, bucket, version, context, {
        detailType: 'Object Created',
        reason: 'CompleteMultipartUpload',
      });
      return {
        Location: `https://${bucket.name}.s3.${cloud.region}.amazonaws.com/${encodeURIComponent(upload.key)}`,
        Bucket: bucket.name,
        Key: upload.key,
        ETag: etag,
        ...(bucket.versioning === undefined ? {} : { VersionId: version.versionId }),
      };
    },
    AbortMultipartUpload: (input) => {
      store.uploads.delete(uploadOf(store, input).uploadId);
    },
  };
}
