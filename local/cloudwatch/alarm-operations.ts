/** The alarm operations of CloudWatch's API over the engine. */
import { asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Operation, WireInput } from '../kernel/service.ts';
import type { AlarmEngine } from './alarm-engine.ts';
import {
  type Alarm,
  ALARM_STATES,
  type CompositeAlarmConfiguration,
  type MetricAlarmConfiguration,
  oneOf,
  parseCompositeAlarm,
  parseMetricAlarm,
} from './alarm-model.ts';
import { metricKey } from './metric-store.ts';
import { dimensionList, type MetricQuery, parseDimensions, validationFailure } from './queries.ts';
import { pageOffset, pageToken } from './reading.ts';
import { isClassicStatistic } from './statistics.ts';
import type { Tags } from './tags.ts';

function describeQuery(query: MetricQuery): object {
  const { source } = query;
  return {
    Id: query.id,
    Label: query.label,
    ReturnData: query.returnData,
    ...(source.kind === 'expression'
      ? { Expression: source.text }
      : {
          MetricStat: {
            Metric: {
              Namespace: source.stat.identity.namespace,
              MetricName: source.stat.identity.name,
              Dimensions: dimensionList(source.stat.identity.dimensions),
            },
            Period: source.stat.periodSeconds,
            Stat: source.stat.statistic,
            Unit: source.stat.unit,
          },
        }),
  };
}

function describeSource(configuration: MetricAlarmConfiguration): object {
  const { source } = configuration.watched;
  if (!configuration.single || source.kind !== 'metric') return { Metrics: configuration.queries.map(describeQuery) };
  const { identity, periodSeconds, statistic, unit } = source.stat;
  return {
    MetricName: identity.name,
    Namespace: identity.namespace,
    [isClassicStatistic(statistic) ? 'Statistic' : 'ExtendedStatistic']: statistic,
    Dimensions: dimensionList(identity.dimensions),
    Period: periodSeconds,
    Unit: unit,
  };
}

function describeBase(alarm: Alarm): object {
  const { configuration, state } = alarm;
  return {
    AlarmName: configuration.name,
    AlarmArn: alarm.arn,
    AlarmDescription: configuration.description,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configurationUpdatedMs),
    ActionsEnabled: configuration.actionsEnabled,
    OKActions: configuration.okActions,
    AlarmActions: configuration.alarmActions,
    InsufficientDataActions: configuration.insufficientDataActions,
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: state.reasonData,
    StateUpdatedTimestamp: new Date(state.timestampMs),
    StateTransitionedTimestamp: new Date(alarm.transitionedMs),
  };
}

function describeMetricAlarm(alarm: Alarm, configuration: MetricAlarmConfiguration): object {
  return {
    ...describeBase(alarm),
    ...describeSource(configuration),
    EvaluationPeriods: configuration.evaluationPeriods,
    DatapointsToAlarm: configuration.datapointsToAlarmGiven ? configuration.datapointsToAlarm : undefined,
    Threshold: configuration.threshold,
    ComparisonOperator: configuration.comparison,
    TreatMissingData: configuration.treatMissingData,
  };
}

function describeCompositeAlarm(alarm: Alarm, configuration: CompositeAlarmConfiguration): object {
  return { ...describeBase(alarm), AlarmRule: configuration.ruleText };
}

function describe(alarms: readonly Alarm[]): { MetricAlarms: object[]; CompositeAlarms: object[] } {
  const split = { MetricAlarms: [] as object[], CompositeAlarms: [] as object[] };
  for (const alarm of alarms) {
    const { configuration } = alarm;
    if (configuration.kind === 'metric') split.MetricAlarms.push(describeMetricAlarm(alarm, configuration));
    else split.CompositeAlarms.push(describeCompositeAlarm(alarm, configuration));
  }
  return split;
}

