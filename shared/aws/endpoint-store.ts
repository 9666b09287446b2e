/**
 * Leases and champions in the records table. The flip of a champion is one transaction with the lease's epoch and with the
 * absence of a stop.
 */
import {
  type DynamoDBClient,
  type TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { StaleEpoch } from '../domain/errors.ts';
import { ChampionChanged, RolloutStopped, StoreUnavailable } from '../domain/flow-errors.ts';
import { type ChampionRecord, type EndpointStore, type Lease } from '../ports/endpoint-store.ts';
import { allChampions, championKey, leaseKey, rolloutKey, type Scope } from './keys.ts';
import { type RecordsTable, toItem } from './records-table.ts';
import { marshall } from '@aws-sdk/util-dynamodb';

/** Why a transaction was cancelled although every condition may hold: the same one may succeed later. */
const CANCELLED_FOR_NOW: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const BROKEN_CONDITION = 'ConditionalCheckFailed';

/** One code for each item of the transaction, in its order; `None` for those that stood in nobody's way. */
const cancellationCodes = (error: unknown): string[] =>
  ((error as TransactionCanceledException).CancellationReasons ?? []).map((reason) => reason.Code ?? 'None');

const NO_LEASE = (model: string): Lease => ({ model, epoch: 0, heartbeatAtMs: 0 });

export function newEndpointStore(client: DynamoDBClient, table: RecordsTable, scope: Scope): EndpointStore {
  const readLease = async (model: string): Promise<Lease> =>
    (await table.read<Lease>(leaseKey(scope, model)))?.record ?? NO_LEASE(model);
  const readChampion = (model: string) => table.read<ChampionRecord>(championKey(scope, model));

  /** Which check failed, from what stands now. */
  const explain = async (
    next: ChampionRecord,
    check: { epoch: number; replacedRolloutId?: string },
  ): Promise<Error> => {
    const lease = await readLease(next.model);
    if (lease.epoch !== check.epoch) return new StaleEpoch(check.epoch, lease.epoch);
    const champion = (await readChampion(next.model))?.record;
    return new ChampionChanged(next.model, check.replacedRolloutId ?? 'none', champion?.rolloutId ?? 'none');
  };

  /** What a cancelled transaction means. Its items: champion, lease, rollout. */
  const whyCancelled = async (
    error: Error,
    next: ChampionRecord,
    check: { epoch: number; replacedRolloutId?: string },
  ): Promise<Error> => {
    const [champion, lease, rollout] = cancellationCodes(error);
    if (champion === BROKEN_CONDITION || lease === BROKEN_CONDITION) return explain(next, check);
    if (rollout === BROKEN_CONDITION) return new RolloutStopped(next.rolloutId, 'the stop came before the commit');
    const passing = [champion, lease, rollout].filter((code) => CANCELLED_FOR_NOW.has(code ?? ''));
    return passing.length > 0 ? new StoreUnavailable('TransactWriteItems', passing.join(', ')) : error;
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
      const notStopped = {
        TableName: table.tableName,
        Key: marshall(rolloutKey(scope, next.model, next.rolloutId)),
        ConditionExpression: 'attribute_not_exists(stopped)',
      };
      const transaction = new TransactWriteItemsCommand({
        TransactItems: [{ Put: put }, { ConditionCheck: fence }, { ConditionCheck: notStopped }],
      });
      try {
        await table.guarded('TransactWriteItems', () => client.send(transaction));
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'TransactionCanceledException') throw error;
        throw await whyCancelled(error, next, check);
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
