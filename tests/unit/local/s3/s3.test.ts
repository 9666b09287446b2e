import { describe, expect, it } from '@jest/globals';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newS3 } from '../../../../local/s3/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const HELLO_MD5 = '"5d41402abc4b2a76b9719d911017c592"';

function setUp(options: { versioning?: boolean; lock?: boolean } = {}) {
  const cloud = newFakeCloudContext();
  const service = newS3(cloud);
  const call = (operation: string, input: WireInput = {}): WireInput =>
    service.operations[operation]!({ Bucket: 'models', ...input }, ROOT) as WireInput;
  call('CreateBucket', { ObjectLockEnabledForBucket: options.lock ?? false });
  if (options.versioning) call('PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } });
  const put = (key: string, body: unknown = 'hello', more: WireInput = {}): WireInput =>
    call('PutObject', { Key: key, Body: body, ...more });
  const text = (key: string, more: WireInput = {}): string =>
    Buffer.from(call('GetObject', { Key: key, ...more }).Body as Uint8Array).toString();
  return { cloud, service, call, put, text };
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};

describe('buckets', () => {
  it('are created once, listed and deleted only when empty', () => {
    const { call, put } = setUp();
    expect(codeOf(() => call('CreateBucket'))).toBe('BucketAlreadyOwnedByYou');
    expect(codeOf(() => call('CreateBucket', { Bucket: 'No_Good' }))).toBe('InvalidBucketName');
    expect(codeOf(() => call('HeadBucket', { Bucket: 'absent' }))).toBe('NoSuchBucket');
    expect(codeOf(() => call('HeadBucket', { ExpectedBucketOwner: '999999999999' }))).toBe('AccessDenied');
    put('a');
    expect(codeOf(() => call('DeleteBucket'))).toBe('BucketNotEmpty');
    call('DeleteObject', { Key: 'a' });
    call('CreateBucket', { Bucket: 'data' });
    expect(call('ListBuckets').Buckets).toEqual([
      { Name: 'data', CreationDate: new Date(START_MS) },
      { Name: 'models', CreationDate: new Date(START_MS) },
    ]);
    call('DeleteBucket');
    expect(codeOf(() => call('HeadBucket'))).toBe('NoSuchBucket');
  });

  it('keep their configuration documents', () => {
    const { call } = setUp();
    const rules = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } }] };
    expect(codeOf(() => call('GetBucketPolicy'))).toBe('NoSuchBucketPolicy');
    expect(codeOf(() => call('PutBucketPolicy', { Policy: '{' }))).toBe('MalformedPolicy');
    call('PutBucketPolicy', { Policy: '{"Statement":[]}' });
    call('PutBucketEncryption', { ServerSideEncryptionConfiguration: rules });
    call('PutPublicAccessBlock', { PublicAccessBlockConfiguration: { BlockPublicAcls: true } });
    call('PutBucketLifecycleConfiguration', { LifecycleConfiguration: { Rules: [{ Status: 'Enabled' }] } });
    expect(call('GetBucketPolicy').Policy).toBe('{"Statement":[]}');
    expect(call('GetBucketEncryption').ServerSideEncryptionConfiguration).toEqual(rules);
    expect(call('GetPublicAccessBlock').PublicAccessBlockConfiguration).toEqual({ BlockPublicAcls: true });
    expect(call('GetBucketLifecycleConfiguration').Rules).toEqual([{ Status: 'Enabled' }]);
    const queue = { QueueConfigurations: [{}] };
    expect(codeOf(() => call('PutBucketNotificationConfiguration', { NotificationConfiguration: queue }))).toBe(
      'UnsupportedFeature',
    );
  });
});

