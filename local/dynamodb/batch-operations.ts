/** BatchGetItem and BatchWriteItem: many independent reads or writes in one request. */
import { validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { type Item } from './attribute-value.ts';
import {
  addWrite,
  type Capacity,
  capacityDetail,
  describeCapacity,
  newCapacity,
  readUnits,
} from './consumed-capacity.ts';
import { type PreparedRead, prepareRead } from './item-operations.ts';
import { isPresent, readFlag, refuseUnsupported } from './request.ts';
import { type TableRegistry } from './table-registry.ts';
import { commit, decide, type ParsedWrite, parseWrite } from './write.ts';

const MAX_READS = 100;
const MAX_WRITES = 25;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

function readRequestItems(input: WireInput): [string, unknown][] {
  const tables = Object.entries((input.RequestItems ?? {}) as Record<string, unknown>);
  if (tables.length > 0) return tables;
  throw validationError(
    "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: " +
      'Member must have length greater than or equal to 1',
  );
}

interface TableReads {
  readonly name: string;
  readonly request: WireInput;
  readonly keys: readonly unknown[];
  readonly reads: readonly PreparedRead[];
}

function prepareReads(registry: TableRegistry, name: string, request: WireInput): TableReads {
  refuseUnsupported(request);
  const keys = (request.Keys ?? []) as unknown[];
  if (keys.length === 0) {
    throw validationError(
      `1 validation error detected: Value '[]' at 'requestItems.${name}.member.keys' failed to satisfy constraint: ` +
        'Member must have length greater than or equal to 1',
    );
  }
  const reads = keys.map((Key) => prepareRead(registry, { ...request, Keys: undefined, TableName: name, Key }));
  if (new Set(reads.map((read) => read.id)).size < reads.length) {
    throw validationError('Provided list of item keys contains duplicates');
  }
  return { name, request, keys, reads };
}

function batchGet(registry: TableRegistry, input: WireInput): object {
  const requests = readRequestItems(input);
  const total = requests.reduce(
    (sum, [, request]) => sum + (((request as WireInput).Keys ?? []) as unknown[]).length,
    0,
  );
  if (total > MAX_READS) throw validationError('Too many items requested for the BatchGetItem call');
  const tables = requests.map(([name, request]) => prepareReads(registry, name, request as WireInput));
  const detail = capacityDetail(input);
  const Responses: Record<string, Item[]> = {};
  const UnprocessedKeys: Record<string, object> = {};
  const ConsumedCapacity: (object | undefined)[] = [];
  let bytes = 0;
  for (const { name, request, keys, reads } of tables) {
    const found: Item[] = (Responses[name] = []);
    const left: unknown[] = [];
    let units = 0;
    reads.forEach((read, i) => {
      const { item, sizeBytes } = read.run();
      if (bytes + sizeBytes > MAX_RESPONSE_BYTES) return void left.push(keys[i]);
      bytes += sizeBytes;
      units += readUnits(sizeBytes, readFlag(request, 'ConsistentRead'));
      if (item) found.push(item);
    });
    if (left.length > 0) UnprocessedKeys[name] = { ...request, Keys: left };
    ConsumedCapacity.push(describeCapacity(detail, name, newCapacity(units)));
  }
  return { Responses, UnprocessedKeys, ConsumedCapacity: detail === 'NONE' ? undefined : ConsumedCapacity };
}

function parseBatchWrite(registry: TableRegistry, TableName: string, request: WireInput): ParsedWrite {
  const put = request.PutRequest as WireInput | undefined;
  const remove = request.DeleteRequest as WireInput | undefined;
  if (isPresent(put) === isPresent(remove)) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  }
  return put
    ? parseWrite('Put', registry, { TableName, Item: put.Item as unknown })
    : parseWrite('Delete', registry, { TableName, Key: remove?.Key as unknown });
}

function batchWrite(registry: TableRegistry, input: WireInput): object {
  refuseUnsupported(input);
  const requests = readRequestItems(input).flatMap(([name, list]) =>
    (list as WireInput[]).map((request) => ({ name, request })),
  );
  if (requests.length === 0 || requests.length > MAX_WRITES) {
    throw validationError(
      requests.length === 0
        ? 'The batch write request list for a table cannot be null or empty.'
        : 'Too many items requested for the BatchWriteItem call',
    );
  }
  const writes = requests
    .map(({ name, request }) => parseBatchWrite(registry, name, request))
    .map((write) => write.prepare());
  const places = new Set(writes.map((write) => `${write.table.schema.name}/${write.key.id}`));
  if (places.size < writes.length) throw validationError('Provided list of item keys contains duplicates');
  const capacities = new Map<string, Capacity>();
  const detail = capacityDetail(input);
  for (const write of writes) {
    const decided = decide(write);
    commit(decided);
    if (detail === 'NONE') continue;
    const { name } = write.table.schema;
    const capacity = capacities.get(name) ?? newCapacity();
    capacities.set(name, capacity);
    addWrite(capacity, write.table, decided.old, decided.next);
  }
  return {
    UnprocessedItems: {},
    ConsumedCapacity:
      detail === 'NONE'
        ? undefined
        : [...capacities].map(([name, capacity]) => describeCapacity(detail, name, capacity)),
  };
}

/** The batch operations. */
export function batchOperations(registry: TableRegistry): Record<string, Operation> {
  return {
    BatchGetItem: (input) => batchGet(registry, input),
    BatchWriteItem: (input) => batchWrite(registry, input),
  };
}
