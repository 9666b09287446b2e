import { studentTQuantile } from '../statistics/quantiles.ts';
import type { AccuracyPolicy } from '../rollout/policy.ts';

/** One labelled row, and what both versions answered to it: null where a version gave no number. */
export interface PairedRow {
  /** Identifies the row, e.g. the request itself: equal rows are the same evidence and count once, the first wins. */
  readonly row: string;
  readonly truth: number;
  readonly championPrediction: number | null;
  readonly challengerPrediction: number | null;
}

/** Only PASS may lead to traffic. */
export type AccuracyDecision = 'PASS' | 'REFUSED' | 'INCONCLUSIVE';

export type AccuracyReason =
  /** The upper bound of the difference lies below the margin. */
  | 'NON_INFERIOR'
  /** The lower bound of the difference lies above the margin. */
  | 'WORSE_THAN_MARGIN'
  /** The interval holds the margin: more rows, or a better challenger, are needed. */
  | 'MARGIN_WITHIN_BOUNDS'
  | 'TOO_FEW_DISTINCT_ROWS'
  /** The challenger gave no number where the champion did: leaving those rows out would flatter it. */
  | 'CHALLENGER_GAVE_NO_NUMBER';

/** Mean absolute error, and mean absolute percentage error over the rows whose truth is not 0 (null when there is none). */
export interface ErrorSummary {
  readonly mae: number;
  readonly mape: number | null;
}

/** Plain JSON with a fixed order of keys. Numbers that cannot be computed (no rows) are null. */
export interface PairedAccuracyReport {
  readonly decision: AccuracyDecision;
  readonly reason: AccuracyReason;
  readonly distinctRows: number;
  readonly minDistinctRows: number;
  readonly repeatedRows: number;
  /** Rows without a finite truth or champion's prediction. */
  readonly unusableRows: number;
  readonly challengerGaveNoNumber: number;
  readonly champion: ErrorSummary | null;
  readonly challenger: ErrorSummary | null;
  /** Mean of |challenger's error| - |champion's error|: negative when the challenger is better. */
  readonly meanDifference: number | null;
  /** One-sided 95 % bounds of that mean (Student's t with distinctRows - 1 degrees of freedom). */
  readonly lowerBound: number | null;
  readonly upperBound: number | null;
  readonly margin: number | null;
  readonly marginShare: number;
  /** Correlation of both versions' absolute errors: why pairing pays. */
  readonly correlation: number | null;
  /** Rows for 80 % power to show non-inferiority of an equal challenger: paired, and per arm when unpaired. */
  readonly rowsNeededPaired: number | null;
  readonly rowsNeededUnpaired: number | null;
  /** One sentence for people. */
  readonly summary: string;
}

/** One-sided confidence of each bound. */
export const accuracyConfidence = 0.95;
const zConfidence = 1.6448536269514722;
const zPower80 = 0.8416212335729143;

/**
 * Rows at which a one-sided 5 % test has 80 % power: n = variance ((z_alpha + z_beta) / margin)^2, rounded up.
 * `variance` is that of the paired difference, or, per arm of an unpaired comparison, the sum of both arms' variances.
 */
export function rowsNeeded(variance: number, margin: number): number {
  return Math.ceil(variance * ((zConfidence + zPower80) / margin) ** 2);
}

/**
 * Paired accuracy test of non-inferiority on distinct labelled rows. With d_i = |challenger's error| - |champion's error|
 * and margin = marginShare * MAE of the champion: PASS when the one-sided upper 95 % bound of mean d lies below the
 * margin, REFUSED when the lower one lies above it, INCONCLUSIVE otherwise, or with too few distinct rows.
 * Only PASS may lead to traffic. The margin is taken as given, though it is estimated from the same rows.
 */
