/** The alarms that guard a rollout, made from the catalog: the template's alarms and the map back from an alarm's name. */
import { type Colour } from '../domain/rollout/weights.ts';
import { type RealTimeModel } from './model-definition.ts';
import { endpointName } from './names.ts';

export const VARIANTS: readonly Colour[] = ['blue', 'green'];

export type AlarmMeaning = 'errors5xx' | 'latency';

export interface GuardAlarm {
  readonly alarmName: string;
  readonly meaning: AlarmMeaning;
  readonly model: string;
  readonly endpoint: string;
  readonly variant: Colour;
  /** A share (errors5xx) or microseconds (latency, SageMaker's unit). */
  readonly threshold: number;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly description: string;
}

/**
 * A rollback by alarm must not wait for statistics, and must not fire on a single bad request: two minutes in a row, at
 * the catalog's hard limits halved, so that the alarm warns of what the judge would call unbearable.
 */
const EVALUATION = { periodSeconds: 60, evaluationPeriods: 2, datapointsToAlarm: 2 } as const;
const MICROSECONDS_PER_MILLISECOND = 1000;

/** Two alarms for each of the two variants of a real-time model's endpoint. */
export function guardAlarms(stage: string, model: RealTimeModel): GuardAlarm[] {
  return VARIANTS.flatMap((variant) => {
    const base = { model: model.name, endpoint: endpointName(stage, model.name), variant, ...EVALUATION };
    const { errors5xxShare, p99LatencyMs } = model.rollout.hardLimits;
    return [
      {
        ...base,
        alarmName: `switchyard-${stage}-${model.name}-${variant}-errors5xx`,
        meaning: 'errors5xx' as const,
        threshold: errors5xxShare / 2,
        description: `Share of 5xx answers of ${model.name} (${variant}) above ${errors5xxShare / 2}`,
      },
      {
        ...base,
        alarmName: `switchyard-${stage}-${model.name}-${variant}-latency`,
        meaning: 'latency' as const,
        threshold: (p99LatencyMs / 2) * MICROSECONDS_PER_MILLISECOND,
        description: `p99 model latency of ${model.name} (${variant}) above ${p99LatencyMs / 2} ms`,
      },
    ];
  });
}

/** Alarm name -> what it says. */
export function alarmMap(stage: string, models: readonly RealTimeModel[]): ReadonlyMap<string, GuardAlarm> {
  return new Map(models.flatMap((model) => guardAlarms(stage, model)).map((alarm) => [alarm.alarmName, alarm]));
}
