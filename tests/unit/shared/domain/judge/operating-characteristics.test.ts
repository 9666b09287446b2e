/**
 * Goal: the published operating characteristics of the e-processes hold for this code. Method: the published set-up with a
 * fixed seed: per minute n requests, the challenger's ~ Binomial(n, share), bad ones Binomial; 60 one-minute looks. A cell
 * may differ by three standard errors of both simulations and half a point of rounding.
 */
import { expect, test } from '@jest/globals';
import {
  addLogLikelihoodRatios,
  logMixtures,
  promoteDesign,
  rollbackDesign,
} from '../../../../../shared/domain/judge/ratio-e-process.ts';
import { logMeanExpUpTo } from '../../../../../shared/domain/statistics/e-values.ts';
import {
  binomial,
  median,
  type Random,
  seededRandom,
} from '../../../../../shared/domain/statistics/random-variates.ts';

const minutes = 60;
/** The published medians are over all runs, those that never abort included: an independent NumPy run shows it. */
const never = minutes + 1;
const threshold = Math.log(20);
const promote = promoteDesign(1.5);

interface Run {
  readonly outcome: 'rollback' | 'promote' | 'inconclusive';
  readonly minute: number;
}

function run(
  requests: number,
  shareAt: (minute: number) => number,
  base: number,
  ratio: number,
  promotes: boolean,
  random: Random,
): Run {
  const harm = rollbackDesign.grid.map(() => 0);
  const good = promote.grid.map(() => 0);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const challenger = binomial(requests, shareAt(minute), random);
    const champion = requests - challenger;
    const challengerBad = binomial(challenger, base * ratio, random);
    const championBad = binomial(champion, base, random);
    addLogLikelihoodRatios(
      harm,
      rollbackDesign,
      logMixtures(rollbackDesign, challenger, champion),
      challengerBad,
      championBad,
    );
    if (logMeanExpUpTo(harm, threshold) >= threshold) return { outcome: 'rollback', minute };
    if (!promotes) continue;
    addLogLikelihoodRatios(good, promote, logMixtures(promote, challenger, champion), challengerBad, championBad);
    if (logMeanExpUpTo(good, threshold) >= threshold) return { outcome: 'promote', minute };
  }
  return { outcome: 'inconclusive', minute: minutes };
}

function expectPercent(found: number, expected: number, runs: number, publishedRuns: number): void {
  const share = Math.min(0.999, Math.max(0.001, expected / 100));
  const standardError = Math.sqrt(share * (1 - share) * (1 / runs + 1 / publishedRuns));
  expect(Math.abs(found - expected)).toBeLessThan(100 * 3 * standardError + 0.5);
}

const ramp = (minute: number): number => [0.05, 0.1, 0.25, 0.5][Math.floor((minute - 1) / 15)]!;

test.each([
  { requests: 200, share: 0.05, base: 0.01, ratio: 1, aborts: 1.5 },
  { requests: 200, share: 0.05, base: 0.01, ratio: 2, aborts: 30 },
  { requests: 200, share: 0.05, base: 0.01, ratio: 5, aborts: 99.9, at: 11 },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 1, aborts: 1.5 },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 2, aborts: 99.9, at: 12 },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 5, aborts: 100, at: 2 },
  { requests: 40, share: 0.1, base: 0.01, ratio: 1, aborts: 1.2 },
  { requests: 40, share: 0.1, base: 0.01, ratio: 2, aborts: 12 },
  { requests: 40, share: 0.1, base: 0.01, ratio: 5, aborts: 86, at: 27 },
  { requests: 500, share: 'ramp' as const, base: 0.01, ratio: 1, aborts: 1.6 },
  { requests: 500, share: 'ramp' as const, base: 0.01, ratio: 2, aborts: 99.6, at: 30 },
])('rollback rule: $requests/min, share $share, base $base, ratio $ratio: $aborts % abort', (row) => {
  const runs = 2000;
  const random = seededRandom(72);
  const { share } = row;
  const shareAt = share === 'ramp' ? ramp : () => share;
  const results = Array.from({ length: runs }, () => run(row.requests, shareAt, row.base, row.ratio, false, random));
  const aborted = results.filter((result) => result.outcome === 'rollback');
  expectPercent((100 * aborted.length) / runs, row.aborts, runs, 4000);
  if (row.at !== undefined) {
    expect(
      Math.abs(median(results.map(({ outcome, minute }) => (outcome === 'rollback' ? minute : never)))! - row.at),
    ).toBeLessThanOrEqual(1);
  }
  // The guarantee itself: alpha bounds false rollbacks.
  if (row.ratio === 1) expect(aborted.length / runs).toBeLessThan(0.05);
});

test.each([
  { requests: 2000, share: 0.1, base: 0.005, ratio: 1, cell: [1.4, 72, 27] },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 1.25, cell: [18, 21, 61] },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 1.5, cell: [72, 2.9, 25] },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 2, cell: [99.7, 0.2, 0.1] },
  { requests: 2000, share: 0.1, base: 0.005, ratio: 5, cell: [100, 0, 0] },
  { requests: 200, share: 0.05, base: 0.01, ratio: 1, cell: [1.5, 11, 88] },
  { requests: 200, share: 0.05, base: 0.01, ratio: 1.25, cell: [3.1, 4.1, 93] },
  { requests: 200, share: 0.05, base: 0.01, ratio: 1.5, cell: [9.4, 1.7, 89] },
  { requests: 200, share: 0.05, base: 0.01, ratio: 2, cell: [29, 0.3, 70] },
  { requests: 200, share: 0.05, base: 0.01, ratio: 5, cell: [100, 0, 0] },
  { requests: 200, share: 0.5, base: 0.01, ratio: 1, cell: [2.7, 41, 56] },
  { requests: 200, share: 0.5, base: 0.01, ratio: 1.25, cell: [13, 11, 77] },
  { requests: 200, share: 0.5, base: 0.01, ratio: 1.5, cell: [42, 2.9, 55] },
  { requests: 200, share: 0.5, base: 0.01, ratio: 2, cell: [96, 0.4, 3.6] },
  { requests: 200, share: 0.5, base: 0.01, ratio: 5, cell: [100, 0, 0] },
  { requests: 40, share: 0.1, base: 0.01, ratio: 1, cell: [1.4, 0.3, 98] },
  { requests: 40, share: 0.1, base: 0.01, ratio: 1.25, cell: [2.5, 0.2, 97] },
  { requests: 40, share: 0.1, base: 0.01, ratio: 1.5, cell: [4.3, 0.1, 96] },
  { requests: 40, share: 0.1, base: 0.01, ratio: 2, cell: [12, 0, 88] },
  { requests: 40, share: 0.1, base: 0.01, ratio: 5, cell: [86, 0, 14] },
])('three-way rule: $requests/min, share $share, base $base, ratio $ratio: $cell', (row) => {
  const runs = 1000;
  const random = seededRandom(73);
  const results = Array.from({ length: runs }, () =>
    run(row.requests, () => row.share, row.base, row.ratio, true, random),
  );
  (['rollback', 'promote', 'inconclusive'] as const).forEach((outcome, index) => {
    const found = results.filter((result) => result.outcome === outcome).length;
    expectPercent((100 * found) / runs, row.cell[index]!, runs, 3000);
  });
});
