/** Wall-clock time of IANA zones, through the machine's own zone data (Intl). */

export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = formatters.get(timeZone);
  if (!known) {
    const digits = '2-digit';
    known = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: digits, day: digits, hour: digits, minute: digits, second: digits },
    });
    formatters.set(timeZone, known);
  }
  return known;
}

/** Whether the name is an IANA zone that this machine knows. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatter(timeZone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const asUtcMs = (local: LocalTime): number =>
  Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second);

/** Milliseconds by which the zone is ahead of UTC at an instant. */
function offsetMs(atMs: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(timeZone).formatToParts(atMs)) parts[type] = Number(value);
  const local = asUtcMs(parts as unknown as LocalTime);
  return local - Math.floor(atMs / 1000) * 1000;
}

/** The zone's wall-clock time at an instant (epoch milliseconds). */
export function toLocal(atMs: number, timeZone: string): LocalTime {
  const date = new Date(timeZone === 'UTC' ? atMs : atMs + offsetMs(atMs, timeZone));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/**
 * The instant of a wall-clock time (epoch milliseconds). A time that the zone skips in spring gives undefined; one that
 * it repeats in autumn gives the first: EventBridge Scheduler skips the former and fires once for the latter.
 */
export function fromLocal(local: LocalTime, timeZone: string): number | undefined {
  const wallMs = asUtcMs(local);
  if (timeZone === 'UTC') return wallMs;
  const dayMs = 86_400_000;
  const candidates = [offsetMs(wallMs - dayMs, timeZone), offsetMs(wallMs + dayMs, timeZone)]
    .map((offset) => wallMs - offset)
    .filter((instantMs) => instantMs + offsetMs(instantMs, timeZone) === wallMs);
  return candidates.length === 0 ? undefined : Math.min(...candidates);
}
