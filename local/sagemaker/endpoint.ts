/** An endpoint as it lives: its fleet of variants, its status, and how both are told to callers and events. */
import { createHash } from 'node:crypto';
import { type ServedContainer } from '../kernel/containers.ts';
import { upperSnake, type SageMakerContext } from './context.ts';
import { type CaptureConfig, type EndpointConfig, type VariantConfig } from './endpoint-configs.ts';
import { type ServedImage } from './models.ts';

export interface LiveVariant {
  readonly config: VariantConfig;
  readonly served: ServedImage;
  readonly container: ServedContainer;
  /** Log stream `<variant>/<instance>`. */
  readonly instanceId: string;
  readonly resolvedMs: number;
  currentWeight: number;
  desiredWeight: number;
  currentInstanceCount: number;
  desiredInstanceCount: number;
  /** Virtual time from which the variant's instances are being torn down although requests still come. */
  goneFromMs?: number;
}

/** What an update towards a new configuration will put in place. */
export interface VariantTarget {
  readonly config: VariantConfig;
  readonly weight: number;
  readonly instanceCount: number;
  /** The running variant that stays as it is (same name, model and instance type). */
  readonly keeps: LiveVariant | undefined;
}

export type EndpointStatus = 'Creating' | 'Updating' | 'InService' | 'Deleting' | 'Failed';

export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly creationMs: number;
  lastModifiedMs: number;
  status: EndpointStatus;
  configName: string;
  failureReason: string | undefined;
  variants: readonly LiveVariant[];
  pending:
    | { readonly config: EndpointConfig; readonly targets: readonly VariantTarget[]; readonly startMs: number }
    | undefined;
  capture: CaptureConfig | undefined;
}

const images = (image: string, atMs: number): object[] => [
  {
    SpecifiedImage: image,
    ResolvedImage: `${image.replace(/:[^:/]*$/, '')}@sha256:${createHash('sha256').update(image).digest('hex')}`,
    ResolutionTime: new Date(atMs),
  },
];

function variantStatus(endpoint: Endpoint, variant: LiveVariant): object[] | undefined {
  if (endpoint.status !== 'Updating') return undefined;
  const pending = endpoint.pending;
  const leaves = pending !== undefined && !pending.targets.some((target) => target.keeps === variant);
  return [
    { Status: leaves ? 'Deleting' : 'Updating', StartTime: new Date(pending?.startMs ?? endpoint.lastModifiedMs) },
  ];
}

function pendingSummary(endpoint: Endpoint): object | undefined {
  const pending = endpoint.pending;
  if (!pending) return undefined;
  return {
    EndpointConfigName: pending.config.name,
    StartTime: new Date(pending.startMs),
    ProductionVariants: pending.targets.map((target) => ({
      VariantName: target.config.VariantName,
      CurrentWeight: target.keeps?.currentWeight ?? 0,
      DesiredWeight: target.weight,
      CurrentInstanceCount: target.keeps?.currentInstanceCount ?? 0,
      DesiredInstanceCount: target.instanceCount,
      VariantStatus: [{ Status: target.keeps ? 'Updating' : 'Creating', StartTime: new Date(pending.startMs) }],
    })),
  };
}

/** The answer of DescribeEndpoint. */
export function describeEndpoint(endpoint: Endpoint): Record<string, unknown> {
  const capture = endpoint.capture;
  const serves = endpoint.status === 'InService' || endpoint.status === 'Updating';
  return {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: endpoint.configName,
    ProductionVariants:
      endpoint.variants.length === 0
        ? undefined
        : endpoint.variants.map((variant) => ({
            VariantName: variant.config.VariantName,
            DeployedImages: images(variant.served.image, variant.resolvedMs),
            CurrentWeight: variant.currentWeight,
            DesiredWeight: variant.desiredWeight,
            CurrentInstanceCount: variant.currentInstanceCount,
            DesiredInstanceCount: variant.desiredInstanceCount,
            VariantStatus: variantStatus(endpoint, variant),
          })),
    DataCaptureConfig: capture && {
      EnableCapture: capture.EnableCapture ?? false,
      CaptureStatus: serves && capture.EnableCapture === true ? 'Started' : 'Stopped',
      CurrentSamplingPercentage: capture.InitialSamplingPercentage,
      DestinationS3Uri: capture.DestinationS3Uri,
      KmsKeyId: capture.KmsKeyId ?? '',
    },
    EndpointStatus: endpoint.status,
    FailureReason: endpoint.failureReason,
    CreationTime: new Date(endpoint.creationMs),
    LastModifiedTime: new Date(endpoint.lastModifiedMs),
    PendingDeploymentSummary: pendingSummary(endpoint),
  };
}

/** Changes the status and tells the world: trace, LastModifiedTime, `SageMaker Endpoint State Change`. */
export function enterStatus(context: SageMakerContext, endpoint: Endpoint, status: EndpointStatus): void {
  endpoint.status = status;
  endpoint.lastModifiedMs = context.nowMs();
  context.cloud.kernel.trace(`sagemaker endpoint ${endpoint.name} ${status} ${endpoint.configName}`);
  context.announce('SageMaker Endpoint State Change', [endpoint.arn], {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: endpoint.configName,
    ProductionVariants: endpoint.variants.map((variant) => ({
      VariantName: variant.config.VariantName,
      CurrentWeight: variant.currentWeight,
      DesiredWeight: variant.desiredWeight,
      CurrentInstanceCount: variant.currentInstanceCount,
      DesiredInstanceCount: variant.desiredInstanceCount,
    })),
    EndpointStatus: upperSnake(status),
    ...(endpoint.failureReason === undefined ? {} : { FailureReason: endpoint.failureReason }),
    CreationTime: endpoint.creationMs,
    LastModifiedTime: endpoint.lastModifiedMs,
    Tags: context.tagMap(endpoint.arn),
  });
}
