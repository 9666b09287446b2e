/** Goal: one run per model and logical window. Method: doubled and late triggers, neighbours, and the platform's bounds. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  logicalWindow,
  requestToken,
  type RetrainingTrigger,
  trainingDisplayName,
} from '../../../../../shared/domain/retraining/request-token.ts';
import { formatUtc, formatUtcMinute } from '../../../../../shared/domain/time/utc.ts';

const at = Date.UTC(2026, 0, 5, 2, 0);
const day = 24 * 60;
const schedule = (scheduledAtMs: number, periodMinutes = day, model = 'demand-forecast'): RetrainingTrigger => ({
  kind: 'schedule',
  model,
  scheduledAtMs,
  periodMinutes,
});
const manual = (idempotencyKey: string): RetrainingTrigger => ({
  kind: 'manual',
  model: 'demand-forecast',
  idempotencyKey,
});

describe('request token', () => {
  it('is readable', () => {
    expect(requestToken(schedule(at))).toBe('switchyard-retraining-demand-forecast-schedule-2026-01-05T00-00');
    expect(requestToken(manual('ticket-4711'))).toBe('switchyard-retraining-demand-forecast-manual-ticket-4711');
  });

  it('is the same for a doubled and a late trigger, another one the next day and for another model', () => {
    expect(requestToken(schedule(at + 59_000))).toBe(requestToken(schedule(at)));
    expect(requestToken(schedule(at + 3_600_000))).toBe(requestToken(schedule(at)));
    expect(requestToken(schedule(at + day * 60_000))).not.toBe(requestToken(schedule(at)));
    expect(requestToken(schedule(at, day, 'churn-prediction'))).not.toBe(requestToken(schedule(at)));
    expect(requestToken(manual('a'))).not.toBe(requestToken(manual('b')));
  });

  it('two runs of a schedule never share a window, whatever its period', () => {
    const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 50_000 }), fc.nat(1000), (time, period, extra) => {
        const later = time + period * 60_000 + extra;
        expect(requestToken(schedule(later, period))).not.toBe(requestToken(schedule(time, period)));
        const { startMs, endMs } = logicalWindow(time, period);
        expect(startMs <= time && time < endMs).toBe(true);
      }),
    );
  });

  it('has 32 to 128 characters', () => {
    expect(requestToken({ kind: 'manual', model: 'm', idempotencyKey: 'k' }).length).toBeGreaterThanOrEqual(32);
    const most = 128 - requestToken(manual('k')).length + 1;
    expect(requestToken(manual('k'.repeat(most)))).toHaveLength(128);
    expect(() => requestToken(manual('k'.repeat(most + 1)))).toThrow(`at most ${most} characters`);
  });

  test.each<[string, RetrainingTrigger]>([
    ['an empty key', manual('')],
    ['no model', { kind: 'manual', model: '', idempotencyKey: 'k' }],
    ['no time', schedule(NaN)],
    ['a period of nothing', schedule(at, 0)],
    ['half a minute', schedule(at, 0.5)],
  ])('refuses %s', (_, trigger) => {
    expect(() => requestToken(trigger)).toThrow(expect.objectContaining({ name: 'InvalidInput', retryable: false }));
  });
});

it('a display name keeps to letters, digits and inner dashes, at most 82', () => {
  expect(trainingDisplayName(schedule(at))).toBe('demand-forecast-schedule-2026-01-05T00-00');
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 120 }), (key) => {
      expect(trainingDisplayName(manual(key))).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}$/);
    }),
  );
});

describe('UTC', () => {
  it('agrees with the platform from year 1 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (second) => {
        expect(formatUtc(second * 1000)).toBe(new Date(second * 1000).toISOString().replace('.000Z', 'Z'));
      }),
    );
    expect(formatUtc(951_782_400_999)).toBe('2000-02-29T00:00:00Z');
    expect(formatUtcMinute(at / 60_000)).toBe('2026-01-05T02:00Z');
  });

  test.each([NaN, Infinity, 253_402_300_800_000])('refuses %d', (time) => {
    expect(() => formatUtc(time)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
  });
});
