/** ExecuteStatement and ExecuteTransaction. */
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { type AttributeValue, type Item, newMap, readItem, readValue } from './attribute-value.ts';
import { addWrite, capacityDetail, describeCapacity, newCapacity } from './consumed-capacity.ts';
import { type PreparedRead, prepareRead } from './item-operations.ts';
import { itemSizeBytes } from './item-size.ts';
import { LruCache } from './lru-cache.ts';
import { bindValue, parseStatement, type Statement } from './partiql-parser.ts';
import { queryPage } from './read-page.ts';
import { isPresent, readList, refuseUnsupported, returnsOldOnFailure } from './request.ts';
import { type Table } from './table.ts';
import { type TableRegistry } from './table-registry.ts';
import { keyAttributes } from './table-schema.ts';
import { MAX_ACTIONS, prepareAll, requireDistinctItems, type RequestTokens, writeAll } from './transaction.ts';
import { commit, decide, type ParsedWrite, requireStorable } from './write.ts';

const statements = new LruCache(500, parseStatement);

interface BoundStatement {
  readonly statement: Statement;
  readonly parameters: readonly AttributeValue[];
}

/** The parsed `Statement` of a request (cached). @throws AwsError ValidationException, UnsupportedFeature */
export function readStatement(input: WireInput): Statement {
  const text: unknown = input.Statement;
  if (typeof text === 'string' && text.length > 0 && text.length <= 8192) return statements.get(text);
  throw validationError(
    `1 validation error detected: Value at 'statement' failed to satisfy constraint: ` +
      'Member must have length between 1 and 8192',
  );
}

function bind(input: WireInput): BoundStatement {
  const statement = readStatement(input);
  const parameters = ((input.Parameters ?? []) as unknown[]).map((value) => readValue(value));
  if (parameters.length === statement.parameterCount) return { statement, parameters };
  throw validationError("Number of parameters in request and statement don't match.");
}

/** The item of an INSERT. */
function insertedItem({ statement, parameters }: BoundStatement): Item {
  const value = statement.kind === 'insert' ? bindValue(statement.item, parameters) : undefined;
  if (!value || !('M' in value)) throw validationError('INSERT needs a map of attributes as its VALUE');
  // Through the wire reader once more: it checks what a literal may hold, and freezes.
  return readItem(value.M);
}

function parseInsert(registry: TableRegistry, bound: BoundStatement, input: WireInput): ParsedWrite {
  const table = registry.table({ TableName: bound.statement.table });
  const item = insertedItem(bound);
  const showsOldOnFailure = returnsOldOnFailure(input);
  return {
    table,
    payloadBytes: () => itemSizeBytes(item),
    prepare: () => {
      requireStorable(item, table);
      return {
        table,
        key: table.keyOf(item),
        meets: (old) => Object.keys(old).length === 0,
        showsOldOnFailure,
        next: () => item,
        conditionError: () => new AwsError('DuplicateItemException', 'Duplicate primary key exists in table'),
      };
    },
  };
}

/** The key (whole, or the hash alone) that a SELECT names. @throws AwsError UnsupportedFeature for other conditions */
function selectedKey({ statement, parameters }: BoundStatement, table: Table): Item {
  const key = newMap();
  const equals = statement.kind === 'select' ? statement.equals : new Map<string, never>();
  const attributes = keyAttributes(table.schema.key).map(({ name }) => name);
  for (const [name, value] of equals) {
    if (!attributes.includes(name))
      throw new UnsupportedFeature(`PartiQL condition on '${name}', which is no key`, 'use Query');
    key[name] = bindValue(value, parameters);
  }
  if (!key[table.schema.key.hash.name]) {
    throw new UnsupportedFeature('PartiQL SELECT without the partition key', 'use Scan');
  }
  return key;
}

const encodeToken = (key: Item): string =>
  Buffer.from(
    JSON.stringify(key, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    ),
  ).toString('base64');

function decodeToken(token: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(token), 'base64').toString());
  } catch (error) {
    throw validationError(`The NextToken '${String(token)}' is invalid: ${(error as Error).message}`);
  }
}

function select(registry: TableRegistry, bound: BoundStatement, input: WireInput): object {
  const table = registry.table({ TableName: bound.statement.table });
  const key = selectedKey(bound, table);
  const names = Object.keys(key);
  const page = queryPage(registry, {
    TableName: table.schema.name,
    KeyConditionExpression: names.map((_, i) => `#k${i} = :k${i}`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#k${i}`, name])),
    ExpressionAttributeValues: Object.fromEntries(names.map((name, i) => [`:k${i}`, key[name]])),
    ConsistentRead: input.ConsistentRead as unknown,
    Limit: input.Limit as unknown,
    ReturnConsumedCapacity: input.ReturnConsumedCapacity as unknown,
    ...(isPresent(input.NextToken) ? { ExclusiveStartKey: decodeToken(input.NextToken) } : {}),
  });
  return {
    Items: page.Items,
    LastEvaluatedKey: page.LastEvaluatedKey,
    NextToken: page.LastEvaluatedKey && encodeToken(page.LastEvaluatedKey),
    ConsumedCapacity: page.ConsumedCapacity,
  };
}

function executeStatement(registry: TableRegistry, input: WireInput): object {
  const bound = bind(input);
  if (bound.statement.kind === 'select') return select(registry, bound, input);
  const decided = decide(parseInsert(registry, bound, input).prepare());
  commit(decided);
  const capacity = newCapacity();
  addWrite(capacity, decided.write.table, decided.old, decided.next);
  const { name } = decided.write.table.schema;
  return { Items: [], ConsumedCapacity: describeCapacity(capacityDetail(input), name, capacity) };
}

function readOne(registry: TableRegistry, bound: BoundStatement): PreparedRead {
  const table = registry.table({ TableName: bound.statement.table });
  return prepareRead(registry, { TableName: table.schema.name, Key: selectedKey(bound, table) });
}

function executeTransaction(registry: TableRegistry, tokens: RequestTokens, input: WireInput): object {
  refuseUnsupported(input);
  const elements = readList(input, 'TransactStatements', MAX_ACTIONS);
  if (capacityDetail(input) !== 'NONE') {
    throw new UnsupportedFeature('DynamoDB ExecuteTransaction ReturnConsumedCapacity', 'leave it out');
  }
  const all = elements.map((element) => ({ element, bound: bind(element) }));
  const inserts = all.filter(({ bound }) => bound.statement.kind === 'insert');
  if (inserts.length === 0) {
    const reads = all.map(({ bound }) => readOne(registry, bound));
    requireDistinctItems(reads.map((read) => ({ table: read.table.schema.name, id: read.id })));
    return { Responses: reads.map((read) => read.run().item).map((Item) => (Item ? { Item } : {})) };
  }
  if (inserts.length < all.length) {
    throw validationError('A transaction has either read statements or write statements, not both');
  }
  const parsed = all.map(({ element, bound }) => parseInsert(registry, bound, element));
  const Responses = parsed.map(() => ({}));
  return tokens.once(
    input.ClientRequestToken,
    ['ExecuteTransaction', elements],
    () => {
      writeAll(prepareAll(parsed));
      return { Responses };
    },
    () => ({ Responses }),
  );
}

/** The PartiQL operations. */
export function partiqlOperations(registry: TableRegistry, tokens: RequestTokens): Record<string, Operation> {
  return {
    ExecuteStatement: (input) => executeStatement(registry, input),
    ExecuteTransaction: (input) => executeTransaction(registry, tokens, input),
  };
}
