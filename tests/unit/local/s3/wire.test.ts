import * as sdk from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { AwsError } from '../../../../local/kernel/errors.ts';
import type { WireRequest } from '../../../../local/protocols/wire.ts';
import { decodeAwsChunked } from '../../../../local/s3/aws-chunked.ts';
import { newS3 } from '../../../../local/s3/service.ts';
import { parseS3Request, serializeS3Error, serializeS3Response } from '../../../../local/s3/wire.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly hostname: string;
  readonly query: Record<string, string | null>;
  readonly headers: Record<string, string>;
  readonly body?: AsyncIterable<Uint8Array> | string | Uint8Array;
}

async function collect(body: SdkRequest['body']): Promise<Uint8Array> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body ?? '');
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The real SDK client, whose requests go through wire.ts to the service. */
function newClient(forcePathStyle: boolean): sdk.S3Client {
  const service = newS3(newFakeCloudContext());
  const handle = async (request: SdkRequest) => {
    const lower = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const wire: WireRequest = {
      method: request.method,
      path: request.path,
      query: Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, value ?? ''])),
      headers: { host: request.hostname, ...lower },
      body: await collect(request.body),
    };
    const response = await answer(wire);
    return { response: { ...response, body: Readable.from([response.body]) } };
  };
  const answer = async (wire: WireRequest) => {
    try {
      const { operation, input } = parseS3Request(wire);
      return serializeS3Response(operation, await service.operations[operation]!(input, ROOT), wire);
    } catch (error) {
      if (error instanceof AwsError) return serializeS3Error(error, 'r', wire.method);
      throw error;
    }
  };
  return new sdk.S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 's' },
    forcePathStyle,
    maxAttempts: 1,
    requestHandler: { handle },
  });
}

