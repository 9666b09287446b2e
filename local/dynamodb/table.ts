/** The rows of one table and of its indexes. Items are immutable: a write replaces a whole item. */
import { equalValues, type Item, newMap } from './attribute-value.ts';
import { itemSizeBytes } from './item-size.ts';
import { PartitionedIndex, type Place } from './partitioned-index.ts';
import { keyText, type PrimaryKey, primaryKeyOf } from './primary-key.ts';
import { type IndexSchema, keyAttributes, type KeySchema, type TableSchema } from './table-schema.ts';

/** An item at its place in the table or in an index. */
export interface Entry extends Place {
  readonly row: Row;
}

export interface Row {
  readonly key: PrimaryKey;
  item: Item;
  sizeBytes: number;
  /** The row's entries: the table's own first, then one for each index (absent where the item lacks the index's keys). */
  readonly entries: (Entry | undefined)[];
}

/** The place of an item in the order of an index (or of the table itself). */
export function placeOf(item: Item, key: KeySchema, primary: PrimaryKey): Place {
  return { hash: keyText(item[key.hash.name]!), range: key.range && item[key.range.name], primary };
}

const hasKey = (item: Item, key: KeySchema): boolean =>
  keyAttributes(key).every((attribute) => item[attribute.name] !== undefined);

const sameKey = (a: Item, b: Item, key: KeySchema): boolean =>
  keyAttributes(key).every((attribute) => equalValues(a[attribute.name]!, b[attribute.name]!));

/** The attributes of an item that an index holds. */
export function projectedItem(item: Item, index: IndexSchema): Item {
  if (!index.projected) return item;
  const projected = newMap();
  for (const name in item) if (index.projected.has(name)) projected[name] = item[name]!;
  return projected;
}

export class Table {
  readonly schema: TableSchema;
  readonly #rows = new Map<string, Row>();
  readonly #orders: readonly { readonly key: KeySchema; readonly index: PartitionedIndex<Entry> }[];
  #sizeBytes = 0;
  /** Sees each item that is written (time to live). */
  onPut: ((item: Item) => void) | undefined;

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.#orders = [schema.key, ...schema.indexes.map((index) => index.key)].map((key) => ({
      key,
      index: new PartitionedIndex<Entry>(),
    }));
  }

  get itemCount(): number {
    return this.#rows.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  rows(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** The primary key of an item or key that was checked before. */
  keyOf(item: Item): PrimaryKey {
    return primaryKeyOf(item, this.schema.key);
  }

  get(key: PrimaryKey): Row | undefined {
    return this.#rows.get(key.id);
  }

  /** The order of an index, or of the table itself. */
  order(index: IndexSchema | undefined): PartitionedIndex<Entry> {
    return this.#orders[index ? this.schema.indexes.indexOf(index) + 1 : 0]!.index;
  }

  /** What an index holds: items, and their size as projected. */
  indexUsage(index: IndexSchema): { readonly itemCount: number; readonly sizeBytes: number } {
    const position = this.schema.indexes.indexOf(index) + 1;
    let itemCount = 0;
    let sizeBytes = 0;
    for (const row of this.#rows.values()) {
      if (!row.entries[position]) continue;
      itemCount++;
      sizeBytes += itemSizeBytes(projectedItem(row.item, index));
    }
    return { itemCount, sizeBytes };
  }

  /** Writes an item over what was there. Keys must have been checked. */
  put(key: PrimaryKey, item: Item, sizeBytes: number): void {
    const old = this.#rows.get(key.id);
    const row: Row = old ?? { key, item, sizeBytes: 0, entries: [] };
    if (!old) this.#rows.set(key.id, row);
    for (let i = 0; i < this.#orders.length; i++) this.#reindex(row, i, item);
    this.#sizeBytes += sizeBytes - row.sizeBytes;
    row.item = item;
    row.sizeBytes = sizeBytes;
    this.onPut?.(item);
  }

  #reindex(row: Row, position: number, item: Item): void {
    const { key, index } = this.#orders[position]!;
    const old = row.entries[position];
    const present = hasKey(item, key);
    // Entries point to the row: as long as the index's keys stay, there is nothing to move.
    if (old && present && sameKey(row.item, item, key)) return;
    if (old) index.remove(old);
    row.entries[position] = present ? { ...placeOf(item, key, row.key), row } : undefined;
    if (row.entries[position]) index.add(row.entries[position]);
  }

  /** Removes an item; false when there was none. */
  delete(key: PrimaryKey): boolean {
    const row = this.#rows.get(key.id);
    if (!row) return false;
    this.#rows.delete(key.id);
    row.entries.forEach((entry, position) => {
      if (entry) this.#orders[position]!.index.remove(entry);
    });
    this.#sizeBytes -= row.sizeBytes;
    return true;
  }
}
