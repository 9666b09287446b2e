/** Conditional writes, as the SDK's DynamoDB client sends them. */
import { type DynamoDBClient, PutItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

export const TABLE = 'bench-records';

type Item = Record<string, AttributeValue>;

export interface WriteCase {
  readonly case: string;
  /** Conditional writes of one work; all succeed. */
  readonly writes: number;
  /** Does all writes in a partition of their own. */
  write(client: DynamoDBClient, partition: string): Promise<void>;
  /** Items of the partition afterwards, in the order of `sk`, without their `pk`. */
  readonly items: readonly Item[];
}

/** @param writes of one work of each case */
export function writeCases(writes: number): readonly WriteCase[] {
  return [putsInARow(writes), updatesInARow(writes), putsInFlight(writes, 16)];
}

const record = (i: number): Item => ({
  sk: { S: `look#${String(i).padStart(6, '0')}` },
  verdict: { S: i % 3 === 0 ? 'INCONCLUSIVE' : 'ADVANCE' },
  epoch: { N: String(i) },
  evidence: { M: { requests: { N: '2995' }, errors: { N: '0' }, minutes: { L: [{ N: '1' }, { N: '2' }] } } },
});

const records = (count: number): readonly Item[] => Array.from({ length: count }, (_, i) => record(i));

/** A new item, refused if it is there already. */
async function put(client: DynamoDBClient, partition: string, item: Item): Promise<void> {
  await client.send(
    new PutItemCommand({
      TableName: TABLE,
      Item: { pk: { S: partition }, ...item },
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    }),
  );
}

function putsInARow(writes: number): WriteCase {
  const items = records(writes);
  return {
    case: 'conditional put, one after the other',
    writes,
    items,
    write: async (client, partition) => {
      for (const item of items) await put(client, partition, item);
    },
  };
}

function putsInFlight(writes: number, inFlight: number): WriteCase {
  const items = records(writes);
  return {
    case: `conditional put, ${inFlight} in flight`,
    writes,
    items,
    write: async (client, partition) => {
      const remaining = items.values();
      // All workers take from one iterator, so each item is written once.
      const worker = async (): Promise<void> => {
        for (const item of remaining) await put(client, partition, item);
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
    },
  };
}

/** The epoch of one lease rises; each update succeeds only on the epoch that the one before it wrote. */
function updatesInARow(writes: number): WriteCase {
  const sk = { S: 'lease' };
  return {
    case: 'conditional update, one after the other',
    writes,
    items: [{ sk, epoch: { N: String(writes) }, holder: { S: `execution-${writes}` } }],
    write: async (client, partition) => {
      for (let epoch = 1; epoch <= writes; epoch++) {
        await client.send(
          new UpdateItemCommand({
            TableName: TABLE,
            Key: { pk: { S: partition }, sk },
            UpdateExpression: 'SET #epoch = :next, #holder = :holder',
            ConditionExpression: 'attribute_not_exists(#epoch) OR #epoch = :current',
            ExpressionAttributeNames: { '#epoch': 'epoch', '#holder': 'holder' },
            ExpressionAttributeValues: {
              ':current': { N: String(epoch - 1) },
              ':next': { N: String(epoch) },
              ':holder': { S: `execution-${epoch}` },
            },
          }),
        );
      }
    },
  };
}
