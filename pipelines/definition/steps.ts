/**
 * Small typed functions that write the steps of a SageMaker Pipeline definition (Version 2020-12-01), for the trainer and
 * server images of pipelines/images. A pipeline of another model composes the same functions with its own profile.
 */
import { execution, join, outputUri, type Value } from './references.ts';

export interface PipelineParameter {
  readonly Name: string;
  readonly Type: 'String' | 'Integer' | 'Float' | 'Boolean';
  readonly DefaultValue?: string | number | boolean;
}

export interface Step {
  readonly Name: string;
  readonly Type: 'Processing' | 'Training' | 'Condition' | 'RegisterModel' | 'Fail';
  readonly Arguments: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly CacheConfig?: CacheConfig;
  readonly RetryPolicies?: readonly RetryPolicy[];
  readonly PropertyFiles?: readonly PropertyFile[];
}

export interface PipelineDefinition {
  readonly Version: '2020-12-01';
  readonly Metadata: Readonly<Record<string, string>>;
  readonly Parameters: readonly PipelineParameter[];
  readonly Steps: readonly Step[];
}

export interface CacheConfig {
  readonly Enabled: boolean;
  /** ISO 8601 duration, for instance `P30D`. */
  readonly ExpireAfter: string;
}

export interface PropertyFile {
  readonly PropertyFileName: string;
  readonly OutputName: string;
  readonly FilePath: string;
}

interface RetryPolicy {
  readonly ExceptionType: readonly string[];
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxAttempts: number;
}

/** Where jobs run and as whom. */
export interface JobPlatform {
  readonly trainerImageUri: Value;
  readonly roleArn: string;
  /** S3 prefix below which each execution writes its own folder; without a trailing slash. */
  readonly outputUri: Value;
  readonly instanceType: Value;
}

const PROGRAM = ['node', '/opt/program/trainer/main.ts'];
const PROCESSING_ROOT = '/opt/ml/processing';
const VOLUME_GB = 10;

/** Faults of the platform, not of our code: worth another try, with time for capacity to come back. */
const PLATFORM_RETRIES: readonly RetryPolicy[] = [
  { ExceptionType: ['Step.SERVICE_FAULT', 'Step.THROTTLING'], IntervalSeconds: 10, BackoffRate: 2, MaxAttempts: 5 },
  {
    ExceptionType: ['SageMaker.JOB_INTERNAL_ERROR', 'SageMaker.CAPACITY_ERROR', 'SageMaker.RESOURCE_LIMIT'],
    IntervalSeconds: 60,
    BackoffRate: 2,
    MaxAttempts: 4,
  },
];

export interface ProcessingStepSpecification {
  readonly name: string;
  readonly platform: JobPlatform;
  /** A command of the trainer image. */
  readonly command: 'validate-data' | 'build-features' | 'evaluate';
  /** Becomes `--name value`; values must be texts when the job runs. */
  readonly arguments: Readonly<Record<string, Value>>;
  /** Input name (a folder below processing/input) -> S3 prefix. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Folders below processing/output. */
  readonly outputs: readonly string[];
  readonly propertyFiles?: readonly PropertyFile[];
  readonly cache?: CacheConfig;
  readonly maxRuntimeSeconds: number;
}

export function processingStep(specification: ProcessingStepSpecification): Step {
  const { name, platform, command, inputs, outputs, propertyFiles, cache } = specification;
  return {
    Name: name,
    Type: 'Processing',
    Arguments: {
      ProcessingResources: {
        ClusterConfig: { InstanceCount: 1, InstanceType: platform.instanceType, VolumeSizeInGB: VOLUME_GB },
      },
      AppSpecification: {
        ImageUri: platform.trainerImageUri,
        ContainerEntrypoint: [...PROGRAM, command],
        ContainerArguments: Object.entries(specification.arguments).flatMap(([flag, value]) => [`--${flag}`, value]),
      },
      RoleArn: platform.roleArn,
      ProcessingInputs: Object.entries(inputs).map(([input, uri]) => ({
        InputName: input,
        S3Input: {
          S3Uri: uri,
          LocalPath: `${PROCESSING_ROOT}/input/${input}`,
          S3DataType: 'S3Prefix',
          S3InputMode: 'File',
          S3DataDistributionType: 'FullyReplicated',
        },
      })),
      ProcessingOutputConfig: {
        Outputs: outputs.map((output) => ({
          OutputName: output,
          S3Output: {
            S3Uri: runPrefix(platform, name, output),
            LocalPath: `${PROCESSING_ROOT}/output/${output}`,
            S3UploadMode: 'EndOfJob',
          },
        })),
      },
      StoppingCondition: { MaxRuntimeInSeconds: specification.maxRuntimeSeconds },
    },
    RetryPolicies: PLATFORM_RETRIES,
    ...(cache === undefined ? {} : { CacheConfig: cache }),
    ...(propertyFiles === undefined ? {} : { PropertyFiles: propertyFiles }),
  };
}

