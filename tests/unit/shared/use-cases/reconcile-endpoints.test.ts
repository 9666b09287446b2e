/** Between rollouts: slipped writes undone, cooled variants and orphans removed, never against a living lease. */
import { describe, expect, it } from '@jest/globals';
import { openRollout } from '../../../../shared/use-cases/open-rollout.ts';
import { reconcileEndpoints } from '../../../../shared/use-cases/reconcile-endpoints.ts';
import { aChampion, aLease, aRelease } from '../../../support/builders/records.ts';
import { challengerPromoted, championServing } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

const PERIOD_MINUTES = 5;
const did = async (world: World) => (await reconcileEndpoints(world)).map((each) => each.did);
const free = { model: MODEL, epoch: 2, heartbeatAtMs: 0 };

/** After a promotion: version 6 warm beside version 7, the lease free. */
function promoted(): World {
  const world = challengerPromoted();
  world.cells.leases.put(MODEL, free);
  world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ outcome: 'PROMOTED' }));
  return world;
}

describe('a slipped write', () => {
  it('is undone at the second sight, a period later', async () => {
    const world = promoted();
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    expect(await did(world)).toEqual(['SUSPECTED']);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 30, green: 70 });
    world.clock.advanceMinutes(PERIOD_MINUTES);
    expect(await did(world)).toEqual(['RESTORED']);
    world.clock.advanceMs(world.platform.weightsTakeMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 0, green: 100 });
    expect((await world.endpoints.lease(MODEL)).holder).toBeUndefined();
  });

  it('that a doubled run sees twice within seconds has been seen once', async () => {
    const world = promoted();
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    await reconcileEndpoints(world);
    world.clock.advanceMs(2_000);
    await reconcileEndpoints(world);
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('that has gone by itself is forgotten', async () => {
    const world = promoted();
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    await reconcileEndpoints(world);
    world.platform.meddle(ENDPOINT, { blue: 0, green: 100 });
    world.clock.advanceMinutes(PERIOD_MINUTES);
    await reconcileEndpoints(world);
    expect(await world.endpoints.champion(MODEL)).not.toHaveProperty('suspectedAtMs');
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('is left to the holder of the lease', async () => {
    const world = promoted();
    world.cells.leases.put(MODEL, aLease());
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    for (let run = 0; run < 3; run++) {
      expect(await did(world)).toEqual(['NOTHING']);
      world.clock.advanceMinutes(PERIOD_MINUTES);
    }
  });

  it('a rollout that begins between look and act keeps the endpoint', async () => {
    const world = promoted();
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    await reconcileEndpoints(world);
    world.clock.advanceMinutes(PERIOD_MINUTES);
    world.faults.meanwhile('endpoints.changeLease', () => world.cells.leases.put(MODEL, aLease({ epoch: 3 })));
    expect(await did(world)).toEqual(['NOTHING']);
    expect(world.faults.count('platform.setWeights')).toBe(0);
    expect((await world.endpoints.lease(MODEL)).holder).toEqual(aLease().holder);
  });

  it('an act that fails frees the lease', async () => {
    const world = promoted();
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    await reconcileEndpoints(world);
    world.clock.advanceMinutes(PERIOD_MINUTES);
    world.faults.fail('platform.setWeights', new Error('throttled'));
    await reconcileEndpoints(world).catch((error: unknown) => expect(String(error)).toContain('throttled'));
    expect((await world.endpoints.lease(MODEL)).holder).toBeUndefined();
  });

  it('a reconciler that was killed in its act does not stop all later ones', async () => {
    const world = promoted();
    const holder = { rolloutId: `${MODEL}-reconcile-3`, executionArn: 'reconcile-endpoints' };
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 3, holder, heartbeatAtMs: world.clock.nowMs() });
    world.platform.meddle(ENDPOINT, { blue: 30, green: 70 });
    for (let run = 0; run < 4; run++) {
      world.clock.advanceMinutes(PERIOD_MINUTES);
      await reconcileEndpoints(world);
    }
    world.clock.advanceMs(world.platform.weightsTakeMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 0, green: 100 });
  });
});

