/** Who may begin: one writer an endpoint, from rest only, and no lease that outlives a rollout which never began. */
import { describe, expect, it } from '@jest/globals';
import { openRollout, rolloutIdOf, type RolloutRequest } from '../../../../shared/use-cases/open-rollout.ts';
import {
  aChampion,
  aLease,
  anArm,
  aRelease,
  aRollout,
  CANARY_EXECUTION,
  versionOf,
} from '../../../support/builders/records.ts';
import { challengerPromoted, championServing } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { START_MS } from '../../../support/in-memory/test-clock.ts';
import { ENDPOINT, MODEL, newWorld, type World } from '../../../support/in-memory/world.ts';

const FORWARD: RolloutRequest = {
  kind: 'FORWARD',
  model: MODEL,
  releaseId: `${MODEL}-v7`,
  version: versionOf(7),
  versionNumber: 7,
  executionArn: CANARY_EXECUTION,
};
const BACK: RolloutRequest = { kind: 'BACK', model: MODEL, executionArn: 'arn:aws:states:x:1:execution:rollback:b' };

/** The champion serves, and version 7 has been approved against it. */
function approved(): World {
  const world = championServing();
  const decision = { status: 'APPROVED' as const, by: 'registry', reason: 'good', atMs: 0 };
  world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ decision }));
  return world;
}

const holderOf = async (world: World) => (await world.endpoints.lease(MODEL)).holder;

