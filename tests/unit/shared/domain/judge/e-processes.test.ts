/**
 * Goal: the e-processes are the published ones. Method: the published vectors, a direct evaluation of the definition in
 * products (the code works in logarithms and in a simplified form), and the invariances as properties.
 */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  logBernoulliE,
  promoteShares,
  rollbackShares,
} from '../../../../../shared/domain/judge/bernoulli-e-process.ts';
import {
  absorbMinute,
  emptyRatioEProcess,
  foldRatioEProcess,
  logE,
  promoteDesign,
  type RatioDesign,
  type RatioMinute,
  rollbackDesign,
} from '../../../../../shared/domain/judge/ratio-e-process.ts';
import { logMeanExp, logMeanExpUpTo, recordedE } from '../../../../../shared/domain/statistics/e-values.ts';

const promote = promoteDesign(1.5);

/** One period with rho = 0.1: 100 requests of the challenger to 900 of the champion. */
function tenth(challengerBad: number, bad: number): RatioMinute[] {
  const championBad = bad - challengerBad;
  return [{ minute: 0, challengerRequests: 100, championRequests: 900, challengerBad, championBad }];
}

function eValue(design: RatioDesign, readings: readonly RatioMinute[]): number {
  return Math.exp(logE(foldRatioEProcess(design, readings)));
}

/** The definition, word for word. */
function definitionE(design: RatioDesign, readings: readonly RatioMinute[]): number {
  const theta = (rho: number, ratio: number): number => (rho * ratio) / (rho * ratio + 1 - rho);
  const products = design.grid.map((ratio) =>
    readings.reduce((product, m) => {
      if (m.challengerRequests === 0 || m.championRequests === 0) return product;
      const rho = m.challengerRequests / (m.challengerRequests + m.championRequests);
      const [alternative, none] = [theta(rho, ratio), theta(rho, design.ratioNull)];
      return product * (alternative / none) ** m.challengerBad * ((1 - alternative) / (1 - none)) ** m.championBad;
    }, 1),
  );
  return products.reduce((sum, product) => sum + product, 0) / products.length;
}

const counts = fc
  .record({
    challengerRequests: fc.integer({ min: 0, max: 300 }),
    championRequests: fc.integer({ min: 0, max: 3000 }),
    challengerBad: fc.integer({ min: 0, max: 12 }),
    championBad: fc.integer({ min: 0, max: 30 }),
  })
  .map((m) => ({
    ...m,
    challengerBad: Math.min(m.challengerBad, m.challengerRequests),
    championBad: Math.min(m.championBad, m.championRequests),
  }));
const readings = fc
  .array(counts, { maxLength: 25 })
  .map((list): RatioMinute[] => list.map((m, minute) => ({ ...m, minute })));
const design = fc.constantFrom(rollbackDesign, promote);