describe('a warm variant', () => {
  it('stays until its time is over', async () => {
    const world = promoted();
    world.clock.advanceMinutes(119);
    expect(await did(world)).toEqual(['NOTHING']);
  });

  it('that has cooled leaves the endpoint, once', async () => {
    const world = promoted();
    world.clock.advanceMinutes(120);
    expect(await did(world)).toEqual(['REMOVED_VARIANT']);
    expect(await did(world)).toEqual(['NOTHING']);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ green: 100 });
    expect(world.faults.count('platform.changeConfiguration')).toBe(1);
    expect((await world.endpoints.lease(MODEL)).epoch).toBe(3);
  });

  it('stays while an operator brings it back', async () => {
    const world = promoted();
    world.clock.advanceMinutes(120);
    const back = { kind: 'BACK' as const, model: MODEL, executionArn: 'arn:back' };
    world.faults.meanwhile('platform.observe', async () => void (await openRollout(world, back)), 'after');
    expect(await did(world)).toEqual(['NOTHING']);
    expect(world.faults.count('platform.changeConfiguration')).toBe(0);
  });
});

describe('orphans', () => {
  function withOrphans(): World {
    const world = promoted();
    // Leftovers of versions 3 and 4; then what the endpoint really serves.
    world.platform.place(ENDPOINT, `${ENDPOINT}-e0-both`, {
      blue: [`${ENDPOINT}-v3`, 0],
      green: [`${ENDPOINT}-v4`, 0],
    });
    world.platform.place(ENDPOINT, `${ENDPOINT}-e3-single`, { green: [`${ENDPOINT}-v7`, 100] });
    return world;
  }

  /** As often as it takes. */
  async function afterTwoPeriods(world: World): Promise<void> {
    for (let run = 0; run < 2; run++) {
      await reconcileEndpoints(world);
      world.clock.advanceMinutes(PERIOD_MINUTES);
    }
  }

  it('are removed; what serves, and what a rollback needs, is kept', async () => {
    const world = withOrphans();
    await afterTwoPeriods(world);
    const { configurations, servables } = await world.platform.inventory(ENDPOINT);
    expect(configurations).toEqual([`${ENDPOINT}-e3-single`]);
    expect([...servables].sort()).toEqual([`${ENDPOINT}-v6`, `${ENDPOINT}-v7`]);
  });

  it('are none while a release of the model is open', async () => {
    const world = withOrphans();
    world.cells.releases.put(`${MODEL}/${MODEL}-v8`, aRelease({ releaseId: `${MODEL}-v8` }));
    await afterTwoPeriods(world);
    expect(world.platform.deleted).toEqual([]);
  });

  it('what a rollback on demand has just made is none', async () => {
    const world = withOrphans();
    world.faults.meanwhile('platform.inventory', async () => {
      await openRollout(world, { kind: 'BACK', model: MODEL, executionArn: 'arn:back' });
      await world.platform.configure({
        configuration: `${ENDPOINT}-e4-both`,
        variants: [],
        capturePercent: 0,
        captureUri: '',
      });
    });
    await reconcileEndpoints(world).catch((error: unknown) => expect(error).toMatchObject({ name: 'LeaseHeld' }));
    expect(world.platform.deleted).not.toContain(`${ENDPOINT}-e4-both`);
  });

  it('twice is once', async () => {
    const world = withOrphans();
    await afterTwoPeriods(world);
    const { length } = world.platform.deleted;
    await afterTwoPeriods(world);
    expect(world.platform.deleted).toHaveLength(length);
  });
});

describe('an endpoint that can not be reconciled', () => {
  it.each([
    ['is changing', 'CHANGING', 'Updating'],
    ['has failed', 'FAILED', 'Failed'],
  ] as const)('because it %s is left alone', async (_name, status, raw) => {
    const world = promoted();
    world.platform.setStatus(ENDPOINT, status, raw);
    expect(await did(world)).toEqual(['NOTHING']);
  });

  it('because it is gone is left alone', async () => {
    const world = championServing();
    world.cells.champions.put(MODEL, aChampion({ endpoint: 'gone' }));
    expect(await did(world)).toEqual(['NOTHING']);
  });

  it('does not keep the others from being reconciled', async () => {
    const world = promoted();
    const other = aChampion({ model: 'dynamic-pricing', endpoint: 'dev-dynamic-pricing' });
    world.cells.champions.put(other.model, other);
    world.platform.place(other.endpoint, 'x', { blue: ['a', 50], green: ['b', 50] });
    world.faults.fail('platform.observe', new Error('throttled'), { times: 1 });
    await reconcileEndpoints(world).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    expect(await world.endpoints.champion(other.model)).toHaveProperty('suspectedAtMs');
  });

  it('with the table down nothing is touched', async () => {
    const world = promoted();
    takeTableDown(world.faults);
    await expect(reconcileEndpoints(world)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(world.faults.calls.some((call) => call.startsWith('platform.'))).toBe(false);
  });
});
