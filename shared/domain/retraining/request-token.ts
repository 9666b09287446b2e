import { InvalidInput } from '../errors.ts';
import { formatUtcMinute } from '../time/utc.ts';

/** What asks for a retraining. */
export type RetrainingTrigger =
  | {
      readonly kind: 'schedule';
      readonly model: string;
      /** The time that the schedule names, not the time at which it came: deliveries are late and doubled. */
      readonly scheduledAtMs: number;
      /** Shortest time between two runs of the schedule, in minutes. */
      readonly periodMinutes: number;
    }
  | {
      readonly kind: 'manual';
      readonly model: string;
      /** Two requests with the same key are one request. */
      readonly idempotencyKey: string;
    };

/** A period of a schedule, start inclusive, end exclusive. */
export interface LogicalWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** Bounds of a training platform's request token. */
export const requestTokenCharacters = { min: 32, max: 128 } as const;
const displayNameCharactersMax = 82;
const prefix = 'switchyard-retraining-';

/**
 * The window that a scheduled time falls into: whole periods counted from 1970. Since two runs of a schedule are at least
 * a period apart they never share one, and whatever is delivered twice does.
 * @throws InvalidInput for a time or a period that is no number in range.
 */
export function logicalWindow(scheduledAtMs: number, periodMinutes: number): LogicalWindow {
  if (!(Number.isFinite(scheduledAtMs) && scheduledAtMs >= 0)) {
    throw new InvalidInput('scheduledAtMs', scheduledAtMs, 'not a time', 'Give milliseconds since 1970');
  }
  if (!(Number.isSafeInteger(periodMinutes) && periodMinutes >= 1)) {
    throw new InvalidInput('periodMinutes', periodMinutes, 'not a period', 'Give whole minutes, at least 1');
  }
  const periodMs = periodMinutes * 60_000;
  const startMs = Math.floor(scheduledAtMs / periodMs) * periodMs;
  return { startMs, endMs: startMs + periodMs };
}

/** What tells one wanted run from another. */
function occasion(trigger: RetrainingTrigger): string {
  if (trigger.kind === 'manual') {
    if (trigger.idempotencyKey === '') {
      throw new InvalidInput('idempotencyKey', '', 'it is empty', 'Give a key that is unique for the wanted run');
    }
    return `${trigger.model}-manual-${trigger.idempotencyKey}`;
  }
  const { startMs } = logicalWindow(trigger.scheduledAtMs, trigger.periodMinutes);
  return `${trigger.model}-schedule-${formatUtcMinute(startMs / 60_000)
    .replaceAll(':', '-')
    .replace('Z', '')}`;
}

/**
 * The platform's de-duplication key of a run: the same model and window (or manual key) give the same token, everything
 * else another one. 32 to 128 characters; not hashed, so that people can read it.
 * @throws InvalidInput when a manual key is empty or makes the token too long.
 */
export function requestToken(trigger: RetrainingTrigger): string {
  if (trigger.model === '') throw new InvalidInput('model', '', 'it is empty', 'Name a model of the catalog');
  const token = `${prefix}${occasion(trigger)}`;
  if (token.length > requestTokenCharacters.max) {
    const most = requestTokenCharacters.max - (token.length - occasionKeyLength(trigger));
    throw new InvalidInput(
      'idempotencyKey',
      token,
      'the request token would be too long',
      `Use at most ${most} characters`,
    );
  }
  return token;
}

function occasionKeyLength(trigger: RetrainingTrigger): number {
  return trigger.kind === 'manual' ? trigger.idempotencyKey.length : 0;
}

/** A name for lists: letters, digits and single inner dashes, at most 82 characters. Not unique: the token is. */
export function trainingDisplayName(trigger: RetrainingTrigger): string {
  const words = occasion(trigger)
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .slice(0, displayNameCharactersMax);
  return words.replace(/^-+|-+$/g, '') || 'retraining';
}
