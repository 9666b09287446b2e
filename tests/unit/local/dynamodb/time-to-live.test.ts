import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_SWEEP_DELAY_MS } from '../../../../local/dynamodb/time-to-live.ts';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;
const HOUR_MS = 3_600_000;

function start(seed = 1): void {
  db = newFixture(seed);
  db.createTable('sessions', ['id:S']);
  enable(true);
}

const enable = (Enabled: boolean, AttributeName = 'expiresAt'): WireInput =>
  db.call('UpdateTimeToLive', {
    TableName: 'sessions',
    TimeToLiveSpecification: { Enabled, AttributeName },
  });
const nowSeconds = (): number => Math.floor(db.cloud.kernel.clock.now() / 1000);
const put = (id: string, more: Record<string, WireInput> = {}): unknown =>
  db.call('PutItem', { TableName: 'sessions', Item: { id: S(id), ...more } });
const count = (): unknown => db.call('Scan', { TableName: 'sessions' }).Count;

beforeEach(() => start());

describe('sweep', () => {
  it('deletes an item after it expired, within 48 hours; until then it can be read', async () => {
    put('a', { expiresAt: N(nowSeconds() + 3600) });
    put('b', { expiresAt: S('not a number') });
    put('c');
    await db.cloud.kernel.runFor(HOUR_MS);
    expect(count()).toBe(3);
    await db.cloud.kernel.runFor(MAX_SWEEP_DELAY_MS);
    expect(db.call('GetItem', { TableName: 'sessions', Key: { id: S('a') } })).toEqual({});
    expect(count()).toBe(2);
  });

  it('is never early and never late, whatever the expiries and the seed', async () => {
    const offsets = fc.array(fc.integer({ min: -100, max: 400 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer(), async (hours, seed) => {
        start(seed);
        const startMs = db.cloud.kernel.clock.now();
        hours.forEach((hour, i) => put(`x${i}`, { expiresAt: N(startMs / 1000 + hour * 3600) }));
        for (let hour = 0; hour <= 450; hour += 10) {
          const left = count() as number;
          const notExpired = hours.filter((expiry) => expiry > hour).length;
          const notOverdue = hours.filter((expiry) => Math.max(expiry, 0) + 48 >= hour).length;
          expect(left).toBeGreaterThanOrEqual(notExpired);
          expect(left).toBeLessThanOrEqual(notOverdue);
          await db.cloud.kernel.runFor(10 * HOUR_MS);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('spares an item that was given more time', async () => {
    put('a', { expiresAt: N(nowSeconds() + 60) });
    await db.cloud.kernel.runFor(30_000);
    put('a', { expiresAt: N(nowSeconds() + 100 * 3600) });
    await db.cloud.kernel.runFor(99 * HOUR_MS);
    expect(count()).toBe(1);
    await db.cloud.kernel.runFor(50 * HOUR_MS);
    expect(count()).toBe(0);
  });

  it('leaves items alone that expired over five years ago', async () => {
    put('a', { expiresAt: N(nowSeconds() - 6 * 366 * 86_400) });
    await db.cloud.kernel.runFor(MAX_SWEEP_DELAY_MS);
    expect(count()).toBe(1);
  });

  it('finds what was there before it was enabled, and stops when it is disabled', async () => {
    enable(false);
    put('a', { expiresAt: N(nowSeconds() - 10) });
    await db.cloud.kernel.runFor(MAX_SWEEP_DELAY_MS);
    expect(count()).toBe(1);
    enable(true);
    await db.cloud.kernel.runFor(MAX_SWEEP_DELAY_MS);
    expect(count()).toBe(0);
    expect(db.cloud.kernel.clock.pending).toBe(0);
  });

  it('leaves no timer behind when the table goes', () => {
    put('a', { expiresAt: N(nowSeconds() + 10) });
    expect(db.cloud.kernel.clock.pending).toBe(1);
    db.call('DeleteTable', { TableName: 'sessions' });
    expect(db.cloud.kernel.clock.pending).toBe(0);
  });

  it('comes at the same time for the same seed, and at another for another', async () => {
    const deletedAt = async (seed: number): Promise<string> => {
      start(seed);
      const lines: string[] = [];
      db.cloud.kernel.onTrace = (line) => void lines.push(line);
      put('a', { expiresAt: N(nowSeconds() + 10) });
      await db.cloud.kernel.runFor(3 * 24 * HOUR_MS);
      return lines.join();
    };
    const first = await deletedAt(7);
    expect(first).toContain('dynamodb time to live sessions: 1 items deleted');
    expect(await deletedAt(7)).toBe(first);
    expect(await deletedAt(8)).not.toBe(first);
  });
});

describe('settings', () => {
  const describeIt = (): unknown => db.call('DescribeTimeToLive', { TableName: 'sessions' }).TimeToLiveDescription;

  it('are described', () => {
    expect(describeIt()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    expect(enable(false)).toEqual({ TimeToLiveSpecification: { Enabled: false, AttributeName: 'expiresAt' } });
    expect(describeIt()).toEqual({ TimeToLiveStatus: 'DISABLED' });
  });

  it('refuse what changes nothing', () => {
    expect(() => enable(true)).toThrow('TimeToLive is already enabled');
    expect(() => enable(true, 'other')).toThrow(
      'TimeToLive is active on a different AttributeName: current AttributeName is expiresAt',
    );
    enable(false);
    expect(() => enable(false)).toThrow('TimeToLive is already disabled');
  });
});
