/** Schedule expressions of EventBridge rules and EventBridge Scheduler: `rate(...)`, `cron(...)` and `at(...)`. */
import { parseCron } from './cron.ts';
import { fromLocal } from './time-zone.ts';

/** Raised for an expression that AWS would refuse; the services turn it into their own ValidationException. */
export class InvalidScheduleExpression extends Error {
  override readonly name = 'InvalidScheduleExpression';
}

export type Schedule =
  | { readonly kind: 'rate'; readonly periodMs: number }
  | { readonly kind: 'at'; readonly atMs: number | undefined }
  | { readonly kind: 'cron'; readonly next: (afterMs: number) => number | undefined };

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** `rate(5 minutes)`. With `strictPlural`, as EventBridge rules demand, `rate(1 minutes)` and `rate(5 minute)` are wrong. */
function parseRate(body: string, text: string, strictPlural: boolean): Schedule {
  const match = /^\s*([1-9]\d*)\s+(minute|hour|day)(s?)\s*$/.exec(body);
  const [, count, unit, plural] = match ?? [];
  if (count === undefined || unit === undefined || (strictPlural && (plural === 's') !== Number(count) > 1)) {
    throw new InvalidScheduleExpression(`'${text}': write rate(1 minute), rate(5 minutes), rate(1 hour), rate(7 days)`);
  }
  return { kind: 'rate', periodMs: Number(count) * UNIT_MS[unit]! };
}

function parseAt(body: string, text: string, timeZone: string): Schedule {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/.exec(body.trim());
  if (!match) throw new InvalidScheduleExpression(`'${text}': write at(yyyy-mm-ddThh:mm:ss)`);
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
  const local = { year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second: second ?? 0 };
  const asUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second);
  const canonical = new Date(asUtc).toISOString().slice(0, 19);
  if (canonical !== `${match[0]}${match[6] === undefined ? ':00' : ''}`) {
    throw new InvalidScheduleExpression(`'${text}': there is no such date`);
  }
  return { kind: 'at', atMs: fromLocal(local, timeZone) };
}

/**
 * @param options.timeZone an IANA zone for cron and at; UTC unless told
 * @param options.at whether one-time expressions are allowed (Scheduler only)
 * @throws InvalidScheduleExpression
 */
export function parseSchedule(
  text: string,
  options: { readonly timeZone?: string; readonly at?: boolean; readonly strictPlural?: boolean } = {},
): Schedule {
  const match = /^(rate|cron|at)\(([^()]*)\)$/.exec(text.trim());
  const timeZone = options.timeZone ?? 'UTC';
  if (match?.[1] === 'rate') return parseRate(match[2]!, text, options.strictPlural ?? false);
  if (match?.[1] === 'cron') {
    const next = parseCron(match[2]!, timeZone, (reason) => new InvalidScheduleExpression(`'${text}': ${reason}`));
    return { kind: 'cron', next };
  }
  if (match?.[1] === 'at' && options.at) return parseAt(match[2]!, text, timeZone);
  throw new InvalidScheduleExpression(
    `'${text}': write rate(...)${options.at ? ', cron(...) or at(...)' : ' or cron(...)'}`,
  );
}

/**
 * The first due time after `afterMs`, or undefined when there is none.
 * @param anchorMs the time from which a rate counts: its first firing is one of anchor, anchor + period, ...
 */
export function nextDue(schedule: Schedule, afterMs: number, anchorMs: number): number | undefined {
  if (schedule.kind === 'cron') return schedule.next(afterMs);
  if (schedule.kind === 'at') return schedule.atMs !== undefined && schedule.atMs > afterMs ? schedule.atMs : undefined;
  if (afterMs < anchorMs) return anchorMs;
  const periods = Math.floor((afterMs - anchorMs) / schedule.periodMs) + 1;
  return anchorMs + periods * schedule.periodMs;
}