describe.each([
  ['path style', true],
  ['virtual-host style', false],
])('the real SDK in %s', (_name, forcePathStyle) => {
  const at = { Bucket: 'models' };

  async function withBucket() {
    const s3 = newClient(forcePathStyle);
    await s3.send(
      new sdk.CreateBucketCommand({ ...at, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    );
    return s3;
  }

  it('puts, gets, lists and deletes objects with awkward keys', async () => {
    const s3 = await withBucket();
    const Key = 'dir/ä & <b> +%.txt';
    const put = await s3.send(
      new sdk.PutObjectCommand({ ...at, Key, Body: 'hello', ContentType: 'text/plain', Metadata: { sha: 'x' } }),
    );
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const got = await s3.send(new sdk.GetObjectCommand({ ...at, Key }));
    expect(await got.Body!.transformToString()).toBe('hello');
    expect(got).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { sha: 'x' },
      LastModified: new Date(Date.UTC(2026, 0, 5)),
    });
    const range = await s3.send(new sdk.GetObjectCommand({ ...at, Key, Range: 'bytes=1-2' }));
    expect([await range.Body!.transformToString(), range.$metadata.httpStatusCode, range.ContentRange]).toEqual([
      'el',
      206,
      'bytes 1-2/5',
    ]);
    const listed = await s3.send(new sdk.ListObjectsV2Command({ ...at, Prefix: 'dir/', Delimiter: '/' }));
    expect(listed.Contents).toMatchObject([{ Key, Size: 5 }]);
    const encoded = await s3.send(new sdk.ListObjectsV2Command({ ...at, EncodingType: 'url' }));
    expect(encoded.Contents?.[0]?.Key).toBe('dir/%C3%A4%20%26%20%3Cb%3E%20%2B%25.txt');
    await s3.send(new sdk.CopyObjectCommand({ ...at, Key: 'copy', CopySource: `models/${encodeURIComponent(Key)}` }));
    const deleted = await s3.send(
      new sdk.DeleteObjectsCommand({ ...at, Delete: { Objects: [{ Key }, { Key: 'copy' }] } }),
    );
    expect(deleted.Deleted).toMatchObject([{ Key }, { Key: 'copy' }]);
    await s3.send(new sdk.DeleteBucketCommand(at));
    expect((await s3.send(new sdk.ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  it('decodes streamed bodies with trailing checksums', async () => {
    const s3 = await withBucket();
    const Body = Readable.from([Buffer.alloc(100_000, 'a'), Buffer.from('end')]);
    await s3.send(new sdk.PutObjectCommand({ ...at, Key: 'stream', Body, ContentLength: 100_003 }));
    const head = await s3.send(new sdk.HeadObjectCommand({ ...at, Key: 'stream', ChecksumMode: 'ENABLED' }));
    expect(head.ContentLength).toBe(100_003);
    expect(head.ChecksumCRC32).toMatch(/^.{6}==$/);
    expect(head.ContentEncoding).toBeUndefined();
  });

  it('speaks versions, locks, configuration documents and multipart uploads', async () => {
    const s3 = await withBucket();
    await s3.send(new sdk.PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } }));
    expect((await s3.send(new sdk.GetBucketVersioningCommand(at))).Status).toBe('Enabled');
    const rule = { DefaultRetention: { Mode: 'COMPLIANCE' as const, Days: 1 } };
    await s3.send(
      new sdk.PutObjectLockConfigurationCommand({
        ...at,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: rule },
      }),
    );
    expect((await s3.send(new sdk.GetObjectLockConfigurationCommand(at))).ObjectLockConfiguration?.Rule).toEqual(rule);
    const { VersionId } = await s3.send(new sdk.PutObjectCommand({ ...at, Key: 'a', Body: 'x' }));
    const retention = await s3.send(new sdk.GetObjectRetentionCommand({ ...at, Key: 'a' }));
    expect(retention.Retention?.RetainUntilDate).toEqual(new Date(Date.UTC(2026, 0, 6)));
    await expect(s3.send(new sdk.DeleteObjectCommand({ ...at, Key: 'a', VersionId }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    expect((await s3.send(new sdk.ListObjectVersionsCommand(at))).Versions).toMatchObject([
      { Key: 'a', VersionId, IsLatest: true },
    ]);

    const Rules = [{ ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 7 } }];
    await s3.send(new sdk.PutBucketLifecycleConfigurationCommand({ ...at, LifecycleConfiguration: { Rules } }));
    expect((await s3.send(new sdk.GetBucketLifecycleConfigurationCommand(at))).Rules).toEqual(Rules);
    const encryption = {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: true }],
    };
    await s3.send(new sdk.PutBucketEncryptionCommand({ ...at, ServerSideEncryptionConfiguration: encryption }));
    expect((await s3.send(new sdk.GetBucketEncryptionCommand(at))).ServerSideEncryptionConfiguration).toEqual(
      encryption,
    );
    await s3.send(
      new sdk.PutBucketNotificationConfigurationCommand({
        ...at,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    expect((await s3.send(new sdk.GetBucketNotificationConfigurationCommand(at))).EventBridgeConfiguration).toEqual({});
    await s3.send(new sdk.PutBucketPolicyCommand({ ...at, Policy: '{"Statement":[]}' }));
    expect((await s3.send(new sdk.GetBucketPolicyCommand(at))).Policy).toBe('{"Statement":[]}');

    const { UploadId } = await s3.send(new sdk.CreateMultipartUploadCommand({ ...at, Key: 'big' }));
    const part = await s3.send(new sdk.UploadPartCommand({ ...at, Key: 'big', UploadId, PartNumber: 1, Body: 'part' }));
    const MultipartUpload = { Parts: [{ ETag: part.ETag, PartNumber: 1 }] };
    const done = await s3.send(
      new sdk.CompleteMultipartUploadCommand({ ...at, Key: 'big', UploadId, MultipartUpload }),
    );
    expect(done.ETag).toMatch(/-1"$/);
    await s3.send(
      new sdk.PutObjectTaggingCommand({ ...at, Key: 'big', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }),
    );
    expect((await s3.send(new sdk.GetObjectTaggingCommand({ ...at, Key: 'big' }))).TagSet).toEqual([
      { Key: 'k', Value: 'v' },
    ]);
  });

  it("gets AWS's errors", async () => {
    const s3 = await withBucket();
    await expect(s3.send(new sdk.GetObjectCommand({ ...at, Key: 'absent' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      message: 'The specified key does not exist.',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new sdk.HeadObjectCommand({ ...at, Key: 'absent' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    await expect(s3.send(new sdk.ListObjectsV2Command({ Bucket: 'absent' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    await s3.send(new sdk.PutObjectCommand({ ...at, Key: 'a', Body: 'x', IfNoneMatch: '*' }));
    await expect(
      s3.send(new sdk.PutObjectCommand({ ...at, Key: 'a', Body: 'x', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    await expect(s3.send(new sdk.GetBucketCorsCommand(at))).rejects.toMatchObject({ name: 'UnsupportedFeature' });
  });
});

describe('aws-chunked bodies', () => {
  it('are joined, with and without signatures', () => {
    const encoded = Buffer.from(
      '5;chunk-signature=abc\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    );
    const { body, trailers } = decodeAwsChunked(encoded, { 'x-amz-decoded-content-length': '6' });
    expect(Buffer.from(body).toString()).toBe('hello!');
    expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
  });

  it('are refused when cut off or of another length than announced', () => {
    expect(() => decodeAwsChunked(Buffer.from('9\r\nhello'), {})).toThrow('a chunk of 9 bytes is cut off');
    expect(() => decodeAwsChunked(Buffer.from('xyz'), {})).toThrow("'xyz' is not a chunk header");
    expect(() => decodeAwsChunked(Buffer.from('1\r\na\r\n0\r\n\r\n'), { 'x-amz-decoded-content-length': '2' })).toThrow(
      'instead of the announced 2',
    );
  });
});
