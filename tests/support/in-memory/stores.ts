/** The three stores in memory, with the compare-and-set semantics that their ports promise. */
import { StaleEpoch, UnknownRollout } from '../../../shared/domain/errors.ts';
import {
  ChampionChanged,
  ReleaseConflict,
  RolloutExists,
  RolloutStopped,
  StoreUnavailable,
  UnknownRelease,
} from '../../../shared/domain/flow-errors.ts';
import { type ChampionRecord, type EndpointStore, type Lease } from '../../../shared/ports/endpoint-store.ts';
import { type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../../../shared/ports/release-store.ts';
import {
  type Look,
  type RolloutRecord,
  type RolloutRef,
  type RolloutStore,
} from '../../../shared/ports/rollout-store.ts';
import { asStored, Cells } from './cells.ts';
import { faulty, type Faults } from './faults.ts';

const rolloutKey = (ref: RolloutRef): string => `${ref.model}/${ref.rolloutId}`;
const releaseKey = (ref: ReleaseRef): string => `${ref.model}/${ref.releaseId}`;

export interface InMemoryStores {
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
  /** The records themselves, for setting a scene and for looking at what became of it. */
  readonly cells: {
    readonly rollouts: Cells<RolloutRecord>;
    readonly releases: Cells<ReleaseRecord>;
    readonly leases: Cells<Lease>;
    readonly champions: Cells<ChampionRecord>;
  };
}

/** All stores stop answering, as a throttled table does, until `faults.heal()`. */
export function takeTableDown(faults: Faults): void {
  for (const port of ['rollouts', 'releases', 'endpoints']) {
    faults.fail(`${port}.*`, new StoreUnavailable('GetItem', 'ProvisionedThroughputExceededException'));
  }
}

export function newInMemoryStores(faults: Faults): InMemoryStores {
  const cells: InMemoryStores['cells'] = {
    rollouts: new Cells('rollouts.change', faults),
    releases: new Cells('releases.change', faults),
    leases: new Cells('endpoints.changeLease', faults),
    champions: new Cells('endpoints.changeChampion', faults),
  };
  return {
    cells,
    rollouts: faulty('rollouts', faults, rolloutStore(cells.rollouts)),
    releases: faulty('releases', faults, releaseStore(cells.releases)),
    endpoints: faulty('endpoints', faults, endpointStore(cells)),
  };
}

function rolloutStore(cells: Cells<RolloutRecord>): RolloutStore {
  const looks: Look[] = [];
  const known = (ref: RolloutRef, record: RolloutRecord | undefined): RolloutRecord => {
    if (!record) throw new UnknownRollout(ref.rolloutId);
    return record;
  };
  return {
    create: async (record) => {
      if (!cells.create(rolloutKey(record), record)) throw new RolloutExists(record.rolloutId);
    },
    get: async (ref) => known(ref, cells.read(rolloutKey(ref))),
    change: async (ref, next) => known(ref, await cells.change(rolloutKey(ref), (stored) => next(known(ref, stored)))),
    active: async () => cells.all().filter((record) => record.active),
    saveLook: async (look) => {
      const same = (each: Look): boolean => rolloutKey(each) === rolloutKey(look) && each.look === look.look;
      if (!looks.some(same)) looks.push(asStored(look));
    },
    looks: async (ref) => looks.filter((look) => rolloutKey(look) === rolloutKey(ref)),
  };
}

function releaseStore(cells: Cells<ReleaseRecord>): ReleaseStore {
  const known = (ref: ReleaseRef, record: ReleaseRecord | undefined): ReleaseRecord => {
    if (!record) throw new UnknownRelease(ref.releaseId);
    return record;
  };
  return {
    create: async (record) => {
      if (cells.create(releaseKey(record), record)) return asStored(record);
      const stored = known(record, cells.read(releaseKey(record)));
      if (stored.version !== record.version) throw new ReleaseConflict(record.releaseId, `it is for ${stored.version}`);
      return stored;
    },
    get: async (ref) => known(ref, cells.read(releaseKey(ref))),
    find: async (ref) => cells.read(releaseKey(ref)),
    change: async (ref, next) => known(ref, await cells.change(releaseKey(ref), (stored) => next(known(ref, stored)))),
    open: async () =>
      cells
        .all()
        .filter((record) => record.outcome === undefined)
        .sort((a, b) => a.requestedAtMs - b.requestedAtMs),
  };
}

function endpointStore({ leases, champions, rollouts }: InMemoryStores['cells']): EndpointStore {
  const leaseOf = (model: string): Lease => leases.read(model) ?? { model, epoch: 0, heartbeatAtMs: 0 };
  return {
    lease: async (model) => leaseOf(model),
    changeLease: async (model, next) =>
      (await leases.change(model, (stored) => next(stored ?? leaseOf(model)))) ?? leaseOf(model),
    champion: async (model) => champions.read(model),
    // One transaction: all conditions and the write without a step in between.
    promote: async (next, check) => {
      const { epoch } = leaseOf(next.model);
      if (epoch !== check.epoch) throw new StaleEpoch(check.epoch, epoch);
      const present = champions.read(next.model)?.rolloutId;
      if (present !== check.replacedRolloutId)
        throw new ChampionChanged(next.model, check.replacedRolloutId ?? 'none', present ?? 'none');
      const stop = rollouts.read(rolloutKey(next))?.stop;
      if (stop) throw new RolloutStopped(next.rolloutId, `${stop.kind}: ${stop.detail}`);
      champions.put(next.model, next);
    },
    changeChampion: async (model, next) => {
      await champions.change(model, (stored) => (stored ? next(stored) : undefined));
    },
    champions: async () => champions.all(),
  };
}
