/** PutMetricData. */
import { asEpochMs, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import type { MetricStore, Observations } from './metric-store.ts';
import { parseDimensions } from './queries.ts';

const TWO_WEEKS_MS = 14 * 86_400_000;
const TWO_HOURS_MS = 2 * 3_600_000;

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}

function observationsOf(datum: WireInput, member: string): Observations {
  const forms = [datum.Value, datum.Values, datum.StatisticValues].filter((form) => form !== undefined);
  if (forms.length === 0) {
    throw new AwsError(
      'MissingRequiredParameterException',
      `At least one of the parameters must be specified: ${member}.Value, Values, StatisticValues.`,
    );
  }
  if (forms.length > 1) {
    throw new AwsError(
      'InvalidParameterCombinationException',
      `The parameters ${member}.Value, Values and StatisticValues are mutually exclusive.`,
    );
  }
  if (datum.Value !== undefined) return { values: [asNumber(datum.Value, `${member}.Value`)] };
  if (datum.StatisticValues !== undefined) {
    const set = datum.StatisticValues;
    return {
      statisticSet: {
        sampleCount: asNumber(set.SampleCount, `${member}.StatisticValues.SampleCount`),
        sum: asNumber(set.Sum, `${member}.StatisticValues.Sum`),
        minimum: asNumber(set.Minimum, `${member}.StatisticValues.Minimum`),
        maximum: asNumber(set.Maximum, `${member}.StatisticValues.Maximum`),
      },
    };
  }
  const values = (datum.Values as unknown[]).map((value) => asNumber(value, `${member}.Values`));
  const counts = (datum.Counts as unknown[] | undefined)?.map((count) => asNumber(count, `${member}.Counts`));
  if (values.length > 150) throw invalid(`The collection ${member}.Values must not have a size greater than 150.`);
  if (counts && counts.length !== values.length)
    throw invalid(`The parameters ${member}.Values and ${member}.Counts must be of the same size.`);
  return { values, counts };
}

function timestampOf(datum: WireInput, member: string, nowMs: number): number {
  if (datum.Timestamp === undefined) return nowMs;
  const timestampMs = asEpochMs(datum.Timestamp, `${member}.Timestamp`);
  if (timestampMs < nowMs - TWO_WEEKS_MS || timestampMs > nowMs + TWO_HOURS_MS) {
    throw invalid(
      `The parameter ${member}.Timestamp must specify a time within the past two weeks and the next two hours, not ${new Date(timestampMs).toISOString()}.`,
    );
  }
  return timestampMs;
}

/** Checks every datum before it files any: a refused request has no effect. */
export function putMetricData(store: MetricStore, input: WireInput, nowMs: number): void {
  const namespace = String(input.Namespace ?? '');
  if (namespace === '') throw new AwsError('MissingRequiredParameterException', 'The parameter Namespace is required.');
  if (namespace.startsWith('AWS/')) throw invalid('The value AWS/ for parameter Namespace is invalid.');
  if (input.EntityMetricData !== undefined) throw new UnsupportedFeature('PutMetricData EntityMetricData');
  const data = (input.MetricData ?? []) as WireInput[];
  if (data.length === 0)
    throw new AwsError('MissingRequiredParameterException', 'The parameter MetricData is required.');
  if (data.length > 1000) throw invalid('The collection MetricData must not have a size greater than 1000.');
  const checked = data.map((datum, index) => {
    const member = `MetricData.member.${index + 1}`;
    if (!datum.MetricName)
      throw new AwsError('MissingRequiredParameterException', `The parameter ${member}.MetricName is required.`);
    if (datum.StorageResolution !== undefined && asNumber(datum.StorageResolution, 'StorageResolution') !== 60) {
      throw new UnsupportedFeature(
        `StorageResolution ${String(datum.StorageResolution)}`,
        'only 60 seconds are supported',
      );
    }
    return {
      identity: { namespace, name: String(datum.MetricName), dimensions: parseDimensions(datum.Dimensions) },
      observations: observationsOf(datum, member),
      timestampMs: timestampOf(datum, member, nowMs),
      unit: String(datum.Unit ?? 'None'),
    };
  });
  for (const { identity, observations, timestampMs, unit } of checked)
    store.record(identity, observations, timestampMs, unit);
}