describe('opening a rollout', () => {
  it('takes the lease, writes the record, labels the endpoint, tells', async () => {
    const world = approved();
    expect(await openRollout(world, FORWARD)).toEqual({
      model: MODEL,
      rolloutId: `${MODEL}-r2`,
      kind: 'CANARY',
      endpoint: ENDPOINT,
      epoch: 2,
      challengerVariant: 'green',
      championVariant: 'blue',
      warm: false,
      lastStepIndex: 4,
    });
    expect(await world.endpoints.lease(MODEL)).toEqual(aLease());
    expect(await world.rollouts.get({ model: MODEL, rolloutId: `${MODEL}-r2` })).toMatchObject({
      active: true,
      epoch: 2,
      challenger: anArm('green', 7),
      champion: anArm('blue', 6),
      executionArn: CANARY_EXECUTION,
    });
    expect(await world.platform.labels(ENDPOINT)).toEqual({ 'switchyard:epoch': '2', 'switchyard:champion': 'blue' });
    expect(world.events.of('rollout.started')).toEqual([
      expect.objectContaining({ kind: 'CANARY', champion: versionOf(6), challenger: versionOf(7) }),
    ]);
  });

  it('of a first version has no champion', async () => {
    const world = newWorld();
    const { champion: _none, ...binding } = aRelease().binding;
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ binding }));
    expect(await openRollout(world, FORWARD)).toMatchObject({
      kind: 'FIRST_DEPLOYMENT',
      championVariant: null,
      challengerVariant: 'blue',
      epoch: 1,
      lastStepIndex: 0,
    });
  });

  it('ids are made of the epoch, which rises for ever', async () => {
    expect(rolloutIdOf('m', 7)).toBe('m-r7');
    const world = approved();
    await openRollout(world, FORWARD);
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 2, heartbeatAtMs: 0 });
    expect(await openRollout(world, { ...FORWARD, executionArn: 'arn:other' })).toMatchObject({ epoch: 3 });
  });

  it('back to a warm version needs no provisioning, back to a cold one does', async () => {
    const warm = challengerPromoted();
    warm.cells.leases.put(MODEL, { model: MODEL, epoch: 2, heartbeatAtMs: 0 });
    expect(await openRollout(warm, BACK)).toMatchObject({
      kind: 'ROLLBACK_ON_DEMAND',
      challengerVariant: 'blue',
      championVariant: 'green',
      warm: true,
    });
    const cold = challengerPromoted();
    cold.cells.leases.put(MODEL, { model: MODEL, epoch: 2, heartbeatAtMs: 0 });
    cold.platform.place(ENDPOINT, `${ENDPOINT}-e2-single`, { green: [`${ENDPOINT}-v7`, 100] });
    expect(await openRollout(cold, BACK)).toMatchObject({ warm: false });
    cold.platform.place(ENDPOINT, `${ENDPOINT}-x`, { green: [`${ENDPOINT}-v7`, 100], blue: [`${ENDPOINT}-v5`, 0] });
    expect(await openRollout(cold, BACK)).toMatchObject({ warm: false });
  });

  it.each([
    ['unknown', 'nothing'],
    ['batch', 'churn-prediction'],
  ])('of an %s model is refused', async (_name, model) => {
    await expect(openRollout(approved(), { ...FORWARD, model })).rejects.toMatchObject({ name: 'UnknownModel' });
  });

  it('stops with the table down', async () => {
    const world = approved();
    takeTableDown(world.faults);
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('the same execution again', () => {
  it('finds its lease and its record', async () => {
    const world = approved();
    const first = await openRollout(world, FORWARD);
    expect(await openRollout(world, FORWARD)).toEqual(first);
    expect(world.cells.rollouts.all()).toHaveLength(1);
  });

  it.each(['endpoints.changeLease', 'rollouts.create', 'platform.label', 'events.publish'])(
    'survives a lost answer of %s',
    async (point) => {
      const world = approved();
      world.faults.loseAnswer(point);
      await expect(openRollout(world, FORWARD)).rejects.toThrow('lost');
      expect(await openRollout(world, FORWARD)).toMatchObject({ epoch: 2, rolloutId: `${MODEL}-r2` });
      expect(world.cells.rollouts.all()).toHaveLength(1);
    },
  );
});

describe('a lease in other hands', () => {
  const other = { rolloutId: `${MODEL}-r1`, executionArn: 'arn:aws:states:x:1:execution:canary:other' };
  const heldBy = (heartbeatAtMs: number, running: boolean): World => {
    const world = approved();
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 1, holder: other, heartbeatAtMs });
    if (running) world.executions.running.add(other.executionArn);
    return world;
  };

  it('that live is respected, and named', async () => {
    const world = heldBy(START_MS - 60_000, true);
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({
      name: 'LeaseHeld',
      retryable: true,
      message: expect.stringContaining(`${MODEL}-r1`),
    });
    expect(await holderOf(world)).toEqual(other);
  });

  it.each([
    ['whose execution does not run', START_MS - 1, false],
    ['that were silent for more than five minutes', START_MS - 300_001, true],
  ])('%s is taken over under the next epoch', async (_name, heartbeatAtMs, running) => {
    const world = heldBy(heartbeatAtMs, running);
    expect(await openRollout(world, FORWARD)).toMatchObject({ epoch: 2 });
    expect(await holderOf(world)).toEqual(aLease().holder);
  });

  it('a holder that comes back to life in between keeps it', async () => {
    const world = heldBy(START_MS - 1, false);
    world.faults.meanwhile('endpoints.changeLease', () =>
      world.cells.leases.put(MODEL, { model: MODEL, epoch: 2, holder: other, heartbeatAtMs: START_MS }),
    );
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'LeaseHeld' });
  });

  it('of two that want it at once, one gets it', async () => {
    const world = approved();
    world.faults.meanwhile('endpoints.changeLease', async () => {
      await openRollout(world, { ...FORWARD, executionArn: 'arn:faster' });
    });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'LeaseHeld' });
    expect((await holderOf(world))?.executionArn).toBe('arn:faster');
  });

  it('of the reconciler, in the middle of its act, is respected', async () => {
    const world = approved();
    const holder = { rolloutId: `${MODEL}-reconcile-2`, executionArn: 'reconcile-endpoints' };
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 2, holder, heartbeatAtMs: START_MS - 5_000 });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'LeaseHeld' });
  });

  it('a dead holder that left traffic on its challenger is not taken over: the sweep brings it home under its epoch', async () => {
    const world = heldBy(START_MS - 600_000, false);
    world.cells.rollouts.put(`${MODEL}/${other.rolloutId}`, aRollout({ rolloutId: other.rolloutId, epoch: 1 }));
    world.platform.place(ENDPOINT, `${ENDPOINT}-e1-both`, {
      blue: [`${ENDPOINT}-v6`, 75],
      green: [`${ENDPOINT}-v5`, 25],
    });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'EndpointNotAtRest' });
    expect((await world.endpoints.lease(MODEL)).epoch).toBe(1);
  });

  it('one of a rollout that never began is freed, so that the reconciler can act', async () => {
    const world = heldBy(START_MS - 600_000, false);
    world.platform.meddle(ENDPOINT, { blue: 0 });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'EndpointNotAtRest' });
    expect(await holderOf(world)).toBeUndefined();
  });
});

