/** Sums of gradients per bin of each drawn feature for the rows of one leaf, and the best split they allow. */
import { MISSING_BIN, type BinnedFeature } from './binning.ts';

export interface Histogram {
  /** Sum of gradients per slot. */
  readonly gradients: Float64Array;
  /** Rows per slot. */
  readonly counts: Int32Array;
}

/** Where the bins of each drawn feature lie within a histogram; the last slot of a feature is for missing values. */
export interface HistogramLayout {
  readonly features: Uint32Array;
  /** offsets[i]..offsets[i + 1]-1 are the slots of features[i]. */
  readonly offsets: Uint32Array;
  readonly size: number;
}

export interface Split {
  readonly gain: number;
  readonly feature: number;
  /** Rows whose bin is at most this go left. */
  readonly bin: number;
}

export function newLayout(features: Uint32Array, binned: readonly BinnedFeature[]): HistogramLayout {
  const offsets = new Uint32Array(features.length + 1);
  features.forEach((feature, index) => {
    offsets[index + 1] = offsets[index]! + binned[feature]!.upperEdges.length + 1;
  });
  return { features, offsets, size: offsets[features.length]! };
}

/**
 * The histogram of `rows`.
 * @param gradients per row of the whole training set
 */
export function buildHistogram(
  layout: HistogramLayout,
  binned: readonly BinnedFeature[],
  rows: Uint32Array,
  gradients: Float64Array,
): Histogram {
  const sums = new Float64Array(layout.size);
  const counts = new Int32Array(layout.size);
  // Gathered once, so that the inner loop below reads it in order for each of the features.
  const ownGradients = new Float64Array(rows.length);
  for (let position = 0; position < rows.length; position++) ownGradients[position] = gradients[rows[position]!]!;
  for (let index = 0; index < layout.features.length; index++) {
    const { bins, hasMissing } = binned[layout.features[index]!]!;
    const offset = layout.offsets[index]!;
    const missingSlot = layout.offsets[index + 1]! - 1;
    for (let position = 0; position < rows.length; position++) {
      const bin = bins[rows[position]!]!;
      const slot = hasMissing && bin === MISSING_BIN ? missingSlot : offset + bin;
      sums[slot]! += ownGradients[position]!;
      counts[slot]! += 1;
    }
  }
  return { gradients: sums, counts };
}

/** larger sibling = parent - smaller sibling, in place of the parent. */
export function subtractHistogram(parent: Histogram, smaller: Histogram): void {
  for (let slot = 0; slot < parent.counts.length; slot++) {
    parent.gradients[slot]! -= smaller.gradients[slot]!;
    parent.counts[slot]! -= smaller.counts[slot]!;
  }
}

/**
 * The split with the greatest gain GL²/(nL + λ) + GR²/(nR + λ) - G²/(n + λ), for squared loss (each row has hessian 1);
 * Chen and Guestrin, XGBoost (2016), equation 7 without the factor and γ. The first of equal ones wins.
 * @returns undefined when no split gains anything
 */
export function findBestSplit(
  histogram: Histogram,
  layout: HistogramLayout,
  sum: number,
  count: number,
  limits: { readonly minRowsPerLeaf: number; readonly l2: number },
): Split | undefined {
  const { minRowsPerLeaf, l2 } = limits;
  const parentScore = (sum * sum) / (count + l2);
  let bestGain = 1e-9;
  let bestFeature = -1;
  let bestBin = -1;
  for (let index = 0; index < layout.features.length; index++) {
    const offset = layout.offsets[index]!;
    const valueBins = layout.offsets[index + 1]! - offset - 1;
    let leftSum = 0;
    let leftCount = 0;
    for (let bin = 0; bin < valueBins; bin++) {
      const here = histogram.counts[offset + bin]!;
      if (here === 0) continue;
      leftSum += histogram.gradients[offset + bin]!;
      leftCount += here;
      const rightCount = count - leftCount;
      if (rightCount < minRowsPerLeaf) break;
      if (leftCount < minRowsPerLeaf) continue;
      const rightSum = sum - leftSum;
      const gain = (leftSum * leftSum) / (leftCount + l2) + (rightSum * rightSum) / (rightCount + l2) - parentScore;
      if (gain > bestGain) {
        bestGain = gain;
        bestFeature = layout.features[index]!;
        bestBin = bin;
      }
    }
  }
  return bestFeature < 0 ? undefined : { gain: bestGain, feature: bestFeature, bin: bestBin };
}
