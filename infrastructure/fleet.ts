/** CloudFormation resources made from the catalog. Runs when the project is packaged, never in AWS. */
import { guardAlarms, type GuardAlarm } from '../shared/catalog/alarms.ts';
import { newCatalog } from '../shared/catalog/catalog.ts';
import { type ModelDefinition } from '../shared/catalog/model-definition.ts';
import { packageGroupName, pipelineName } from '../shared/catalog/names.ts';
import { newDemandForecastPipeline } from '../pipelines/demand-forecast/pipeline.ts';

type Resources = Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;

/** A share below this many requests a minute says nothing: one bad answer of two is not an outage. */
const REQUESTS_PER_MINUTE_FLOOR = 15;

const RETRY = { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 };

function pascal(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}

function metric(alarm: GuardAlarm, MetricName: string) {
  const Dimensions = [
    { Name: 'EndpointName', Value: alarm.endpoint },
    { Name: 'VariantName', Value: alarm.variant },
  ];
  return { Namespace: 'AWS/SageMaker', MetricName, Dimensions };
}

/** 5xx: a share with an evidence floor, so metric math. Latency: SageMaker's own percentile, in microseconds. */
function measured(alarm: GuardAlarm): Record<string, unknown> {
  if (alarm.meaning === 'latency')
    return { ...metric(alarm, 'ModelLatency'), ExtendedStatistic: 'p99', Period: alarm.periodSeconds };
  const sum = (Id: string, MetricName: string) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric: metric(alarm, MetricName), Period: alarm.periodSeconds, Stat: 'Sum' },
  });
  return {
    Metrics: [
      sum('errors', 'Invocation5XXErrors'),
      sum('requests', 'Invocations'),
      {
        Id: 'share',
        Expression: `IF(requests >= ${REQUESTS_PER_MINUTE_FLOOR}, errors / requests, 0)`,
        Label: 'share of 5xx',
        ReturnData: true,
      },
    ],
  };
}

function alarmResource(alarm: GuardAlarm): Resources[string] {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: alarm.alarmName,
      AlarmDescription: alarm.description,
      ...measured(alarm),
      EvaluationPeriods: alarm.evaluationPeriods,
      DatapointsToAlarm: alarm.datapointsToAlarm,
      Threshold: alarm.threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      // A variant without traffic has no metrics. That is not an outage: the judge holds it back as 'no data'.
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'AlertTopic' }],
    },
  };
}

function alarmResources(stage: string, model: ModelDefinition): Resources {
  if (model.endpointType !== 'real-time') return {};
  const alarms = guardAlarms(stage, model);
  return Object.fromEntries(
    alarms.map((alarm) => [
      `${pascal(model.name)}${pascal(alarm.variant)}${pascal(alarm.meaning)}Alarm`,
      alarmResource(alarm),
    ]),
  );
}

const sub = (text: string) => ({ 'Fn::Sub': text });
const image = (repository: string): string =>
  `\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.amazonaws.com/${repository}:latest`;

/** Pipelines by model; a model without one is retrained by nobody yet. */
const PIPELINES: Readonly<Record<string, (stage: string) => unknown>> = {
  'demand-forecast': (stage) =>
    newDemandForecastPipeline({
      trainerImageUri: image('switchyard-trainer'),
      serverImageUri: image('switchyard-server'),
      roleArn: '${TrainingRole.Arn}',
      modelPackageGroupName: packageGroupName(stage, 'demand-forecast'),
      inputDataUri: 's3://${DataBucket}/raw/demand-forecast',
      outputUri: 's3://${DataBucket}/pipelines/demand-forecast',
    }),
};

function pipelineResources(stage: string, model: ModelDefinition): Resources {
  const build = PIPELINES[model.name];
  if (!build) return {};
  const name = pipelineName(stage, model.name);
  const input = { model: model.name, scheduledAt: '<aws.scheduler.scheduled-time>' };
  return {
    [`${pascal(model.name)}Pipeline`]: {
      Type: 'AWS::SageMaker::Pipeline',
      Properties: {
        PipelineName: name,
        PipelineDisplayName: name,
        RoleArn: { 'Fn::GetAtt': ['TrainingRole', 'Arn'] },
        PipelineDefinition: { PipelineDefinitionBody: sub(JSON.stringify(build(stage))) },
      },
    },
    [`${pascal(model.name)}Schedule`]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: `switchyard-${stage}-retrain-${model.name}`,
        ScheduleExpression: model.schedule.expression,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: { 'Fn::GetAtt': ['RequestRetrainingLambdaFunction', 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['RetrainingScheduleRole', 'Arn'] },
          Input: JSON.stringify(input),
          RetryPolicy: RETRY,
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['EventsDlq', 'Arn'] } },
        },
      },
    },
  };
}

function groupResource(stage: string, model: ModelDefinition): Resources {
  return {
    [`${pascal(model.name)}Versions`]: {
      Type: 'AWS::SageMaker::ModelPackageGroup',
      Properties: {
        ModelPackageGroupName: packageGroupName(stage, model.name),
        ModelPackageGroupDescription: model.purpose,
      },
    },
  };
}

/** @throws InvalidCatalog when the catalog can't work; InvalidPipelineDefinition */
export function fleetResources(stage: string): { Resources: Resources } {
  const { models } = newCatalog();
  const parts = models.map((model) => ({
    ...groupResource(stage, model),
    ...alarmResources(stage, model),
    ...pipelineResources(stage, model),
  }));
  return { Resources: Object.assign({}, ...parts) as Resources };
}
