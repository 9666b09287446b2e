/** How CloudWatch turns datapoints into an alarm's state: M of N, with missing data (guide: alarms-and-missing-data). */
import { SLOWNESS } from '../kernel/latency.ts';
import {
  type AlarmStateValue,
  COMPARISONS,
  type MetricAlarmConfiguration,
  type TreatMissingData,
} from './alarm-model.ts';
import { MINUTE_MS, type MetricStore } from './metric-store.ts';
import { evaluateQuery, type Grid, metricsBehind, readDistributions, validationFailure } from './queries.ts';

export interface Verdict {
  /** 'RETAIN' keeps the state that the alarm has. */
  readonly value: AlarmStateValue | 'RETAIN';
  /** Indices of the datapoints that were evaluated, oldest first. */
  readonly evaluated: readonly number[];
  /** How many missing datapoints were filled in. */
  readonly filled: number;
}

/**
 * Decides over the evaluation range, oldest datapoint first; the range is longer than `evaluationPeriods`, so that late data counts.
 * With enough real datapoints the newest `evaluationPeriods` of them decide. Else all real ones do, and the rest is filled by
 * `treat`; with `missing`, lone breaching datapoints raise the alarm only once the oldest of them is `datapointsToAlarm` old.
 */
export function decide(
  breaching: readonly (boolean | undefined)[],
  rule: { evaluationPeriods: number; datapointsToAlarm: number; treat: TreatMissingData },
): Verdict {
  const existing = breaching.flatMap((value, index) => (value === undefined ? [] : [index]));
  const evaluated = existing.slice(-rule.evaluationPeriods);
  const filled = rule.evaluationPeriods - evaluated.length;
  const bad = evaluated.filter((index) => breaching[index]).length;
  const verdict = (value: Verdict['value']): Verdict => ({ value, evaluated, filled });
  const alarmIf = (condition: boolean): Verdict => verdict(condition ? 'ALARM' : 'OK');

  if (filled === 0 || rule.treat === 'notBreaching') return alarmIf(bad >= rule.datapointsToAlarm);
  if (rule.treat === 'breaching') return alarmIf(bad + filled >= rule.datapointsToAlarm);
  if (evaluated.length === 0) return verdict(rule.treat === 'missing' ? 'INSUFFICIENT_DATA' : 'RETAIN');
  if (bad >= rule.datapointsToAlarm) return verdict('ALARM');
  if (bad < evaluated.length) return verdict('OK');
  const ageOfOldest = breaching.length - evaluated[0]!;
  return verdict(rule.treat === 'missing' && ageOfOldest >= rule.datapointsToAlarm ? 'ALARM' : 'RETAIN');
}

export interface Evaluation {
  readonly value: AlarmStateValue | 'RETAIN';
  readonly reason: string;
  readonly reasonData: string;
  /** No period of the range held any datapoint. */
  readonly empty: boolean;
}

/** AWS's spelling of a time in events and reasons: `2026-01-05T00:01:00.000+0000`. */
export function awsTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000');
}

const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

function reasonTime(epochMs: number): string {
  const [date, time] = new Date(epochMs).toISOString().slice(0, 19).split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  return `${day}/${month}/${year.slice(2)} ${time}`;
}

/**
 * The range of periods that an evaluation looks at: periods end at the evaluation's minute and slide with it. It reaches back
 * beyond the evaluation periods for as long as a minute may take to become readable, and at least by two periods.
 */
export function evaluationGrid(alarm: MetricAlarmConfiguration, nowMs: number): Grid {
  const periodMs = alarm.periodSeconds * 1000;
  const extra = Math.max(2, Math.ceil(SLOWNESS.metricReadableAfterMs.max / periodMs));
  const length = alarm.evaluationPeriods + extra;
  const stepMs = evaluatesHourly(alarm) ? 3_600_000 : MINUTE_MS;
  const endMs = Math.floor(nowMs / stepMs) * stepMs;
  return { startMs: endMs - length * periodMs, periodSeconds: alarm.periodSeconds, length };
}

/** AWS evaluates alarms whose window is longer than a day once an hour. */
export function evaluatesHourly(alarm: MetricAlarmConfiguration): boolean {
  return alarm.periodSeconds * alarm.evaluationPeriods > 86_400;
}

/** True when no metric behind the alarm holds anything that the range could show. */
export function hasNoData(store: MetricStore, alarm: MetricAlarmConfiguration, grid: Grid): boolean {
  return metricsBehind(alarm.watched, alarm.queries).every(
    ({ source }) =>
      source.kind !== 'metric' || (store.find(source.stat.identity)?.newestMinuteMs ?? -Infinity) < grid.startMs,
  );
}