describe('objects', () => {
  it('come back as they were put', () => {
    const { call, put } = setUp();
    expect(put('dir/a.txt', 'hello', { ContentType: 'text/plain', Metadata: { sha256: 'x' } })).toMatchObject({
      ETag: HELLO_MD5,
    });
    expect(call('GetObject', { Key: 'dir/a.txt' })).toMatchObject({
      Body: Buffer.from('hello'),
      ETag: HELLO_MD5,
      ContentType: 'text/plain',
      ContentLength: 5,
      Metadata: { sha256: 'x' },
      LastModified: new Date(START_MS),
    });
    expect(call('HeadObject', { Key: 'dir/a.txt' })).not.toHaveProperty('Body');
    put('bytes', new Uint8Array([1, 2]));
    expect(call('GetObject', { Key: 'bytes' }).Body).toEqual(new Uint8Array([1, 2]));
    expect(codeOf(() => call('GetObject', { Key: 'absent' }))).toBe('NoSuchKey');
  });

  it('obey conditions on writes and reads', () => {
    const { put, text, call } = setUp();
    put('lock', 'hello', { IfNoneMatch: '*' });
    expect(codeOf(() => put('lock', 'again', { IfNoneMatch: '*' }))).toBe('PreconditionFailed');
    expect(codeOf(() => put('lock', 'again', { IfMatch: '"other"' }))).toBe('PreconditionFailed');
    expect(codeOf(() => put('absent', 'x', { IfMatch: HELLO_MD5 }))).toBe('NoSuchKey');
    put('lock', 'again', { IfMatch: HELLO_MD5 });
    expect(text('lock')).toBe('again');
    expect(codeOf(() => call('GetObject', { Key: 'lock', IfMatch: HELLO_MD5 }))).toBe('PreconditionFailed');
    const etag = call('HeadObject', { Key: 'lock' }).ETag;
    expect(codeOf(() => call('GetObject', { Key: 'lock', IfNoneMatch: etag }))).toBe('NotModified');
  });

  it.each([
    ['bytes=0-1', 'he', 'bytes 0-1/5'],
    ['bytes=3-', 'lo', 'bytes 3-4/5'],
    ['bytes=-2', 'lo', 'bytes 3-4/5'],
    ['bytes=2-99', 'llo', 'bytes 2-4/5'],
  ])('are read in part: %s', (range, expected, contentRange) => {
    const { put, text, call } = setUp();
    put('a');
    expect(text('a', { Range: range })).toBe(expected);
    expect(call('HeadObject', { Key: 'a', Range: range }).ContentRange).toBe(contentRange);
    expect(codeOf(() => call('GetObject', { Key: 'a', Range: 'bytes=5-' }))).toBe('InvalidRange');
  });

  it('are refused with a wrong checksum', () => {
    const { put } = setUp();
    put('a', 'hello', { ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==', ChecksumCRC32: 'NhCmhg==' });
    expect(codeOf(() => put('a', 'hello', { ChecksumCRC32: 'AAAAAA==' }))).toBe('BadDigest');
    expect(codeOf(() => put('a', 'hello', { ChecksumSHA256: 'AAAA' }))).toBe('BadDigest');
    expect(codeOf(() => put('a', 'hello', { SSECustomerAlgorithm: 'AES256' }))).toBe('UnsupportedFeature');
    expect(codeOf(() => put('a', 'hello', { ACL: 'public-read' }))).toBe('UnsupportedFeature');
  });

  it('are copied with or without their metadata, and carry tags', () => {
    const { call, put } = setUp();
    put('a', 'hello', { ContentType: 'text/plain', Metadata: { v: '1' }, Tagging: 'stage=dev&model=m' });
    call('CopyObject', { Key: 'b c', CopySource: '/models/a' });
    expect(call('GetObject', { Key: 'b c' })).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { v: '1' },
      TagCount: 2,
    });
    call('CopyObject', { Key: 'd', CopySource: 'models/b%20c', MetadataDirective: 'REPLACE', Metadata: { v: '2' } });
    expect(call('HeadObject', { Key: 'd' })).toMatchObject({
      Metadata: { v: '2' },
      ContentType: 'binary/octet-stream',
    });
    expect(codeOf(() => call('CopyObject', { Key: 'a', CopySource: 'models/a' }))).toBe('InvalidRequest');
    call('PutObjectTagging', { Key: 'd', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } });
    expect(call('GetObjectTagging', { Key: 'd' }).TagSet).toEqual([{ Key: 'k', Value: 'v' }]);
  });

  it('take the encryption of their bucket', () => {
    const { call, put, service } = setUp();
    const key = 'arn:aws:kms:eu-central-1:111122223333:key/k';
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } };
    expect(put('a')).toMatchObject({ ServerSideEncryption: 'AES256' });
    call('PutBucketEncryption', { ServerSideEncryptionConfiguration: { Rules: [rule] } });
    expect(put('b')).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key });
    expect(service.access('PutObject', { Bucket: 'models', Key: 'c' })).toEqual([
      { action: 's3:PutObject', resource: 'arn:aws:s3:::models/c' },
      { action: 'kms:GenerateDataKey', resource: key },
    ]);
    expect(service.access('GetObject', { Bucket: 'models', Key: 'b' })[1]).toEqual({
      action: 'kms:Decrypt',
      resource: key,
    });
    expect(service.access('GetObject', { Bucket: 'models', Key: 'a' })).toHaveLength(1);
  });
});

