/** Retry: which errors a retrier matches, and how long it waits. */
import type { Random } from '../kernel/random.ts';
import type { StateError } from './errors.ts';

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number | undefined;
  readonly fullJitter: boolean;
}

/** Reads a retrier with AWS's defaults: 1 s, 3 attempts, doubled each time, no jitter. */
export function compileRetrier(definition: Readonly<Record<string, unknown>>): Retrier {
  const number = (field: string, fallback: number): number => {
    const value = definition[field];
    return typeof value === 'number' ? value : fallback;
  };
  return {
    errorEquals: definition['ErrorEquals'] as string[],
    intervalSeconds: number('IntervalSeconds', 1),
    maxAttempts: number('MaxAttempts', 3),
    backoffRate: number('BackoffRate', 2),
    maxDelaySeconds: definition['MaxDelaySeconds'] === undefined ? undefined : number('MaxDelaySeconds', 0),
    fullJitter: definition['JitterStrategy'] === 'FULL',
  };
}

/**
 * Whether a name in ErrorEquals stands for the error. States.ALL stands for all but States.DataLimitExceeded,
 * States.TaskFailed for all but that and States.Timeout; terminal errors match nothing.
 */
export function matchesError(names: readonly string[], error: StateError): boolean {
  if (error.terminal) return false;
  return names.some((name) => {
    if (name === error.error) return true;
    if (name === 'States.ALL') return error.error !== 'States.DataLimitExceeded';
    if (name === 'States.TaskFailed') return !['States.Timeout', 'States.DataLimitExceeded'].includes(error.error);
    return name === 'States.HeartbeatTimeout' && error.heartbeat;
  });
}

/**
 * Delay before a retry, milliseconds: interval x rate^attempts, capped by MaxDelaySeconds; with JitterStrategy FULL uniform
 * between 0 and that.
 * @param attemptsSoFar retries that this retrier has already granted in this state
 */
export function retryDelayMs(retrier: Retrier, attemptsSoFar: number, random: Random): number {
  const seconds = Math.min(
    retrier.intervalSeconds * retrier.backoffRate ** attemptsSoFar,
    retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY,
  );
  return Math.round(seconds * 1000 * (retrier.fullJitter ? random.next() : 1));
}
