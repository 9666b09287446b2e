/** What the world sees of an alarm's transition: the EventBridge event, the notification, the Lambda payload. */
import type { CloudContext } from '../kernel/service.ts';
import { awsTimestamp } from './alarm-evaluation.ts';
import type { Alarm, AlarmConfiguration, AlarmState, MetricAlarmConfiguration } from './alarm-model.ts';
import type { MetricQuery, MetricStat } from './queries.ts';

// The names that SNS notifications use; other regions appear by their code.
const REGION_NAMES: Readonly<Record<string, string>> = {
  'eu-central-1': 'EU (Frankfurt)',
  'eu-west-1': 'EU (Ireland)',
  'us-east-1': 'US East (N. Virginia)',
  'us-west-2': 'US West (Oregon)',
};

function eventMetric(query: MetricQuery): object {
  const label = query.label === undefined ? {} : { label: query.label };
  if (query.source.kind === 'expression') {
    return { id: query.id, expression: query.source.text, ...label, returnData: query.returnData };
  }
  const { identity, periodSeconds, statistic, unit } = query.source.stat;
  return {
    id: query.id,
    metricStat: {
      metric: { namespace: identity.namespace, name: identity.name, dimensions: identity.dimensions },
      period: periodSeconds,
      stat: statistic,
      ...(unit === undefined ? {} : { unit }),
    },
    ...label,
    returnData: query.returnData,
  };
}

/** The member `configuration` of alarm events. */
export function eventConfiguration(configuration: AlarmConfiguration): Record<string, unknown> {
  const description = configuration.description === undefined ? {} : { description: configuration.description };
  return configuration.kind === 'composite'
    ? { ...description, alarmRule: configuration.ruleText }
    : { ...description, metrics: configuration.queries.map(eventMetric) };
}

export function eventState(state: AlarmState): Record<string, unknown> {
  return {
    value: state.value,
    reason: state.reason,
    ...(state.reasonData === undefined ? {} : { reasonData: state.reasonData }),
    timestamp: awsTimestamp(state.timestampMs),
  };
}

/** Puts `CloudWatch Alarm State Change` on the default bus. */
export function emitStateChange(cloud: CloudContext, alarm: Alarm, previous: AlarmState): void {
  cloud.emit({
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm State Change',
    resources: [alarm.arn],
    detail: {
      alarmName: alarm.configuration.name,
      state: eventState(alarm.state),
      previousState: eventState(previous),
      configuration: eventConfiguration(alarm.configuration),
    },
  });
}

function trigger(configuration: MetricAlarmConfiguration): object {
  const rule = {
    Period: configuration.periodSeconds,
    EvaluationPeriods: configuration.evaluationPeriods,
    DatapointsToAlarm: configuration.datapointsToAlarm,
    ComparisonOperator: configuration.comparison,
    Threshold: configuration.threshold,
    TreatMissingData: configuration.treatMissingData,
    EvaluateLowSampleCountPercentile: '',
  };
  const metric = (stat: MetricStat): object => ({
    Dimensions: Object.entries(stat.identity.dimensions).map(([name, value]) => ({ value, name })),
    MetricName: stat.identity.name,
    Namespace: stat.identity.namespace,
  });
  const { source } = configuration.watched;
  if (configuration.single && source.kind === 'metric') {
    const classic = {
      Average: 'AVERAGE',
      Sum: 'SUM',
      Minimum: 'MINIMUM',
      Maximum: 'MAXIMUM',
      SampleCount: 'SAMPLECOUNT',
    };
    const statistic = classic[source.stat.statistic as keyof typeof classic];
    const kind = statistic
      ? { StatisticType: 'Statistic', Statistic: statistic }
      : { StatisticType: 'ExtendedStatistic', ExtendedStatistic: source.stat.statistic };
    return { ...metric(source.stat), ...kind, Unit: source.stat.unit ?? null, ...rule };
  }
  const metrics = configuration.queries.map((query) => ({
    Id: query.id,
    ...(query.label === undefined ? {} : { Label: query.label }),
    ...(query.source.kind === 'expression'
      ? { Expression: query.source.text }
      : {
          MetricStat: {
            Metric: metric(query.source.stat),
            Period: query.source.stat.periodSeconds,
            Stat: query.source.stat.statistic,
          },
        }),
    ReturnData: query.returnData,
  }));
  return { ...rule, Metrics: metrics };
}