function describeAlarms(engine: AlarmEngine, input: WireInput): object {
  for (const member of ['ChildrenOfAlarmName', 'ParentsOfAlarmName']) {
    if (input[member] !== undefined) throw new UnsupportedFeature(`DescribeAlarms ${member}`);
  }
  const names = input.AlarmNames as string[] | undefined;
  if (names && names.length > 100) throw validationFailure(`AlarmNames: ${names.length} are more than 100`);
  if (names?.length && input.AlarmNamePrefix !== undefined) {
    throw new AwsError(
      'InvalidParameterCombinationException',
      'AlarmNames and AlarmNamePrefix are mutually exclusive.',
    );
  }
  const types = (input.AlarmTypes as string[] | undefined) ?? ['MetricAlarm'];
  const actionsOf = ({ configuration }: Alarm): string[] => [
    ...configuration.alarmActions,
    ...configuration.okActions,
    ...configuration.insufficientDataActions,
  ];
  const found = engine
    .list()
    .filter(
      (alarm) =>
        types.includes(alarm.configuration.kind === 'metric' ? 'MetricAlarm' : 'CompositeAlarm') &&
        (!names?.length || names.includes(alarm.configuration.name)) &&
        (input.AlarmNamePrefix === undefined || alarm.configuration.name.startsWith(String(input.AlarmNamePrefix))) &&
        (input.StateValue === undefined || alarm.state.value === oneOf(input.StateValue, ALARM_STATES, 'stateValue')) &&
        (input.ActionPrefix === undefined ||
          actionsOf(alarm).some((action) => action.startsWith(String(input.ActionPrefix)))),
    );
  const from = pageOffset(input.NextToken);
  const most = input.MaxRecords === undefined ? 50 : asNumber(input.MaxRecords, 'MaxRecords');
  const page = names?.length ? found : found.slice(from, from + most);
  return {
    ...describe(page),
    NextToken: !names?.length && from + most < found.length ? pageToken(from + most) : undefined,
  };
}

function describeAlarmsForMetric(engine: AlarmEngine, input: WireInput): object {
  const key = metricKey({
    namespace: String(input.Namespace),
    name: String(input.MetricName),
    dimensions: parseDimensions(input.Dimensions),
  });
  const statistic = input.Statistic ?? input.ExtendedStatistic;
  const found = engine.list().filter(({ configuration }) => {
    if (configuration.kind !== 'metric' || !configuration.single || configuration.watched.source.kind !== 'metric')
      return false;
    const { stat } = configuration.watched.source;
    return (
      metricKey(stat.identity) === key &&
      (statistic === undefined || stat.statistic === statistic) &&
      (input.Period === undefined || stat.periodSeconds === asNumber(input.Period, 'Period')) &&
      (input.Unit === undefined || stat.unit === input.Unit)
    );
  });
  return { MetricAlarms: describe(found).MetricAlarms };
}

function setAlarmState(engine: AlarmEngine, input: WireInput): void {
  const reasonData = input.StateReasonData === undefined ? undefined : String(input.StateReasonData);
  if (reasonData !== undefined) {
    try {
      JSON.parse(reasonData);
    } catch (cause) {
      throw new AwsError('InvalidFormatFault', `StateReasonData is not JSON: ${(cause as Error).message}`);
    }
  }
  if (input.StateReason === undefined) throw validationFailure('StateReason is required.');
  engine.setState(String(input.AlarmName), {
    value: oneOf(input.StateValue, ALARM_STATES, 'stateValue'),
    reason: String(input.StateReason),
    reasonData,
  });
}

const names = (input: WireInput): string[] => ((input.AlarmNames ?? []) as unknown[]).map(String);

export function alarmOperations(engine: AlarmEngine, tags: Tags, kernel: Kernel): Record<string, Operation> {
  const random = kernel.random('cloudwatch/alarm-query-ids');
  const tagOnCreation = (input: WireInput): void => {
    // AWS ignores the tags of an alarm that exists already.
    if (input.Tags !== undefined) tags.set(engine.arnOf(String(input.AlarmName)), input.Tags as WireInput[]);
  };
  return {
    PutMetricAlarm: (input) => {
      const existed = engine.get(String(input.AlarmName)) !== undefined;
      engine.put(parseMetricAlarm(input, () => random.uuid()));
      if (!existed) tagOnCreation(input);
    },
    PutCompositeAlarm: (input) => {
      const existed = engine.get(String(input.AlarmName)) !== undefined;
      engine.put(parseCompositeAlarm(input));
      if (!existed) tagOnCreation(input);
    },
    DescribeAlarms: (input) => describeAlarms(engine, input),
    DescribeAlarmsForMetric: (input) => describeAlarmsForMetric(engine, input),
    DescribeAlarmHistory: (input) => engine.history.describe(input, kernel.clock.now()),
    DeleteAlarms: (input) => {
      engine.delete(names(input));
      for (const name of names(input)) tags.forget(engine.arnOf(name));
    },
    SetAlarmState: (input) => setAlarmState(engine, input),
    EnableAlarmActions: (input) => engine.enableActions(names(input), true),
    DisableAlarmActions: (input) => engine.enableActions(names(input), false),
  };
}
