/** AWS's own events, as its guides show them, with the members that matter here as parameters. */

interface Envelope {
  readonly version: string;
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';

function event(source: string, detailType: string, resource: string, detail: Record<string, unknown>): Envelope {
  return {
    version: '0',
    id: 'd2921b5a-b0ea-a28e-0260-ca61f71d0e9f',
    'detail-type': detailType,
    source,
    account: ACCOUNT,
    time: '2026-01-05T21:37:03Z',
    region: REGION,
    resources: [`arn:aws:${resource}`],
    detail,
  };
}

export interface EndpointSample {
  readonly endpoint?: string;
  /** `IN_SERVICE` in events, `InService` where somebody forwards what the API says. */
  readonly status?: string;
}

/** Amazon SageMaker Developer Guide, 'SageMaker endpoint state change'. */
export function endpointEvent({ endpoint = 'dev-demand-forecast', status = 'IN_SERVICE' }: EndpointSample): Envelope {
  const arn = `sagemaker:${REGION}:${ACCOUNT}:endpoint/${endpoint}`;
  return event('aws.sagemaker', 'SageMaker Endpoint State Change', arn, {
    EndpointName: endpoint,
    EndpointArn: `arn:aws:${arn}`,
    EndpointConfigName: `${endpoint}-e3`,
    ProductionVariants: [
      { VariantName: 'blue', CurrentWeight: 95, DesiredWeight: 95, CurrentInstanceCount: 2, DesiredInstanceCount: 2 },
      { VariantName: 'green', CurrentWeight: 5, DesiredWeight: 5, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
    ],
    EndpointStatus: status,
    CreationTime: 1767648982000,
    LastModifiedTime: 1767649023000.0,
    Tags: { 'switchyard:epoch': '3' },
  });
}

export interface PackageSample {
  readonly group?: string;
  readonly status?: string;
  readonly approval?: string;
  /** Absent on creation. */
  readonly updatedFields?: readonly string[];
}

/** Amazon SageMaker Developer Guide, 'SageMaker model package state change'. */
export function packageEvent(sample: PackageSample): Envelope {
  const group = sample.group ?? 'dev-demand-forecast';
  const arn = `sagemaker:${REGION}:${ACCOUNT}:model-package/${group}/7`;
  return event('aws.sagemaker', 'SageMaker Model Package State Change', arn, {
    ModelPackageGroupName: group,
    ModelPackageVersion: 7,
    ModelPackageArn: `arn:aws:${arn}`,
    CreationTime: '2026-01-05T21:32:03Z',
    InferenceSpecification: {
      Containers: [{ Image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/switchyard-server:latest` }],
      SupportedContentTypes: ['application/json'],
      SupportedResponseMIMETypes: ['application/json'],
    },
    ModelPackageStatus: sample.status ?? 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CertifyForMarketplace: false,
    ModelApprovalStatus: sample.approval ?? 'PendingManualApproval',
    MetadataProperties: {
      GeneratedBy: `arn:aws:sagemaker:${REGION}:${ACCOUNT}:pipeline/dev-demand-forecast/execution/a1`,
    },
    ModelMetrics: {},
    LastModifiedTime: '2026-01-05T21:37:03Z',
    ...(sample.updatedFields ? { UpdatedModelPackageFields: [...sample.updatedFields] } : {}),
  });
}

export interface AlarmSample {
  readonly alarmName?: string;
  readonly value?: string;
  /** Names of the alarms that made a composite one fire. */
  readonly triggering?: readonly string[];
}

/** Amazon CloudWatch User Guide, 'Alarm events and EventBridge'. */
export function alarmEvent({ alarmName, value = 'ALARM', triggering }: AlarmSample): Envelope {
  const name = alarmName ?? 'switchyard-dev-demand-forecast-green-errors5xx';
  const arnOf = (alarm: string): string => `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${alarm}`;
  const reasonData = triggering
    ? { triggeringAlarms: triggering.map((each) => ({ arn: arnOf(each), state: { value: 'ALARM' } })) }
    : { version: '1.0', statistic: 'Sum', period: 60, recentDatapoints: [0.2], threshold: 0.1 };
  return event('aws.cloudwatch', 'CloudWatch Alarm State Change', arnOf(name).slice('arn:aws:'.length), {
    alarmName: name,
    configuration: triggering
      ? { alarmRule: `ALARM("${triggering[0]}")` }
      : { description: 'share of 5xx', metrics: [] },
    previousState: { value: 'OK', timestamp: '2026-01-05T21:30:03.000+0000' },
    state: {
      value,
      reason: 'Threshold Crossed: 2 datapoints were greater than the threshold (0.1).',
      reasonData: JSON.stringify(reasonData),
      timestamp: '2026-01-05T21:37:03.123+0000',
    },
  });
}
