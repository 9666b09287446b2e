/** Leases and champions in the records table. The flip of a champion is one transaction with the lease's epoch. */
import { type DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { StaleEpoch } from '../domain/errors.ts';
import { ChampionChanged } from '../domain/flow-errors.ts';
import { type ChampionRecord, type EndpointStore, type Lease } from '../ports/endpoint-store.ts';
import { allChampions, championKey, leaseKey, type Scope } from './keys.ts';
import { errorName } from './platform.ts';
import { type RecordsTable, toItem } from './records-table.ts';
import { marshall } from '@aws-sdk/util-dynamodb';

const NO_LEASE = (model: string): Lease => ({ model, epoch: 0, heartbeatAtMs: 0 });

export function newEndpointStore(client: DynamoDBClient, table: RecordsTable, scope: Scope): EndpointStore {
  const readLease = async (model: string): Promise<Lease> =>
    (await table.read<Lease>(leaseKey(scope, model)))?.record ?? NO_LEASE(model);
  const readChampion = (model: string) => table.read<ChampionRecord>(championKey(scope, model));

  /** What made the transaction fail, from what stands now. */
  const explain = async (
    next: ChampionRecord,
    check: { epoch: number; replacedRolloutId?: string },
  ): Promise<Error> => {
    const lease = await readLease(next.model);
    if (lease.epoch !== check.epoch) return new StaleEpoch(check.epoch, lease.epoch);
    const champion = (await readChampion(next.model))?.record;
    return new ChampionChanged(next.model, check.replacedRolloutId ?? 'none', champion?.rolloutId ?? 'none');
  };

  return {
    lease: readLease,
    async changeLease(model, next) {
      const record = await table.change<Lease>(
        leaseKey(scope, model),
        (stored) => next(stored ?? NO_LEASE(model)),
        () => undefined,
      );
      return record ?? NO_LEASE(model);
    },
    champion: async (model) => (await readChampion(model))?.record,
    async promote(next, check) {
      const stored = await readChampion(next.model);
      if (stored?.record.rolloutId !== check.replacedRolloutId) throw await explain(next, check);
      const key = championKey(scope, next.model);
      const revision = stored?.revision ?? 0;
      const put = {
        TableName: table.tableName,
        Item: toItem(key, next, revision + 1, allChampions(scope)),
        ...(revision === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'revision = :revision',
              ExpressionAttributeValues: { ':revision': { N: String(revision) } },
            }),
      };
      const fence = {
        TableName: table.tableName,
        Key: marshall(leaseKey(scope, next.model)),
        ConditionExpression: 'epoch = :epoch',
        ExpressionAttributeValues: { ':epoch': { N: String(check.epoch) } },
      };
      const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Put: put }, { ConditionCheck: fence }] });
      try {
        await table.guarded('TransactWriteItems', () => client.send(transaction));
      } catch (error) {
        if (errorName(error) !== 'TransactionCanceledException') throw error;
        throw await explain(next, check);
      }
    },
    async changeChampion(model, next) {
      const listOf = (): string => allChampions(scope);
      await table.change<ChampionRecord>(
        championKey(scope, model),
        (stored) => (stored ? next(stored) : undefined),
        listOf,
      );
    },
    champions: () => table.list<ChampionRecord>(allChampions(scope)),
  };
}
