/** A regression tree in flat arrays, as it is trained, walked and exported. */

export interface RegressionTree {
  /** Feature of an inner node; -1 marks a leaf. */
  readonly feature: Int32Array;
  /** Inner node: a float32 threshold, `value <= threshold` goes left; NaN goes right. */
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Leaf: what it adds to the prediction, float32. */
  readonly leafValue: Float32Array;
}

export interface TreeEnsemble {
  /** Added to the sum of the leaves; float32. */
  readonly baseValue: number;
  readonly trees: readonly RegressionTree[];
}

/** The index of the leaf that a row of features reaches. @param row float32 values; NaN is missing */
export function leafOf(tree: RegressionTree, row: Float32Array): number {
  let node = 0;
  while (tree.feature[node]! >= 0) {
    node = row[tree.feature[node]!]! <= tree.threshold[node]! ? tree.left[node]! : tree.right[node]!;
  }
  return node;
}

/** What the ensemble predicts for one row: the self-check of an artifact and the tests use it; serving uses ONNX. */
export function predictRow(ensemble: TreeEnsemble, row: Float32Array): number {
  let sum = 0;
  for (const tree of ensemble.trees) sum += tree.leafValue[leafOf(tree, row)]!;
  return Math.fround(sum + ensemble.baseValue);
}
