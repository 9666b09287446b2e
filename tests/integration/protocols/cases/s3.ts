import { ACCOUNT, bytes, refused, REGION, saved, type ServiceCases } from '../case.ts';

const Bucket = 'models';
const Key = 'a b/größe+1&2.txt';
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::models/*',
    },
  ],
});
const UploadId = saved('UploadId');
const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:arrivals`;

export const S3: ServiceCases = {
  service: 's3',
  cases: [
    {
      operation: 'CreateBucket',
      input: {
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: REGION },
        ObjectLockEnabledForBucket: true,
      },
      answer: { Location: /models/ },
    },
    { operation: 'HeadBucket', input: { Bucket }, answer: { BucketRegion: REGION } },
    { operation: 'ListBuckets', input: {}, answer: { 'Buckets.0.Name': Bucket, 'Buckets.0.CreationDate': Date } },
    { operation: 'GetBucketLocation', input: { Bucket }, answer: { LocationConstraint: REGION } },
    { operation: 'PutBucketVersioning', input: { Bucket, VersioningConfiguration: { Status: 'Enabled' } }, answer: {} },
    { operation: 'GetBucketVersioning', input: { Bucket }, answer: { Status: 'Enabled' } },
    {
      operation: 'PutObjectLockConfiguration',
      input: {
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      },
      answer: {},
    },
    {
      operation: 'GetObjectLockConfiguration',
      input: { Bucket },
      answer: { 'ObjectLockConfiguration.Rule.DefaultRetention.Days': 1 },
    },
    { operation: 'PutBucketPolicy', input: { Bucket, Policy: policy }, answer: {} },
    { operation: 'GetBucketPolicy', input: { Bucket }, answer: { Policy: policy } },
    { operation: 'DeleteBucketPolicy', input: { Bucket }, answer: {} },
    {
      operation: 'PutPublicAccessBlock',
      input: { Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false } },
      answer: {},
    },
    {
      operation: 'GetPublicAccessBlock',
      input: { Bucket },
      answer: {
        'PublicAccessBlockConfiguration.BlockPublicAcls': true,
        'PublicAccessBlockConfiguration.BlockPublicPolicy': false,
      },
    },
    { operation: 'DeletePublicAccessBlock', input: { Bucket }, answer: {} },
    {
      operation: 'PutBucketEncryption',
      input: {
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
        },
      },
      answer: {},
    },
    {
      operation: 'GetBucketEncryption',
      input: { Bucket },
      answer: {
        'ServerSideEncryptionConfiguration.Rules.0.ApplyServerSideEncryptionByDefault.SSEAlgorithm': 'aws:kms',
        'ServerSideEncryptionConfiguration.Rules.0.BucketKeyEnabled': true,
      },
    },
    { operation: 'DeleteBucketEncryption', input: { Bucket }, answer: {} },
    {
      operation: 'PutBucketLifecycleConfiguration',
      input: {
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'captures/' }, Expiration: { Days: 30 } }],
        },
      },
      answer: {},
    },
    {
      operation: 'GetBucketLifecycleConfiguration',
      input: { Bucket },
      answer: { 'Rules.0.ID': 'old', 'Rules.0.Expiration.Days': 30, 'Rules.0.Filter.Prefix': 'captures/' },
    },
    { operation: 'DeleteBucketLifecycle', input: { Bucket }, answer: {} },
    {
      operation: 'PutBucketTagging',
      input: { Bucket, Tagging: { TagSet: [{ Key: 'stage', Value: 'd<e>v' }] } },
      answer: {},
    },
    { operation: 'GetBucketTagging', input: { Bucket }, answer: { 'TagSet.0.Value': 'd<e>v' } },
    { operation: 'DeleteBucketTagging', input: { Bucket }, answer: {} },
    {
      operation: 'PutBucketNotificationConfiguration',
      input: { Bucket, NotificationConfiguration: { EventBridgeConfiguration: {} } },
      answer: {},
    },
    {
      operation: 'GetBucketNotificationConfiguration',
      input: { Bucket },
      answer: { EventBridgeConfiguration: /object/ },
    },
    {
      operation: 'PutObject',
      input: {
        Bucket,
        Key,
        Body: bytes('hello größe'),
        ContentType: 'text/plain; charset=utf-8',
        Metadata: { model: 'demand' },
        Tagging: 'a=1&b=2%203',
      },
      answer: { ETag: /^"[0-9a-f]{32}"$/, VersionId: /./ },
      save: { ETag: 'ETag', VersionId: 'VersionId' },
    },
    {
      operation: 'GetObject',
      input: { Bucket, Key },
      answer: {
        Body: 'hello größe',
        ContentLength: 13,
        ContentType: 'text/plain; charset=utf-8',
        'Metadata.model': 'demand',
        LastModified: Date,
        ETag: /^"/,
        TagCount: 2,
      },
    },
    {
      operation: 'GetObject',
      input: { Bucket, Key, Range: 'bytes=0-4', VersionId: saved('VersionId') },
      answer: { Body: 'hello', ContentLength: 5, ContentRange: 'bytes 0-4/13' },
    },
    {
      operation: 'HeadObject',
      input: { Bucket, Key },
      answer: { ContentLength: 13, LastModified: Date, VersionId: /./ },
    },
    { operation: 'PutObject', input: { Bucket, Key: 'plain', Body: bytes('plain text') }, answer: { ETag: /^"/ } },
    {
      operation: 'CopyObject',
      input: { Bucket, Key: 'copy', CopySource: `${Bucket}/plain` },
      answer: { 'CopyObjectResult.ETag': /^"/, 'CopyObjectResult.LastModified': Date },
    },
    {
      operation: 'PutObjectTagging',
      input: { Bucket, Key, Tagging: { TagSet: [{ Key: 'x', Value: 'y & z' }] } },
      answer: { VersionId: /./ },
    },
    { operation: 'GetObjectTagging', input: { Bucket, Key }, answer: { 'TagSet.0.Value': 'y & z' } },
    { operation: 'DeleteObjectTagging', input: { Bucket, Key }, answer: {} },
    {
      operation: 'PutObjectRetention',
      input: { Bucket, Key, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date('2026-02-01T00:00:00Z') } },
      answer: {},
    },
    {
      operation: 'GetObjectRetention',
      input: { Bucket, Key },
      answer: { 'Retention.Mode': 'GOVERNANCE', 'Retention.RetainUntilDate': Date },
    },
    {
      operation: 'ListObjectsV2',
      input: { Bucket, MaxKeys: 1, Prefix: 'a b/' },
      answer: {
        'Contents.0.Key': Key,
        'Contents.0.Size': 13,
        KeyCount: 1,
        IsTruncated: false,
        'Contents.0.LastModified': Date,
      },
    },
    {
      operation: 'ListObjectsV2',
      input: { Bucket, MaxKeys: 1, Delimiter: '/' },
      answer: { 'CommonPrefixes.0.Prefix': 'a b/', IsTruncated: true, NextContinuationToken: /./ },
      save: { Token: 'NextContinuationToken' },
    },
    {
      operation: 'ListObjectsV2',
      input: { Bucket, MaxKeys: 1, Delimiter: '/', ContinuationToken: saved('Token') },
      answer: { 'Contents.0.Key': 'copy', IsTruncated: true },
    },
    {
      operation: 'ListObjectVersions',
      input: { Bucket, Prefix: 'copy' },
      answer: { 'Versions.0.Key': 'copy', 'Versions.0.IsLatest': true, 'Versions.0.VersionId': /./ },
    },
    {
      operation: 'CreateMultipartUpload',
      input: { Bucket, Key: 'big', ContentType: 'application/x-parts' },
      answer: { UploadId: /./, Bucket, Key: 'big' },
      save: { UploadId: 'UploadId' },
    },
    {
      operation: 'UploadPart',
      input: { Bucket, Key: 'big', UploadId, PartNumber: 1, Body: Buffer.alloc(5 * 1024 * 1024, 'x') },
      answer: { ETag: /^"/ },
      save: { Part1: 'ETag' },
    },
    refused(
      'UploadPartCopy',
      { Bucket, Key: 'big', UploadId, PartNumber: 2, CopySource: `${Bucket}/copy` },
      'UnsupportedFeature',
      501,
      /UploadPartCopy/,
    ),
    {
      operation: 'UploadPart',
      input: { Bucket, Key: 'big', UploadId, PartNumber: 2, Body: bytes('the last part') },
      answer: { ETag: /^"/ },
      save: { Part2: 'ETag' },
    },
    {
      operation: 'ListParts',
      input: { Bucket, Key: 'big', UploadId },
      answer: { 'Parts.0.PartNumber': 1, 'Parts.1.Size': 13, 'Parts.1.LastModified': Date },
    },
    {
      operation: 'CompleteMultipartUpload',
      input: {
        Bucket,
        Key: 'big',
        UploadId,
        MultipartUpload: {
          Parts: [
            { PartNumber: 1, ETag: saved('Part1') },
            { PartNumber: 2, ETag: saved('Part2') },
          ],
        },
      },
      answer: { ETag: /-2"$/, Key: 'big' },
    },
    {
      operation: 'CreateMultipartUpload',
      input: { Bucket, Key: 'never' },
      answer: { UploadId: /./ },
      save: { UploadId: 'UploadId' },
    },
    { operation: 'AbortMultipartUpload', input: { Bucket, Key: 'never', UploadId }, answer: {} },
    { operation: 'DeleteObject', input: { Bucket, Key: 'copy' }, answer: { DeleteMarker: true, VersionId: /./ } },
    {
      operation: 'DeleteObjects',
      input: { Bucket, Delete: { Objects: [{ Key: 'big' }, { Key }] } },
      answer: { 'Deleted.0.Key': 'big', 'Deleted.1.Key': Key, 'Deleted.1.DeleteMarker': true },
    },
    refused('GetObject', { Bucket, Key: 'none' }, 'NoSuchKey', 404, /^The specified key does not exist\.$/),
    refused('ListObjectsV2', { Bucket: 'none' }, 'NoSuchBucket', 404, /^The specified bucket does not exist$/),
    refused('HeadObject', { Bucket, Key: 'none' }, 'NotFound', 404, /^/),
    refused('PutObject', { Bucket, Key: 'x', Body: bytes('x'), IfMatch: '"0"' }, 'NoSuchKey', 404, /does not exist/),
    refused('DeleteBucket', { Bucket }, 'BucketNotEmpty', 409, /not empty/),
    {
      operation: 'CreateBucket',
      input: { Bucket: 'empty-one', CreateBucketConfiguration: { LocationConstraint: REGION } },
      answer: {},
    },
    { operation: 'DeleteBucket', input: { Bucket: 'empty-one' }, answer: {} },
    refused(
      'PutBucketNotificationConfiguration',
      {
        Bucket,
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: queueArn, Events: ['s3:ObjectCreated:*'] }] },
      },
      'UnsupportedFeature',
      501,
      /UnsupportedFeature/,
    ),
  ],
};
