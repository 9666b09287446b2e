/** GetItem, PutItem, UpdateItem, DeleteItem. */
import { validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { type Item } from './attribute-value.ts';
import { addWrite, capacityDetail, describeCapacity, newCapacity, readUnits } from './consumed-capacity.ts';
import { project } from './document-path.ts';
import { ExpressionContext } from './expression-context.ts';
import { readKey } from './primary-key.ts';
import { readEnum, readFlag, refuseUnsupported } from './request.ts';
import { type Table } from './table.ts';
import { type TableRegistry } from './table-registry.ts';
import { commit, decide, type DecidedWrite, parseWrite, type WriteKind } from './write.ts';

/** A read of one item, its request validated; `run` gives the item, projected as asked. */
export interface PreparedRead {
  readonly table: Table;
  readonly id: string;
  /** `sizeBytes` of the whole item: that is what a read costs. */
  run(): { readonly item: Item | undefined; readonly sizeBytes: number };
}

/** @throws AwsError ResourceNotFoundException, ValidationException, UnsupportedFeature */
export function prepareRead(registry: TableRegistry, input: WireInput): PreparedRead {
  refuseUnsupported(input);
  const table = registry.table(input);
  const context = new ExpressionContext(input, ['ProjectionExpression']);
  const paths = context.projection();
  context.requireAllUsed();
  const key = table.keyOf(readKey(input.Key, table.schema));
  return {
    table,
    id: key.id,
    run: () => {
      const row = table.get(key);
      return { item: row && paths ? project(row.item, paths) : row?.item, sizeBytes: row?.sizeBytes ?? 0 };
    },
  };
}

function getItem(registry: TableRegistry, input: WireInput): object {
  const read = prepareRead(registry, input);
  const { item, sizeBytes } = read.run();
  const units = readUnits(sizeBytes, readFlag(input, 'ConsistentRead'));
  return {
    Item: item,
    ConsumedCapacity: describeCapacity(capacityDetail(input), read.table.schema.name, newCapacity(units)),
  };
}

const RETURN_VALUES = ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'] as const;
type ReturnValues = (typeof RETURN_VALUES)[number];

function returnedItem({ write, old, next }: DecidedWrite, returnValues: ReturnValues): Item | undefined {
  if (returnValues === 'NONE') return undefined;
  const item = returnValues.endsWith('OLD') ? old : next;
  if (!item || returnValues.startsWith('ALL') || !write.update) return item;
  const { actions, context } = write.update;
  const part = project(
    item,
    actions.map((action) => context.path(action.path)),
  );
  return Object.keys(part).length > 0 ? part : undefined;
}

function writeItem(kind: WriteKind, registry: TableRegistry, input: WireInput): object {
  const returnValues = readEnum(input, 'ReturnValues', RETURN_VALUES, 'NONE');
  if (kind !== 'Update' && returnValues !== 'NONE' && returnValues !== 'ALL_OLD') {
    throw validationError('ReturnValues can only be ALL_OLD or NONE');
  }
  const detail = capacityDetail(input);
  const decided = decide(parseWrite(kind, registry, input).prepare());
  commit(decided);
  const Attributes = returnedItem(decided, returnValues);
  if (detail === 'NONE') return Attributes ? { Attributes } : {};
  const { table } = decided.write;
  const capacity = newCapacity();
  addWrite(capacity, table, decided.old, decided.next);
  return { Attributes, ConsumedCapacity: describeCapacity(detail, table.schema.name, capacity) };
}

/** The operations on single items. */
export function itemOperations(registry: TableRegistry): Record<string, Operation> {
  return {
    GetItem: (input) => getItem(registry, input),
    PutItem: (input) => writeItem('Put', registry, input),
    UpdateItem: (input) => writeItem('Update', registry, input),
    DeleteItem: (input) => writeItem('Delete', registry, input),
  };
}
