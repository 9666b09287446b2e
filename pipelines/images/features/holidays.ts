/** The days on which a United States city does not go to work, as far as they show in daily ridership. */
import { type CalendarDay } from './calendar.ts';

const MONDAY = 1;
const THURSDAY = 4;

interface FixedHoliday {
  readonly name: string;
  readonly month: number;
  readonly dayOfMonth: number;
}

const FIXED: readonly FixedHoliday[] = [
  { name: "New Year's Day", month: 1, dayOfMonth: 1 },
  { name: 'Independence Day', month: 7, dayOfMonth: 4 },
  { name: 'Christmas Eve', month: 12, dayOfMonth: 24 },
  { name: 'Christmas Day', month: 12, dayOfMonth: 25 },
  { name: "New Year's Eve", month: 12, dayOfMonth: 31 },
];

/**
 * The name of the holiday on this very day (days observed in lieu do not count), or undefined. Besides the fixed ones:
 * Memorial Day (last Monday of May), Labor Day (first Monday of September), Thanksgiving (fourth Thursday of November).
 */
export function holidayOn(day: CalendarDay): string | undefined {
  const fixed = FIXED.find((holiday) => holiday.month === day.month && holiday.dayOfMonth === day.dayOfMonth);
  if (fixed !== undefined) return fixed.name;
  if (day.weekday === MONDAY && day.month === 5 && day.dayOfMonth + 7 > 31) return 'Memorial Day';
  if (day.weekday === MONDAY && day.month === 9 && day.dayOfMonth <= 7) return 'Labor Day';
  if (day.weekday === THURSDAY && day.month === 11 && Math.ceil(day.dayOfMonth / 7) === 4) return 'Thanksgiving';
  return undefined;
}
