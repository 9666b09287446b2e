/**
 * The conditional binomial e-process on the ratio of two bad-event rates (Lindon & Malek, arXiv 2011.03567, with a
 * discrete mixture after Robbins). In minute i, given x_i = k_i + b_i bad events of both arms and the challenger's share
 * rho_i of the requests, the challenger's k_i is binomial with theta_i(r) = rho_i r / (rho_i r + 1 - rho_i), r being the
 * true ratio of the rates. The likelihood ratio of r against r0 simplifies to
 *
 *   log LR_i = k_i log(r / r0) - x_i (log(rho_i r + 1 - rho_i) - log(rho_i r0 + 1 - rho_i))
 *
 * and E = mean over the grid of exp(sum over minutes of log LR_i). By Ville's inequality P(E ever >= 1/alpha) <= alpha
 * for every true ratio on the far side of r0, whenever one looks, and whatever the traffic and the base rate do.
 */
import { InvalidInput } from '../errors.ts';
import { logMeanExp } from '../statistics/e-values.ts';

// Taken once: inner loops run millions of times, and a look-up through the global object is slow in a sandbox.
const { log } = Math;

/** Which ratio is to be disproved (`ratioNull`), and the mixture of alternatives. */
export interface RatioDesign {
  readonly ratioNull: number;
  readonly grid: readonly number[];
  /** log(r / r0) per grid point, since simulations need them a million times. */
  readonly logRatios: readonly number[];
}

function ratioDesign(ratioNull: number, grid: readonly number[]): RatioDesign {
  return { ratioNull, grid, logRatios: grid.map((ratio) => log(ratio / ratioNull)) };
}

/** Evidence of harm: disproves "the challenger's rate is at most the champion's". */
export const rollbackDesign: RatioDesign = ratioDesign(1, [1.25, 1.5, 2, 3, 5, 10, 20, 50]);

/** Evidence of non-inferiority: disproves "the challenger's rate is at least `margin` times the champion's". */
export function promoteDesign(margin: number): RatioDesign {
  if (!(margin > 1)) throw new InvalidInput('margin', margin, 'a margin of non-inferiority is above 1', 'Use e.g. 1.5');
  return ratioDesign(margin, [0.33, 0.5, 0.75, 1]);
}

/** The counts of one minute, both arms. A minute in which one arm had no requests says nothing (LR = 1). */
export interface RatioMinute {
  readonly minute: number;
  readonly challengerRequests: number;
  readonly challengerBad: number;
  readonly championRequests: number;
  readonly championBad: number;
}

/** State of the process: the logarithm of E per grid point, and the minutes that are in it. Plain JSON. */
export interface RatioEProcess {
  readonly logs: readonly number[];
  readonly minutes: readonly number[];
}

/**
 * log(rho r + 1 - rho) - log(rho r0 + 1 - rho) per grid point: what every bad event of the minute costs, whoever had it.
 * Undefined when one arm had no requests. Shared by all guardrails of a minute.
 */
export function logMixtures(
  design: RatioDesign,
  challengerRequests: number,
  championRequests: number,
): number[] | undefined {
  if (challengerRequests === 0 || championRequests === 0) return undefined;
  const rho = challengerRequests / (challengerRequests + championRequests);
  const logNull = log(rho * design.ratioNull + 1 - rho);
  return design.grid.map((ratio) => log(rho * ratio + 1 - rho) - logNull);
}

/** Adds one minute's log likelihood ratios to `logs` in place: the inner loop of folds and simulations. */
export function addLogLikelihoodRatios(
  logs: number[],
  design: RatioDesign,
  mixtures: readonly number[] | undefined,
  challengerBad: number,
  championBad: number,
): void {
  const bad = challengerBad + championBad;
  if (mixtures === undefined || bad === 0) return;
  for (let index = 0; index < logs.length; index += 1) {
    logs[index]! += challengerBad * design.logRatios[index]! - bad * mixtures[index]!;
  }
}

function addCounts(logs: number[], design: RatioDesign, counts: RatioMinute): void {
  const mixtures = logMixtures(design, counts.challengerRequests, counts.championRequests);
  addLogLikelihoodRatios(logs, design, mixtures, counts.challengerBad, counts.championBad);
}

/** Before any evidence: E = 1. */
export function emptyRatioEProcess(design: RatioDesign): RatioEProcess {
  return { logs: design.grid.map(() => 0), minutes: [] };
}

/** Takes one minute in. A minute that is already in changes nothing, so a replay is harmless. */
export function absorbMinute(design: RatioDesign, process: RatioEProcess, counts: RatioMinute): RatioEProcess {
  if (process.minutes.includes(counts.minute)) return process;
  const logs = [...process.logs];
  addCounts(logs, design, counts);
  return { logs, minutes: [...process.minutes, counts.minute].sort((a, b) => a - b) };
}

/** The process of a list of minutes, in any order; of a doubled minute the first reading counts. */
export function foldRatioEProcess(design: RatioDesign, minutes: readonly RatioMinute[]): RatioEProcess {
  const byMinute = new Map<number, RatioMinute>();
  for (const counts of minutes) if (!byMinute.has(counts.minute)) byMinute.set(counts.minute, counts);
  // Sorted, because floating-point sums depend on the order: the same minutes give the same bits.
  const sorted = [...byMinute.values()].sort((a, b) => a.minute - b.minute);
  const logs = design.grid.map(() => 0);
  for (const counts of sorted) addCounts(logs, design, counts);
  return { logs, minutes: sorted.map((counts) => counts.minute) };
}

/** log E: the logarithm of the mean over the grid. */
export function logE(process: Pick<RatioEProcess, 'logs'>): number {
  return logMeanExp(process.logs);
}
