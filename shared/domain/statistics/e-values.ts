// Taken once: inner loops run millions of times, and a look-up through the global object is slow in a sandbox.
const { exp, log, min } = Math;
const lowest = Number.NEGATIVE_INFINITY;

/** Above this an E value would not survive JSON (Infinity becomes null); no threshold comes near it. */
const largestE = 1e300;

/**
 * log of the mean of exp(logs): an average of e-processes is an e-process. Computed around the largest term, so that
 * neither overflow nor underflow matters. Returns -Infinity when all terms are.
 */
export function logMeanExp(logs: readonly number[]): number {
  let largest = lowest;
  for (const value of logs) if (value > largest) largest = value;
  if (largest === lowest) return lowest;
  let sum = 0;
  for (const value of logs) sum += exp(value - largest);
  return largest + log(sum / logs.length);
}

/**
 * `logMeanExp`, but without the work where it cannot reach `threshold`: a mean is at most its largest term, so when that
 * lies below, the largest term itself is returned. Good for "has it crossed?", not for a record.
 */
export function logMeanExpUpTo(logs: readonly number[], threshold: number): number {
  let largest = lowest;
  for (const value of logs) if (value > largest) largest = value;
  return largest < threshold ? largest : logMeanExp(logs);
}

/** The E value of a logarithm for a record: capped at 1e300 and cut to eight significant digits. */
export function recordedE(logE: number): number {
  return Number(min(exp(logE), largestE).toPrecision(8));
}