describe('an endpoint that is not at rest', () => {
  it.each<[string, (world: World) => void | Promise<void>]>([
    ['it is changing', (world) => world.platform.setWeights(ENDPOINT, { blue: 100 })],
    [
      'it shares traffic',
      (world) => world.platform.place(ENDPOINT, 'x', { blue: [`${ENDPOINT}-v6`, 90], green: ['g', 10] }),
    ],
    ['it serves another variant', (world) => world.platform.place(ENDPOINT, 'x', { green: [`${ENDPOINT}-v6`, 100] })],
    ['it serves another servable', (world) => world.platform.place(ENDPOINT, 'x', { blue: [`${ENDPOINT}-v5`, 100] })],
    ['it has failed', (world) => world.platform.setStatus(ENDPOINT, 'FAILED', 'Failed')],
    [
      'a champion is recorded and it does not exist',
      (world) => world.cells.champions.put(MODEL, aChampion({ endpoint: 'gone' })),
    ],
  ])('is not begun on, and the lease is free: %s', async (name, disturb) => {
    const world = approved();
    await disturb(world);
    if (name.includes('does not exist')) {
      await world.platform.deleteEndpoint(ENDPOINT);
      world.clock.advanceMs(world.platform.deletingTakesMs);
    }
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'EndpointNotAtRest', retryable: true });
    expect(await holderOf(world)).toBeUndefined();
    expect(world.cells.rollouts.all()).toEqual([]);
  });

  it('nor is one that exists without a recorded champion', async () => {
    const world = newWorld();
    const { champion: _none, ...binding } = aRelease().binding;
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ binding }));
    world.platform.place(ENDPOINT, 'x', { blue: ['y', 100] });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'EndpointNotAtRest' });
    expect(await holderOf(world)).toBeUndefined();
  });

  it('somebody who took over meanwhile keeps the lease', async () => {
    const world = approved();
    const theirs = { rolloutId: 'another', executionArn: 'arn:another' };
    world.faults.meanwhile('endpoints.changeLease', () => {
      world.faults.meanwhile('platform.observe', () => {
        world.platform.meddle(ENDPOINT, { blue: 0 });
        world.cells.leases.put(MODEL, { model: MODEL, epoch: 9, holder: theirs, heartbeatAtMs: START_MS });
      });
    });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'EndpointNotAtRest' });
    expect(await world.endpoints.lease(MODEL)).toMatchObject({ epoch: 9, holder: theirs });
  });
});

describe('a lease does not outlive a rollout that never began', () => {
  it('when there is nothing to go back to', async () => {
    const world = championServing();
    await expect(openRollout(world, BACK)).rejects.toMatchObject({ name: 'NothingToRollBackTo' });
    expect(await holderOf(world)).toBeUndefined();
  });

  it('when the endpoint can not be looked at', async () => {
    const world = approved();
    world.faults.fail('platform.observe', new Error('throttled'));
    await expect(openRollout(world, FORWARD)).rejects.toThrow('throttled');
    expect(await holderOf(world)).toBeUndefined();
  });
});

describe('what an approval was bound to', () => {
  it('a champion that changed while the candidate queued for the lease voids it', async () => {
    const world = approved();
    world.cells.champions.put(MODEL, aChampion({ arm: anArm('blue', 8), rolloutId: 'another' }));
    world.platform.place(ENDPOINT, 'x', { blue: [`${ENDPOINT}-v8`, 100] });
    await expect(openRollout(world, FORWARD)).rejects.toMatchObject({ name: 'ChampionChanged' });
    expect(world.cells.rollouts.all()).toEqual([]);
    expect(await holderOf(world)).toBeUndefined();
  });

  it('the champion is read under the lease, not before it', async () => {
    const world = approved();
    world.faults.meanwhile('endpoints.changeLease', () => {
      world.cells.champions.put(MODEL, aChampion({ arm: anArm('green', 6), rolloutId: 'another' }));
      world.platform.place(ENDPOINT, 'x', { green: [`${ENDPOINT}-v6`, 100] });
    });
    expect(await openRollout(world, FORWARD)).toMatchObject({ challengerVariant: 'blue', championVariant: 'green' });
  });
});
