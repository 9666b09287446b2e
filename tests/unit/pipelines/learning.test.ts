import { describe, expect, it } from '@jest/globals';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { binFeature, MAX_FLOAT32, MISSING_BIN } from '../../../pipelines/images/trainer/learning/binning.ts';
import { trainBoostedTrees, type BoostingSettings } from '../../../pipelines/images/trainer/learning/boosting.ts';
import { drawWithoutReplacement, newRandomSource } from '../../../pipelines/images/trainer/learning/random.ts';
import { predictRow, type TreeEnsemble } from '../../../pipelines/images/trainer/learning/tree.ts';
import { newProtobufWriter } from '../../../pipelines/images/trainer/onnx/protobuf-writer.ts';
import { writeTreeEnsemble } from '../../../pipelines/images/trainer/onnx/tree-ensemble.ts';

const SETTINGS: BoostingSettings = {
  trees: 20,
  leaves: 8,
  minRowsPerLeaf: 5,
  l2: 1,
  learningRate: 0.2,
  rowShare: 0.8,
  featureShare: 1,
  seed: 11,
};

/** y depends on a, on a coarse grid (many ties) and on whether b is missing. */
function syntheticRows(count: number): { columns: Float32Array[]; target: Float64Array } {
  const random = newRandomSource(5);
  const a = new Float32Array(count);
  const b = new Float32Array(count);
  const grid = new Float32Array(count);
  const target = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    a[row] = random.next() * 10;
    b[row] = random.next() < 0.2 ? NaN : random.next();
    grid[row] = Math.floor(random.next() * 5) / 10;
    target[row] = Math.sin(a[row]!) + (Number.isNaN(b[row]!) ? 3 : 0) + 10 * grid[row]!;
  }
  return { columns: [a, b, grid], target };
}

function rowAt(columns: readonly Float32Array[], row: number): Float32Array {
  return Float32Array.from(columns, (column) => column[row]!);
}

async function predictWithOnnx(ensemble: TreeEnsemble, rows: readonly Float32Array[], width: number) {
  const session = await InferenceSession.create(writeTreeEnsemble(ensemble, width, { model: 'test' }));
  const input = Float32Array.from(rows.flatMap((row) => [...row]));
  const results = await session.run({ features: new Tensor('float32', input, [rows.length, width]) });
  await session.release();
  return results.prediction!.data as Float32Array;
}

describe('boosted trees', () => {
  const { columns, target } = syntheticRows(600);
  const ensemble = trainBoostedTrees(columns, target, SETTINGS);

  it('learns the function, the effect of a missing value included', () => {
    const errors = Array.from(target, (truth, row) => Math.abs(predictRow(ensemble, rowAt(columns, row)) - truth));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(mean).toBeLessThan(0.25);
    const present = predictRow(ensemble, Float32Array.of(2, 0.5, 0.2));
    const missing = predictRow(ensemble, Float32Array.of(2, NaN, 0.2));
    expect(missing - present).toBeGreaterThan(2);
  });

  it('is walked by ONNX Runtime exactly as by the trainer: rows, ties on thresholds and missing values', async () => {
    const rows = Array.from(target, (_, row) => rowAt(columns, row));
    for (const tree of ensemble.trees) {
      tree.feature.forEach((feature, node) => {
        if (feature < 0) return;
        const tie = rowAt(columns, node);
        tie[feature] = tree.threshold[node]!;
        rows.push(tie);
      });
    }
    rows.push(Float32Array.of(NaN, NaN, NaN), Float32Array.of(-1e30, NaN, 1e30));
    const answers = await predictWithOnnx(ensemble, rows, 3);
    rows.forEach((row, index) => expect(Math.abs(answers[index]! - predictRow(ensemble, row))).toBeLessThan(1e-4));
  });

  it('sends a missing value right at a split that no missing value was seen for', async () => {
    const complete = trainBoostedTrees([columns[0]!, columns[2]!], target, SETTINGS);
    const rows = [Float32Array.of(NaN, 0.1), Float32Array.of(1, NaN), Float32Array.of(NaN, NaN)];
    const answers = await predictWithOnnx(complete, rows, 2);
    rows.forEach((row, index) => expect(Math.abs(answers[index]! - predictRow(complete, row))).toBeLessThan(1e-4));
    const largest = Float32Array.of(MAX_FLOAT32, MAX_FLOAT32);
    expect(predictRow(complete, rows[2]!)).toBe(predictRow(complete, largest));
  });

  it('gives the same bytes for the same seed and others for another', () => {
    const bytes = (settings: BoostingSettings): string =>
      Buffer.from(writeTreeEnsemble(trainBoostedTrees(columns, target, settings), 3, {})).toString('base64');
    expect(bytes(SETTINGS)).toBe(bytes({ ...SETTINGS }));
    expect(bytes({ ...SETTINGS, seed: 12 })).not.toBe(bytes(SETTINGS));
  });

  it('respects the limits of leaves and of rows per leaf', () => {
    const flat = trainBoostedTrees([Float32Array.of(1, 2, 3, 4)], Float64Array.of(1, 2, 3, 4), {
      ...SETTINGS,
      rowShare: 1,
      minRowsPerLeaf: 3,
    });
    expect(flat.baseValue).toBe(2.5);
    expect(flat.trees.every((tree) => tree.feature.length === 1)).toBe(true);
    for (const tree of ensemble.trees)
      expect(tree.feature.filter((feature) => feature < 0).length).toBeLessThanOrEqual(8);
  });
});