describe('ratio e-process', () => {
  test.each([
    [1, 1, 3.89649749],
    [5, 20, 2.47778125],
    [0, 20, 0.14538575],
    [0, 0, 1],
  ])('published vector, rollback: (%d, %d) -> %d', (bad, all, expected) => {
    expect(Math.abs(eValue(rollbackDesign, tenth(bad, all)) - expected)).toBeLessThan(5.1e-9);
  });

  test.each([
    [0, 40, 48.50036465, 8],
    [20, 200, 1.98783103, 8],
    [10, 200, 4043.860481, 6],
  ])('published vector, promotion: (%d, %d) -> %d', (bad, all, expected, decimals) => {
    expect(Math.abs(eValue(promote, tenth(bad, all)) - expected)).toBeLessThan(5.1 * 10 ** -(decimals + 1));
  });

  it('equals its definition', () => {
    fc.assert(
      fc.property(design, readings, (d, list) => {
        const expected = definitionE(d, list);
        fc.pre(expected > 1e-200 && expected < 1e200);
        expect(eValue(d, list) / expected).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does not change when a period is split in two of the same share', () => {
    fc.assert(
      fc.property(design, counts, fc.integer({ min: 0, max: 12 }), (d, m, part) => {
        const whole = { ...m, challengerRequests: m.challengerRequests * 2, championRequests: m.championRequests * 2 };
        const firstBad = Math.min(part, m.challengerBad);
        const first = { ...m, minute: 1, challengerBad: firstBad, championBad: 0 };
        const second = { ...m, minute: 2, challengerBad: m.challengerBad - firstBad };
        const joined = logE(foldRatioEProcess(d, [{ ...whole, minute: 1 }]));
        expect(logE(foldRatioEProcess(d, [first, second]))).toBeCloseTo(joined, 9);
      }),
    );
  });

  it('is the same to the bit in any order and with any minute repeated', () => {
    fc.assert(
      fc.property(design, readings, fc.infiniteStream(fc.nat()), (d, list, picks) => {
        const repeated = list.flatMap((m) => (picks.next().value % 3 === 0 ? [m, m] : [m]));
        const shuffled = repeated.map((m) => ({ m, key: picks.next().value })).sort((a, b) => a.key - b.key);
        expect(
          foldRatioEProcess(
            d,
            shuffled.map(({ m }) => m),
          ),
        ).toEqual(foldRatioEProcess(d, list));
      }),
    );
  });

  it('taken in minute by minute it is the fold, and a replay changes nothing', () => {
    fc.assert(
      fc.property(design, readings, (d, list) => {
        let process = emptyRatioEProcess(d);
        for (const m of [...list, ...list]) process = absorbMinute(d, process, m);
        const folded = foldRatioEProcess(d, list);
        expect(process.minutes).toEqual(folded.minutes);
        process.logs.forEach((log, index) => expect(log).toBeCloseTo(folded.logs[index]!, 9));
      }),
    );
  });

  it('is 1 without bad events, and blind to minutes in which one arm was silent', () => {
    const silent: RatioMinute[] = [
      { minute: 0, challengerRequests: 50, challengerBad: 50, championRequests: 0, championBad: 0 },
      { minute: 1, challengerRequests: 0, challengerBad: 0, championRequests: 900, championBad: 30 },
      { minute: 2, challengerRequests: 50, challengerBad: 0, championRequests: 950, championBad: 0 },
    ];
    expect(eValue(rollbackDesign, silent)).toBe(1);
    expect(eValue(promote, silent)).toBe(1);
    expect(eValue(rollbackDesign, [])).toBe(1);
  });

  it('survives counts that overflow a product', () => {
    const many = tenth(50_000, 60_000);
    expect(logE(foldRatioEProcess(rollbackDesign, many))).toBeGreaterThan(1000);
    expect(recordedE(logE(foldRatioEProcess(rollbackDesign, many)))).toBe(1e300);
    expect(recordedE(logE(foldRatioEProcess(promote, many)))).toBe(0);
  });

  it('refuses a margin that is no margin', () => {
    expect(() => promoteDesign(1)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => promoteDesign(NaN)).toThrow('margin is NaN');
  });
});

describe('Bernoulli e-process', () => {
  const cleanRequestsFor = (limitShare: number, shares: readonly number[]): number => {
    let requests = 0;
    while (logBernoulliE(limitShare, shares, requests, 0) < Math.log(20)) requests += 1;
    return requests;
  };

  test.each([
    [0.01, 299],
    [0.005, 598],
    [0.001, 2995],
  ])('limit %d: the term of share 0 reaches 20 after %d clean requests', (limitShare, requests) => {
    expect(cleanRequestsFor(limitShare, [0])).toBe(requests);
    const mixture = cleanRequestsFor(limitShare, promoteShares(limitShare));
    expect(mixture).toBeGreaterThan(requests);
    expect(mixture).toBeLessThan(requests * 1.5);
  });

  it('equals its definition', () => {
    const direct = (p0: number, grid: number[], n: number, k: number): number =>
      grid.reduce((sum, p1) => sum + (p1 / p0) ** k * ((1 - p1) / (1 - p0)) ** (n - k), 0) / grid.length;
    fc.assert(
      fc.property(fc.constantFrom(0.001, 0.02, 0.3), fc.nat(400), fc.nat(6), (p0, n, k) => {
        const bad = Math.min(n, k);
        for (const grid of [promoteShares(p0), rollbackShares(p0)]) {
          expect(Math.exp(logBernoulliE(p0, grid, n, bad)) / direct(p0, grid, n, bad)).toBeCloseTo(1, 9);
        }
      }),
    );
  });

  it('loses the share 0 with the first bad request, but not the others', () => {
    expect(logBernoulliE(0.01, [0], 1000, 1)).toBe(-Infinity);
    expect(logBernoulliE(0.01, promoteShares(0.01), 1000, 1)).toBeGreaterThan(0);
  });

  it('has alternatives on the right side of every limit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.999, noNaN: true }), (limitShare) => {
        expect(promoteShares(limitShare).every((share) => share >= 0 && share < limitShare)).toBe(true);
        const above = rollbackShares(limitShare);
        expect(above.length).toBeGreaterThan(0);
        expect(above.every((share) => share > limitShare && share < 1)).toBe(true);
      }),
    );
  });

  test.each([0, 1, -0.1, NaN])('refuses the limit %d', (limitShare) => {
    expect(() => logBernoulliE(limitShare, [0], 10, 0)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
  });
});

describe('mean of exponentials', () => {
  it('neither overflows nor underflows', () => {
    expect(logMeanExp([1000, 1000])).toBe(1000);
    expect(logMeanExp([-1000, -Infinity])).toBeCloseTo(-1000 - Math.log(2), 12);
    expect(logMeanExp([-Infinity])).toBe(-Infinity);
  });

  it('answers "crossed?" the same with and without the short cut', () => {
    const logs = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(logs, fc.double({ min: -5, max: 5, noNaN: true }), (list, threshold) => {
        expect(logMeanExpUpTo(list, threshold) >= threshold).toBe(logMeanExp(list) >= threshold);
      }),
    );
  });
});
