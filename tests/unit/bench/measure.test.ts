import { describe, expect, it } from '@jest/globals';
import { DifferentOutcome, measureRates, median, type Plan, type Side } from '../../bench/harness/measure.ts';

/** A steady clock that only work moves. */
function newStopwatch(): { readonly nowMs: () => number; advance(ms: number): void } {
  let nowMs = 0;
  return { nowMs: () => nowMs, advance: (ms) => void (nowMs += ms) };
}

describe('measuring rates', () => {
  it('takes the median round, in alternate rounds, without warm-up, opening and reading back', async () => {
    const watch = newStopwatch();
    const plan: Plan = { warmUpRounds: 1, rounds: 3, roundMs: 20, nowMs: watch.nowMs };
    const log: string[] = [];
    /** @param workMs of each round; the first round warms up */
    const newSide = (name: string, workMs: readonly number[]): Side => {
      let rounds = 0;
      return {
        name,
        open: async () => {
          watch.advance(1000);
          const ms = workMs[rounds++]!;
          log.push(name);
          return {
            work: async () => watch.advance(ms),
            outcome: async () => {
              watch.advance(500);
              return { items: 3 };
            },
            close: async () => watch.advance(1000),
          };
        },
      };
    };
    const sides = [newSide('ours', [90, 10, 5, 20]), newSide('peer', [1, 40, 20, 80])];
    const rates = await measureRates({ sides, units: 50, expected: { items: 3 }, plan });
    expect(rates).toEqual(
      new Map([
        ['ours', 5000],
        ['peer', 1250],
      ]),
    );
    expect(log).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer', 'ours', 'peer']);
  });

  it('gives no number for a side that did other work, and closes it', async () => {
    const watch = newStopwatch();
    let closed = false;
    const side: Side = {
      name: 'lazy',
      open: async () => ({
        work: async () => watch.advance(1),
        outcome: async () => ({ items: 2 }),
        close: async () => void (closed = true),
      }),
    };
    const plan: Plan = { warmUpRounds: 0, rounds: 1, roundMs: 1, nowMs: watch.nowMs };
    const measuring = measureRates({ sides: [side], units: 3, expected: { items: 3 }, plan });
    await expect(measuring).rejects.toThrow(DifferentOutcome);
    await expect(measuring).rejects.toThrow(`'lazy' left {"items":2} behind instead of {"items":3}`);
    expect(closed).toBe(true);
  });

  it('takes the middle of an odd number of values, and the mean of the middle two of an even number', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
    expect(() => median([])).toThrow(RangeError);
  });
});
