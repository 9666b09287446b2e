/** S3's REST XML protocol: requests to operations, outputs and errors to responses. */
import { type AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import type { WireRequest, WireResponse } from '../protocols/wire.ts';
import { decodeAwsChunked, isAwsChunked } from './aws-chunked.ts';
import { parseRequestDocument, RESPONSE_DOCUMENTS, toElements } from './documents.ts';
import { writeXml, xmlDocument } from './xml.ts';

/** Sub-resource (query parameter without which the plain operation is meant) -> operation, by method and level. */
const BUCKET_SUBRESOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GET: {
    location: 'GetBucketLocation',
    versioning: 'GetBucketVersioning',
    'object-lock': 'GetObjectLockConfiguration',
    policy: 'GetBucketPolicy',
    publicAccessBlock: 'GetPublicAccessBlock',
    encryption: 'GetBucketEncryption',
    lifecycle: 'GetBucketLifecycleConfiguration',
    notification: 'GetBucketNotificationConfiguration',
    tagging: 'GetBucketTagging',
    versions: 'ListObjectVersions',
    'list-type': 'ListObjectsV2',
  },
  PUT: {
    versioning: 'PutBucketVersioning',
    'object-lock': 'PutObjectLockConfiguration',
    policy: 'PutBucketPolicy',
    publicAccessBlock: 'PutPublicAccessBlock',
    encryption: 'PutBucketEncryption',
    lifecycle: 'PutBucketLifecycleConfiguration',
    notification: 'PutBucketNotificationConfiguration',
    tagging: 'PutBucketTagging',
  },
  DELETE: {
    policy: 'DeleteBucketPolicy',
    publicAccessBlock: 'DeletePublicAccessBlock',
    encryption: 'DeleteBucketEncryption',
    lifecycle: 'DeleteBucketLifecycle',
    tagging: 'DeleteBucketTagging',
  },
  POST: { delete: 'DeleteObjects' },
};
const BUCKET_PLAIN: Readonly<Record<string, string>> = {
  GET: 'ListObjects',
  PUT: 'CreateBucket',
  HEAD: 'HeadBucket',
  DELETE: 'DeleteBucket',
};
const OBJECT_SUBRESOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GET: { tagging: 'GetObjectTagging', retention: 'GetObjectRetention', uploadId: 'ListParts' },
  PUT: { tagging: 'PutObjectTagging', retention: 'PutObjectRetention', uploadId: 'UploadPart' },
  DELETE: { tagging: 'DeleteObjectTagging', uploadId: 'AbortMultipartUpload' },
  POST: { uploads: 'CreateMultipartUpload', uploadId: 'CompleteMultipartUpload' },
};
const OBJECT_PLAIN: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  PUT: 'PutObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

// Sub-resources of S3 that nothing here answers; without this list they would be taken for the plain operation.
const UNKNOWN_SUBRESOURCES = new Set(
  'accelerate acl analytics attributes cors intelligent-tiering inventory legal-hold logging metrics ownershipControls policyStatus replication requestPayment restore select select-type session torrent uploads website metadataConfiguration metadataTable renameObject'.split(
    ' ',
  ),
);

const QUERY_MEMBERS: Readonly<Record<string, string>> = {
  versionId: 'VersionId',
  uploadId: 'UploadId',
  partNumber: 'PartNumber',
  prefix: 'Prefix',
  delimiter: 'Delimiter',
  'max-keys': 'MaxKeys',
  'continuation-token': 'ContinuationToken',
  'start-after': 'StartAfter',
  'encoding-type': 'EncodingType',
  'key-marker': 'KeyMarker',
  'version-id-marker': 'VersionIdMarker',
  'response-content-type': 'ResponseContentType',
  'response-content-disposition': 'ResponseContentDisposition',
};