describe('listing', () => {
  it('groups by delimiter and pages without losing or doubling anything', () => {
    const { call, put } = setUp();
    for (const key of ['a/1', 'a/2', 'b', 'c/x/1', 'c/y', 'd']) put(key);
    const pages: string[][] = [];
    let token: string | undefined;
    do {
      const page = call('ListObjectsV2', {
        Delimiter: '/',
        MaxKeys: '2',
        ...(token ? { ContinuationToken: token } : {}),
      });
      pages.push([
        ...page.Contents.map((object: WireInput) => object.Key),
        ...page.CommonPrefixes.map((prefix: WireInput) => prefix.Prefix),
      ]);
      token = page.NextContinuationToken as string | undefined;
    } while (token !== undefined);
    expect(pages).toEqual([
      ['b', 'a/'],
      ['d', 'c/'],
    ]);
    expect(call('ListObjectsV2', { Prefix: 'c/', Delimiter: '/' })).toMatchObject({
      Contents: [{ Key: 'c/y', Size: 5, ETag: HELLO_MD5 }],
      CommonPrefixes: [{ Prefix: 'c/x/' }],
      KeyCount: 2,
      IsTruncated: false,
    });
    expect(call('ListObjectsV2', { StartAfter: 'c/x/1' }).Contents.map((object: WireInput) => object.Key)).toEqual([
      'c/y',
      'd',
    ]);
    expect(call('DeleteObjects', { Delete: { Objects: [{ Key: 'a/1' }, { Key: 'absent' }] } })).toEqual({
      Deleted: [{ Key: 'a/1' }, { Key: 'absent' }],
      Errors: [],
    });
  });
});

describe('versions', () => {
  it('are kept, listed, hidden by a delete marker and brought back by deleting it', () => {
    const { call, put, text } = setUp({ versioning: true });
    const first = put('a', 'one').VersionId as string;
    const second = put('a', 'two').VersionId as string;
    expect(text('a')).toBe('two');
    expect(text('a', { VersionId: first })).toBe('one');
    const marker = call('DeleteObject', { Key: 'a' });
    expect(marker).toMatchObject({ DeleteMarker: true });
    expect(codeOf(() => call('GetObject', { Key: 'a' }))).toBe('NoSuchKey');
    expect(codeOf(() => call('GetObject', { Key: 'a', VersionId: marker.VersionId }))).toBe('MethodNotAllowed');
    expect(call('ListObjectVersions')).toMatchObject({
      Versions: [
        { VersionId: second, IsLatest: false },
        { VersionId: first, IsLatest: false },
      ],
      DeleteMarkers: [{ VersionId: marker.VersionId, IsLatest: true }],
    });
    expect(call('ListObjectsV2').Contents).toEqual([]);
    call('DeleteObject', { Key: 'a', VersionId: marker.VersionId });
    expect(text('a')).toBe('two');
    const page = call('ListObjectVersions', { MaxKeys: 1 });
    const rest = call('ListObjectVersions', {
      KeyMarker: page.NextKeyMarker,
      VersionIdMarker: page.NextVersionIdMarker,
    });
    expect(rest.Versions.map((version: WireInput) => version.VersionId)).toEqual([first]);
    expect(codeOf(() => call('GetObject', { Key: 'a', VersionId: 'absent' }))).toBe('NoSuchVersion');
  });

  it('are protected by Object Lock until their time is over', async () => {
    const { cloud, call, put } = setUp({ lock: true });
    call('PutObjectLockConfiguration', {
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: '2' } },
      },
    });
    expect(codeOf(() => call('PutBucketVersioning', { VersioningConfiguration: { Status: 'Suspended' } }))).toBe(
      'InvalidBucketState',
    );
    const version = put('audit').VersionId as string;
    expect(call('GetObjectRetention', { Key: 'audit' }).Retention).toEqual({
      Mode: 'COMPLIANCE',
      RetainUntilDate: new Date(START_MS + 2 * DAY_MS),
    });
    const remove = () => call('DeleteObject', { Key: 'audit', VersionId: version, BypassGovernanceRetention: true });
    expect(codeOf(remove)).toBe('AccessDenied');
    const retain = (days: number) => () =>
      call('PutObjectRetention', {
        Key: 'audit',
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date(START_MS + days * DAY_MS) },
      });
    expect(codeOf(retain(1))).toBe('AccessDenied');
    retain(3)();
    expect(call('DeleteObjects', { Delete: { Objects: [{ Key: 'audit', VersionId: version }] } }).Errors).toMatchObject(
      [{ Code: 'AccessDenied' }],
    );
    // A delete marker destroys nothing, so it is allowed.
    call('DeleteObject', { Key: 'audit' });
    await cloud.kernel.runFor(3 * DAY_MS);
    expect(remove()).toMatchObject({ VersionId: version });
  });
});

