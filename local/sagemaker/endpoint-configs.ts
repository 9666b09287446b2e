/** Endpoint configurations: which models serve behind which variants, with which first weights, and what is captured. */
import { validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { pick, type SageMakerContext } from './context.ts';
import { page } from './listing.ts';
import { ENTITY_NAME, KMS_KEY, listMembers, MODEL_NAME, TAGS } from './members.ts';
import { type Models } from './models.ts';
import { checkInput, flag, integer, list, number, oneOf, struct, text } from './shape.ts';

/** A production variant as configured. */
export interface VariantConfig {
  readonly VariantName: string;
  readonly ModelName: string;
  readonly InitialInstanceCount: number;
  readonly InitialVariantWeight: number;
  readonly InstanceType: string;
}

export interface CaptureConfig {
  readonly EnableCapture?: boolean;
  readonly InitialSamplingPercentage: number;
  readonly DestinationS3Uri: string;
  readonly KmsKeyId?: string;
  readonly CaptureOptions: readonly { readonly CaptureMode: string }[];
  readonly CaptureContentTypeHeader?: {
    readonly CsvContentTypes?: readonly string[];
    readonly JsonContentTypes?: readonly string[];
  };
}

export interface EndpointConfig {
  readonly name: string;
  readonly arn: string;
  readonly creationMs: number;
  readonly variants: readonly VariantConfig[];
  readonly capture: CaptureConfig | undefined;
  readonly description: Record<string, unknown>;
}

export interface EndpointConfigs {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Undefined when there is none (any more). */
  get(name: string): EndpointConfig | undefined;
  /** @throws AwsError ValidationException `Could not find endpoint configuration "<arn>".` */
  find(name: string): EndpointConfig;
}

// No ServerlessConfig, ManagedInstanceScaling, InstancePools: those fleets behave differently.
const VARIANT = struct(
  {
    VariantName: ENTITY_NAME,
    ModelName: MODEL_NAME,
    InitialInstanceCount: integer({ min: 1 }),
    InstanceType: text({ pattern: 'ml\\.[a-z0-9\\-]+\\.[a-z0-9]+' }),
  },
  {
    InitialVariantWeight: number({ min: 0 }),
    VolumeSizeInGB: integer({ min: 1, max: 512 }),
    ModelDataDownloadTimeoutInSeconds: integer({ min: 60, max: 3600 }),
    ContainerStartupHealthCheckTimeoutInSeconds: integer({ min: 60, max: 3600 }),
    EnableSSMAccess: flag,
    RoutingConfig: struct({ RoutingStrategy: oneOf('LEAST_OUTSTANDING_REQUESTS', 'RANDOM') }),
  },
);
const MIME = text({ min: 1, max: 256 });
const CAPTURE = struct(
  {
    InitialSamplingPercentage: integer({ min: 0, max: 100 }),
    DestinationS3Uri: text({ max: 512, pattern: '(https|s3)://([^/])/?(.*)' }),
    CaptureOptions: list(struct({ CaptureMode: oneOf('Input', 'Output', 'InputAndOutput') }), { min: 1, max: 32 }),
  },
  {
    EnableCapture: flag,
    KmsKeyId: KMS_KEY,
    CaptureContentTypeHeader: struct({}, { CsvContentTypes: list(MIME), JsonContentTypes: list(MIME) }),
  },
);
const CREATE = struct(
  { EndpointConfigName: ENTITY_NAME, ProductionVariants: list(VARIANT, { min: 1, max: 10 }) },
  { DataCaptureConfig: CAPTURE, Tags: TAGS, KmsKeyId: KMS_KEY },
);
const BY_NAME = struct({ EndpointConfigName: ENTITY_NAME });
const LIST = struct({}, listMembers(['Name', 'CreationTime']));

export function newEndpointConfigs(context: SageMakerContext, models: Models): EndpointConfigs {
  const configs = new Map<string, EndpointConfig>();
  const find = (name: string): EndpointConfig => {
    const config = configs.get(name.toLowerCase());
    if (!config)
      throw validationError(`Could not find endpoint configuration "${context.arn('endpoint-config', name)}".`);
    return config;
  };

  const variantsOf = (input: WireInput): VariantConfig[] => {
    const seen = new Set<string>();
    return (input['ProductionVariants'] as WireInput[]).map((variant) => {
      const name = variant['VariantName'] as string;
      if (seen.has(name)) throw validationError(`Variant names must be unique: "${name}" is used more than once.`);
      seen.add(name);
      models.find(variant['ModelName'] as string);
      return { InitialVariantWeight: 1, ...(structuredClone(variant) as Omit<VariantConfig, 'InitialVariantWeight'>) };
    });
  };

  const operations: Record<string, Operation> = {
    CreateEndpointConfig(input) {
      checkInput('CreateEndpointConfig', CREATE, input);
      const name = input['EndpointConfigName'] as string;
      const arn = context.arn('endpoint-config', name);
      if (configs.has(name.toLowerCase())) {
        throw validationError(`Cannot create already existing endpoint configuration "${arn}".`);
      }
      const variants = variantsOf(input);
      configs.set(name.toLowerCase(), {
        name,
        arn,
        creationMs: context.nowMs(),
        variants,
        capture: structuredClone(input['DataCaptureConfig'] as CaptureConfig | undefined),
        description: structuredClone(pick(input, 'DataCaptureConfig', 'KmsKeyId')),
      });
      context.setTags(arn, input['Tags']);
      return { EndpointConfigArn: arn };
    },
    DescribeEndpointConfig(input) {
      checkInput('DescribeEndpointConfig', BY_NAME, input);
      const config = find(input['EndpointConfigName'] as string);
      return {
        EndpointConfigName: config.name,
        EndpointConfigArn: config.arn,
        ProductionVariants: structuredClone(config.variants),
        ...structuredClone(config.description),
        EnableNetworkIsolation: false,
        CreationTime: new Date(config.creationMs),
      };
    },
    ListEndpointConfigs(input) {
      checkInput('ListEndpointConfigs', LIST, input);
      const result = page([...configs.values()], input, { sortBy: 'CreationTime', descending: true });
      const items = result.items.map((config) => ({
        EndpointConfigName: config.name,
        EndpointConfigArn: config.arn,
        CreationTime: new Date(config.creationMs),
      }));
      return { EndpointConfigs: items, NextToken: result.NextToken };
    },
    /** AWS lets a configuration in use be deleted; what that breaks is broken here, too (see deployments). */
    DeleteEndpointConfig(input) {
      checkInput('DeleteEndpointConfig', BY_NAME, input);
      const config = find(input['EndpointConfigName'] as string);
      configs.delete(config.name.toLowerCase());
      context.tags.delete(config.arn);
      return {};
    },
  };
  return { operations, find, get: (name) => configs.get(name.toLowerCase()) };
}
