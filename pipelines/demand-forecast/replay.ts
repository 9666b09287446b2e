/**
 * Which part of the ridership series a virtual day of the rehearsal stands for. docs/replay.md shows the same tables.
 * Pure: rows in, rows out; a seed decides every draw.
 */
import { type RawRow } from '../images/features/recipe.ts';
import { newRandomSource } from '../images/trainer/learning/random.ts';
import { period, withCelsius, type RidershipRow } from './source.ts';

export interface NamedPeriod {
  readonly name: string;
  /** First and last day, yyyy-mm-dd, inclusive. */
  readonly from: string;
  readonly to: string;
}

export interface TrainingWindow {
  readonly name: 'first' | 'better' | 'refreshed' | 'metric-feed';
  readonly trainFrom: string;
  readonly trainTo: string;
  /** The days after trainTo up to this one are the pipeline's own evaluation. */
  readonly evaluateTo: string;
  readonly featureRecipe: 'calendar-1' | 'calendar-holiday-2';
  /** `celsius`: the named fault, see withCelsius. */
  readonly data: 'as-recorded' | 'celsius';
  readonly why: string;
}

/** No window reaches into 2015: every request of the rehearsal asks for days that no version has seen. */
export const TRAINING_WINDOWS: readonly TrainingWindow[] = [
  {
    name: 'first',
    trainFrom: '2001-01-22',
    trainTo: '2012-12-31',
    evaluateTo: '2013-12-31',
    featureRecipe: 'calendar-1',
    data: 'as-recorded',
    why: 'the first champion: years up to 2012, no holiday feature',
  },
  {
    name: 'better',
    trainFrom: '2001-01-22',
    trainTo: '2014-06-30',
    evaluateTo: '2014-12-31',
    featureRecipe: 'calendar-holiday-2',
    data: 'as-recorded',
    why: 'better for two reasons: newer years and the holiday feature',
  },
  {
    name: 'refreshed',
    trainFrom: '2001-01-22',
    trainTo: '2014-09-30',
    evaluateTo: '2014-12-31',
    featureRecipe: 'calendar-holiday-2',
    data: 'as-recorded',
    why: 'an ordinary retraining: as good as "better", so only its operation can go wrong',
  },
  {
    name: 'metric-feed',
    trainFrom: '2001-01-22',
    trainTo: '2014-06-30',
    evaluateTo: '2014-12-31',
    featureRecipe: 'calendar-holiday-2',
    data: 'celsius',
    why: 'broken inputs: learns and is evaluated on temperatures in °C, while callers send °F',
  },
];

/** The held-out days, in the order in which virtual days use them; after the last the first comes again. */
export const REPLAY_PERIODS: readonly NamedPeriod[] = [
  { name: '2015, first half', from: '2015-01-01', to: '2015-06-30' },
  { name: '2015, second half', from: '2015-07-01', to: '2015-12-31' },
  { name: '2016, to August', from: '2016-01-01', to: '2016-08-28' },
];

/** The truth of a virtual day's requests arrives this long after the day has ended. */
export const TRUTH_DELAY_HOURS = 1;

/** @throws RangeError for an unknown name */
export function trainingWindow(name: string): TrainingWindow {
  const window = TRAINING_WINDOWS.find((candidate) => candidate.name === name);
  if (window === undefined) {
    const known = TRAINING_WINDOWS.map((candidate) => candidate.name).join(', ');
    throw new RangeError(`no training window ${JSON.stringify(name)}; use one of: ${known}`);
  }
  return window;
}

/** What the data source delivers for a window: the whole series up to its last day, as recorded or with the named fault. */
export function deliveredRows(series: readonly RidershipRow[], window: TrainingWindow): readonly RidershipRow[] {
  const rows = period(series, window.trainFrom, window.evaluateTo);
  return window.data === 'celsius' ? withCelsius(rows) : rows;
}

/** The period that a virtual day stands for. @param virtualDay 1, 2, 3, ... @throws RangeError for anything else */
export function periodOfVirtualDay(virtualDay: number): NamedPeriod {
  if (!Number.isInteger(virtualDay) || virtualDay < 1) {
    throw new RangeError(`virtual day ${virtualDay}; count days from 1 upwards`);
  }
  return REPLAY_PERIODS[(virtualDay - 1) % REPLAY_PERIODS.length]!;
}

/**
 * The recent rows whose truth is known on a virtual day: those of the one or two virtual days before it, oldest first. The
 * first day has none.
 */
export function labelledRowsOn(series: readonly RidershipRow[], virtualDay: number): readonly RidershipRow[] {
  const days = [virtualDay - 2, virtualDay - 1].filter((day) => day >= 1);
  return days.flatMap((day) => {
    const { from, to } = periodOfVirtualDay(day);
    return period(series, from, to);
  });
}

export interface ReplayRequest {
  /** At most 64 printable characters; what the truth is joined by (X-Amzn-SageMaker-Inference-Id). */
  readonly inferenceId: string;
  readonly date: string;
  /** The raw row without the target. */
  readonly row: RawRow;
}

/** What a caller knows: everything but the target. */
export function withoutTruth(row: RidershipRow): RawRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'ridership'));
}

/**
 * Draws `count` requests with replacement from the rows of a period.
 * @param prefix makes ids unique across draws, for instance `day3`
 * @throws RangeError if there are no rows
 */
export function drawRequests(
  rows: readonly RidershipRow[],
  seed: number,
  count: number,
  prefix: string,
): readonly ReplayRequest[] {
  if (rows.length === 0)
    throw new RangeError('no rows to draw from; choose a period of the series (2001-01-22 to 2016-08-28)');
  const random = newRandomSource(seed);
  // One object per row, however often it is drawn: a batch of requests then costs no copies.
  const bodies = rows.map(withoutTruth);
  return Array.from({ length: count }, (_, index) => {
    const drawn = Math.floor(random.next() * rows.length);
    return { inferenceId: `${prefix}-${index}`, date: rows[drawn]!.date, row: bodies[drawn]! };
  });
}

export interface DeliveredTruth {
  readonly inferenceId: string;
  readonly date: string;
  /** Thousands of riders. */
  readonly ridership: number;
}

/** The truth of requests, to be delivered TRUTH_DELAY_HOURS after their virtual day. @throws RangeError for a foreign date */
export function truthOf(
  series: readonly RidershipRow[],
  requests: readonly ReplayRequest[],
): readonly DeliveredTruth[] {
  const byDate = new Map(series.map((row) => [row.date, row.ridership]));
  return requests.map(({ inferenceId, date }) => {
    const ridership = byDate.get(date);
    if (ridership === undefined)
      throw new RangeError(`no truth for ${date}; the request was not drawn from this series`);
    return { inferenceId, date, ridership };
  });
}