export function pairedAccuracyTest(policy: AccuracyPolicy, rows: readonly PairedRow[]): PairedAccuracyReport {
  const distinct = new Map<string, PairedRow>();
  for (const row of rows) if (!distinct.has(row.row)) distinct.set(row.row, row);
  const withChampion = [...distinct.values()].filter((row) => isNumber(row.truth) && isNumber(row.championPrediction));
  const answered = withChampion.filter((row) => isNumber(row.challengerPrediction));
  const truths = answered.map((row) => row.truth);
  const champion = answered.map((row) => Math.abs(row.championPrediction! - row.truth));
  const challenger = answered.map((row) => Math.abs(row.challengerPrediction! - row.truth));
  const differences = challenger.map((error, index) => error - champion[index]!);
  const silent = withChampion.length - answered.length;
  const margin = answered.length === 0 ? null : policy.marginShare * mean(champion);
  const bounds = boundsOfMean(differences);
  const needs = (spread: number): number | null =>
    margin === null || margin === 0 || answered.length < 2 ? null : rowsNeeded(spread, margin);
  const report: Omit<PairedAccuracyReport, 'summary'> = {
    ...decideAccuracy(policy, answered.length, silent, bounds, margin),
    distinctRows: answered.length,
    minDistinctRows: policy.minDistinctRows,
    repeatedRows: rows.length - distinct.size,
    unusableRows: distinct.size - withChampion.length,
    challengerGaveNoNumber: silent,
    champion: summaryOf(truths, champion),
    challenger: summaryOf(truths, challenger),
    meanDifference: answered.length === 0 ? null : mean(differences),
    lowerBound: bounds?.lower ?? null,
    upperBound: bounds?.upper ?? null,
    margin,
    marginShare: policy.marginShare,
    correlation: correlation(champion, challenger),
    rowsNeededPaired: needs(variance(differences)),
    rowsNeededUnpaired: needs(variance(champion) + variance(challenger)),
  };
  return { ...report, summary: sentence(report) };
}

function isNumber(value: number | null): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function sentence(report: Omit<PairedAccuracyReport, 'summary'>): string {
  const short = (value: number | null | undefined): string =>
    isNumber(value ?? null) ? value!.toPrecision(4) : 'unknown';
  const numbers =
    `challenger's MAE ${short(report.challenger?.mae)}, champion's ${short(report.champion?.mae)}, difference ` +
    `${short(report.meanDifference)} (${short(report.lowerBound)} to ${short(report.upperBound)}), ` +
    `margin ${short(report.margin)}, ${report.distinctRows} distinct rows`;
  const verdicts: Record<AccuracyReason, string> = {
    NON_INFERIOR: 'not worse than the champion beyond the margin',
    WORSE_THAN_MARGIN: 'worse than the champion by more than the margin',
    MARGIN_WITHIN_BOUNDS: 'undecided: the margin lies between the bounds',
    TOO_FEW_DISTINCT_ROWS: `undecided: fewer than ${Math.max(2, report.minDistinctRows)} distinct labelled rows`,
    CHALLENGER_GAVE_NO_NUMBER: `undecided: the challenger gave no number for ${report.challengerGaveNoNumber} rows`,
  };
  return `${verdicts[report.reason]} (${numbers})`;
}

function decideAccuracy(
  policy: AccuracyPolicy,
  rows: number,
  silent: number,
  bounds: { lower: number; upper: number } | undefined,
  margin: number | null,
): Pick<PairedAccuracyReport, 'decision' | 'reason'> {
  if (rows < policy.minDistinctRows || bounds === undefined || margin === null) {
    return { decision: 'INCONCLUSIVE', reason: 'TOO_FEW_DISTINCT_ROWS' };
  }
  if (bounds.lower > margin) return { decision: 'REFUSED', reason: 'WORSE_THAN_MARGIN' };
  if (silent > 0) return { decision: 'INCONCLUSIVE', reason: 'CHALLENGER_GAVE_NO_NUMBER' };
  if (bounds.upper < margin) return { decision: 'PASS', reason: 'NON_INFERIOR' };
  return { decision: 'INCONCLUSIVE', reason: 'MARGIN_WITHIN_BOUNDS' };
}

/** One-sided bounds of the mean at `accuracyConfidence` each; undefined below two values. */
export function boundsOfMean(values: readonly number[]): { lower: number; upper: number } | undefined {
  if (values.length < 2) return undefined;
  const halfWidth =
    studentTQuantile(accuracyConfidence, values.length - 1) * Math.sqrt(variance(values) / values.length);
  return { lower: mean(values) - halfWidth, upper: mean(values) + halfWidth };
}

function summaryOf(truths: readonly number[], errors: readonly number[]): ErrorSummary | null {
  if (errors.length === 0) return null;
  const shares = truths.flatMap((truth, index) => (truth === 0 ? [] : [errors[index]! / Math.abs(truth)]));
  return { mae: mean(errors), mape: shares.length === 0 ? null : mean(shares) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample variance (n - 1); 0 below two values. */
function variance(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

function correlation(ones: readonly number[], others: readonly number[]): number | null {
  const spread = Math.sqrt(variance(ones) * variance(others));
  if (ones.length < 2 || spread === 0) return null;
  const [middleOne, middleOther] = [mean(ones), mean(others)];
  const products = ones.map((one, index) => (one - middleOne) * (others[index]! - middleOther));
  return products.reduce((sum, product) => sum + product, 0) / (ones.length - 1) / spread;
}
