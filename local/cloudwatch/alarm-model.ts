/** What an alarm is, and the checks of PutMetricAlarm and PutCompositeAlarm. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import { type AlarmRule, parseAlarmRule } from './alarm-rule.ts';
import {
  type MetricQuery,
  parseDimensions,
  parsePeriodSeconds,
  parseQueries,
  periodSecondsOf,
  validationFailure,
} from './queries.ts';
import { isClassicStatistic, parseStatistic } from './statistics.ts';

export const ALARM_STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
export type AlarmStateValue = (typeof ALARM_STATES)[number];

export const COMPARISONS = {
  GreaterThanThreshold: { holds: (value: number, threshold: number) => value > threshold, words: 'greater than' },
  GreaterThanOrEqualToThreshold: {
    holds: (value: number, threshold: number) => value >= threshold,
    words: 'greater than or equal to',
  },
  LessThanThreshold: { holds: (value: number, threshold: number) => value < threshold, words: 'less than' },
  LessThanOrEqualToThreshold: {
    holds: (value: number, threshold: number) => value <= threshold,
    words: 'less than or equal to',
  },
} as const;
export type ComparisonOperator = keyof typeof COMPARISONS;

const MISSING_DATA = ['missing', 'notBreaching', 'breaching', 'ignore'] as const;
export type TreatMissingData = (typeof MISSING_DATA)[number];

export interface AlarmState {
  readonly value: AlarmStateValue;
  readonly reason: string;
  /** JSON text; undefined before the first evaluation. */
  readonly reasonData?: string | undefined;
  readonly timestampMs: number;
}

/** What both kinds of alarm are configured with. */
interface AlarmActions {
  readonly name: string;
  readonly description?: string | undefined;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
}

export interface MetricAlarmConfiguration extends AlarmActions {
  readonly kind: 'metric';
  /** True when the alarm was given as Namespace, MetricName, Statistic instead of `Metrics`. */
  readonly single: boolean;
  readonly queries: readonly MetricQuery[];
  /** The query that is compared with the threshold. */
  readonly watched: MetricQuery;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** Whether DatapointsToAlarm was given; it is left out of descriptions otherwise. */
  readonly datapointsToAlarmGiven: boolean;
  readonly threshold: number;
  readonly comparison: ComparisonOperator;
  readonly treatMissingData: TreatMissingData;
}

export interface CompositeAlarmConfiguration extends AlarmActions {
  readonly kind: 'composite';
  readonly ruleText: string;
  readonly rule: AlarmRule;
}

export type AlarmConfiguration = MetricAlarmConfiguration | CompositeAlarmConfiguration;

/** An alarm and its state. */
export interface Alarm {
  readonly arn: string;
  configuration: AlarmConfiguration;
  configurationUpdatedMs: number;
  state: AlarmState;
  /** When the state's value last changed. */
  transitionedMs: number;
  /** The last evaluation found no data at all, and nothing has touched the alarm since. */
  idle: boolean;
}

export function oneOf<T extends string>(value: unknown, known: readonly T[], member: string): T {
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) {
    throw validationFailure(
      `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${known.join(', ')}]`,
    );
  }
  return found;
}

function actionList(value: unknown, member: string): string[] {
  const actions = ((value ?? []) as unknown[]).map(String);
  if (actions.length > 5)
    throw validationFailure(`${member}: ${actions.length} actions are more than the 5 that are allowed`);
  for (const action of actions) {
    if (!action.startsWith('arn:')) throw validationFailure(`Invalid arn syntax: ${action}`);
    if (!/^arn:aws[^:]*:(sns|lambda):/.test(action)) {
      throw new UnsupportedFeature(`${member} '${action}'`, 'alarm actions may be SNS topics and Lambda functions');
    }
  }
  return actions;
}

function parseActions(input: WireInput): AlarmActions {
  const name = String(input.AlarmName ?? '');
  if (name === '' || name.length > 255) throw validationFailure(`AlarmName '${name}' must have 1 to 255 characters`);
  return {
    name,
    description: input.AlarmDescription === undefined ? undefined : String(input.AlarmDescription),
    actionsEnabled: input.ActionsEnabled === undefined ? true : asBoolean(input.ActionsEnabled, 'ActionsEnabled'),
    okActions: actionList(input.OKActions, 'OKActions'),
    alarmActions: actionList(input.AlarmActions, 'AlarmActions'),
    insufficientDataActions: actionList(input.InsufficientDataActions, 'InsufficientDataActions'),
  };
}

function refuseUnknown(input: WireInput): void {
  if (input.ThresholdMetricId !== undefined)
    throw new UnsupportedFeature('anomaly detection alarms (ThresholdMetricId)');
  if (input.EvaluationCriteria !== undefined || input.EvaluationInterval !== undefined) {
    throw new UnsupportedFeature('PutMetricAlarm EvaluationCriteria / EvaluationInterval');
  }
  if (input.EvaluateLowSampleCountPercentile !== undefined && input.EvaluateLowSampleCountPercentile !== 'evaluate') {
    throw new UnsupportedFeature(
      `EvaluateLowSampleCountPercentile '${String(input.EvaluateLowSampleCountPercentile)}'`,
    );
  }
}