/** Subject and message of the notification that an SNS action publishes. */
export function notification(
  cloud: CloudContext,
  alarm: Alarm,
  previous: AlarmState,
): { subject: string; message: string } {
  const { configuration, state } = alarm;
  const region = REGION_NAMES[cloud.region] ?? cloud.region;
  const message = {
    AlarmName: configuration.name,
    AlarmDescription: configuration.description ?? null,
    AWSAccountId: cloud.accountId,
    AlarmConfigurationUpdatedTimestamp: awsTimestamp(alarm.configurationUpdatedMs),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: awsTimestamp(state.timestampMs),
    Region: region,
    AlarmArn: alarm.arn,
    OldStateValue: previous.value,
    OKActions: configuration.okActions,
    AlarmActions: configuration.alarmActions,
    InsufficientDataActions: configuration.insufficientDataActions,
    ...(configuration.kind === 'metric'
      ? { Trigger: trigger(configuration) }
      : { AlarmRule: configuration.ruleText, TriggeringChildren: triggeringChildren(state) }),
  };
  return {
    subject: `${state.value}: "${configuration.name}" in ${region}`.slice(0, 100),
    message: JSON.stringify(message),
  };
}

function triggeringChildren(state: AlarmState): object[] {
  const data = JSON.parse(state.reasonData ?? '{}') as {
    triggeringAlarms?: { arn: string; state: { value: string; timestamp: string } }[];
  };
  return (data.triggeringAlarms ?? []).map((child) => ({
    Arn: child.arn,
    State: { Value: child.state.value, Timestamp: child.state.timestamp },
  }));
}

async function performOne(cloud: CloudContext, alarm: Alarm, previous: AlarmState, action: string): Promise<void> {
  if (action.split(':')[2] === 'sns') {
    const { subject, message } = notification(cloud, alarm, previous);
    const input = { TopicArn: action, Subject: subject, Message: message };
    await cloud.call('sns', 'Publish', input, { kind: 'service', name: 'cloudwatch.amazonaws.com' });
    return;
  }
  const payload = {
    source: 'aws.cloudwatch',
    alarmArn: alarm.arn,
    accountId: cloud.accountId,
    time: awsTimestamp(alarm.state.timestampMs),
    region: cloud.region,
    alarmData: {
      alarmName: alarm.configuration.name,
      state: eventState(alarm.state),
      previousState: eventState(previous),
      configuration: eventConfiguration(alarm.configuration),
    },
  };
  const input = { FunctionName: action, InvocationType: 'Event', Payload: Buffer.from(JSON.stringify(payload)) };
  await cloud.call('lambda', 'Invoke', input, { kind: 'service', name: 'lambda.alarms.cloudwatch.amazonaws.com' });
}

/**
 * Performs the actions of the state that the alarm has entered. AWS retries nothing and hides nothing: the outcome of each
 * action is reported to `report`, for the alarm's history.
 */
export function performActions(
  cloud: CloudContext,
  alarm: Alarm,
  previous: AlarmState,
  report: (action: string, failure: unknown) => void,
): void {
  const { configuration } = alarm;
  if (!configuration.actionsEnabled) return;
  const actions = {
    OK: configuration.okActions,
    ALARM: configuration.alarmActions,
    INSUFFICIENT_DATA: configuration.insufficientDataActions,
  }[alarm.state.value];
  // A later transition must not change what this one tells.
  const snapshot = { ...alarm };
  // One after the other, so that their outcomes stand in the history in one order.
  cloud.kernel.spawn(`alarm actions of ${configuration.name}`, async () => {
    for (const action of actions) {
      await performOne(cloud, snapshot, previous, action).then(
        () => report(action, undefined),
        (error: unknown) => report(action, error),
      );
    }
  });
}
