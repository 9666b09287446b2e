import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  deliveredRows,
  drawRequests,
  labelledRowsOn,
  periodOfVirtualDay,
  REPLAY_PERIODS,
  TRAINING_WINDOWS,
  trainingWindow,
  truthOf,
} from '../../../pipelines/demand-forecast/replay.ts';
import { period, readSeries, SeriesFormatError, withCelsius } from '../../../pipelines/demand-forecast/source.ts';
import { requireRow } from '../../../pipelines/images/features/recipe.ts';
import { rawFieldsOf } from '../../../pipelines/images/profiles/profile.ts';
import { profileOf } from '../../../pipelines/images/profiles/registry.ts';
import { gzipSync } from 'node:zlib';

const series = readSeries();

describe('the ridership series', () => {
  it('has one row a day, in order, with one flag for the baseball season', () => {
    expect(series).toHaveLength(5698);
    expect(series[0]).toMatchObject({ date: '2001-01-22', ridership: 15.732, Austin: 1.463, baseball_season: 0 });
    expect(series.at(-1)!.date).toBe('2016-08-28');
    expect(Object.keys(series[0]!)).toHaveLength(47);
    expect(series.every((row, index) => index === 0 || row.date > series[index - 1]!.date)).toBe(true);
    expect(series.filter((row) => row.baseball_season === 1)).toHaveLength(2712);
  });

  it('has Clark_Lake as the ridership of fourteen days before: the naive forecast', () => {
    series.slice(14).forEach((row, index) => expect(row.Clark_Lake).toBe(series[index]!.ridership));
  });

  it('is refused when the baseball flags differ or a value is no number', () => {
    const header = 'ridership,WhiteSox_Away,WhiteSox_Home,Cubs_Away,Cubs_Home,date';
    const file = (line: string): Uint8Array => gzipSync(`${header}\n${line}\n`);
    expect(() => readSeries(file('1,1,1,1,0,2001-01-22'))).toThrow(SeriesFormatError);
    expect(() => readSeries(file('many,1,1,1,1,2001-01-22'))).toThrow('line 2, ridership: "many" is not a number');
  });
});

describe('the named fault "celsius"', () => {
  it('converts the four temperatures, touches nothing else, and leaves the rows it was given alone', () => {
    const [row] = period(series, '2001-01-22', '2001-01-22');
    const [broken] = withCelsius([row!]);
    expect(broken!.temp_max).toBeCloseTo(-1.111, 3);
    expect(row!.temp_max).toBe(30);
    const changed = Object.keys(row!).filter((name) => row![name] !== broken![name]);
    expect(changed).toEqual(['temp_min', 'temp', 'temp_max', 'dew']);
  });
});

describe('the replay', () => {
  it('never trains or evaluates on a day that requests ask for', () => {
    const firstAsked = REPLAY_PERIODS.map(({ from }) => from).sort()[0]!;
    for (const window of TRAINING_WINDOWS) {
      const rows = deliveredRows(series, window);
      expect(rows.every((row) => row.date < firstAsked)).toBe(true);
      expect(rows.at(-1)!.date).toBe(window.evaluateTo);
    }
  });

  it('has periods of many distinct days, which come again in the same order', () => {
    const days = REPLAY_PERIODS.map(({ from, to }) => period(series, from, to).length);
    expect(days).toEqual([181, 184, 241]);
    expect([1, 2, 3, 4, 8].map((day) => REPLAY_PERIODS.indexOf(periodOfVirtualDay(day)))).toEqual([0, 1, 2, 0, 1]);
    expect(() => periodOfVirtualDay(0)).toThrow('count days from 1 upwards');
  });

  it('knows the truth of the last two virtual days only', () => {
    expect([1, 2, 3, 4].map((day) => labelledRowsOn(series, day).length)).toEqual([0, 181, 365, 425]);
    expect(labelledRowsOn(series, 3)[0]!.date).toBe('2015-01-01');
  });

  it('draws requests by seed, as a caller would send them, and joins the truth by id', () => {
    const rows = period(series, '2015-01-01', '2015-06-30');
    const requests = drawRequests(rows, 3, 500, 'day1');
    expect(drawRequests(rows, 3, 500, 'day1')).toEqual(requests);
    expect(drawRequests(rows, 4, 500, 'day1')).not.toEqual(requests);
    expect(new Set(requests.map(({ date }) => date)).size).toBeGreaterThan(150);
    const fields = rawFieldsOf(profileOf('demand-forecast'));
    for (const { row } of requests) expect(requireRow(row, fields)).not.toHaveProperty('ridership');
    const truth = truthOf(series, requests);
    expect(truth[7]).toEqual({
      inferenceId: 'day1-7',
      date: requests[7]!.date,
      ridership: series.find((row) => row.date === requests[7]!.date)!.ridership,
    });
    expect(() => drawRequests([], 1, 1, 'x')).toThrow('no rows to draw from');
    expect(() => truthOf(series, [{ inferenceId: 'x', date: '1999-01-01', row: {} }])).toThrow(
      'no truth for 1999-01-01',
    );
  });

  it('is what docs/replay.md says', () => {
    const page = readFileSync(new URL('../../../docs/replay.md', import.meta.url), 'utf8');
    for (const window of TRAINING_WINDOWS) {
      const data = window.data === 'celsius' ? 'in °C' : 'as recorded';
      expect(page).toContain(
        `| \`${window.name}\` | ${window.trainFrom} to ${window.trainTo} | to ${window.evaluateTo} | ` +
          `\`${window.featureRecipe}\` | ${data} | ${window.why} |`,
      );
    }
    for (const { name, from, to } of REPLAY_PERIODS) {
      expect(page).toContain(`| ${name} | ${from} | ${to} | ${period(series, from, to).length} |`);
    }
    expect(() => trainingWindow('second')).toThrow('use one of: first, better, refreshed, metric-feed');
  });
});
