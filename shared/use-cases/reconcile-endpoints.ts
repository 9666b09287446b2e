/** Compares what is with what should be, between rollouts: slipped writes are undone, cooled variants and orphans removed. */
import { type Catalog } from '../catalog/catalog.ts';
import { championOnly } from '../domain/rollout/weights.ts';
import { type Clock } from '../ports/clock.ts';
import { type ChampionRecord, type EndpointStore } from '../ports/endpoint-store.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../ports/serving-platform.ts';
import { variantSpec } from './add-challenger.ts';
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

/** Single flight: the lease is taken for one act, so that a rollout which begins now is fenced off from it. */
async function fenced(
  deps: ReconcileEndpointsDependencies,
  model: string,
  act: (epoch: number) => Promise<void>,
): Promise<boolean> {
  const known = await deps.endpoints.lease(model);
  if (known.holder) return false;
  const epoch = known.epoch + 1;
  const holder = { rolloutId: `${model}-reconcile-${epoch}`, executionArn: 'reconcile-endpoints' };
  const taken = await deps.endpoints.changeLease(model, (lease) =>
    lease.holder || lease.epoch !== known.epoch
      ? undefined
      : { ...lease, epoch, holder, heartbeatAtMs: deps.clock.nowMs() },
  );
  if (taken.epoch !== epoch) return false;
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
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  if (champion.suspectedAtMs === undefined) {
    await deps.endpoints.changeChampion(champion.model, (latest) => ({ ...latest, suspectedAtMs: deps.clock.nowMs() }));
    return 'SUSPECTED';
  }
  const done = await fenced(deps, champion.model, () =>
    deps.platform.setWeights(champion.endpoint, championOnly(champion.arm.variant)),
  );
  return done ? 'RESTORED' : 'NOTHING';
}

/** Everything but the champion has cooled down and leaves the endpoint. */
async function removeCooled(
  deps: ReconcileEndpointsDependencies,
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  const model = deps.catalog.realTime(champion.model);
  const done = await fenced(deps, champion.model, async (epoch) => {
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
  champion: ChampionRecord,
  observed: ObservedEndpoint,
): Promise<Reconciled['did']> {
  const open = await deps.releases.open();
  if (open.some((release) => release.model === champion.model)) return 'NOTHING';
  const kept = new Set([
    observed.configuration,
    champion.arm.servable.name,
    champion.previous?.arm.servable.name,
    ...observed.variants.map((each) => each.servable),
  ]);
  const inventory = await deps.platform.inventory(champion.endpoint);
  const configurations = inventory.configurations.filter((name) => !kept.has(name));
  const servables = inventory.servables.filter((name) => !kept.has(name));
  for (const name of configurations) await deps.platform.deleteConfiguration(name);
  for (const name of servables) await deps.platform.deleteServable(name);
  return configurations.length + servables.length > 0 ? 'REMOVED_ORPHANS' : 'NOTHING';
}

async function reconcileOne(
  deps: ReconcileEndpointsDependencies,
  champion: ChampionRecord,
): Promise<Reconciled['did']> {
  if ((await deps.endpoints.lease(champion.model)).holder) return 'NOTHING';
  const observed = await deps.platform.observe(champion.endpoint);
  if (!observed || observed.status !== 'IN_SERVICE') return 'NOTHING';
  if (!servesAlone(observed, champion.arm.variant)) return undoSlippedWrite(deps, champion);
  if (champion.suspectedAtMs !== undefined) {
    await deps.endpoints.changeChampion(champion.model, ({ suspectedAtMs: _suspected, ...rest }) => rest);
  }
  const warmUntilMs = champion.previous?.warmUntilMs ?? 0;
  const cooled = observed.variants.length > 1 && deps.clock.nowMs() >= warmUntilMs;
  if (cooled) return removeCooled(deps, champion);
  return observed.variants.length > 1 ? 'NOTHING' : removeOrphans(deps, champion, observed);
}

/** Never fights a living lease; one act a model and run; every act is repeated safely. */
export async function reconcileEndpoints(deps: ReconcileEndpointsDependencies): Promise<readonly Reconciled[]> {
  const results: Reconciled[] = [];
  for (const champion of await deps.endpoints.champions()) {
    results.push({ model: champion.model, did: await reconcileOne(deps, champion) });
  }
  return results;
}
