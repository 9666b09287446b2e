/** Remembers the results of a pure function of a text, the least recently used forgotten first. */
export class LruCache<T> {
  readonly #capacity: number;
  readonly #compute: (text: string) => T;
  // A Map keeps the order of insertion: the first key is the least recently used.
  readonly #entries = new Map<string, T>();

  /** @param capacity number of results kept */
  constructor(capacity: number, compute: (text: string) => T) {
    this.#capacity = capacity;
    this.#compute = compute;
  }

  get(text: string): T {
    const known = this.#entries.get(text);
    if (known !== undefined) {
      this.#entries.delete(text);
      this.#entries.set(text, known);
      return known;
    }
    const result = this.#compute(text);
    this.#entries.set(text, result);
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return result;
  }

  get size(): number {
    return this.#entries.size;
  }
}
