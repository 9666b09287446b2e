/**
 * The Bernoulli e-process: the bad share p of one arm against a fixed share p0,
 *
 *   E = mean over p1 of (p1/p0)^k ((1-p1)/(1-p0))^(n-k)        k bad of n requests
 *
 * It depends on the sums alone. With all p1 below p0 it disproves "p >= p0" (a second road to promotion, for models that
 * hardly ever fail); with all p1 above p0 it disproves "p <= p0" (the last bake, where no concurrent control exists).
 */
import { InvalidInput } from '../errors.ts';
import { logMeanExp } from '../statistics/e-values.ts';
import { rollbackDesign } from './ratio-e-process.ts';

// Taken once: inner loops run millions of times, and a look-up through the global object is slow in a sandbox.
const { log, log1p } = Math;

/** Alternatives of the promotion direction: 0, p0/4, p0/2. The 0 term alone needs log(1/beta) / -log(1-p0) clean requests. */
export function promoteShares(limitShare: number): number[] {
  return [0, limitShare / 4, limitShare / 2];
}

/** Alternatives of the rollback direction: the ratios of the concurrent test, as far as they are shares. */
export function rollbackShares(limitShare: number): number[] {
  const shares = rollbackDesign.grid.map((ratio) => ratio * limitShare).filter((share) => share < 1);
  return shares.length > 0 ? shares : [(1 + limitShare) / 2];
}

/**
 * log E after `bad` of `requests`.
 * @throws InvalidInput when `limitShare` is not strictly between 0 and 1: it would make every E 0, infinite or NaN.
 */
export function logBernoulliE(limitShare: number, shares: readonly number[], requests: number, bad: number): number {
  if (!(limitShare > 0 && limitShare < 1)) {
    throw new InvalidInput('limitShare', limitShare, 'a limit lies between 0 and 1', 'Write 1 % as 0.01');
  }
  return logMeanExp(
    shares.map((share) => {
      // 0 * log 0 is 0 here: with no bad event the share 0 is still possible.
      const ofBad = bad === 0 ? 0 : bad * log(share / limitShare);
      return ofBad + (requests - bad) * (log1p(-share) - log1p(-limitShare));
    }),
  );
}
