/** Releases in the records table. */
import { ReleaseConflict, UnknownRelease } from '../domain/flow-errors.ts';
import { type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { openReleases, releaseKey, type Scope } from './keys.ts';
import { type RecordsTable } from './records-table.ts';

export function newReleaseStore(table: RecordsTable, scope: Scope): ReleaseStore {
  const keyOf = (ref: ReleaseRef) => releaseKey(scope, ref.model, ref.releaseId);
  const listOf = (record: ReleaseRecord): string | undefined => (record.outcome ? undefined : openReleases(scope));
  const known = (ref: ReleaseRef, record: ReleaseRecord | undefined): ReleaseRecord => {
    if (!record) throw new UnknownRelease(ref.releaseId);
    return record;
  };
  const find = async (ref: ReleaseRef): Promise<ReleaseRecord | undefined> =>
    (await table.read<ReleaseRecord>(keyOf(ref)))?.record;
  return {
    async create(record) {
      if (await table.write(keyOf(record), record, 0, listOf(record))) return record;
      const stored = known(record, await find(record));
      if (stored.version !== record.version) throw new ReleaseConflict(record.releaseId, `it is for ${stored.version}`);
      return stored;
    },
    get: async (ref) => known(ref, await find(ref)),
    find,
    change: async (ref, next) =>
      known(ref, await table.change<ReleaseRecord>(keyOf(ref), (record) => next(known(ref, record)), listOf)),
    async open() {
      const releases = await table.list<ReleaseRecord>(openReleases(scope));
      return releases.sort((a, b) => a.requestedAtMs - b.requestedAtMs);
    },
  };
}
