/**
 * Writes a tree ensemble as ONNX: one TreeEnsembleRegressor node (domain ai.onnx.ml), ir_version 8, opset 17 and ml opset 3.
 * Numbers of fields: onnx.proto3 of ONNX 1.12. Missing values go right (missing_value_tracks_true = 0), as in the trainer.
 */
import { type RegressionTree, type TreeEnsemble } from '../learning/tree.ts';
import { newProtobufWriter, type ProtobufWriter } from './protobuf-writer.ts';

export const INPUT_NAME = 'features';
export const OUTPUT_NAME = 'prediction';

const FLOAT_TENSOR = 1;
const ATTRIBUTE_TYPE = { integer: 2, text: 3, floats: 6, integers: 7, texts: 8 } as const;

/**
 * @param metadata key -> value, kept in the model's metadata_props in rising order of keys
 * @returns the bytes of the .onnx file: input `features` [N, features] float32, output `prediction` [N, 1] float32
 */
export function writeTreeEnsemble(
  ensemble: TreeEnsemble,
  features: number,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const writer = newProtobufWriter();
  writer.integer(1, 8);
  writer.text(2, 'switchyard-trainer');
  writer.text(3, '1');
  writer.message(7, () => writeGraph(writer, ensemble, features));
  writeOpset(writer, '', 17);
  writeOpset(writer, 'ai.onnx.ml', 3);
  for (const key of Object.keys(metadata).sort()) {
    writer.message(14, () => {
      writer.text(1, key);
      writer.text(2, metadata[key]!);
    });
  }
  return writer.finish();
}

function writeOpset(writer: ProtobufWriter, domain: string, version: number): void {
  writer.message(8, () => {
    writer.text(1, domain);
    writer.integer(2, version);
  });
}

function writeGraph(writer: ProtobufWriter, ensemble: TreeEnsemble, features: number): void {
  writer.message(1, () => {
    writer.text(1, INPUT_NAME);
    writer.text(2, OUTPUT_NAME);
    writer.text(3, 'trees');
    writer.text(4, 'TreeEnsembleRegressor');
    writeAttributes(writer, ensemble);
    writer.text(7, 'ai.onnx.ml');
  });
  writer.text(2, 'tree-ensemble');
  writeTensorType(writer, 11, INPUT_NAME, features);
  writeTensorType(writer, 12, OUTPUT_NAME, 1);
}

/** A float tensor [N, width]. */
function writeTensorType(writer: ProtobufWriter, field: number, name: string, width: number): void {
  writer.message(field, () => {
    writer.text(1, name);
    writer.message(2, () =>
      writer.message(1, () => {
        writer.integer(1, FLOAT_TENSOR);
        writer.message(2, () => {
          writer.message(1, () => writer.text(2, 'N'));
          writer.message(1, () => writer.integer(1, width));
        });
      }),
    );
  });
}

function writeAttributes(writer: ProtobufWriter, ensemble: TreeEnsemble): void {
  const nodes = flatten(ensemble.trees);
  const integers = (name: string, values: readonly number[]): void =>
    attribute(writer, name, ATTRIBUTE_TYPE.integers, () => writer.packedIntegers(8, values));
  const floats = (name: string, values: readonly number[]): void =>
    attribute(writer, name, ATTRIBUTE_TYPE.floats, () => writer.packedFloats(7, values));

  integers('nodes_treeids', nodes.tree);
  integers('nodes_nodeids', nodes.node);
  integers('nodes_featureids', nodes.feature);
  floats('nodes_values', nodes.threshold);
  integers('nodes_truenodeids', nodes.left);
  integers('nodes_falsenodeids', nodes.right);
  integers(
    'nodes_missing_value_tracks_true',
    nodes.node.map(() => 0),
  );
  attribute(writer, 'nodes_modes', ATTRIBUTE_TYPE.texts, () => {
    for (const leaf of nodes.isLeaf) writer.text(9, leaf ? 'LEAF' : 'BRANCH_LEQ');
  });
  integers('target_treeids', nodes.leafTree);
  integers('target_nodeids', nodes.leafNode);
  integers(
    'target_ids',
    nodes.leafNode.map(() => 0),
  );
  floats('target_weights', nodes.leafValue);
  floats('base_values', [ensemble.baseValue]);
  attribute(writer, 'n_targets', ATTRIBUTE_TYPE.integer, () => writer.integer(3, 1));
  attribute(writer, 'aggregate_function', ATTRIBUTE_TYPE.text, () => writer.text(4, 'SUM'));
  attribute(writer, 'post_transform', ATTRIBUTE_TYPE.text, () => writer.text(4, 'NONE'));
}

function attribute(writer: ProtobufWriter, name: string, type: number, value: () => void): void {
  writer.message(5, () => {
    writer.text(1, name);
    value();
    writer.integer(20, type);
  });
}

interface FlatNodes {
  readonly tree: number[];
  readonly node: number[];
  readonly feature: number[];
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  readonly isLeaf: boolean[];
  readonly leafTree: number[];
  readonly leafNode: number[];
  readonly leafValue: number[];
}

function flatten(trees: readonly RegressionTree[]): FlatNodes {
  const flat: FlatNodes = {
    tree: [],
    node: [],
    feature: [],
    threshold: [],
    left: [],
    right: [],
    isLeaf: [],
    leafTree: [],
    leafNode: [],
    leafValue: [],
  };
  trees.forEach((tree, treeIndex) => {
    tree.feature.forEach((feature, node) => {
      const isLeaf = feature < 0;
      flat.tree.push(treeIndex);
      flat.node.push(node);
      flat.feature.push(isLeaf ? 0 : feature);
      flat.threshold.push(tree.threshold[node]!);
      flat.left.push(tree.left[node]!);
      flat.right.push(tree.right[node]!);
      flat.isLeaf.push(isLeaf);
      if (!isLeaf) return;
      flat.leafTree.push(treeIndex);
      flat.leafNode.push(node);
      flat.leafValue.push(tree.leafValue[node]!);
    });
  });
  return flat;
}