export interface TrainingStepSpecification {
  readonly name: string;
  readonly platform: JobPlatform;
  /** Values must be texts when the job runs. */
  readonly hyperparameters: Readonly<Record<string, Value>>;
  /** Channel name -> S3 prefix. */
  readonly channels: Readonly<Record<string, Value>>;
  /** Metric name -> regular expression with one group, matched against the job's log. */
  readonly metrics: Readonly<Record<string, string>>;
  readonly cache?: CacheConfig;
  readonly maxRuntimeSeconds: number;
  /** How long the job may wait for spot capacity, its own runtime included. */
  readonly maxWaitSeconds: number;
}

/** Managed spot; the model stays uncompressed, so that an endpoint reads it without unpacking. */
export function trainingStep(specification: TrainingStepSpecification): Step {
  const { name, platform, cache } = specification;
  return {
    Name: name,
    Type: 'Training',
    Arguments: {
      AlgorithmSpecification: {
        TrainingImage: platform.trainerImageUri,
        TrainingInputMode: 'File',
        ContainerEntrypoint: [...PROGRAM, 'train'],
        MetricDefinitions: Object.entries(specification.metrics).map(([metric, regex]) => ({
          Name: metric,
          Regex: regex,
        })),
      },
      RoleArn: platform.roleArn,
      HyperParameters: specification.hyperparameters,
      InputDataConfig: Object.entries(specification.channels).map(([channel, uri]) => ({
        ChannelName: channel,
        DataSource: {
          S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' },
        },
      })),
      OutputDataConfig: { S3OutputPath: runPrefix(platform, name), CompressionType: 'NONE' },
      ResourceConfig: { InstanceCount: 1, InstanceType: platform.instanceType, VolumeSizeInGB: VOLUME_GB },
      EnableManagedSpotTraining: true,
      StoppingCondition: {
        MaxRuntimeInSeconds: specification.maxRuntimeSeconds,
        MaxWaitTimeInSeconds: specification.maxWaitSeconds,
      },
    },
    RetryPolicies: PLATFORM_RETRIES,
    ...(cache === undefined ? {} : { CacheConfig: cache }),
  };
}

/** s3://.../<execution id>/<step>[/<output>]: no execution overwrites another's evidence. Not part of the cache key. */
function runPrefix(platform: JobPlatform, ...path: readonly string[]): Value {
  return join('/', platform.outputUri, execution('PipelineExecutionId'), ...path);
}

export interface RegisterStepSpecification {
  readonly name: string;
  readonly modelPackageGroupName: Value;
  readonly description: Value;
  readonly serverImageUri: Value;
  /** S3 prefix of the uncompressed artifact. */
  readonly modelUri: Value;
  /** S3 URI of a JSON document. */
  readonly modelQualityUri: Value;
  readonly dataQualityUri: Value;
  /** At most 50; values of at most 256 letters, digits, blanks and _ . : / = + - @ */
  readonly customerMetadata: Readonly<Record<string, Value>>;
  readonly instanceTypes: readonly string[];
}

/** A human approves: the version waits as PendingManualApproval. */
export function registerStep(specification: RegisterStepSpecification): Step {
  const statistics = (uri: Value): object => ({ Statistics: { ContentType: 'application/json', S3Uri: uri } });
  return {
    Name: specification.name,
    Type: 'RegisterModel',
    Arguments: {
      ModelPackageGroupName: specification.modelPackageGroupName,
      ModelPackageDescription: specification.description,
      ModelApprovalStatus: 'PendingManualApproval',
      ModelMetrics: {
        ModelQuality: statistics(specification.modelQualityUri),
        ModelDataQuality: statistics(specification.dataQualityUri),
      },
      InferenceSpecification: {
        Containers: [
          {
            Image: specification.serverImageUri,
            ModelDataSource: {
              S3DataSource: { S3Uri: specification.modelUri, S3DataType: 'S3Prefix', CompressionType: 'None' },
            },
          },
        ],
        SupportedContentTypes: ['application/json', 'application/jsonlines'],
        SupportedResponseMIMETypes: ['application/json', 'application/jsonlines'],
        SupportedRealtimeInferenceInstanceTypes: specification.instanceTypes,
        SupportedTransformInstanceTypes: specification.instanceTypes,
      },
      CustomerMetadataProperties: specification.customerMetadata,
    },
    RetryPolicies: [PLATFORM_RETRIES[0]!],
  };
}

export interface Comparison {
  readonly type: 'LessThanOrEqualTo' | 'LessThan' | 'GreaterThanOrEqualTo' | 'GreaterThan' | 'Equals';
  readonly left: Value;
  readonly right: Value;
}

/** All comparisons must hold. */
export function conditionStep(
  name: string,
  comparisons: readonly Comparison[],
  ifSteps: readonly Step[],
  elseSteps: readonly Step[],
): Step {
  return {
    Name: name,
    Type: 'Condition',
    Arguments: {
      Conditions: comparisons.map(({ type, left, right }) => ({ Type: type, LeftValue: left, RightValue: right })),
      IfSteps: ifSteps,
      ElseSteps: elseSteps,
    },
  };
}

export function failStep(name: string, errorMessage: Value): Step {
  return { Name: name, Type: 'Fail', Arguments: { ErrorMessage: errorMessage } };
}

/** The S3 URI of a file within a processing step's output. */
export function outputFileUri(step: string, output: string, file: string): Value {
  return join('/', outputUri(step, output), file);
}
