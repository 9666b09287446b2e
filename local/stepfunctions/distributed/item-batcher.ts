/** ItemBatcher: several items for each child execution. */
import type { Json } from '../json.ts';

export interface BatchLimits {
  /** Items in a batch; undefined for no limit. */
  readonly maxItems: number | undefined;
  /** Bytes of a batch's input; undefined for no limit. */
  readonly maxBytes: number | undefined;
  readonly batchInput: Json | undefined;
}

export interface Batch {
  readonly input: Json;
  readonly itemCount: number;
}

/** Groups items in order; each batch is `{ BatchInput?, Items }`. An item above the byte limit is a batch of its own. */
export function batchItems(items: readonly Json[], limits: BatchLimits): Batch[] {
  const batches: Batch[] = [];
  const frameBytes = Buffer.byteLength(JSON.stringify({ BatchInput: limits.batchInput, Items: [] }));
  let current: Json[] = [];
  let bytes = frameBytes;
  const flush = (): void => {
    if (current.length === 0) return;
    const input: Json =
      limits.batchInput === undefined ? { Items: current } : { BatchInput: limits.batchInput, Items: current };
    batches.push({ input, itemCount: current.length });
    current = [];
    bytes = frameBytes;
  };
  for (const item of items) {
    const itemBytes = limits.maxBytes === undefined ? 0 : Buffer.byteLength(JSON.stringify(item)) + 1;
    const full = limits.maxItems !== undefined && current.length >= limits.maxItems;
    const tooLarge = limits.maxBytes !== undefined && bytes + itemBytes > limits.maxBytes;
    if (full || tooLarge) flush();
    current.push(item);
    bytes += itemBytes;
  }
  flush();
  return batches;
}
