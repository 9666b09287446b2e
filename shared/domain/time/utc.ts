/** UTC without the Date object, so that the domain cannot ask what time it is. */
import { InvalidInput } from '../errors.ts';

const dayMs = 86_400_000;

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The Gregorian date of a count of days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function civilFromDays(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 };
}

const padded = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/**
 * Milliseconds since 1970 as `2026-01-05T02:00:00Z`; fractions of a second are cut.
 * @throws InvalidInput outside the years 1 to 9999.
 */
export function formatUtc(atMs: number): string {
  if (!(atMs >= -62_135_596_800_000 && atMs < 253_402_300_800_000)) {
    throw new InvalidInput('atMs', atMs, 'not a time of the years 1 to 9999', 'Give milliseconds since 1970');
  }
  const days = Math.floor(atMs / dayMs);
  const { year, month, day } = civilFromDays(days);
  const second = Math.floor((atMs - days * dayMs) / 1000);
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map((part) => padded(part));
  return `${padded(year, 4)}-${padded(month)}-${padded(day)}T${clock.join(':')}Z`;
}

/** Whole minutes since 1970 as `2026-01-05T02:00Z`. */
export function formatUtcMinute(minute: number): string {
  return formatUtc(minute * 60_000).replace(/:00Z$/, 'Z');
}
