/** Grows one tree leaf by leaf: the leaf with the greatest gain is split next (as LightGBM does). */
import { type BinnedFeature } from './binning.ts';
import {
  buildHistogram,
  findBestSplit,
  newLayout,
  subtractHistogram,
  type Histogram,
  type HistogramLayout,
  type Split,
} from './histogram.ts';
import { type RegressionTree } from './tree.ts';

export interface GrowthSettings {
  readonly leaves: number;
  readonly minRowsPerLeaf: number;
  /** λ of the leaf weights. */
  readonly l2: number;
  readonly learningRate: number;
}

interface Leaf {
  readonly node: number;
  /** A view on the shared row list; splitting a leaf reorders it in place. */
  readonly rows: Uint32Array;
  readonly sum: number;
  readonly histogram: Histogram;
  readonly split: Split | undefined;
}

/**
 * @param rows the rows drawn for this tree; the array is reordered
 * @param features the features drawn for this tree, rising
 * @param gradients target - prediction so far, for each row of the training set (squared loss)
 */
export function growTree(
  binned: readonly BinnedFeature[],
  rows: Uint32Array,
  features: Uint32Array,
  gradients: Float64Array,
  settings: GrowthSettings,
): RegressionTree {
  const layout = newLayout(features, binned);
  const tree = emptyTree(2 * settings.leaves - 1);
  const root = buildHistogram(layout, binned, rows, gradients);
  const leaves: Leaf[] = [newLeaf(0, rows, root, layout, gradients, settings)];
  let nodes = 1;
  while (leaves.length < settings.leaves) {
    const chosen = indexOfBestLeaf(leaves);
    if (chosen < 0) break;
    const leaf = leaves[chosen]!;
    const split = leaf.split!;
    tree.feature[leaf.node] = split.feature;
    tree.threshold[leaf.node] = binned[split.feature]!.upperEdges[split.bin]!;
    tree.left[leaf.node] = nodes;
    tree.right[leaf.node] = nodes + 1;
    const [left, right] = divide(leaf, split, nodes, binned, layout, gradients, settings);
    leaves[chosen] = left;
    leaves.push(right);
    nodes += 2;
  }
  for (const leaf of leaves) {
    const value = (settings.learningRate * leaf.sum) / (leaf.rows.length + settings.l2);
    tree.leafValue[leaf.node] = value;
  }
  return trim(tree, nodes);
}

function divide(
  leaf: Leaf,
  split: Split,
  firstNode: number,
  binned: readonly BinnedFeature[],
  layout: HistogramLayout,
  gradients: Float64Array,
  settings: GrowthSettings,
): [Leaf, Leaf] {
  const leftCount = partition(leaf.rows, binned[split.feature]!.bins, split.bin);
  const leftRows = leaf.rows.subarray(0, leftCount);
  const rightRows = leaf.rows.subarray(leftCount);
  const leftIsSmaller = leftRows.length <= rightRows.length;
  const smaller = buildHistogram(layout, binned, leftIsSmaller ? leftRows : rightRows, gradients);
  subtractHistogram(leaf.histogram, smaller);
  const [leftHistogram, rightHistogram] = leftIsSmaller ? [smaller, leaf.histogram] : [leaf.histogram, smaller];
  return [
    newLeaf(firstNode, leftRows, leftHistogram, layout, gradients, settings),
    newLeaf(firstNode + 1, rightRows, rightHistogram, layout, gradients, settings),
  ];
}

function newLeaf(
  node: number,
  rows: Uint32Array,
  histogram: Histogram,
  layout: HistogramLayout,
  gradients: Float64Array,
  settings: GrowthSettings,
): Leaf {
  let sum = 0;
  for (let position = 0; position < rows.length; position++) sum += gradients[rows[position]!]!;
  const splittable = rows.length >= 2 * settings.minRowsPerLeaf;
  const split = splittable ? findBestSplit(histogram, layout, sum, rows.length, settings) : undefined;
  return { node, rows, sum, histogram, split };
}

/** Stable: rows with bin <= limit first. @returns how many those are */
function partition(rows: Uint32Array, bins: Uint8Array, limit: number): number {
  const right = new Uint32Array(rows.length);
  let leftCount = 0;
  let rightCount = 0;
  for (let position = 0; position < rows.length; position++) {
    const row = rows[position]!;
    if (bins[row]! <= limit) rows[leftCount++] = row;
    else right[rightCount++] = row;
  }
  rows.set(right.subarray(0, rightCount), leftCount);
  return leftCount;
}

function indexOfBestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  let bestGain = 0;
  leaves.forEach((leaf, index) => {
    if (leaf.split !== undefined && leaf.split.gain > bestGain) {
      best = index;
      bestGain = leaf.split.gain;
    }
  });
  return best;
}

function emptyTree(nodes: number): RegressionTree {
  return {
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float32Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    leafValue: new Float32Array(nodes),
  };
}

function trim(tree: RegressionTree, nodes: number): RegressionTree {
  return {
    feature: tree.feature.slice(0, nodes),
    threshold: tree.threshold.slice(0, nodes),
    left: tree.left.slice(0, nodes),
    right: tree.right.slice(0, nodes),
    leafValue: tree.leafValue.slice(0, nodes),
  };
}
