/** Time to live: a background sweep deletes expired items, at a time drawn by seed, up to 48 hours after they expired. */
import { type Timer } from '../kernel/clock.ts';
import { type Kernel } from '../kernel/kernel.ts';
import { type Random } from '../kernel/random.ts';
import { isNumber, type Item } from './attribute-value.ts';
import { type Table } from './table.ts';

/** AWS: 'within a few days of their expiration'; this laptop cloud: at most two. */
export const MAX_SWEEP_DELAY_MS = 48 * 3_600_000;
/** AWS leaves items alone that expired longer ago than this, as a guard against wrong units. */
const MAX_AGE_MS = 5 * 365 * 86_400_000;

export class TimeToLive {
  readonly #kernel: Kernel;
  readonly #table: Table;
  readonly #random: Random;
  #attribute: string | undefined;
  #sweep: { readonly timer: Timer; readonly earliestExpiryMs: number } | undefined;

  constructor(kernel: Kernel, table: Table) {
    this.#kernel = kernel;
    this.#table = table;
    this.#random = kernel.random(`dynamodb time to live of ${table.schema.name}`);
  }

  /** The attribute that holds the time of expiry in epoch seconds; undefined when time to live is off. */
  get attribute(): string | undefined {
    return this.#attribute;
  }

  enable(attribute: string): void {
    this.#attribute = attribute;
    this.#table.onPut = (item) => this.#arm(this.#expiryMs(item));
    this.#arm(this.#earliestExpiryMs());
  }

  /** Also called when the table is deleted. */
  disable(): void {
    this.#attribute = undefined;
    this.#table.onPut = undefined;
    this.#sweep?.timer.cancel();
    this.#sweep = undefined;
  }

  #expiryMs(item: Item): number | undefined {
    const value = this.#attribute === undefined ? undefined : item[this.#attribute];
    if (!value || !isNumber(value)) return undefined;
    const expiryMs = Math.ceil(Number(value.N) * 1000);
    return expiryMs < this.#kernel.clock.now() - MAX_AGE_MS ? undefined : expiryMs;
  }

  #earliestExpiryMs(): number | undefined {
    let earliest: number | undefined;
    for (const row of this.#table.rows()) {
      const expiryMs = this.#expiryMs(row.item);
      if (expiryMs !== undefined && (earliest === undefined || expiryMs < earliest)) earliest = expiryMs;
    }
    return earliest;
  }

  /** One timer stands for all items: a sweep due for the earliest one is never too late for a later one. */
  #arm(expiryMs: number | undefined): void {
    if (expiryMs === undefined || (this.#sweep && this.#sweep.earliestExpiryMs <= expiryMs)) return;
    this.#sweep?.timer.cancel();
    const atMs = Math.max(expiryMs, this.#kernel.clock.now()) + this.#random.integer(0, MAX_SWEEP_DELAY_MS);
    const timer = this.#kernel.clock.at(atMs, `dynamodb time to live ${this.#table.schema.name}`, () => this.#run());
    this.#sweep = { timer, earliestExpiryMs: expiryMs };
  }

  #run(): void {
    this.#sweep = undefined;
    const nowMs = this.#kernel.clock.now();
    const expired = [...this.#table.rows()].filter((row) => {
      const expiryMs = this.#expiryMs(row.item);
      return expiryMs !== undefined && expiryMs <= nowMs;
    });
    for (const row of expired) this.#table.delete(row.key);
    if (expired.length > 0) {
      this.#kernel.trace(`dynamodb time to live ${this.#table.schema.name}: ${expired.length} items deleted`);
    }
    this.#arm(this.#earliestExpiryMs());
  }
}
