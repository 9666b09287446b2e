/** Capacity units of requests in on-demand mode, as the developer guide counts them. Nothing is ever throttled. */
import { type WireInput } from '../kernel/service.ts';
import { type Item } from './attribute-value.ts';
import { itemSizeBytes } from './item-size.ts';
import { readEnum } from './request.ts';
import { projectedItem, type Table } from './table.ts';
import { type IndexSchema, keyAttributes } from './table-schema.ts';

const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;

/** Units by table or index; indexes by name. */
export interface Capacity {
  table: number;
  readonly global: Map<string, number>;
  readonly local: Map<string, number>;
}

export function newCapacity(table = 0): Capacity {
  return { table, global: new Map(), local: new Map() };
}

/** Read units of some bytes: half of it when eventually consistent, at least one read. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);
}

export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

/** Adds a read of an index (or of the table) to the units. */
export function addRead(capacity: Capacity, index: IndexSchema | undefined, units: number): void {
  if (!index) capacity.table += units;
  else capacity[index.kind].set(index.name, (capacity[index.kind].get(index.name) ?? 0) + units);
}

const inIndex = (item: Item | undefined, index: IndexSchema): Item | undefined =>
  item && keyAttributes(index.key).every((attribute) => item[attribute.name]) ? projectedItem(item, index) : undefined;

/** Units of a write, the larger of both items counted, and of what it changes in the indexes. */
export function addWrite(capacity: Capacity, table: Table, old: Item | undefined, next: Item | undefined): void {
  capacity.table += writeUnits(Math.max(old ? itemSizeBytes(old) : 0, next ? itemSizeBytes(next) : 0));
  for (const index of table.schema.indexes) {
    const before = inIndex(old, index);
    const after = inIndex(next, index);
    if (!before && !after) continue;
    const units = writeUnits(Math.max(before ? itemSizeBytes(before) : 0, after ? itemSizeBytes(after) : 0));
    addRead(capacity, index, units);
  }
}

const perIndex = (units: ReadonlyMap<string, number>): object | undefined =>
  units.size === 0
    ? undefined
    : Object.fromEntries([...units].map(([name, CapacityUnits]) => [name, { CapacityUnits }]));

export type CapacityDetail = 'NONE' | 'TOTAL' | 'INDEXES';

export function capacityDetail(input: WireInput): CapacityDetail {
  return readEnum(input, 'ReturnConsumedCapacity', ['INDEXES', 'TOTAL', 'NONE'], 'NONE');
}

/**
 * The ConsumedCapacity member, or undefined when it was not asked for.
 * @param factor 2 in a transaction, which reads and writes everything twice
 */
export function describeCapacity(
  detail: CapacityDetail,
  tableName: string,
  capacity: Capacity,
  factor = 1,
): object | undefined {
  if (detail === 'NONE') return undefined;
  const scaled = (units: ReadonlyMap<string, number>): Map<string, number> =>
    new Map([...units].map(([name, value]) => [name, value * factor]));
  const global = scaled(capacity.global);
  const local = scaled(capacity.local);
  const table = capacity.table * factor;
  const CapacityUnits = [...global.values(), ...local.values()].reduce((sum, units) => sum + units, table);
  if (detail === 'TOTAL') return { TableName: tableName, CapacityUnits };
  return {
    TableName: tableName,
    CapacityUnits,
    Table: { CapacityUnits: table },
    GlobalSecondaryIndexes: perIndex(global),
    LocalSecondaryIndexes: perIndex(local),
  };
}
