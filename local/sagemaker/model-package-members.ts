/** Request members of the model registry, with AWS's limits. */
import {
  DESCRIPTION,
  ENTITY_NAME,
  ENVIRONMENT,
  IMAGE,
  listMembers,
  MODEL_DATA_SOURCE,
  S3_URI,
  TAGS,
} from './members.ts';
import { flag, list, mapOf, oneOf, someOf, struct, text, type Shape } from './shape.ts';

const VERSIONED_ARN_OR_NAME = text({
  min: 1,
  max: 176,
  pattern:
    '(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9\\-]){0,62})(?<!-)(\\/[0-9]{1,9})?',
});
const CLIENT_TOKEN = text({ min: 1, max: 36, pattern: '[a-zA-Z0-9\\-]+' });
const APPROVAL_STATUS = oneOf('Approved', 'Rejected', 'PendingManualApproval');

// No commas, no braces: neither lists nor JSON fit into a value.
const METADATA_TEXT = '([\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*)';
const CUSTOMER_METADATA_KEY = text({ min: 1, max: 128, pattern: METADATA_TEXT });
const CUSTOMER_METADATA = mapOf(CUSTOMER_METADATA_KEY, text({ min: 1, max: 256, pattern: METADATA_TEXT }), {
  min: 1,
  max: 50,
});

const METRICS_SOURCE = struct({ ContentType: text({ max: 256 }), S3Uri: S3_URI }, { ContentDigest: text({ max: 72 }) });
const FILE_SOURCE = struct({ S3Uri: S3_URI }, { ContentType: text({ max: 256 }), ContentDigest: text({ max: 72 }) });
const QUALITY = struct({}, { Statistics: METRICS_SOURCE, Constraints: METRICS_SOURCE });

export const MODEL_METRICS = struct(
  {},
  {
    ModelQuality: QUALITY,
    ModelDataQuality: QUALITY,
    Bias: struct({}, { Report: METRICS_SOURCE, PreTrainingReport: METRICS_SOURCE, PostTrainingReport: METRICS_SOURCE }),
    Explainability: struct({}, { Report: METRICS_SOURCE }),
  },
);
const DRIFT_CHECK_BASELINES = struct(
  {},
  {
    ModelQuality: QUALITY,
    ModelDataQuality: QUALITY,
    Bias: struct(
      {},
      { ConfigFile: FILE_SOURCE, PreTrainingConstraints: METRICS_SOURCE, PostTrainingConstraints: METRICS_SOURCE },
    ),
    Explainability: struct({}, { Constraints: METRICS_SOURCE, ConfigFile: FILE_SOURCE }),
  },
);

const CONTAINER = struct(
  { Image: IMAGE },
  {
    ContainerHostname: ENTITY_NAME,
    ImageDigest: text({ max: 72, pattern: '[Ss][Hh][Aa]256:[0-9a-fA-F]{64}' }),
    ModelDataUrl: S3_URI,
    ModelDataSource: MODEL_DATA_SOURCE,
    Environment: ENVIRONMENT,
    Framework: text(),
    FrameworkVersion: text({ min: 3, max: 10 }),
    NearestModelName: text(),
  },
);
/** One container; several in a row (an inference pipeline) are not supported. */
const INFERENCE_SPECIFICATION = struct(
  { Containers: list(CONTAINER, { min: 1, max: 1 }) },
  {
    SupportedTransformInstanceTypes: list(text(), { min: 1 }),
    SupportedRealtimeInferenceInstanceTypes: list(text()),
    SupportedContentTypes: list(text({ max: 256 })),
    SupportedResponseMIMETypes: list(text({ max: 1024 })),
  },
);
const METADATA_VALUE = text({ max: 1024 });
const MODEL_LIFE_CYCLE = struct(
  {
    Stage: text({ min: 1, max: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' }),
    StageStatus: text({ min: 1, max: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' }),
  },
  { StageDescription: text({ max: 1024 }) },
);
const MODEL_CARD = struct(
  {},
  {
    ModelCardContent: text({ max: 100_000 }),
    ModelCardStatus: oneOf('Draft', 'PendingReview', 'Approved', 'Archived'),
  },
);
const SOURCE_URI = text({ max: 1024 });

const CREATE_MEMBERS: Readonly<Record<string, Shape>> = {
  ModelPackageName: ENTITY_NAME,
  ModelPackageGroupName: text({ min: 1, max: 170 }),
  ModelPackageDescription: DESCRIPTION,
  ModelPackageRegistrationType: someOf(['Registered'], ['Logged']),
  InferenceSpecification: INFERENCE_SPECIFICATION,
  CertifyForMarketplace: flag,
  Tags: TAGS,
  ModelApprovalStatus: APPROVAL_STATUS,
  MetadataProperties: struct(
    {},
    { CommitId: METADATA_VALUE, Repository: METADATA_VALUE, GeneratedBy: METADATA_VALUE, ProjectId: METADATA_VALUE },
  ),
  ModelMetrics: MODEL_METRICS,
  ClientToken: CLIENT_TOKEN,
  Domain: text(),
  Task: text(),
  SamplePayloadUrl: S3_URI,
  CustomerMetadataProperties: CUSTOMER_METADATA,
  DriftCheckBaselines: DRIFT_CHECK_BASELINES,
  SkipModelValidation: oneOf('All', 'None'),
  SourceUri: SOURCE_URI,
  ModelCard: MODEL_CARD,
  ModelLifeCycle: MODEL_LIFE_CYCLE,
};

export const CREATE_PACKAGE = struct({}, CREATE_MEMBERS);
export const DESCRIBE_PACKAGE = struct({ ModelPackageName: VERSIONED_ARN_OR_NAME });
export const UPDATE_PACKAGE = struct(
  {
    ModelPackageArn: text({
      min: 1,
      max: 2048,
      pattern: 'arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}',
    }),
  },
  {
    ModelApprovalStatus: APPROVAL_STATUS,
    ApprovalDescription: text({ max: 1024 }),
    CustomerMetadataProperties: CUSTOMER_METADATA,
    CustomerMetadataPropertiesToRemove: list(CUSTOMER_METADATA_KEY),
    InferenceSpecification: INFERENCE_SPECIFICATION,
    SourceUri: SOURCE_URI,
    ModelCard: MODEL_CARD,
    ModelLifeCycle: MODEL_LIFE_CYCLE,
    ClientToken: CLIENT_TOKEN,
  },
);
export const LIST_PACKAGES = struct(
  {},
  {
    ...listMembers(['Name', 'CreationTime']),
    ModelApprovalStatus: APPROVAL_STATUS,
    ModelPackageGroupName: text({ min: 1, max: 170 }),
    ModelPackageType: oneOf('Versioned', 'Unversioned', 'Both'),
  },
);
