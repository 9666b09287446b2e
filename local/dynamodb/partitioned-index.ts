/** The order of a table or an index: partitions by hash key, entries by range key within each. */
import { type AttributeValue, compareScalars, compareStrings } from './attribute-value.ts';
import { hash32 } from '../kernel/random.ts';
import { type PrimaryKey } from './primary-key.ts';
import { firstIndex, SortedList } from './sorted-list.ts';

/** Where something stands, or would stand: also for a start key whose item is gone. */
export interface Place {
  /** The index's hash key as text. */
  readonly hash: string;
  readonly range: AttributeValue | undefined;
  /** Decides between entries with equal index keys. */
  readonly primary: PrimaryKey;
}

interface Partition<E> {
  readonly hash: string;
  readonly hashCode: number;
  readonly entries: SortedList<E>;
}

interface PartitionPlace {
  readonly hash: string;
  readonly hashCode: number;
}

const comparePartitions = (a: PartitionPlace, b: PartitionPlace): number =>
  a.hashCode - b.hashCode || compareStrings(a.hash, b.hash);

const compareRanges = (a: AttributeValue | undefined, b: AttributeValue | undefined): number =>
  a && b ? (compareScalars(a, b) ?? 0) : 0;

function comparePlaces(a: Place, b: Place): number {
  return (
    compareRanges(a.range, b.range) ||
    a.primary.hashCode - b.primary.hashCode ||
    compareStrings(a.primary.hash, b.primary.hash) ||
    compareRanges(a.primary.range, b.primary.range)
  );
}

/** Part `segment` of `total` of a parallel scan. */
export interface Segment {
  readonly segment: number;
  readonly total: number;
}

/** Whether a partition belongs to a segment: equal shares of the 32-bit hash space. */
export function inSegment(hashCode: number, { segment, total }: Segment): boolean {
  return Math.floor((hashCode / 2 ** 32) * total) === segment;
}

export class PartitionedIndex<E extends Place> {
  readonly #byHash = new Map<string, Partition<E>>();
  // The order of partitions matters to scans alone: sorted when one begins, so that writes don't pay for it.
  #sorted: Partition<E>[] = [];
  #added: Partition<E>[] = [];
  #removed = false;

  add(entry: E): void {
    let partition = this.#byHash.get(entry.hash);
    if (!partition) {
      partition = { hash: entry.hash, hashCode: hash32(entry.hash), entries: new SortedList<E>(comparePlaces) };
      this.#byHash.set(entry.hash, partition);
      this.#added.push(partition);
    }
    partition.entries.add(entry);
  }

  remove(entry: E): void {
    const partition = this.#byHash.get(entry.hash);
    if (!partition?.entries.remove(entry)) throw new Error(`index entry '${entry.hash}' is missing`);
    if (partition.entries.length > 0) return;
    this.#byHash.delete(entry.hash);
    this.#removed = true;
  }

  /**
   * Entries of one partition in range-key order.
   * @param within bounds on the range key: those below and those above are left out
   * @param after the place behind which to begin, in the direction of reading
   */
  *query(
    hash: string,
    within: { readonly below: (range: AttributeValue) => boolean; readonly above: (range: AttributeValue) => boolean },
    forward: boolean,
    after: Place | undefined,
  ): Generator<E> {
    const entries = this.#byHash.get(hash)?.entries;
    if (!entries) return;
    let low = entries.firstIndex((entry) => !entry.range || !within.below(entry.range));
    let high = entries.firstIndex((entry) => entry.range !== undefined && within.above(entry.range));
    if (after && forward)
      low = Math.max(
        low,
        entries.firstIndex((entry) => comparePlaces(entry, after) > 0),
      );
    if (after && !forward)
      high = Math.min(
        high,
        entries.firstIndex((entry) => comparePlaces(entry, after) >= 0),
      );
    if (forward) for (let i = low; i < high; i++) yield entries.at(i)!;
    else for (let i = high - 1; i >= low; i--) yield entries.at(i)!;
  }

  #inOrder(): readonly Partition<E>[] {
    if (this.#added.length > 0 || this.#removed) {
      const known = [...this.#sorted, ...this.#added].filter(
        (partition) => this.#byHash.get(partition.hash) === partition,
      );
      this.#sorted = known.sort(comparePartitions);
      this.#added = [];
      this.#removed = false;
    }
    return this.#sorted;
  }

  /** All entries (of a segment), partition by partition, behind a place. */
  *scan(after: Place | undefined, segment: Segment | undefined): Generator<E> {
    const start = after && { hash: after.hash, hashCode: hash32(after.hash) };
    const partitions = this.#inOrder();
    let index = start ? firstIndex(partitions, (partition) => comparePartitions(partition, start) >= 0) : 0;
    for (; index < partitions.length; index++) {
      const { hash, hashCode, entries } = partitions[index]!;
      if (segment && !inSegment(hashCode, segment)) continue;
      let i = after && hash === after.hash ? entries.firstIndex((entry) => comparePlaces(entry, after) > 0) : 0;
      for (; i < entries.length; i++) yield entries.at(i)!;
    }
  }
}
