/** How the members of S3's API map to XML elements: which elements are lists, and what the lists are called in the API. */
import type { WireInput } from '../kernel/service.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** Element -> API member for elements that may repeat; lists are flattened unless a wrapper holds them. */
type Lists = Readonly<Record<string, string>>;

interface RequestDocument {
  /** The input member that the document becomes. */
  readonly member: string;
  readonly lists?: Lists;
}

const TAGGING: RequestDocument = { member: 'Tagging' };

/** XML request bodies by operation. */
export const REQUEST_DOCUMENTS: Readonly<Record<string, RequestDocument>> = {
  CreateBucket: { member: 'CreateBucketConfiguration' },
  PutBucketVersioning: { member: 'VersioningConfiguration' },
  PutObjectLockConfiguration: { member: 'ObjectLockConfiguration' },
  PutPublicAccessBlock: { member: 'PublicAccessBlockConfiguration' },
  PutBucketEncryption: { member: 'ServerSideEncryptionConfiguration', lists: { Rule: 'Rules' } },
  PutBucketLifecycleConfiguration: {
    member: 'LifecycleConfiguration',
    lists: { Rule: 'Rules', Transition: 'Transitions', NoncurrentVersionTransition: 'NoncurrentVersionTransitions' },
  },
  PutBucketNotificationConfiguration: {
    member: 'NotificationConfiguration',
    lists: {
      TopicConfiguration: 'TopicConfigurations',
      QueueConfiguration: 'QueueConfigurations',
      CloudFunctionConfiguration: 'LambdaFunctionConfigurations',
    },
  },
  PutBucketTagging: TAGGING,
  PutObjectTagging: TAGGING,
  PutObjectRetention: { member: 'Retention' },
  DeleteObjects: { member: 'Delete', lists: { Object: 'Objects' } },
  CompleteMultipartUpload: { member: 'MultipartUpload', lists: { Part: 'Parts' } },
};

/** Root element and list elements (API member -> element) of XML responses. */
export const RESPONSE_DOCUMENTS: Readonly<Record<string, { root: string; lists?: Lists; member?: string }>> = {
  ListBuckets: { root: 'ListAllMyBucketsResult' },
  GetBucketLocation: { root: 'LocationConstraint', member: 'LocationConstraint' },
  GetBucketVersioning: { root: 'VersioningConfiguration' },
  GetObjectLockConfiguration: { root: 'ObjectLockConfiguration', member: 'ObjectLockConfiguration' },
  GetPublicAccessBlock: { root: 'PublicAccessBlockConfiguration', member: 'PublicAccessBlockConfiguration' },
  GetBucketEncryption: {
    root: 'ServerSideEncryptionConfiguration',
    member: 'ServerSideEncryptionConfiguration',
    lists: { Rules: 'Rule' },
  },
  GetBucketLifecycleConfiguration: {
    root: 'LifecycleConfiguration',
    lists: { Rules: 'Rule', Transitions: 'Transition', NoncurrentVersionTransitions: 'NoncurrentVersionTransition' },
  },
  GetBucketNotificationConfiguration: { root: 'NotificationConfiguration' },
  GetBucketTagging: { root: 'Tagging' },
  GetObjectTagging: { root: 'Tagging' },
  GetObjectRetention: { root: 'Retention', member: 'Retention' },
  ListObjectsV2: { root: 'ListBucketResult' },
  ListObjectVersions: { root: 'ListVersionsResult', lists: { Versions: 'Version', DeleteMarkers: 'DeleteMarker' } },
  DeleteObjects: { root: 'DeleteResult', lists: { Errors: 'Error' } },
  CopyObject: { root: 'CopyObjectResult', member: 'CopyObjectResult' },
  CreateMultipartUpload: { root: 'InitiateMultipartUploadResult' },
  CompleteMultipartUpload: { root: 'CompleteMultipartUploadResult' },
  ListParts: { root: 'ListPartsResult', lists: { Parts: 'Part' } },
};

// Lists inside an element of their own, on the way in and out.
const WRAPPED: Lists = { TagSet: 'Tag', Buckets: 'Bucket' };

function toMember(element: XmlElement, lists: Lists): unknown {
  const item = WRAPPED[element.name];
  if (item !== undefined) return element.children.map((child) => toMember(child, lists));
  // Lifecycle's And holds a flat list of tags, Filter a single one.
  const own = element.name === 'And' ? { ...lists, Tag: 'Tags' } : lists;
  if (element.children.length === 0) {
    return element.text.trim() === '' && element.name.endsWith('Configuration') ? {} : element.text;
  }
  const members: WireInput = {};
  for (const child of element.children) {
    const list = own[child.name];
    if (list === undefined) members[child.name === 'MfaDelete' ? 'MFADelete' : child.name] = toMember(child, lists);
    else members[list] = [...((members[list] ?? []) as unknown[]), toMember(child, lists)];
  }
  return members;
}

/** The input member of an operation's XML body. @throws AwsError MalformedXML */
export function parseRequestDocument(operation: string, body: Uint8Array): WireInput {
  const document = REQUEST_DOCUMENTS[operation];
  if (!document || body.length === 0) return {};
  return { [document.member]: toMember(parseXml(Buffer.from(body).toString()), document.lists ?? {}) };
}

/** Renames the members of an output to its XML elements. */
export function toElements(value: unknown, lists: Lists): unknown {
  if (Array.isArray(value)) return value.map((item) => toElements(item, lists));
  if (value === null || typeof value !== 'object' || Object.prototype.toString.call(value) === '[object Date]')
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, item]): [string, unknown] => {
      const wrapped = WRAPPED[member];
      if (wrapped !== undefined) return [member, { [wrapped]: toElements(item, lists) }];
      if (member === 'Tags') return ['Tag', toElements(item, lists)];
      return [lists[member] ?? member, toElements(item, lists)];
    }),
  );
}
