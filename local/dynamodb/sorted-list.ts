/** Arrays kept in order, and the search in them. */

/** Index of the first element for which `reached` holds, or the length; `reached` must not fall back to false. */
export function firstIndex<T>(elements: readonly T[], reached: (element: T) => boolean): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(elements[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An array kept in order: logarithmic search, cheap insertion for the thousands of entries that a laptop cloud holds. */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #entries: T[] = [];

  /** @param compare a total order: zero only for one and the same place */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get length(): number {
    return this.#entries.length;
  }

  at(index: number): T | undefined {
    return this.#entries[index];
  }

  /** Index of the first entry for which `reached` holds, or the length; `reached` must not fall back to false. */
  firstIndex(reached: (entry: T) => boolean): number {
    return firstIndex(this.#entries, reached);
  }

  add(entry: T): void {
    const last = this.#entries.at(-1);
    // Keys that rise with time, the usual case, need no search.
    if (last === undefined || this.#compare(last, entry) < 0) this.#entries.push(entry);
    else
      this.#entries.splice(
        this.firstIndex((other) => this.#compare(other, entry) >= 0),
        0,
        entry,
      );
  }

  /** Removes the entry at the same place; true when there was one. */
  remove(entry: T): boolean {
    const index = this.firstIndex((other) => this.#compare(other, entry) >= 0);
    const found = this.#entries[index];
    if (found === undefined || this.#compare(found, entry) !== 0) return false;
    this.#entries.splice(index, 1);
    return true;
  }
}
