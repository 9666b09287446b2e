/**
 * Turns features into bytes: at most 255 bins by quantile, and one more for missing values. A split `bin <= b` is the same
 * comparison as `value <= upperEdges[b]` on float32, so what the trainer routes is what ONNX routes.
 */

/** The bin of NaN: above every other, hence always on the right-hand side, as in ONNX with missing_value_tracks_true = 0. */
export const MISSING_BIN = 255;

/** At most this many bins for values (0..254). */
export const MAX_VALUE_BINS = 255;

/** The largest finite float32: as a threshold it sends every value left and only NaN right. */
export const MAX_FLOAT32 = Math.fround(3.4028234663852886e38);

export interface BinnedFeature {
  /** Bin of each row. */
  readonly bins: Uint8Array;
  /** `upperEdges[b]`: the largest float32 that belongs to bin b. Its last entry is MAX_FLOAT32. */
  readonly upperEdges: Float32Array;
  readonly hasMissing: boolean;
}

/** @param column one feature of all rows, already float32; NaN is missing, infinities are refused by the reader */
export function binFeature(column: Float32Array, maxBins = MAX_VALUE_BINS): BinnedFeature {
  const upperEdges = findUpperEdges(column, maxBins);
  const bins = new Uint8Array(column.length);
  let hasMissing = false;
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!;
    if (Number.isNaN(value)) {
      bins[row] = MISSING_BIN;
      hasMissing = true;
    } else {
      bins[row] = binOf(value, upperEdges);
    }
  }
  return { bins, upperEdges, hasMissing };
}

/** The first bin whose upper edge is not below the value (binary search). */
function binOf(value: number, upperEdges: Float32Array): number {
  let low = 0;
  let high = upperEdges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= upperEdges[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Edges between distinct values, about equally many rows in each bin. */
function findUpperEdges(column: Float32Array, maxBins: number): Float32Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  const rowsPerBin = sorted.length / maxBins;
  let distinct = 0;
  for (let index = 1; index < sorted.length; index++) if (sorted[index] !== sorted[index - 1]) distinct++;
  const everyValue = distinct < maxBins;
  let nextCut = rowsPerBin;
  for (let index = 1; index < sorted.length && edges.length < maxBins - 1; index++) {
    const below = sorted[index - 1]!;
    const above = sorted[index]!;
    if (below === above || (!everyValue && index < nextCut)) continue;
    edges.push(edgeBetween(below, above));
    nextCut = index + rowsPerBin;
  }
  edges.push(MAX_FLOAT32);
  return Float32Array.from(edges);
}

/** A float32 e with below <= e < above; the midpoint can round up to `above` when they are neighbours. */
function edgeBetween(below: number, above: number): number {
  const middle = Math.fround(below + (above - below) / 2);
  return middle < above && middle >= below ? middle : below;
}