describe('multipart uploads', () => {
  const PART = Buffer.alloc(5 * 1024 * 1024, 'x');

  it('become one object whose ETag counts the parts', () => {
    const { call } = setUp();
    const { UploadId } = call('CreateMultipartUpload', { Key: 'big', ContentType: 'text/csv' });
    const etags = [PART, Buffer.from('end')].map(
      (body, i) => call('UploadPart', { Key: 'big', UploadId, PartNumber: i + 1, Body: body }).ETag as string,
    );
    expect(call('ListParts', { Key: 'big', UploadId }).Parts).toHaveLength(2);
    const parts = etags.map((etag, i) => ({ ETag: etag, PartNumber: String(i + 1) }));
    const complete = (Parts: WireInput[]) => () =>
      call('CompleteMultipartUpload', { Key: 'big', UploadId, MultipartUpload: { Parts } });
    expect(codeOf(complete(parts.toReversed()))).toBe('InvalidPartOrder');
    expect(codeOf(complete([{ ETag: '"x"', PartNumber: 1 }]))).toBe('InvalidPart');
    expect(complete(parts)().ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(call('HeadObject', { Key: 'big' })).toMatchObject({
      ContentLength: PART.length + 3,
      ContentType: 'text/csv',
    });
    expect(codeOf(complete(parts))).toBe('NoSuchUpload');
  });

  it('refuse small parts and can be aborted', () => {
    const { call } = setUp();
    const { UploadId } = call('CreateMultipartUpload', { Key: 'a' });
    const parts = [1, 2].map((PartNumber) => ({
      PartNumber,
      ETag: call('UploadPart', { Key: 'a', UploadId, PartNumber, Body: 'x' }).ETag as string,
    }));
    expect(
      codeOf(() => call('CompleteMultipartUpload', { Key: 'a', UploadId, MultipartUpload: { Parts: parts } })),
    ).toBe('EntityTooSmall');
    call('AbortMultipartUpload', { Key: 'a', UploadId });
    expect(codeOf(() => call('UploadPart', { Key: 'a', UploadId, PartNumber: 1, Body: 'x' }))).toBe('NoSuchUpload');
  });
});

describe('notifications', () => {
  it('are sent for what is created and deleted, only when EventBridge is on', () => {
    const { cloud, call, put } = setUp();
    put('before');
    call('PutBucketNotificationConfiguration', { NotificationConfiguration: { EventBridgeConfiguration: {} } });
    put('dir/a');
    call('DeleteObject', { Key: 'dir/a' });
    expect(cloud.events).toMatchObject([
      {
        source: 'aws.s3',
        detailType: 'Object Created',
        resources: ['arn:aws:s3:::models'],
        detail: {
          bucket: { name: 'models' },
          object: { key: 'dir/a', size: 5, etag: HELLO_MD5.slice(1, -1) },
          reason: 'PutObject',
        },
      },
      { detailType: 'Object Deleted', detail: { object: { key: 'dir/a' }, 'deletion-type': 'Permanently Deleted' } },
    ]);
  });
});

describe('access', () => {
  it.each<[string, WireInput, [string, string][]]>([
    ['GetObject', { Key: 'k' }, [['s3:GetObject', 'arn:aws:s3:::models/k']]],
    ['GetObject', { Key: 'k', VersionId: 'v' }, [['s3:GetObjectVersion', 'arn:aws:s3:::models/k']]],
    ['HeadObject', { Key: 'k' }, [['s3:GetObject', 'arn:aws:s3:::models/k']]],
    ['UploadPart', { Key: 'k' }, [['s3:PutObject', 'arn:aws:s3:::models/k']]],
    ['DeleteObject', { Key: 'k', VersionId: 'v' }, [['s3:DeleteObjectVersion', 'arn:aws:s3:::models/k']]],
    ['PutBucketEncryption', {}, [['s3:PutEncryptionConfiguration', 'arn:aws:s3:::models']]],
    [
      'CopyObject',
      { Key: 'k', CopySource: 'other/x' },
      [
        ['s3:GetObject', 'arn:aws:s3:::other/x'],
        ['s3:PutObject', 'arn:aws:s3:::models/k'],
      ],
    ],
    [
      'DeleteObjects',
      { Delete: { Objects: [{ Key: 'a' }, { Key: 'b' }] } },
      [
        ['s3:DeleteObject', 'arn:aws:s3:::models/a'],
        ['s3:DeleteObject', 'arn:aws:s3:::models/b'],
      ],
    ],
  ])('%s %j', (operation, input, expected) => {
    const { service } = setUp();
    const access = service.access(operation, { Bucket: 'models', ...input });
    expect(access.map(({ action, resource }) => [action, resource])).toEqual(expected);
  });

  it('tells the prefix of a listing', () => {
    const { service } = setUp();
    expect(service.access('ListObjectsV2', { Bucket: 'models', Prefix: 'a/' })).toEqual([
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::models', conditionKeys: { 's3:prefix': 'a/' } },
    ]);
  });
});
