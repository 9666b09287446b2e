/** Measures of a forecast's error, in the units of the target unless said otherwise. */

export interface RegressionMetrics {
  /** Mean absolute error. */
  readonly mae: number;
  readonly rmse: number;
  /** Mean of |error| / truth as a fraction; near-zero truths (25 December) dominate it. */
  readonly mape: number;
  /** Sum of |error| / sum of truth, as a fraction: what MAPE means to say, without its weakness. */
  readonly wape: number;
  /** Share of variance explained; negative when the mean would have been better. */
  readonly r2: number;
}

/** @throws RangeError for no rows, unequal lengths, or a truth of 0 (which MAPE cannot divide by) */
export function regressionMetrics(truth: readonly number[], prediction: readonly number[]): RegressionMetrics {
  if (truth.length === 0 || truth.length !== prediction.length) {
    throw new RangeError(
      `${truth.length} truths and ${prediction.length} predictions; give one of each per row, and at least one`,
    );
  }
  if (truth.includes(0))
    throw new RangeError('a truth is 0, and MAPE divides by it; leave such rows out of the evaluation');
  const mean = average(truth);
  const errors = truth.map((value, index) => prediction[index]! - value);
  const squares = errors.reduce((sum, error) => sum + error * error, 0);
  const variance = truth.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const mae = average(errors.map(Math.abs));
  return {
    mae,
    rmse: Math.sqrt(squares / truth.length),
    mape: average(errors.map((error, index) => Math.abs(error / truth[index]!))),
    wape: mae / mean,
    r2: variance === 0 ? 0 : 1 - squares / variance,
  };
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
