/** Query and Scan: one page of a table or index. */
import { validationError } from '../kernel/errors.ts';
import { hash32 } from '../kernel/random.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { type Item, readItem } from './attribute-value.ts';
import { attributesIn, holds } from './condition-evaluator.ts';
import { addRead, capacityDetail, describeCapacity, newCapacity, readUnits } from './consumed-capacity.ts';
import { type Path, project } from './document-path.ts';
import { ExpressionContext } from './expression-context.ts';
import { type Condition } from './expression-syntax.ts';
import { itemSizeBytes } from './item-size.ts';
import { readKeyCondition, UNBOUNDED } from './key-condition.ts';
import { inSegment, type Place, type Segment } from './partitioned-index.ts';
import { keyOf, keyText, requireKey } from './primary-key.ts';
import { isPresent, readEnum, readFlag, readInteger, refuseUnsupported } from './request.ts';
import { type Entry, placeOf, projectedItem, type Table } from './table.ts';
import { type TableRegistry } from './table-registry.ts';
import { type IndexSchema, keyAttributes, type KeySchema } from './table-schema.ts';

/** A page ends when it has read this much, filtered items included. */
const MAX_PAGE_BYTES = 1024 * 1024;

const SELECTIONS = ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'] as const;

/** What Query and Scan have in common. */
interface PageRequest {
  readonly table: Table;
  readonly index: IndexSchema | undefined;
  readonly key: KeySchema;
  readonly context: ExpressionContext;
  readonly filter: Condition | undefined;
  readonly paths: readonly Path[] | undefined;
  readonly countOnly: boolean;
  /** Attributes that the index lacks are read from the table (local indexes only). */
  readonly fromTable: boolean;
  readonly limit: number;
  readonly consistent: boolean;
  readonly start: { readonly key: Item; readonly place: Place } | undefined;
}

const INVALID_START = 'The provided starting key is invalid';

function findIndex(table: Table, input: WireInput): IndexSchema | undefined {
  if (!isPresent(input.IndexName)) return undefined;
  const index = table.schema.indexes.find(({ name }) => name === input.IndexName);
  if (index) return index;
  throw validationError(`The table does not have the specified index: ${String(input.IndexName)}`);
}

function readStart(input: WireInput, table: Table, index: IndexSchema | undefined): PageRequest['start'] {
  if (!isPresent(input.ExclusiveStartKey)) return undefined;
  const key = readItem(input.ExclusiveStartKey);
  const schemas = index ? [table.schema.key, index.key] : [table.schema.key];
  const attributes = new Set(schemas.flatMap(keyAttributes));
  if (index && Object.keys(key).length !== attributes.size) throw validationError(INVALID_START);
  try {
    requireKey(key, ...schemas);
  } catch (error) {
    throw validationError(`${INVALID_START}: ${(error as Error).message}`);
  }
  return { key, place: placeOf(key, index?.key ?? table.schema.key, table.keyOf(key)) };
}

