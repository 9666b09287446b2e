/**
 * Goal: the paired test decides as defined, and its numbers are Student's. Method: Gosset's own sleep data (paired t 4.0621
 * with 9 degrees of freedom), the published row counts of a planned comparison, and rows made for each branch.
 */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  boundsOfMean,
  pairedAccuracyTest,
  type PairedRow,
  rowsNeeded,
} from '../../../../../shared/domain/accuracy/paired-test.ts';
import { binomial, seededRandom } from '../../../../../shared/domain/statistics/random-variates.ts';

const policy = { marginShare: 0.1, minDistinctRows: 10 };

/** Rows whose absolute errors are the given ones: truth 100, predictions above it. */
function rows(champion: readonly number[], challenger: readonly (number | null)[]): PairedRow[] {
  return champion.map((error, index) => {
    const other = challenger[index] ?? null;
    return {
      row: `row-${index}`,
      truth: 100,
      championPrediction: 100 + error,
      challengerPrediction: other === null ? null : 100 + other,
    };
  });
}

/** Champion's errors around 10, with the challenger's larger by `shift` and some noise of its own. */
function noisy(count: number, shift: number): PairedRow[] {
  const random = seededRandom(5);
  const champion = Array.from({ length: count }, () => 5 + binomial(20, 0.25, random));
  return rows(
    champion,
    champion.map((error) => Math.max(0, error + shift + binomial(4, 0.5, random) - 2)),
  );
}

describe('bounds', () => {
  it("are Student's: Gosset's sleep data", () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    const bounds = boundsOfMean(second.map((value, index) => value - first[index]!))!;
    // Mean 1.58, t(0.95, 9) = 1.833113, standard error 1.2299955 / sqrt(10).
    expect(bounds.lower).toBeCloseTo(0.8669947329707162, 10);
    expect(bounds.upper).toBeCloseTo(2.293005267029284, 10);
  });

  it('need two values', () => {
    expect(boundsOfMean([1])).toBeUndefined();
    expect(boundsOfMean([1, 1])).toEqual({ lower: 1, upper: 1 });
  });
});

describe('rows that a comparison needs, per arm, one-sided 5 %, power 80 %', () => {
  test.each([
    [0.5, 1237],
    [1.0, 4947],
    [1.5, 11_129],
    [2.0, 19_785],
  ])('unpaired, + 5 %% relative, coefficient of variation %d: %d', (cv, expected) => {
    expect(rowsNeeded(2 * cv ** 2, 0.05)).toBe(expected);
  });

  test.each([
    [0.5, 0.8, 248],
    [0.5, 0.9, 124],
    [1.0, 0.8, 990],
    [1.0, 0.9, 495],
    [1.5, 0.8, 2226],
    [2.0, 0.9, 1979],
  ])('paired, coefficient of variation %d, correlation %d: %d', (cv, correlation, expected) => {
    expect(rowsNeeded(2 * (1 - correlation) * cv ** 2, 0.05)).toBe(expected);
  });

  it('a report of equal spreads agrees with the formula', () => {
    const report = pairedAccuracyTest(policy, noisy(400, 0));
    expect(report.correlation).toBeGreaterThan(0.8);
    expect(report.rowsNeededUnpaired! / report.rowsNeededPaired!).toBeGreaterThan(2);
  });
});

describe('decision', () => {
  it('PASS when the upper bound of the difference lies below the margin', () => {
    const report = pairedAccuracyTest(policy, noisy(200, 0));
    expect(report).toMatchObject({ decision: 'PASS', reason: 'NON_INFERIOR', distinctRows: 200 });
    expect(report.upperBound).toBeLessThan(report.margin!);
    expect(report.margin).toBeCloseTo(0.1 * report.champion!.mae, 12);
  });

  it('PASS for one that is proven a little worse, but within the margin', () => {
    const report = pairedAccuracyTest(policy, noisy(4000, 0.5));
    expect(report.decision).toBe('PASS');
    expect(report.lowerBound).toBeGreaterThan(0);
  });

  it('REFUSED when the lower bound lies above the margin', () => {
    const report = pairedAccuracyTest(policy, noisy(200, 3));
    expect(report).toMatchObject({ decision: 'REFUSED', reason: 'WORSE_THAN_MARGIN' });
    expect(report.lowerBound).toBeGreaterThan(report.margin!);
  });

  it('INCONCLUSIVE while the margin lies between the bounds', () => {
    const report = pairedAccuracyTest(policy, noisy(20, 1));
    expect(report).toMatchObject({ decision: 'INCONCLUSIVE', reason: 'MARGIN_WITHIN_BOUNDS' });
  });

  test.each([
    ['no rows', []],
    ['nine rows', noisy(9, -5)],
    ['one row a thousand times', Array.from({ length: 1000 }, () => noisy(1, -5)[0]!)],
    ['nine rows, each many times', Array.from({ length: 50 }, () => noisy(9, -5)).flat()],
    ['rows without truth', noisy(50, -5).map((row) => ({ ...row, truth: NaN }))],
    ['rows without the champion', noisy(50, -5).map((row) => ({ ...row, championPrediction: null }))],
    ['rows without the challenger', noisy(50, -5).map((row) => ({ ...row, challengerPrediction: null }))],
  ])('INCONCLUSIVE with too few distinct rows: %s', (_, list) => {
    const report = pairedAccuracyTest(policy, list);
    expect(report).toMatchObject({ decision: 'INCONCLUSIVE', reason: 'TOO_FEW_DISTINCT_ROWS' });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('never passes a challenger that left rows out, however good the rest', () => {
    const list = noisy(200, -3).map((row, index) => (index === 7 ? { ...row, challengerPrediction: NaN } : row));
    expect(pairedAccuracyTest(policy, list)).toMatchObject({
      decision: 'INCONCLUSIVE',
      reason: 'CHALLENGER_GAVE_NO_NUMBER',
      challengerGaveNoNumber: 1,
      distinctRows: 199,
    });
  });

  it('counts repeated and unusable rows', () => {
    const list = [...noisy(30, 0), ...noisy(12, 0), { ...noisy(1, 0)[0]!, row: 'no truth', truth: Infinity }];
    expect(pairedAccuracyTest(policy, list)).toMatchObject({ distinctRows: 30, repeatedRows: 12, unusableRows: 1 });
  });
});

describe('figures', () => {
  it('MAE and MAPE by hand; rows with truth 0 have no percentage', () => {
    const list: PairedRow[] = [
      { row: 'a', truth: 10, championPrediction: 12, challengerPrediction: 9 },
      { row: 'b', truth: -4, championPrediction: -3, challengerPrediction: -4 },
      { row: 'c', truth: 0, championPrediction: 3, challengerPrediction: -2 },
    ];
    const report = pairedAccuracyTest(policy, list);
    expect(report.champion).toEqual({ mae: 2, mape: expect.closeTo(0.225, 12) });
    expect(report.challenger).toEqual({ mae: 1, mape: expect.closeTo(0.05, 12) });
    expect(report.meanDifference).toBeCloseTo(-1, 12);
    // Errors 2, 1, 3 and 1, 0, 2: the same but for a constant.
    expect(report.correlation).toBeCloseTo(1, 12);
  });

  it('pairing never loses: bounds do not depend on errors that both share', () => {
    const shared = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(shared, (errors) => {
        const report = pairedAccuracyTest(
          policy,
          rows(
            errors,
            errors.map((error) => error + 1),
          ),
        );
        expect(report.lowerBound).toBeCloseTo(1, 6);
        expect(report.upperBound).toBeCloseTo(1, 6);
      }),
    );
  });
});