describe('binning', () => {
  it('routes by bin as by float32 comparison with the edge', () => {
    const column = Float32Array.from({ length: 2000 }, (_, index) => Math.fround(Math.sqrt(index) / 3));
    const { bins, upperEdges, hasMissing } = binFeature(column);
    expect(hasMissing).toBe(false);
    expect(upperEdges.length).toBeGreaterThan(240);
    expect(upperEdges.length).toBeLessThanOrEqual(255);
    for (const edge of [0, 1, 100, upperEdges.length - 2, upperEdges.length - 1]) {
      column.forEach((value, row) => expect(bins[row]! <= edge).toBe(value <= upperEdges[edge]!));
    }
  });

  it('separates neighbouring float32 values and puts NaN above all', () => {
    const value = Math.fround(0.1);
    const next = Math.fround(value + 2 ** -27);
    expect(next).toBeGreaterThan(value);
    const { bins, upperEdges } = binFeature(Float32Array.of(next, value, NaN, value));
    expect([...bins]).toEqual([1, 0, MISSING_BIN, 0]);
    expect(upperEdges[0]).toBeGreaterThanOrEqual(value);
    expect(upperEdges[0]).toBeLessThan(next);
    expect(upperEdges[1]).toBe(MAX_FLOAT32);
  });
});

describe('the random source', () => {
  it('repeats itself for a seed and draws without replacement, in rising order', () => {
    const first = newRandomSource(42);
    const second = newRandomSource(42);
    expect([first.next(), first.next()]).toEqual([second.next(), second.next()]);
    const drawn = [...drawWithoutReplacement(100, 30, newRandomSource(1))];
    expect(drawn).toHaveLength(30);
    expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
    expect(drawWithoutReplacement(5, 9, newRandomSource(1))).toEqual(Uint32Array.of(0, 1, 2, 3, 4));
  });
});

describe('the Protocol Buffers writer', () => {
  it('writes the same bytes whatever its first buffer', () => {
    const write = (initialBytes: number): Uint8Array => {
      const writer = newProtobufWriter(initialBytes);
      writer.message(5, () => {
        writer.text(1, 'nodes_modes');
        for (let index = 0; index < 100; index++) writer.text(9, index % 3 === 0 ? 'LEAF' : 'BRANCH_LEQ');
        writer.packedFloats(7, [1.5, -2]);
        writer.packedIntegers(8, [0, 127, 128, 300]);
        writer.integer(20, 8);
      });
      return writer.finish();
    };
    const expected = write(1 << 16);
    for (const initialBytes of [1, 7, 64, 100, 1000]) expect(write(initialBytes)).toEqual(expected);
  });

  it("writes the encoding guide's examples", () => {
    const writer = newProtobufWriter(1);
    writer.integer(1, 150);
    writer.text(2, 'testing');
    expect(Buffer.from(writer.finish()).toString('hex')).toBe('089601120774657374696e67');
    expect(() => newProtobufWriter().integer(1, -1)).toThrow('cannot write -1 as a varint');
  });
});
