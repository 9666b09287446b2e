/**
 * Records in one table, changed by compare-and-set on a revision. Keys begin with region and stage, so that two stages never
 * meet. `list` feeds a sparse index: an item without it is in no list.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { StoreUnavailable } from '../domain/flow-errors.ts';
import { errorMessage, errorName, isOutage } from './platform.ts';

export interface RecordKey {
  readonly pk: string;
  readonly sk: string;
}

export interface StoredRecord<R> {
  readonly revision: number;
  readonly record: R;
}

/** Name of the sparse index over `list`. */
export const LIST_INDEX = 'by-list';

/** Contention on one rollout is between a handful of functions; more than this is a defect. */
const ATTEMPTS_MAX = 12;

const UNAVAILABLE: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TransactionInProgressException',
  'ThrottlingException',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'NetworkingError',
]);

export class RecordsTable {
  readonly #client: DynamoDBClient;
  readonly tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.tableName = tableName;
  }

  /** Runs a call; an unreachable or throttled table gets a name of its own, since forward steps and rollbacks differ on it. */
  async guarded<T>(operation: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (UNAVAILABLE.has(errorName(error)) || isOutage(error))
        throw new StoreUnavailable(operation, `${errorName(error)}: ${errorMessage(error)}`);
      throw error;
    }
  }

  /** Strongly consistent. */
  async read<R>(key: RecordKey): Promise<StoredRecord<R> | undefined> {
    const input = { TableName: this.tableName, Key: marshall(key), ConsistentRead: true };
    const { Item } = await this.guarded('GetItem', () => this.#client.send(new GetItemCommand(input)));
    return Item ? fromItem<R>(Item) : undefined;
  }

  /** Writes if the stored revision is still `expected` (0: there is no item). @returns false when somebody was faster */
  async write<R extends object>(key: RecordKey, record: R, expected: number, list?: string): Promise<boolean> {
    const condition =
      expected === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'revision = :expected',
            ExpressionAttributeValues: { ':expected': { N: String(expected) } },
          };
    const Item = toItem(key, record, expected + 1, list);
    try {
      await this.guarded('PutItem', () =>
        this.#client.send(new PutItemCommand({ TableName: this.tableName, Item, ...condition })),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException || errorName(error) === 'ConditionalCheckFailedException')
        return false;
      throw error;
    }
  }

  /**
   * Read, compute, write if unchanged, again if not.
   * @param next gets what is stored (undefined: nothing) and returns what to store; undefined leaves it alone
   * @returns the record as it stands afterwards
   * @throws StoreUnavailable when the table does not answer, or the item is fought over without end
   */
  async change<R extends object>(
    key: RecordKey,
    next: (stored: R | undefined) => R | undefined,
    listOf: (record: R) => string | undefined,
  ): Promise<R | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const stored = await this.read<R>(key);
      const record = next(stored?.record);
      if (record === undefined || record === stored?.record) return stored?.record;
      if (await this.#raced(() => this.write(key, record, stored?.revision ?? 0, listOf(record)))) return record;
    }
    throw new StoreUnavailable('compare-and-set', `${key.pk} ${key.sk} was changed ${ATTEMPTS_MAX} times in between`);
  }

  /** A transaction over the same item is as good as somebody who was faster. */
  async #raced(write: () => Promise<boolean>): Promise<boolean> {
    try {
      return await write();
    } catch (error) {
      if (errorName(error) === 'TransactionConflictException') return false;
      throw error;
    }
  }

  /** All records of a list, oldest key first; eventually consistent. */
  async list<R>(list: string): Promise<R[]> {
    return this.#queryAll<R>({
      IndexName: LIST_INDEX,
      KeyConditionExpression: '#list = :list',
      ExpressionAttributeNames: { '#list': 'list' },
      ExpressionAttributeValues: { ':list': { S: list } },
    });
  }

  /** All records of a partition whose sort key begins with a text, in its order; strongly consistent. */
  async startingWith<R>(pk: string, prefix: string): Promise<R[]> {
    return this.#queryAll<R>({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':prefix': { S: prefix } },
      ConsistentRead: true,
    });
  }

  async #queryAll<R>(query: Omit<ConstructorParameters<typeof QueryCommand>[0], 'TableName'>): Promise<R[]> {
    const records: R[] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const input = { TableName: this.tableName, ...query, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) };
      const page = await this.guarded('Query', () => this.#client.send(new QueryCommand(input)));
      for (const item of page.Items ?? []) records.push(fromItem<R>(item).record);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return records;
  }
}

/**
 * The record travels as JSON text: evidence holds numbers (e-values up to 1e300) that DynamoDB's own numbers can't. What
 * conditions look at stands beside it.
 */
export function toItem(
  key: RecordKey,
  record: object,
  revision: number,
  list?: string,
): Record<string, AttributeValue> {
  const epoch = 'epoch' in record ? record.epoch : undefined;
  const stopped = 'stop' in record && record.stop !== undefined;
  return marshall({
    ...key,
    revision,
    record: JSON.stringify(record),
    ...(list === undefined ? {} : { list }),
    ...(typeof epoch === 'number' ? { epoch } : {}),
    ...(stopped ? { stopped } : {}),
  });
}

export function fromItem<R>(item: Record<string, AttributeValue>): StoredRecord<R> {
  const { revision, record } = unmarshall(item) as { revision: number; record: string };
  return { revision, record: JSON.parse(record) as R };
}
