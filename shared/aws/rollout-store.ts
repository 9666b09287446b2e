/** Rollouts and their looks in the records table. */
import { UnknownRollout } from '../domain/errors.ts';
import { RolloutExists } from '../domain/flow-errors.ts';
import { type Look, type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { activeRollouts, lookKey, looksPartition, rolloutKey, type Scope } from './keys.ts';
import { type RecordsTable } from './records-table.ts';

export function newRolloutStore(table: RecordsTable, scope: Scope): RolloutStore {
  const keyOf = (ref: RolloutRef) => rolloutKey(scope, ref.model, ref.rolloutId);
  const listOf = (record: RolloutRecord): string | undefined => (record.active ? activeRollouts(scope) : undefined);
  const known = (ref: RolloutRef, record: RolloutRecord | undefined): RolloutRecord => {
    if (!record) throw new UnknownRollout(ref.rolloutId);
    return record;
  };
  return {
    async create(record) {
      if (!(await table.write(keyOf(record), record, 0, listOf(record)))) throw new RolloutExists(record.rolloutId);
    },
    get: async (ref) => known(ref, (await table.read<RolloutRecord>(keyOf(ref)))?.record),
    change: async (ref, next) =>
      known(ref, await table.change<RolloutRecord>(keyOf(ref), (record) => next(known(ref, record)), listOf)),
    active: () => table.list<RolloutRecord>(activeRollouts(scope)),
    async saveLook(look) {
      // A repeated look of the same number found the same minutes or more: the first stays.
      await table.write(lookKey(scope, look.model, look.rolloutId, look.look), look, 0);
    },
    looks: (ref) => table.startingWith<Look>(looksPartition(scope, ref.model, ref.rolloutId), 'LOOK#'),
  };
}
