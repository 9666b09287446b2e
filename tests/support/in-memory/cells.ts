/** Records with a revision, changed by compare-and-set: what a table's conditional write does. */
import { StoreUnavailable } from '../../../shared/domain/flow-errors.ts';
import { type Faults } from './faults.ts';

const ATTEMPTS_MAX = 12;

interface Cell<R> {
  readonly revision: number;
  readonly record: R;
}

/** As a table gives it back: a copy of what JSON can hold, without undefined members. */
export function asStored<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

export class Cells<R> {
  readonly #name: string;
  readonly #faults: Faults;
  readonly #cells = new Map<string, Cell<R>>();

  constructor(name: string, faults: Faults) {
    this.#name = name;
    this.#faults = faults;
  }

  read(key: string): R | undefined {
    const cell = this.#cells.get(key);
    return cell && asStored(cell.record);
  }

  all(): R[] {
    return [...this.#cells.values()].map((cell) => asStored(cell.record));
  }

  /** For tests that set the scene: no conditions, no faults. */
  put(key: string, record: R): void {
    this.#cells.set(key, { revision: (this.#cells.get(key)?.revision ?? 0) + 1, record: asStored(record) });
  }

  /** Writes when there is nothing yet. @returns false when there is */
  create(key: string, record: R): boolean {
    if (this.#cells.has(key)) return false;
    this.put(key, record);
    return true;
  }

  /** Read, compute, write if nobody wrote in between, again if somebody did. */
  async change(key: string, next: (stored: R | undefined) => R | undefined): Promise<R | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const seen = this.#cells.get(key);
      const record = next(seen && asStored(seen.record));
      if (record === undefined) return seen && asStored(seen.record);
      await this.#faults.reach(`${this.#name}.write`);
      if (this.#cells.get(key)?.revision !== seen?.revision) continue;
      this.put(key, record);
      return asStored(record);
    }
    throw new StoreUnavailable('compare-and-set', `${key} was changed ${ATTEMPTS_MAX} times in between`);
  }
}
