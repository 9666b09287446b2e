/** CloudWatch on the laptop: metrics with exact counts, metric math, alarms, dashboards. */
import { AwsError } from '../kernel/errors.ts';
import type { Access, CloudContext, MetricData, Operation, Service, WireInput } from '../kernel/service.ts';
import { AlarmEngine } from './alarm-engine.ts';
import { alarmOperations } from './alarm-operations.ts';
import { alarmNameOf } from './alarm-rule.ts';
import { dashboardArn, dashboardOperations } from './dashboards.ts';
import { MetricStore } from './metric-store.ts';
import { getMetricData, getMetricStatistics, listMetrics } from './reading.ts';
import { putMetricData } from './recording.ts';
import { Tags } from './tags.ts';

/** The query protocol writes these codes where the service model has another shape name (botocore's service model). */
export const QUERY_ERROR_CODES: Readonly<Record<string, string>> = {
  DashboardInvalidInputError: 'InvalidParameterInput',
  DashboardNotFoundError: 'ResourceNotFound',
  InvalidFormatFault: 'InvalidFormat',
  InvalidParameterCombinationException: 'InvalidParameterCombination',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
};

export interface CloudWatch extends Service {
  /** Files observations as an AWS service does: no namespace is reserved, nothing is checked. */
  record(data: MetricData): void;
}

// AWS offers no resource-level permissions for reading metrics.
const ON_ANYTHING = new Set(['GetMetricData', 'GetMetricStatistics', 'ListMetrics']);

function accessOf(cloud: CloudContext, operation: string, input: WireInput): Access[] {
  const action = `cloudwatch:${operation}`;
  const alarm = (name: unknown): string =>
    `arn:aws:cloudwatch:${cloud.region}:${cloud.accountId}:alarm:${alarmNameOf(String(name))}`;
  if (operation === 'PutMetricData') {
    return [{ action, resource: '*', conditionKeys: { 'cloudwatch:namespace': String(input.Namespace) } }];
  }
  if (ON_ANYTHING.has(operation)) return [{ action, resource: '*' }];
  if (operation.endsWith('Resource')) return [{ action, resource: String(input.ResourceARN) }];
  if (operation.includes('Dashboard')) {
    const names = (input.DashboardNames as unknown[] | undefined) ?? [input.DashboardName ?? '*'];
    return names.map((name) => ({
      action,
      resource: operation === 'ListDashboards' ? '*' : dashboardArn(cloud, name),
    }));
  }
  const names = (input.AlarmNames as unknown[] | undefined) ?? [input.AlarmName ?? '*'];
  return (names.length > 0 ? names : ['*']).map((name) => ({ action, resource: alarm(name) }));
}

function tagOperations(cloud: CloudContext, engine: AlarmEngine, tags: Tags): Record<string, Operation> {
  const known = (input: WireInput): string => {
    const arn = String(input.ResourceARN);
    const isDashboard = arn.startsWith(dashboardArn(cloud, ''));
    if (!isDashboard && !engine.get(alarmNameOf(arn))) {
      throw new AwsError('ResourceNotFoundException', `Unable to find resource for ARN ${arn}`, {
        statusCode: 404,
        fields: { ResourceType: 'Alarm', ResourceId: arn },
      });
    }
    return arn;
  };
  return {
    TagResource: (input) => tags.set(known(input), (input.Tags ?? []) as WireInput[]),
    UntagResource: (input) => tags.remove(known(input), ((input.TagKeys ?? []) as unknown[]).map(String)),
    ListTagsForResource: (input) => ({ Tags: tags.list(known(input)) }),
  };
}

/** CloudWatch (`monitoring`). Metrics become readable, and alarms change, as late as `SLOWNESS` says. */
export function newCloudWatch(cloud: CloudContext): CloudWatch {
  const store = new MetricStore(cloud.kernel);
  const engine = new AlarmEngine(cloud, store);
  const tags = new Tags();
  const now = (): number => cloud.kernel.clock.now();
  return {
    id: 'monitoring',
    operations: {
      PutMetricData: (input) => putMetricData(store, input, now()),
      GetMetricData: (input) => getMetricData(store, input),
      GetMetricStatistics: (input) => getMetricStatistics(store, input),
      ListMetrics: (input) => listMetrics(store, input),
      ...alarmOperations(engine, tags, cloud.kernel),
      ...dashboardOperations(cloud),
      ...tagOperations(cloud, engine, tags),
    },
    access: (operation, input) => accessOf(cloud, operation, input),
    record: ({ namespace, name, dimensions, values, counts, timestampMs, unit }) => {
      store.record({ namespace, name, dimensions }, { values, counts }, timestampMs ?? now(), unit ?? 'None');
    },
  };
}
