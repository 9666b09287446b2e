/** Calendar arithmetic on plain dates (yyyy-mm-dd, proleptic Gregorian). No clock, no time zone. */

export interface CalendarDay {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly dayOfMonth: number;
  /** 0 = Sunday .. 6 = Saturday */
  readonly weekday: number;
  /** Days since 1970-01-01. */
  readonly dayNumber: number;
}

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})$/;
const MS_PER_DAY = 86_400_000;

/** @returns undefined unless the text is a real date, written yyyy-mm-dd */
export function parseDay(text: string): CalendarDay | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const dayOfMonth = Number(match[3]);
  const epochMs = Date.UTC(year, month - 1, dayOfMonth);
  const date = new Date(epochMs);
  if (year < 1000 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== dayOfMonth) return undefined;
  return { year, month, dayOfMonth, weekday: date.getUTCDay(), dayNumber: epochMs / MS_PER_DAY };
}

/** The date `days` after another; both yyyy-mm-dd. @throws RangeError for a text that is no date */
export function addDays(text: string, days: number): string {
  const day = parseDay(text);
  if (day === undefined) throw new RangeError(`not a date: ${JSON.stringify(text)}; write it as yyyy-mm-dd`);
  return new Date((day.dayNumber + days) * MS_PER_DAY).toISOString().slice(0, 10);
}