const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-language': 'ContentLanguage',
  'content-md5': 'ContentMD5',
  'content-type': 'ContentType',
  'if-match': 'IfMatch',
  'if-modified-since': 'IfModifiedSince',
  'if-none-match': 'IfNoneMatch',
  'if-unmodified-since': 'IfUnmodifiedSince',
  range: 'Range',
  'x-amz-acl': 'ACL',
  'x-amz-bucket-object-lock-enabled': 'ObjectLockEnabledForBucket',
  'x-amz-bypass-governance-retention': 'BypassGovernanceRetention',
  'x-amz-checksum-crc32': 'ChecksumCRC32',
  'x-amz-checksum-crc32c': 'ChecksumCRC32C',
  'x-amz-checksum-crc64nvme': 'ChecksumCRC64NVME',
  'x-amz-checksum-mode': 'ChecksumMode',
  'x-amz-checksum-sha1': 'ChecksumSHA1',
  'x-amz-checksum-sha256': 'ChecksumSHA256',
  'x-amz-copy-source': 'CopySource',
  'x-amz-copy-source-if-match': 'CopySourceIfMatch',
  'x-amz-expected-bucket-owner': 'ExpectedBucketOwner',
  'x-amz-grant-full-control': 'GrantFullControl',
  'x-amz-grant-read': 'GrantRead',
  'x-amz-metadata-directive': 'MetadataDirective',
  'x-amz-object-lock-legal-hold': 'ObjectLockLegalHoldStatus',
  'x-amz-object-lock-mode': 'ObjectLockMode',
  'x-amz-object-lock-retain-until-date': 'ObjectLockRetainUntilDate',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-server-side-encryption-customer-algorithm': 'SSECustomerAlgorithm',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging': 'Tagging',
  'x-amz-tagging-directive': 'TaggingDirective',
  'x-amz-website-redirect-location': 'WebsiteRedirectLocation',
  'x-amz-write-offset-bytes': 'WriteOffsetBytes',
};

const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  AcceptRanges: 'accept-ranges',
  BucketRegion: 'x-amz-bucket-region',
  CacheControl: 'cache-control',
  ChecksumCRC32: 'x-amz-checksum-crc32',
  ChecksumCRC32C: 'x-amz-checksum-crc32c',
  ChecksumCRC64NVME: 'x-amz-checksum-crc64nvme',
  ChecksumSHA1: 'x-amz-checksum-sha1',
  ChecksumSHA256: 'x-amz-checksum-sha256',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
  ContentLength: 'content-length',
  ContentRange: 'content-range',
  ContentType: 'content-type',
  CopySourceVersionId: 'x-amz-copy-source-version-id',
  DeleteMarker: 'x-amz-delete-marker',
  ETag: 'etag',
  LastModified: 'last-modified',
  Location: 'location',
  ObjectLockMode: 'x-amz-object-lock-mode',
  ObjectLockRetainUntilDate: 'x-amz-object-lock-retain-until-date',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  StorageClass: 'x-amz-storage-class',
  TagCount: 'x-amz-tagging-count',
  VersionId: 'x-amz-version-id',
};

