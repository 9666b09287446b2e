/** TransactWriteItems and TransactGetItems. */
import { validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import {
  addWrite,
  type Capacity,
  type CapacityDetail,
  capacityDetail,
  describeCapacity,
  newCapacity,
  readUnits,
} from './consumed-capacity.ts';
import { prepareRead } from './item-operations.ts';
import { isPresent, readList, refuseUnsupported } from './request.ts';
import { type TableRegistry } from './table-registry.ts';
import { MAX_ACTIONS, prepareAll, requireDistinctItems, type RequestTokens, writeAll } from './transaction.ts';
import { type DecidedWrite, type ParsedWrite, parseWrite, type PreparedWrite, type WriteKind } from './write.ts';

const KINDS: readonly WriteKind[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];

/** The one action of an element of TransactItems. @throws AwsError ValidationException */
export function transactAction(element: WireInput): { readonly kind: WriteKind; readonly action: WireInput } {
  const kinds = KINDS.filter((kind) => isPresent(element[kind]));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  return { kind, action: element[kind] as WireInput };
}

function parse(registry: TableRegistry, element: WireInput): ParsedWrite {
  const { kind, action } = transactAction(element);
  if (isPresent(action.ReturnValues)) {
    throw validationError('ReturnValues is not a member of a transaction action; use GetItem afterwards');
  }
  return parseWrite(kind, registry, action);
}

/** ConsumedCapacity per table; everything in a transaction counts twice. */
function describeAll(detail: CapacityDetail, capacities: ReadonlyMap<string, Capacity>): object[] | undefined {
  if (detail === 'NONE') return undefined;
  return [...capacities].flatMap(([name, capacity]) => describeCapacity(detail, name, capacity, 2) ?? []);
}

function capacityIn(capacities: Map<string, Capacity>, name: string): Capacity {
  const capacity = capacities.get(name) ?? newCapacity();
  capacities.set(name, capacity);
  return capacity;
}

function writeCapacity(detail: CapacityDetail, decided: readonly DecidedWrite[]): object[] | undefined {
  const capacities = new Map<string, Capacity>();
  for (const { write, old, next } of decided) {
    addWrite(capacityIn(capacities, write.table.schema.name), write.table, old, next);
  }
  return describeAll(detail, capacities);
}

/** A repeated request reads the items instead of writing them. */
function repeatCapacity(detail: CapacityDetail, writes: readonly PreparedWrite[]): object[] | undefined {
  const capacities = new Map<string, Capacity>();
  for (const { table, key } of writes) {
    capacityIn(capacities, table.schema.name).table += readUnits(table.get(key)?.sizeBytes ?? 0, true);
  }
  return describeAll(detail, capacities);
}

function transactWrite(registry: TableRegistry, tokens: RequestTokens, input: WireInput): object {
  refuseUnsupported(input);
  const elements = readList(input, 'TransactItems', MAX_ACTIONS);
  const detail = capacityDetail(input);
  const parsed = elements.map((element) => parse(registry, element));
  return tokens.once(
    input.ClientRequestToken,
    ['TransactWriteItems', elements],
    () => ({ ConsumedCapacity: writeCapacity(detail, writeAll(prepareAll(parsed))) }),
    () => ({ ConsumedCapacity: repeatCapacity(detail, prepareAll(parsed)) }),
  );
}

function transactGet(registry: TableRegistry, input: WireInput): object {
  const detail = capacityDetail(input);
  const reads = readList(input, 'TransactItems', MAX_ACTIONS).map((element) => {
    if (isPresent(element.Get)) return prepareRead(registry, element.Get as WireInput);
    throw validationError(
      "1 validation error detected: Value null at 'transactItems.1.member.get' failed to satisfy constraint: " +
        'Member must not be null',
    );
  });
  requireDistinctItems(reads.map((read) => ({ table: read.table.schema.name, id: read.id })));
  const capacities = new Map<string, Capacity>();
  const Responses = reads.map((read) => {
    const { item, sizeBytes } = read.run();
    capacityIn(capacities, read.table.schema.name).table += readUnits(sizeBytes, true);
    return item ? { Item: item } : {};
  });
  return { Responses, ConsumedCapacity: describeAll(detail, capacities) };
}

/** The transaction operations. */
export function transactionOperations(registry: TableRegistry, tokens: RequestTokens): Record<string, Operation> {
  return {
    TransactWriteItems: (input) => transactWrite(registry, tokens, input),
    TransactGetItems: (input) => transactGet(registry, input),
  };
}
