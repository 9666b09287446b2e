/** Members that many SageMaker requests share, with the limits of AWS's service model. */
import { integer, list, mapOf, oneOf, someOf, struct, text, timestamp, type Shape } from './shape.ts';

/** Names of most resources: at most 63 characters. */
export const ENTITY_NAME = text({ max: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' });
export const MODEL_NAME = text({ max: 63, pattern: '[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?' });
export const ROLE_ARN = text({
  min: 20,
  max: 2048,
  pattern: 'arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+',
});
export const S3_URI = text({ max: 1024, pattern: '(https|s3)://([^/]+)/?(.*)' });
export const KMS_KEY = text({ max: 2048, pattern: '[a-zA-Z0-9:/_\\-]*' });
export const IMAGE = text({ max: 255, pattern: '[\\S]+' });
export const DESCRIPTION = text({ max: 1024 });
export const ENVIRONMENT = mapOf(text({ max: 1024, pattern: '[a-zA-Z_][a-zA-Z0-9_]*' }), text({ max: 1024 }), {
  max: 100,
});

const TAG_TEXT = '([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)';
export const TAGS = list(
  struct({ Key: text({ min: 1, max: 128, pattern: TAG_TEXT }), Value: text({ max: 256, pattern: TAG_TEXT }) }),
  { max: 50 },
);

const S3_MODEL_SOURCE = struct(
  {
    S3Uri: S3_URI,
    S3DataType: someOf(['S3Prefix'], ['S3Object']),
    CompressionType: someOf(['None'], ['Gzip']),
  },
  { ETag: text(), ManifestEtag: text() },
);
export const MODEL_DATA_SOURCE = struct({ S3DataSource: S3_MODEL_SOURCE });

/** Members of every List operation; `sortKeys` are the operation's values of SortBy. */
export function listMembers(sortKeys: readonly string[]): Readonly<Record<string, Shape>> {
  return {
    NextToken: text({ max: 8192 }),
    MaxResults: integer({ min: 1, max: 100 }),
    SortBy: oneOf(...sortKeys),
    SortOrder: oneOf('Ascending', 'Descending'),
    CreationTimeBefore: timestamp,
    CreationTimeAfter: timestamp,
    NameContains: text({ max: 63, pattern: '[a-zA-Z0-9\\-]+' }),
  };
}

/** At most 63 characters, at least one. */
export const JOB_NAME = text({ min: 1, max: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' });
export const INSTANCE_TYPE = text({ pattern: 'ml\\.[a-z0-9\\-]+\\.[a-z0-9]+' });
export const ENTRYPOINT = list(text({ max: 256 }), { min: 1, max: 100 });

/** Request of ListTrainingJobs, ListProcessingJobs and ListTransformJobs. */
export const JOB_LISTING = struct(
  {},
  {
    ...listMembers(['Name', 'CreationTime', 'Status']),
    LastModifiedTimeAfter: timestamp,
    LastModifiedTimeBefore: timestamp,
    StatusEquals: oneOf('InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'),
  },
);