/** Bucket and key of a request: from the host (`bucket.s3.<region>.amazonaws.com`, `bucket.localhost`) or else from the path. */
function locate(request: WireRequest): { bucket: string; key: string } {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const virtual =
    /^(.+)\.s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com$/.exec(host)?.[1] ??
    /^(?!s3\.localhost$)(.+?)(?:\.s3)?\.localhost$/.exec(host)?.[1];
  const path = decodeURIComponent(request.path.replace(/^\//, ''));
  if (virtual !== undefined) return { bucket: virtual, key: path };
  const slash = path.indexOf('/');
  return slash < 0 ? { bucket: path, key: '' } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}

function operationOf(request: WireRequest, bucket: string, key: string): string {
  const { method, query, headers } = request;
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : `${method} /`;
  const [subresources, plain] = key === '' ? [BUCKET_SUBRESOURCES, BUCKET_PLAIN] : [OBJECT_SUBRESOURCES, OBJECT_PLAIN];
  for (const name of Object.keys(query)) {
    const operation = subresources[method]?.[name];
    if (operation === 'UploadPart' && headers['x-amz-copy-source'] !== undefined) return 'UploadPartCopy';
    if (operation !== undefined) return operation;
    if (UNKNOWN_SUBRESOURCES.has(name)) throw new UnsupportedFeature(`S3: ${method} with ?${name}`);
  }
  if (key !== '' && method === 'PUT' && headers['x-amz-copy-source'] !== undefined) return 'CopyObject';
  const operation = plain[method];
  if (operation === undefined)
    throw new UnsupportedFeature(`S3: ${method} on ${key === '' ? 'a bucket' : 'an object'}`);
  return operation;
}

function headerMembers(headers: Readonly<Record<string, string>>): WireInput {
  const input: WireInput = {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const member = REQUEST_HEADERS[name];
    if (member !== undefined) input[member] = value;
    else if (name.startsWith('x-amz-meta-')) metadata[name.slice('x-amz-meta-'.length)] = value;
  }
  if (Object.keys(metadata).length > 0) input.Metadata = metadata;
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked');
  if (encoding.length > 0) input.ContentEncoding = encoding.join(',');
  return input;
}

/**
 * The operation and input of an S3 request. `aws-chunked` bodies are decoded, their trailing checksums become members.
 * @throws AwsError MalformedXML, IncompleteBody; UnsupportedFeature for unknown sub-resources
 */
export function parseS3Request(request: WireRequest): { operation: string; input: WireInput } {
  const { bucket, key } = locate(request);
  const operation = operationOf(request, bucket, key);
  const decoded = isAwsChunked(request.headers)
    ? decodeAwsChunked(request.body, request.headers)
    : { body: request.body, trailers: {} };
  const input = headerMembers({ ...request.headers, ...decoded.trailers });
  for (const [name, value] of Object.entries(request.query)) {
    const member = QUERY_MEMBERS[name];
    if (member !== undefined) input[member] = value;
  }
  if (bucket !== '') input.Bucket = bucket;
  if (key !== '') input.Key = key;
  if (operation === 'PutObject' || operation === 'UploadPart') input.Body = decoded.body;
  else if (operation === 'PutBucketPolicy') input.Policy = Buffer.from(decoded.body).toString();
  else Object.assign(input, parseRequestDocument(operation, decoded.body));
  return { operation, input };
}

function headerText(member: string, value: unknown): string {
  if (Object.prototype.toString.call(value) !== '[object Date]') return String(value);
  const date = value as Date;
  return member === 'LastModified' ? date.toUTCString() : date.toISOString();
}

function responseHeaders(output: Readonly<Record<string, unknown>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [member, name] of Object.entries(RESPONSE_HEADERS)) {
    if (output[member] !== undefined) headers[name] = headerText(member, output[member]);
  }
  for (const [name, value] of Object.entries((output.Metadata ?? {}) as Record<string, string>)) {
    headers[`x-amz-meta-${name.toLowerCase()}`] = value;
  }
  return headers;
}

/** With `encoding-type=url` keys and prefixes travel percent-encoded, for XML can't hold every character. */
function encodeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeKeys);
  if (value === null || typeof value !== 'object' || Object.prototype.toString.call(value) === '[object Date]')
    return value;
  const encoded = new Set(['Key', 'Prefix', 'Delimiter', 'StartAfter', 'KeyMarker', 'NextKeyMarker']);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]): [string, unknown] => [
      name,
      encoded.has(name) && typeof item === 'string'
        ? encodeURIComponent(item).replaceAll('%2F', '/')
        : encodeKeys(item),
    ]),
  );
}

function xmlBody(operation: string, output: Readonly<Record<string, unknown>>): string | undefined {
  const document = RESPONSE_DOCUMENTS[operation];
  if (!document) return undefined;
  const content = document.member === undefined ? output : output[document.member];
  const encoded = output.EncodingType === 'url' ? encodeKeys(content) : content;
  return xmlDocument(document.root, toElements(encoded ?? '', document.lists ?? {}));
}

/** The response of a call that succeeded. */
export function serializeS3Response(operation: string, output: object | void, request: WireRequest): WireResponse {
  const members = (output ?? {}) as Readonly<Record<string, unknown>>;
  const xml = xmlBody(operation, members);
  if (xml !== undefined) {
    // Only what is not in the document goes into headers.
    const { VersionId, CopySourceVersionId } = members;
    const headers = responseHeaders({ VersionId, CopySourceVersionId });
    return { statusCode: 200, headers: { ...headers, 'content-type': 'application/xml' }, body: Buffer.from(xml) };
  }
  if (operation === 'GetBucketPolicy') {
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(String(members.Policy)),
    };
  }
  const body = operation === 'GetObject' ? (members.Body as Uint8Array) : new Uint8Array();
  const deleted = request.method === 'DELETE';
  const statusCode = deleted ? 204 : members.ContentRange !== undefined ? 206 : 200;
  const lengthless = request.method === 'HEAD' || deleted ? {} : { 'content-length': String(body.length) };
  return { statusCode, headers: { ...responseHeaders(members), ...lengthless }, body };
}

/**
 * The response of a call that failed.
 * @param method of the request; the answer to HEAD has no body
 */
export function serializeS3Error(error: AwsError, requestId: string, method?: string): WireResponse {
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': requestId };
  if (method === 'HEAD' || error.statusCode === 304)
    return { statusCode: error.statusCode, headers, body: new Uint8Array() };
  const content = { Code: error.code, Message: error.message, ...error.fields, RequestId: requestId, HostId: 'laptop' };
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml('Error', content)}`;
  return { statusCode: error.statusCode, headers, body: Buffer.from(body) };
}
