/** AWS's six-field cron: minutes, hours, day of month, month, day of week (1 = Sunday), year. */
import { fromLocal, toLocal } from './time-zone.ts';

type Refuse = (reason: string) => Error;
type DayTest = (date: CivilDate) => boolean;

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MINUTES: Field = { name: 'minutes', min: 0, max: 59 };
const HOURS: Field = { name: 'hours', min: 0, max: 23 };
const DAY_OF_MONTH: Field = { name: 'day-of-month', min: 1, max: 31 };
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS };
const DAY_OF_WEEK: Field = { name: 'day-of-week', min: 1, max: 7, names: WEEKDAYS };
const YEAR: Field = { name: 'year', min: 1970, max: 2199 };

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** 1 = Sunday ... 7 = Saturday. */
const weekday = (date: CivilDate): number => new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay() + 1;

function parseNumber(text: string, field: Field, refuse: Refuse): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + field.min : /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= field.min && value <= field.max)) {
    throw refuse(`'${text}' is not a value of the ${field.name} field (${field.min} to ${field.max})`);
  }
  return value;
}

/** One of `*`, `a`, `a-b`, each with an optional `/step`. */
function parseRange(text: string, field: Field, refuse: Refuse): Set<number> {
  const [range, stepText, ...rest] = text.split('/');
  if (rest.length > 0 || (stepText !== undefined && !/^[1-9]\d*$/.test(stepText))) {
    throw refuse(`'${text}' is not a step of the ${field.name} field`);
  }
  const [fromText, toText, ...more] = range!.split('-');
  if (more.length > 0) throw refuse(`'${text}' is not a range of the ${field.name} field`);
  const all = range === '*';
  const from = all ? field.min : parseNumber(fromText!, field, refuse);
  const end = all || (toText === undefined && stepText !== undefined) ? field.max : from;
  const to = toText === undefined ? end : parseNumber(toText, field, refuse);
  if (to < from) throw refuse(`'${text}': the ${field.name} range runs backwards; write two ranges`);
  const values = new Set<number>();
  for (let value = from; value <= to; value += Number(stepText ?? 1)) values.add(value);
  return values;
}

function parseValues(text: string, field: Field, refuse: Refuse): Set<number> {
  return new Set(text.split(',').flatMap((part) => [...parseRange(part, field, refuse)]));
}

/** The weekday nearest to a day of the month, without leaving the month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const last = daysInMonth(year, month);
  const target = Math.min(day, last);
  const name = weekday({ year, month, day: target });
  if (name === 7) return target > 1 ? target - 1 : target + 2;
  if (name === 1) return target < last ? target + 1 : target - 2;
  return target;
}

function parseDayOfMonth(text: string, refuse: Refuse): DayTest {
  const tests = text.split(',').map((part): DayTest => {
    if (part === 'L') return (date) => date.day === daysInMonth(date.year, date.month);
    if (part.endsWith('W')) {
      const day = parseNumber(part.slice(0, -1), DAY_OF_MONTH, refuse);
      return (date) =>
        day <= daysInMonth(date.year, date.month) && date.day === nearestWeekday(date.year, date.month, day);
    }
    const days = parseRange(part, DAY_OF_MONTH, refuse);
    return (date) => days.has(date.day);
  });
  return (date) => tests.some((test) => test(date));
}

function parseDayOfWeek(text: string, refuse: Refuse): DayTest {
  const tests = text.split(',').map((part): DayTest => {
    if (part === 'L') return (date) => weekday(date) === 7;
    if (part.endsWith('L')) {
      const day = parseNumber(part.slice(0, -1), DAY_OF_WEEK, refuse);
      return (date) => weekday(date) === day && date.day + 7 > daysInMonth(date.year, date.month);
    }
    const [dayText, nthText] = part.split('#');
    if (nthText !== undefined) {
      const day = parseNumber(dayText!, DAY_OF_WEEK, refuse);
      if (!/^[1-5]$/.test(nthText))
        throw refuse(`'${part}': a month has a first to a fifth weekday, so # takes 1 to 5`);
      return (date) => weekday(date) === day && Math.ceil(date.day / 7) === Number(nthText);
    }
    const days = parseRange(part, DAY_OF_WEEK, refuse);
    return (date) => days.has(weekday(date));
  });
  return (date) => tests.some((test) => test(date));
}

function parseDay(dayOfMonth: string, dayOfWeek: string, refuse: Refuse): DayTest {
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw refuse('exactly one of day-of-month and day-of-week is ?');
  }
  return dayOfWeek === '?' ? parseDayOfMonth(dayOfMonth, refuse) : parseDayOfWeek(dayOfWeek, refuse);
}

const ascending = (values: Set<number>): number[] => [...values].sort((a, b) => a - b);

function nextMonth({ year, month }: CivilDate): CivilDate {
  return month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
}

function nextDay(date: CivilDate): CivilDate {
  return date.day < daysInMonth(date.year, date.month) ? { ...date, day: date.day + 1 } : nextMonth(date);
}

/**
 * Parses the text inside `cron(...)`.
 * @returns the first firing after an instant, both epoch milliseconds; undefined when the years are over
 */
export function parseCron(body: string, timeZone: string, refuse: Refuse): (afterMs: number) => number | undefined {
  const fields = body.trim().split(/\s+/);
  if (fields.length !== 6) throw refuse(`six fields are needed, ${fields.length} were given`);
  const [minuteText, hourText, dayOfMonth, monthText, dayOfWeek, yearText] = fields as [string, ...string[]];
  const minutes = ascending(parseValues(minuteText, MINUTES, refuse));
  const hours = ascending(parseValues(hourText!, HOURS, refuse));
  const months = parseValues(monthText!, MONTH, refuse);
  const years = parseValues(yearText!, YEAR, refuse);
  const lastYear = Math.max(...years);
  const isDay = parseDay(dayOfMonth!, dayOfWeek!, refuse);

  const firstOfDay = (date: CivilDate, afterMs: number, fromHour: number): number | undefined => {
    for (const hour of hours) {
      if (hour < fromHour) continue;
      for (const minute of minutes) {
        const atMs = fromLocal({ ...date, hour, minute, second: 0 }, timeZone);
        if (atMs !== undefined && atMs > afterMs) return atMs;
      }
    }
    return undefined;
  };

  return (afterMs) => {
    const { year, month, day, hour } = toLocal(afterMs, timeZone);
    let date: CivilDate = { year, month, day };
    // Hours that are surely over are left out; two hours of grace cover a zone that turns its clock back.
    let fromHour = hour - 2;
    while (date.year <= lastYear) {
      if (!years.has(date.year)) date = { year: date.year + 1, month: 1, day: 1 };
      else if (!months.has(date.month)) date = nextMonth(date);
      else {
        const atMs = isDay(date) ? firstOfDay(date, afterMs, fromHour) : undefined;
        if (atMs !== undefined) return atMs;
        date = nextDay(date);
      }
      fromHour = 0;
    }
    return undefined;
  };
}
