/** A clock that stands still until a test moves it. */
import { type Clock } from '../../../shared/ports/clock.ts';

export const START_MS = Date.UTC(2026, 0, 5, 2, 0, 0);
export const MINUTE_MS = 60_000;

export interface TestClock extends Clock {
  advanceMs(ms: number): void;
  advanceMinutes(minutes: number): void;
  /** The whole minute since 1970 that the clock is in. */
  minute(): number;
}

export function newTestClock(startMs: number = START_MS): TestClock {
  let nowMs = startMs;
  const advanceMs = (ms: number): void => {
    nowMs += ms;
  };
  return {
    nowMs: () => nowMs,
    advanceMs,
    advanceMinutes: (minutes) => advanceMs(minutes * MINUTE_MS),
    minute: () => Math.floor(nowMs / MINUTE_MS),
  };
}