function requireSelection(
  selection: (typeof SELECTIONS)[number] | undefined,
  index: IndexSchema | undefined,
  paths: readonly Path[] | undefined,
): void {
  if (selection === 'ALL_PROJECTED_ATTRIBUTES' && !index) {
    throw validationError('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  }
  if (selection === 'SPECIFIC_ATTRIBUTES' && !paths) {
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  }
  if (paths && selection !== undefined && selection !== 'SPECIFIC_ATTRIBUTES') {
    throw validationError(`Cannot specify the ProjectionExpression when choosing to get ${selection}`);
  }
  if (selection === 'ALL_ATTRIBUTES' && index?.kind === 'global' && index.projected) {
    throw validationError(
      'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary ' +
        `index ${index.name} because its projection type is not ALL`,
    );
  }
}

/** Names at the top of the projected paths that an index does not hold. */
function missingIn(index: IndexSchema | undefined, paths: readonly Path[] | undefined): string[] {
  const { projected } = index ?? {};
  return projected && paths ? paths.map((path) => path[0]).filter((name) => !projected.has(name)) : [];
}

function readRequest(registry: TableRegistry, input: WireInput, context: ExpressionContext): PageRequest {
  const table = registry.table(input);
  const index = findIndex(table, input);
  const consistent = readFlag(input, 'ConsistentRead');
  if (consistent && index?.kind === 'global') {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  const filter = context.condition('FilterExpression');
  const paths = context.projection();
  const selection = isPresent(input.Select) ? readEnum(input, 'Select', SELECTIONS, 'ALL_ATTRIBUTES') : undefined;
  requireSelection(selection, index, paths);
  const missing = missingIn(index, paths);
  if (missing.length > 0 && index?.kind === 'global') {
    throw validationError(
      `One or more parameter values were invalid: Global secondary index ${index.name} does not project ` +
        `[${missing.join(', ')}]`,
    );
  }
  return {
    table,
    index,
    key: index?.key ?? table.schema.key,
    context,
    filter,
    paths,
    countOnly: selection === 'COUNT',
    fromTable: missing.length > 0 || selection === 'ALL_ATTRIBUTES',
    limit: readInteger(input, 'Limit', 1) ?? Infinity,
    consistent,
    start: readStart(input, table, index),
  };
}

export interface Page {
  /** Absent when only the count was asked for. */
  readonly Items: readonly Item[] | undefined;
  readonly Count: number;
  readonly ScannedCount: number;
  readonly LastEvaluatedKey: Item | undefined;
  readonly ConsumedCapacity: object | undefined;
}

function pageOf(request: PageRequest, entries: Iterable<Entry>, input: WireInput): Page {
  const { table, index, filter, paths, context } = request;
  const items: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  let count = 0;
  let last: Entry | undefined;
  for (const entry of entries) {
    const { row } = entry;
    const item = index && !request.fromTable ? projectedItem(row.item, index) : row.item;
    scanned++;
    bytes += item === row.item ? row.sizeBytes : itemSizeBytes(item);
    if (!filter || holds(filter, item, context)) {
      count++;
      if (!request.countOnly) items.push(paths ? project(item, paths) : item);
    }
    last = entry;
    if (scanned >= request.limit || bytes >= MAX_PAGE_BYTES) break;
  }
  const full = scanned >= request.limit || bytes >= MAX_PAGE_BYTES;
  const keys = index ? [table.schema.key, index.key] : [table.schema.key];
  const capacity = newCapacity();
  addRead(capacity, index, readUnits(bytes, request.consistent));
  return {
    Items: request.countOnly ? undefined : items,
    Count: count,
    ScannedCount: scanned,
    LastEvaluatedKey: full && last ? keyOf(last.row.item, ...keys) : undefined,
    ConsumedCapacity: describeCapacity(capacityDetail(input), table.schema.name, capacity),
  };
}

/** Query. @throws AwsError ResourceNotFoundException, ValidationException, UnsupportedFeature */
export function queryPage(registry: TableRegistry, input: WireInput): Page {
  refuseUnsupported(input);
  const context = new ExpressionContext(input, ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression']);
  const condition = context.condition('KeyConditionExpression');
  if (!condition) {
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  const request = readRequest(registry, input, context);
  context.requireAllUsed();
  const { hash, bounds } = readKeyCondition(condition, request.key, context);
  requireFilterOffKeys(request);
  const place = request.start?.place;
  if (place && place.hash !== keyText(hash)) {
    throw validationError('The provided starting key is outside query boundaries based on provided conditions');
  }
  if (place?.range && bounds && (bounds.below(place.range) || bounds.above(place.range))) {
    throw validationError('The provided starting key does not match the range key predicate');
  }
  const forward = readFlag(input, 'ScanIndexForward', true);
  const order = request.table.order(request.index);
  return pageOf(request, order.query(keyText(hash), bounds ?? UNBOUNDED, forward, place), input);
}

function requireFilterOffKeys(request: PageRequest): void {
  if (!request.filter) return;
  const heads = attributesIn(request.filter, request.context);
  const used = keyAttributes(request.key).find(({ name }) => heads.includes(name));
  if (!used) return;
  throw validationError(
    `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${used.name}`,
  );
}

function readSegment(input: WireInput): Segment | undefined {
  const total = readInteger(input, 'TotalSegments', 1);
  const segment = readInteger(input, 'Segment', 0);
  if (total === undefined && segment === undefined) return undefined;
  if (total === undefined) {
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    );
  }
  if (segment === undefined) {
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    );
  }
  if (segment >= total) {
    throw validationError(
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
        `Segment: ${segment} is not less than TotalSegments: ${total}`,
    );
  }
  return { segment, total };
}

function scanPage(registry: TableRegistry, input: WireInput): Page {
  refuseUnsupported(input);
  const context = new ExpressionContext(input, ['ProjectionExpression', 'FilterExpression']);
  const segment = readSegment(input);
  const request = readRequest(registry, input, context);
  context.requireAllUsed();
  const place = request.start?.place;
  if (place && segment && !inSegment(hash32(place.hash), segment)) {
    throw validationError(
      'The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct ' +
        `Segment. TotalSegments: ${segment.total} Segment: ${segment.segment}`,
    );
  }
  return pageOf(request, request.table.order(request.index).scan(place, segment), input);
}

/** The operations that read many items. */
export function pageOperations(registry: TableRegistry): Record<string, Operation> {
  return { Query: (input) => queryPage(registry, input), Scan: (input) => scanPage(registry, input) };
}
