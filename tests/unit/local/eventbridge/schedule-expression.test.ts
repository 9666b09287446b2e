import { describe, expect, it, test } from '@jest/globals';
import {
  InvalidScheduleExpression,
  nextDue,
  parseSchedule,
} from '../../../../local/eventbridge/schedule-expression.ts';

const at = (iso: string): number => Date.parse(iso);

function firings(expression: string, fromIso: string, count: number, timeZone = 'UTC'): string[] {
  const schedule = parseSchedule(expression, { timeZone, at: true });
  const found: string[] = [];
  let after = at(fromIso);
  for (let i = 0; i < count; i++) {
    const next = nextDue(schedule, after, at(fromIso));
    if (next === undefined) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    after = next;
  }
  return found;
}

describe('cron', () => {
  test.each<[string, string, string, string[]]>([
    ['every day', 'cron(0 10 * * ? *)', '2026-01-05T10:00:00Z', ['2026-01-06T10:00', '2026-01-07T10:00']],
    ['just before', 'cron(0 10 * * ? *)', '2026-01-05T09:59:59.999Z', ['2026-01-05T10:00']],
    ['weekdays', 'cron(0 18 ? * MON-FRI *)', '2026-01-09T18:00:00Z', ['2026-01-12T18:00', '2026-01-13T18:00']],
    ['numbers of weekdays: 1 is Sunday', 'cron(0 0 ? * 1 *)', '2026-01-05T00:00:00Z', ['2026-01-11T00:00']],
    ['first of each month', 'cron(0 8 1 * ? *)', '2026-01-05T00:00:00Z', ['2026-02-01T08:00', '2026-03-01T08:00']],
    [
      'steps',
      'cron(0/15 * * * ? *)',
      '2026-01-05T00:00:00Z',
      ['2026-01-05T00:15', '2026-01-05T00:30', '2026-01-05T00:45'],
    ],
    [
      'steps with an offset',
      'cron(5/35 14 * * ? *)',
      '2026-01-05T00:00:00Z',
      ['2026-01-05T14:05', '2026-01-05T14:40', '2026-01-06T14:05'],
    ],
    [
      'steps inside working hours',
      'cron(0/30 8-9 ? * MON-FRI *)',
      '2026-01-05T08:10:00Z',
      ['2026-01-05T08:30', '2026-01-05T09:00', '2026-01-05T09:30', '2026-01-06T08:00'],
    ],
    ['lists', 'cron(0 6,18 * JAN,MAR ? *)', '2026-01-31T06:00:00Z', ['2026-01-31T18:00', '2026-03-01T06:00']],
    ['last day of the month', 'cron(0 0 L * ? *)', '2026-01-31T00:00:00Z', ['2026-02-28T00:00', '2026-03-31T00:00']],
    ['last day in a leap year', 'cron(0 0 L 2 ? *)', '2027-03-01T00:00:00Z', ['2028-02-29T00:00']],
    ['nearest weekday: Saturday goes back', 'cron(0 0 3W 1 ? 2026)', '2026-01-01T00:00:00Z', ['2026-01-02T00:00']],
    ['nearest weekday: Sunday goes on', 'cron(0 0 4W 1 ? 2026)', '2026-01-01T00:00:00Z', ['2026-01-05T00:00']],
    [
      'nearest weekday stays in the month: first',
      'cron(0 0 1W 8 ? 2026)',
      '2026-07-01T00:00:00Z',
      ['2026-08-03T00:00'],
    ],
    [
      'nearest weekday stays in the month: last',
      'cron(0 0 31W 5 ? 2026)',
      '2026-05-01T00:00:00Z',
      ['2026-05-29T00:00'],
    ],
    ['second Monday', 'cron(0 9 ? * 2#2 *)', '2026-01-05T00:00:00Z', ['2026-01-12T09:00', '2026-02-09T09:00']],
    ['fifth Friday skips months', 'cron(0 9 ? * FRI#5 *)', '2026-01-31T00:00:00Z', ['2026-05-29T09:00']],
    ['last Friday', 'cron(15 10 ? * 6L 2026-2027)', '2026-01-05T00:00:00Z', ['2026-01-30T10:15', '2026-02-27T10:15']],
    ['L as a weekday is Saturday', 'cron(0 0 ? * L *)', '2026-01-05T00:00:00Z', ['2026-01-10T00:00']],
    ['a year that is over', 'cron(0 0 1 1 ? 2025)', '2026-01-05T00:00:00Z', []],
    ['a date that is never', 'cron(0 0 30 2 ? *)', '2026-01-05T00:00:00Z', []],
  ])('%s', (_name, expression, from, expected) => {
    expect(firings(expression, from, Math.max(1, expected.length))).toEqual(expected);
  });

  test.each([
    ['five fields', 'cron(0 10 * * ?)'],
    ['both days', 'cron(0 10 * * * *)'],
    ['both days given', 'cron(0 10 1 * MON *)'],
    ['no day', 'cron(0 10 ? * ? *)'],
    ['minute 60', 'cron(60 10 * * ? *)'],
    ['hour 24', 'cron(0 24 * * ? *)'],
    ['weekday 0', 'cron(0 10 ? * 0 *)'],
    ['unknown month', 'cron(0 10 * FOO ? *)'],
    ['# over 5', 'cron(0 10 ? * 2#6 *)'],
    ['backwards range', 'cron(0 10 ? * FRI-MON *)'],
    ['step 0', 'cron(0/0 10 * * ? *)'],
    ['year before 1970', 'cron(0 10 * * ? 1969)'],
    ['question mark elsewhere', 'cron(? 10 * * ? *)'],
    ['no expression', 'every day'],
  ])('refuses %s', (_name, expression) => {
    expect(() => parseSchedule(expression)).toThrow(InvalidScheduleExpression);
  });

  it('knows daylight saving: skips a time that does not exist, and runs once at one that comes twice', () => {
    expect(firings('cron(30 2 * 3 ? 2026)', '2026-03-28T00:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
    ]);
    expect(firings('cron(30 2 * 10 ? 2026)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(firings('cron(0 20 * * ? *)', '2026-01-05T00:00:00Z', 2, 'America/New_York')).toEqual([
      '2026-01-05T01:00',
      '2026-01-06T01:00',
    ]);
  });
});

describe('rate and at', () => {
  it('counts a rate from its anchor', () => {
    const rate = parseSchedule('rate(5 minutes)');
    const anchor = at('2026-01-05T00:00:30Z');
    expect(nextDue(rate, anchor - 1, anchor)).toBe(anchor);
    expect(nextDue(rate, anchor, anchor)).toBe(anchor + 300_000);
    expect(nextDue(rate, anchor + 299_999, anchor)).toBe(anchor + 300_000);
  });

  test.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(5 seconds)', 'rate(1.5 hours)'])(
    'rules refuse %s',
    (text) => {
      expect(() => parseSchedule(text, { strictPlural: true })).toThrow(InvalidScheduleExpression);
    },
  );

  it('runs at() once, in its zone', () => {
    expect(firings('at(2026-07-01T12:00:00)', '2026-01-05T00:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-07-01T10:00',
    ]);
    expect(firings('at(2026-01-01T00:00:00)', '2026-01-05T00:00:00Z', 1)).toEqual([]);
    expect(() => parseSchedule('at(2026-02-30T00:00:00)', { at: true })).toThrow('no such date');
    expect(() => parseSchedule('at(2026-02-01T00:00:00)')).toThrow(InvalidScheduleExpression);
  });
});