/** The one query of an alarm on a single metric; its id appears in events, as a UUID that AWS makes up. */
function singleQuery(input: WireInput, id: string): MetricQuery {
  if (input.Statistic !== undefined && input.ExtendedStatistic !== undefined) {
    throw validationFailure('Exactly one of Statistic and ExtendedStatistic must be specified.');
  }
  const statistic = String(input.Statistic ?? input.ExtendedStatistic ?? '');
  if (input.Statistic !== undefined && !isClassicStatistic(statistic)) {
    throw validationFailure(`Statistic '${statistic}' is not one of SampleCount, Average, Sum, Minimum, Maximum`);
  }
  if (statistic === '') throw validationFailure('One of Statistic and ExtendedStatistic must be specified.');
  parseStatistic(statistic);
  if (!input.Namespace || !input.MetricName) throw validationFailure('Namespace and MetricName must be specified.');
  return {
    id,
    returnData: true,
    source: {
      kind: 'metric',
      stat: {
        identity: {
          namespace: String(input.Namespace),
          name: String(input.MetricName),
          dimensions: parseDimensions(input.Dimensions),
        },
        periodSeconds: parsePeriodSeconds(input.Period),
        statistic,
        unit: input.Unit === undefined ? undefined : String(input.Unit),
      },
    },
  };
}

/** AWS: the window is at most a day, or a week when the period is an hour or longer. */
function checkWindow(periodSeconds: number, evaluationPeriods: number): void {
  const windowSeconds = periodSeconds * evaluationPeriods;
  if (periodSeconds < 3600 && windowSeconds > 86_400) {
    throw validationFailure(
      'Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).',
    );
  }
  if (windowSeconds > 604_800) {
    throw validationFailure(
      'Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800).',
    );
  }
}

/**
 * Checks the input of PutMetricAlarm.
 * @param newId makes the id of a single metric's query
 * @throws AwsError ValidationError; UnsupportedFeature for anomaly detection and sub-minute periods
 */
export function parseMetricAlarm(input: WireInput, newId: () => string): MetricAlarmConfiguration {
  refuseUnknown(input);
  const actions = parseActions(input);
  const single = input.Metrics === undefined || (input.Metrics as unknown[]).length === 0;
  if (
    !single &&
    ['Namespace', 'MetricName', 'Statistic', 'ExtendedStatistic', 'Period', 'Dimensions', 'Unit'].some(
      (m) => input[m] !== undefined,
    )
  ) {
    throw validationFailure(
      'Metrics list and single-metric parameters (Namespace, MetricName, Statistic, Period, ...) are mutually exclusive.',
    );
  }
  const queries = single ? [singleQuery(input, newId())] : parseQueries(input.Metrics);
  if (queries.length > 20) throw validationFailure(`Metrics: ${queries.length} entries are more than 20`);
  const returning = queries.filter((query) => query.returnData);
  const watched = returning[0];
  if (!watched || returning.length > 1)
    throw validationFailure('Exactly one element of the metrics list should return data.');
  const periodSeconds =
    single && watched.source.kind === 'metric' ? watched.source.stat.periodSeconds : periodSecondsOf(watched, queries);
  const evaluationPeriods = asNumber(input.EvaluationPeriods, 'EvaluationPeriods');
  const datapointsToAlarm =
    input.DatapointsToAlarm === undefined ? evaluationPeriods : asNumber(input.DatapointsToAlarm, 'DatapointsToAlarm');
  if (!Number.isInteger(evaluationPeriods) || evaluationPeriods < 1)
    throw validationFailure(`EvaluationPeriods ${evaluationPeriods} must be at least 1`);
  if (!Number.isInteger(datapointsToAlarm) || datapointsToAlarm < 1 || datapointsToAlarm > evaluationPeriods) {
    throw validationFailure(
      `DatapointsToAlarm ${datapointsToAlarm} must be between 1 and EvaluationPeriods ${evaluationPeriods}`,
    );
  }
  checkWindow(periodSeconds, evaluationPeriods);
  return {
    kind: 'metric',
    ...actions,
    single,
    queries,
    watched,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    datapointsToAlarmGiven: input.DatapointsToAlarm !== undefined,
    threshold: asNumber(input.Threshold, 'Threshold'),
    comparison: parseComparison(input.ComparisonOperator),
    treatMissingData: oneOf(input.TreatMissingData ?? 'missing', MISSING_DATA, 'treatMissingData'),
  };
}

function parseComparison(value: unknown): ComparisonOperator {
  if (
    ['LessThanLowerOrGreaterThanUpperThreshold', 'LessThanLowerThreshold', 'GreaterThanUpperThreshold'].includes(
      String(value),
    )
  ) {
    throw new UnsupportedFeature(`anomaly detection alarms (${String(value)})`);
  }
  return oneOf(value, Object.keys(COMPARISONS) as ComparisonOperator[], 'comparisonOperator');
}

/** Checks the input of PutCompositeAlarm. */
export function parseCompositeAlarm(input: WireInput): CompositeAlarmConfiguration {
  for (const member of ['ActionsSuppressor', 'ActionsSuppressorWaitPeriod', 'ActionsSuppressorExtensionPeriod']) {
    if (input[member] !== undefined) throw new UnsupportedFeature(`PutCompositeAlarm ${member}`);
  }
  const ruleText = String(input.AlarmRule ?? '');
  return { kind: 'composite', ...parseActions(input), ruleText, rule: parseAlarmRule(ruleText) };
}
