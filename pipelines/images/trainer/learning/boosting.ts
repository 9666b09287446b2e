/** Gradient-boosted regression trees with squared loss. Deterministic: the same data, settings and seed give the same trees. */
import { binFeature } from './binning.ts';
import { growTree, type GrowthSettings } from './grow-tree.ts';
import { drawWithoutReplacement, newRandomSource } from './random.ts';
import { type RegressionTree, type TreeEnsemble } from './tree.ts';

export interface BoostingSettings extends GrowthSettings {
  readonly trees: number;
  /** Share of rows drawn for each tree, (0, 1]. */
  readonly rowShare: number;
  /** Share of features drawn for each tree, (0, 1]. */
  readonly featureShare: number;
  readonly seed: number;
}

/**
 * @param columns one Float32Array per feature, all as long as `target`; NaN is missing
 * @param target finite numbers
 * @returns base value = mean of the target; leaves already carry the learning rate
 */
export function trainBoostedTrees(
  columns: readonly Float32Array[],
  target: Float64Array,
  settings: BoostingSettings,
): TreeEnsemble {
  const random = newRandomSource(settings.seed);
  const binned = columns.map((column) => binFeature(column));
  const baseValue = Math.fround(target.reduce((sum, value) => sum + value, 0) / target.length);
  const prediction = new Float64Array(target.length).fill(baseValue);
  const gradients = new Float64Array(target.length);
  const rowsPerTree = Math.max(1, Math.round(settings.rowShare * target.length));
  const featuresPerTree = Math.max(1, Math.round(settings.featureShare * columns.length));
  const trees: RegressionTree[] = [];
  for (let index = 0; index < settings.trees; index++) {
    for (let row = 0; row < target.length; row++) gradients[row] = target[row]! - prediction[row]!;
    const rows = drawWithoutReplacement(target.length, rowsPerTree, random);
    const features = drawWithoutReplacement(columns.length, featuresPerTree, random);
    const tree = growTree(binned, rows, features, gradients, settings);
    addPredictions(tree, columns, prediction);
    trees.push(tree);
  }
  return { baseValue, trees };
}

/** Adds the tree's leaves to the predictions of all rows, also of those it was not grown on. */
function addPredictions(tree: RegressionTree, columns: readonly Float32Array[], prediction: Float64Array): void {
  for (let row = 0; row < prediction.length; row++) {
    let node = 0;
    while (tree.feature[node]! >= 0) {
      const value = columns[tree.feature[node]!]![row]!;
      node = value <= tree.threshold[node]! ? tree.left[node]! : tree.right[node]!;
    }
    prediction[row]! += tree.leafValue[node]!;
  }
}
