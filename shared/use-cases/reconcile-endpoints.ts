/** Compares what is with what should be, between rollouts: slipped writes are undone, cooled variants and orphans removed. */
import { type Catalog } from '../catalog/catalog.ts';
import { newTurns } from '../domain/each-in-turn.ts';
import { heartbeatTtlMs } from '../domain/rollout/lease.ts';
import { championOnly } from '../domain/rollout/weights.ts';
import { type Clock } from '../ports/clock.ts';
import { type ChampionRecord, type EndpointStore, type Lease } from '../ports/endpoint-store.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../ports/serving-platform.ts';
import { variantSpec } from './add-challenger.ts';
import { checkLease } from './change-endpoint.ts';
import { servesAlone } from './restore-champion.ts';

export interface ReconcileEndpointsDependencies {
  readonly catalog: Catalog;
  readonly endpoints: EndpointStore;
  readonly releases: ReleaseStore;
  readonly platform: ServingPlatform;
  readonly captureUri: string;
  readonly clock: Clock;
}

export interface Reconciled {
  readonly model: string;
  readonly did: 'NOTHING' | 'SUSPECTED' | 'RESTORED' | 'REMOVED_VARIANT' | 'REMOVED_ORPHANS';
}

/** Who holds the lease for one act of ours: no execution of a state machine. */
const RECONCILER = 'reconcile-endpoints';
/** Most of the five minutes between two runs: a doubled run is no second sight. */
const SECOND_SIGHT_MS = 4 * 60_000;

/** Nobody holds it, or a reconciler that was killed in its act, which can not give it back. */
function isFree(lease: Lease, nowMs: number): boolean {
  return !lease.holder || (lease.holder.executionArn === RECONCILER && nowMs - lease.heartbeatAtMs > heartbeatTtlMs);
}

/**
 * Single flight: the lease is taken for one act, so that a rollout which begins now is fenced off from it.
 * @param seen the lease before the endpoint was looked at: whoever has held it since has made the look worthless
 */
async function fenced(
  deps: ReconcileEndpointsDependencies,
  seen: Lease,
  act: (epoch: number) => Promise<void>,
): Promise<boolean> {
  const { model } = seen;
  const epoch = seen.epoch + 1;
  const holder = { rolloutId: `${model}-reconcile-${epoch}`, executionArn: RECONCILER };
  let isTaken = false;
  await deps.endpoints.changeLease(model, (lease) => {
    const nowMs = deps.clock.nowMs();
    isTaken = lease.epoch === seen.epoch && isFree(lease, nowMs);
    return isTaken ? { ...lease, epoch, holder, heartbeatAtMs: nowMs } : undefined;
  });
  if (!isTaken) return false;
  try {
    await act(epoch);
  } finally {
    await deps.endpoints.changeLease(model, (lease) => {
      const { holder: _holder, ...free } = lease;
      return lease.epoch === epoch ? free : undefined;
    });
  }
  return true;
}

/** A stranger's weights are undone at the second sight of them, a period later: the first may be a change that is landing. */
async function undoSlippedWrite(
  deps: ReconcileEndpointsDependencies,
  seen: Lease,
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  if (champion.suspectedAtMs === undefined) {
    await deps.endpoints.changeChampion(champion.model, (latest) => ({ ...latest, suspectedAtMs: deps.clock.nowMs() }));
    return 'SUSPECTED';
  }
  if (deps.clock.nowMs() - champion.suspectedAtMs < SECOND_SIGHT_MS) return 'SUSPECTED';
  const done = await fenced(deps, seen, () =>
    deps.platform.setWeights(champion.endpoint, championOnly(champion.arm.variant)),
  );
  return done ? 'RESTORED' : 'NOTHING';
}

/** Everything but the champion has cooled down and leaves the endpoint. */
async function removeCooled(
  deps: ReconcileEndpointsDependencies,
  seen: Lease,
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  const model = deps.catalog.realTime(champion.model);
  const done = await fenced(deps, seen, async (epoch) => {
    const configuration = `${champion.endpoint}-e${epoch}-single`;
    await deps.platform.configure({
      configuration,
      variants: [variantSpec(model, champion.arm, 100)],
      capturePercent: model.serving.capturePercent,
      captureUri: `${deps.captureUri}/${champion.model}`,
    });
    await deps.platform.changeConfiguration(champion.endpoint, configuration);
  });
  return done ? 'REMOVED_VARIANT' : 'NOTHING';
}

/** Kept: what serves, what the champion and the version before it need to come back. All else of this endpoint is an orphan. */
async function removeOrphans(
  deps: ReconcileEndpointsDependencies,
  seen: Lease,
  champion: ChampionRecord,
  observed: ObservedEndpoint,
): Promise<Reconciled['did']> {
  const kept = new Set([
    observed.configuration,
    champion.arm.servable.name,
    champion.previous?.arm.servable.name,
    ...observed.variants.map((each) => each.servable),
  ]);
  const inventory = await deps.platform.inventory(champion.endpoint);
  // After the inventory: what a release has made by then, it has made while it is open.
  if ((await deps.releases.open()).some((release) => release.model === champion.model)) return 'NOTHING';
  const configurations = inventory.configurations.filter((name) => !kept.has(name));
  const servables = inventory.servables.filter((name) => !kept.has(name));
  if (configurations.length + servables.length === 0) return 'NOTHING';
  const done = await fenced(deps, seen, async (epoch) => {
    const remove = async (names: readonly string[], call: (name: string) => Promise<void>): Promise<void> => {
      for (const name of names) {
        await checkLease(deps.endpoints, champion.model, epoch);
        await call(name);
      }
    };
    await remove(configurations, (name) => deps.platform.deleteConfiguration(name));
    await remove(servables, (name) => deps.platform.deleteServable(name));
  });
  return done ? 'REMOVED_ORPHANS' : 'NOTHING';
}

async function reconcileOne(
  deps: ReconcileEndpointsDependencies,
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  const seen = await deps.endpoints.lease(champion.model);
  if (!isFree(seen, deps.clock.nowMs())) return 'NOTHING';
  const observed = await deps.platform.observe(champion.endpoint);
  if (!observed || observed.status !== 'IN_SERVICE') return 'NOTHING';
  if (!servesAlone(observed, champion.arm.variant)) return undoSlippedWrite(deps, seen, champion);
  if (champion.suspectedAtMs !== undefined) {
    await deps.endpoints.changeChampion(champion.model, ({ suspectedAtMs: _suspected, ...rest }) => rest);
  }
  const warmUntilMs = champion.previous?.warmUntilMs ?? 0;
  const cooled = observed.variants.length > 1 && deps.clock.nowMs() >= warmUntilMs;
  if (cooled) return removeCooled(deps, seen, champion);
  return observed.variants.length > 1 ? 'NOTHING' : removeOrphans(deps, seen, champion, observed);
}

/**
 * Never fights a living lease; one act a model and run; every act is repeated safely.
 * @throws what kept a model from being reconciled, after all others have had their turn
 */
export async function reconcileEndpoints(deps: ReconcileEndpointsDependencies): Promise<readonly Reconciled[]> {
  const turns = newTurns();
  const results: Reconciled[] = [];
  for (const champion of await deps.endpoints.champions()) {
    const did = await turns.take(() => reconcileOne(deps, champion));
    if (did !== undefined) results.push({ model: champion.model, did });
  }
  turns.end();
  return results;
}
