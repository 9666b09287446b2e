/** AWS::CloudWatch::*. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, jsonText, list, number, object, tagList, text } from '../shape.ts';

const dimensions = list(object({ Name: text, Value: text }));
const actions = {
  ActionsEnabled: boolean,
  AlarmActions: list(text),
  OKActions: list(text),
  InsufficientDataActions: list(text),
};

const alarm = resourceType(
  {
    AlarmName: text,
    AlarmDescription: text,
    ...actions,
    Namespace: text,
    MetricName: text,
    Dimensions: dimensions,
    Statistic: text,
    ExtendedStatistic: text,
    Period: number,
    Unit: text,
    EvaluationPeriods: number,
    DatapointsToAlarm: number,
    Threshold: number,
    ThresholdMetricId: text,
    ComparisonOperator: text,
    TreatMissingData: text,
    EvaluateLowSampleCountPercentile: text,
    Metrics: list(
      object({
        Id: text,
        Expression: text,
        Label: text,
        ReturnData: boolean,
        Period: number,
        MetricStat: object({
          Metric: object({ Namespace: text, MetricName: text, Dimensions: dimensions }),
          Period: number,
          Stat: text,
          Unit: text,
        }),
      }),
    ),
    Tags: tagList,
  },
  async (properties, context) => {
    const AlarmName = properties.AlarmName ?? context.generatedName(255);
    await context.call('monitoring', 'PutMetricAlarm', { ...properties, AlarmName });
    return { physicalId: AlarmName, attributes: { Arn: context.arn('cloudwatch', `alarm:${AlarmName}`) } };
  },
);

const compositeAlarm = resourceType(
  {
    AlarmName: text,
    AlarmDescription: text,
    AlarmRule: text,
    ...actions,
    ActionsSuppressor: text,
    ActionsSuppressorWaitPeriod: number,
    ActionsSuppressorExtensionPeriod: number,
    Tags: tagList,
  },
  async (properties, context) => {
    const AlarmName = properties.AlarmName ?? context.generatedName(255);
    await context.call('monitoring', 'PutCompositeAlarm', { ...properties, AlarmName });
    return { physicalId: AlarmName, attributes: { Arn: context.arn('cloudwatch', `alarm:${AlarmName}`) } };
  },
);

const dashboard = resourceType({ DashboardName: text, DashboardBody: jsonText }, async (properties, context) => {
  const DashboardName = properties.DashboardName ?? context.generatedName(255);
  await context.call('monitoring', 'PutDashboard', { ...properties, DashboardName });
  return { physicalId: DashboardName };
});

export const cloudWatchTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::CompositeAlarm': compositeAlarm,
  'AWS::CloudWatch::Dashboard': dashboard,
};