function watchedValues(
  store: MetricStore,
  alarm: MetricAlarmConfiguration,
  grid: Grid,
): readonly (number | undefined)[] {
  const value = evaluateQuery(store, alarm.watched, alarm.queries, grid);
  if (value.kind !== 'series') {
    throw validationFailure(`the expression of alarm '${alarm.name}' must give one time series, not ${value.kind}`);
  }
  return value.values;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function reasonText(
  alarm: MetricAlarmConfiguration,
  verdict: Verdict,
  values: readonly (number | undefined)[],
  grid: Grid,
  previous: AlarmStateValue,
): string {
  if (verdict.value === 'INSUFFICIENT_DATA') {
    return `Insufficient Data: ${plural(verdict.filled, 'datapoint')} ${verdict.filled === 1 ? 'was' : 'were'} unknown.`;
  }
  const { holds, words } = COMPARISONS[alarm.comparison];
  const alarming = verdict.value === 'ALARM';
  if (verdict.evaluated.length === 0) {
    const treated = alarming ? 'Breaching' : 'NonBreaching';
    const count = verdict.filled;
    return `Threshold Crossed: no datapoints were received for ${plural(count, 'period')} and ${plural(count, 'missing datapoint')} ${count === 1 ? 'was' : 'were'} treated as [${treated}].`;
  }
  const shown = verdict.evaluated.filter((index) => holds(values[index]!, alarm.threshold) === alarming).reverse();
  const list = shown.map(
    (index) => `${decimal(values[index]!)} (${reasonTime(grid.startMs + index * grid.periodSeconds * 1000)})`,
  );
  const least = alarming ? alarm.datapointsToAlarm : alarm.evaluationPeriods - alarm.datapointsToAlarm + 1;
  const verb = `${shown.length === 1 ? 'was' : 'were'}${alarming ? '' : ' not'}`;
  const filled =
    verdict.filled > 0 && alarm.treatMissingData === 'breaching'
      ? ` and ${plural(verdict.filled, 'missing datapoint')} treated as [Breaching]`
      : '';
  return `Threshold Crossed: ${shown.length} out of the last ${alarm.evaluationPeriods} datapoints [${list.join(', ')}] ${verb} ${words} the threshold (${decimal(alarm.threshold)})${filled} (minimum ${plural(least, 'datapoint')} for ${previous} -> ${verdict.value} transition).`;
}

function reasonDataText(
  store: MetricStore,
  alarm: MetricAlarmConfiguration,
  verdict: Verdict,
  values: readonly (number | undefined)[],
  grid: Grid,
  nowMs: number,
): string {
  const timeOf = (index: number): string => awsTimestamp(grid.startMs + index * grid.periodSeconds * 1000);
  const { source } = alarm.watched;
  const stat = alarm.single && source.kind === 'metric' ? source.stat : undefined;
  const distributions = stat ? readDistributions(store, stat, grid) : undefined;
  return JSON.stringify({
    version: '1.0',
    queryDate: awsTimestamp(nowMs),
    ...(verdict.evaluated.length > 0 ? { startDate: timeOf(verdict.evaluated[0]!) } : {}),
    ...(stat ? { statistic: stat.statistic } : {}),
    ...(stat?.unit !== undefined ? { unit: stat.unit } : {}),
    period: alarm.periodSeconds,
    recentDatapoints: verdict.evaluated.map((index) => values[index]),
    threshold: alarm.threshold,
    evaluatedDatapoints: verdict.evaluated.toReversed().map((index) => ({
      timestamp: timeOf(index),
      ...(distributions ? { sampleCount: distributions[index]?.sampleCount } : {}),
      value: values[index],
    })),
  });
}

/** Evaluates an alarm on what can be read now. */
export function evaluateAlarm(
  store: MetricStore,
  alarm: MetricAlarmConfiguration,
  previous: AlarmStateValue,
  nowMs: number,
): Evaluation {
  const grid = evaluationGrid(alarm, nowMs);
  const values = watchedValues(store, alarm, grid);
  const { holds } = COMPARISONS[alarm.comparison];
  const verdict = decide(
    values.map((value) => (value === undefined ? undefined : holds(value, alarm.threshold))),
    {
      evaluationPeriods: alarm.evaluationPeriods,
      datapointsToAlarm: alarm.datapointsToAlarm,
      treat: alarm.treatMissingData,
    },
  );
  const changes = verdict.value !== 'RETAIN' && verdict.value !== previous;
  return {
    value: verdict.value,
    // Texts are only read when the state changes; most evaluations change nothing.
    reason: changes ? reasonText(alarm, verdict, values, grid, previous) : '',
    reasonData: changes ? reasonDataText(store, alarm, verdict, values, grid, nowMs) : '',
    empty: verdict.evaluated.length === 0 && hasNoData(store, alarm, grid),
  };
}
