/** The net under every event: what was missed is driven on, and one model's trouble is no other's. */
import { describe, expect, it } from '@jest/globals';
import { addChallenger } from '../../../../shared/use-cases/add-challenger.ts';
import { openRollout } from '../../../../shared/use-cases/open-rollout.ts';
import { shiftTraffic } from '../../../../shared/use-cases/shift-traffic.ts';
import { sweepRollouts } from '../../../../shared/use-cases/sweep-rollouts.ts';
import { aLease, aRelease, aRollout, versionOf } from '../../../support/builders/records.ts';
import {
  challengerPromoted,
  challengerServing,
  firstDeploymentServing,
  recordOf,
  REF,
  rolloutOpened,
  stepWatched,
} from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { START_MS } from '../../../support/in-memory/test-clock.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

const OTHER = { model: 'dynamic-pricing', rolloutId: 'dynamic-pricing-r5' };
const OTHER_ENDPOINT = 'dev-dynamic-pricing';

/** A healthy rollout of another model, whose record is listed after the first. */
function besideAnother(world: World): World {
  const healthy = { ...recordOf(stepWatched()), ...OTHER, endpoint: OTHER_ENDPOINT, executionArn: 'arn:other' };
  world.cells.rollouts.put(`${OTHER.model}/${OTHER.rolloutId}`, healthy);
  world.cells.leases.put(OTHER.model, aLease({ model: OTHER.model, holder: { ...OTHER, executionArn: 'arn:other' } }));
  world.executions.running.add('arn:other');
  world.platform.place(OTHER_ENDPOINT, 'x', { blue: ['b', 95], green: ['g', 5] });
  return world;
}

const looksOf = (world: World, rolloutId: string) =>
  world.events.of('rollout.look-due').filter((each) => each['rolloutId'] === rolloutId);

/** The controller's execution has ended without closing, and nobody has looked for more than five minutes. */
function dead(world: World): World {
  world.executions.running.clear();
  world.executions.running.add('arn:other');
  world.clock.advanceMinutes(6);
  return world;
}

describe('a rollout that is being watched', () => {
  it('gets a look each minute', async () => {
    const world = stepWatched();
    expect(await sweepRollouts(world)).toEqual({ looked: 1, woken: 0, adopted: 0 });
    expect(world.events.of('rollout.look-due')).toEqual([{ ...REF, stepIndex: 0 }]);
  });

  it.each([
    ['has its verdict', stepWatched({ verdict: { stepIndex: 0, decision: 'ADVANCE', reason: '', look: 1, atMs: 0 } })],
    ['was stopped', stepWatched({ stop: { kind: 'ABORT', detail: '', by: '', atMs: 0 } })],
    ['is over', stepWatched({ active: false })],
    ['has not begun', rolloutOpened()],
  ])('gets none when it %s', async (_name, world) => {
    expect(await sweepRollouts(world)).toMatchObject({ looked: 0 });
  });

  it('gets none while its share is changing', async () => {
    const world = challengerServing(0);
    await shiftTraffic(world, REF, 2, 0);
    expect(await sweepRollouts(world)).toMatchObject({ looked: 0 });
  });
});

describe('what was missed', () => {
  it('a change whose event was lost is read back', async () => {
    const world = challengerServing(0);
    await shiftTraffic(world, REF, 2, 0);
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await sweepRollouts(world);
    expect(recordOf(world).settled).toMatchObject({ changeId: 'change-1', outcome: 'SETTLED' });
  });

  it('a wake-up that was lost is put again, once it can not be on its way any more', async () => {
    const world = stepWatched({
      stop: { kind: 'ABORT', detail: '', by: '', atMs: 0 },
      wait: { wait: 'bake-0', token: 'secret', registeredAtMs: 0 },
    });
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, {
      ...recordOf(world),
      wait: { wait: 'bake-0', token: 'secret', registeredAtMs: world.clock.nowMs() },
    });
    expect(await sweepRollouts(world)).toMatchObject({ woken: 0 });
    world.clock.advanceMs(30_000);
    expect(await sweepRollouts(world)).toMatchObject({ woken: 1 });
    expect(world.events.of('wait.resolved')).toEqual([expect.objectContaining({ wait: 'bake-0' })]);
    expect(JSON.stringify(world.events.published)).not.toContain('secret');
  });

  it.each([
    ['decided', { decision: { status: 'APPROVED' as const, by: '', reason: '', atMs: 0 } }, 1],
    ['superseded', { supersededBy: versionOf(8) }, 1],
    ['undecided', {}, 0],
    ['past its time', { expiresAtMs: 0 }, 1],
  ])('a release that is %s', async (_name, changed, woken) => {
    const world = rolloutOpened({ active: false });
    world.registry.decide(versionOf(7), 'PENDING');
    const wait = { wait: 'approval', token: 't', registeredAtMs: 0 };
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ wait, ...changed }));
    expect(await sweepRollouts(world)).toMatchObject({ woken });
  });

  it('a decision in the registry whose event was lost is found', async () => {
    const world = rolloutOpened({ active: false });
    const wait = { wait: 'approval', token: 't', registeredAtMs: 0 };
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ wait }));
    world.registry.decide(versionOf(7), 'APPROVED', 'good');
    await sweepRollouts(world);
    world.clock.advanceMinutes(1);
    await sweepRollouts(world);
    expect((await world.releases.get({ model: MODEL, releaseId: `${MODEL}-v7` })).decision).toMatchObject({
      status: 'APPROVED',
    });
    expect(world.events.of('wait.resolved')).toContainEqual(expect.objectContaining({ wait: 'approval' }));
  });

  it('a staging endpoint that is up wakes its release', async () => {
    const world = rolloutOpened({ active: false });
    const wait = { wait: 'staging', token: 't', registeredAtMs: 0 };
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ wait }));
    expect(await sweepRollouts(world)).toMatchObject({ woken: 0 });
    world.platform.place(`${ENDPOINT}-staging`, `${ENDPOINT}-staging-v7`, { candidate: [`${ENDPOINT}-v7`, 1] });
    expect(await sweepRollouts(world)).toMatchObject({ woken: 1 });
  });
});

describe('a rollout without a living controller', () => {
  it('gives its traffic back first, and is closed when that is read back', async () => {
    const world = dead(stepWatched());
    expect(await sweepRollouts(world)).toMatchObject({ adopted: 1, looked: 0 });
    expect(recordOf(world)).toMatchObject({ active: true, change: { purpose: 'RESTORE' } });
    world.clock.advanceMinutes(6);
    await sweepRollouts(world);
    expect(recordOf(world)).toMatchObject({ active: false, outcome: 'ROLLED_BACK' });
    expect((await world.endpoints.lease(MODEL)).holder).toBeUndefined();
    expect(world.events.of('rollout.ended')).toHaveLength(1);
    expect(await sweepRollouts(world)).toEqual({ looked: 0, woken: 0, adopted: 0 });
  });

  it('that had been promoted is closed as promoted', async () => {
    const world = dead(challengerPromoted());
    await sweepRollouts(world);
    expect(recordOf(world)).toMatchObject({ active: false, outcome: 'PROMOTED' });
  });

  it.each([
    ['whose execution runs', 6, true],
    ['that was heard of within five minutes', 5, false],
  ])('one %s is not adopted', async (_name, minutes, running) => {
    const world = stepWatched();
    if (!running) world.executions.running.clear();
    world.clock.advanceMinutes(minutes);
    expect(await sweepRollouts(world)).toMatchObject({ adopted: 0 });
  });

  it('a first deployment leaves nothing behind', async () => {
    const world = dead(firstDeploymentServing());
    for (let minute = 0; minute < 5; minute++) {
      await sweepRollouts(world).catch((error: unknown) => expect(error).toMatchObject({ name: 'EndpointBusy' }));
      world.clock.advanceMinutes(1);
    }
    expect(await world.platform.observe(ENDPOINT)).toBeUndefined();
    expect(recordOf(world)).toMatchObject({ active: false, outcome: 'ROLLED_BACK' });
  });

  it('that was fenced off by another is closed without touching the endpoint of the other', async () => {
    const former = `${MODEL}-r0`;
    const world = challengerServing(5, { executionArn: 'arn:other' });
    world.cells.rollouts.put(`${MODEL}/${former}`, aRollout({ rolloutId: former, epoch: 1 }));
    dead(world);
    await sweepRollouts(world);
    expect(world.faults.count('platform.setWeights')).toBe(0);
    // The other ends; the former record must end too, and not fail every sweep for ever.
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, aRollout({ active: false }));
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 2, heartbeatAtMs: 0 });
    world.platform.meddle(ENDPOINT, { blue: 100, green: 0 });
    await sweepRollouts(world);
    expect(recordOf(world, former)).toMatchObject({ active: false, outcome: 'ROLLED_BACK' });
  });
});

describe('a release whose execution is gone', () => {
  const releaseOf = (world: World) => world.cells.releases.read(`${MODEL}/${MODEL}-v7`);

  it('ends, so that it keeps nobody waiting', async () => {
    const world = rolloutOpened({ active: false });
    world.executions.running.clear();
    for (let minute = 0; minute < 11; minute++) {
      await sweepRollouts(world);
      world.clock.advanceMinutes(1);
    }
    expect(releaseOf(world)).toMatchObject({ outcome: 'FAILED', endedAtMs: expect.any(Number) });
    expect(world.events.of('release.ended')).toEqual([expect.objectContaining({ outcome: 'FAILED' })]);
  });

  it('is none while it runs', async () => {
    const world = rolloutOpened({ active: false });
    await sweepRollouts(world);
    expect(releaseOf(world)).not.toHaveProperty('outcome');
  });
});

describe('what was spooled while the table was down', () => {
  const stop = { kind: 'ALARM' as const, detail: 'errors', by: 'alarm', atMs: START_MS };

  it('stops the rollout that was under way then, and is written down once', async () => {
    const world = stepWatched();
    await world.spool.keep({ model: MODEL, stop, detail: 'errors' });
    await sweepRollouts(world);
    expect(recordOf(world)).toMatchObject({ stop, deeds: [{ action: 'while the table was down: errors' }] });
    expect(world.spool.kept).toEqual([]);
  });

  it('stops none that began since', async () => {
    const world = stepWatched({ startedAtMs: START_MS + 1 });
    await world.spool.keep({ model: MODEL, stop, detail: 'errors' });
    await sweepRollouts(world);
    expect(recordOf(world)).not.toHaveProperty('stop');
  });

  it('keeps no rollout from its look when it can not be read', async () => {
    const world = stepWatched();
    world.faults.fail('spool.drain', new Error('the queue is down'));
    await sweepRollouts(world).catch((error: unknown) => expect(String(error)).toContain('the queue is down'));
    expect(looksOf(world, REF.rolloutId)).toHaveLength(1);
  });
});

describe("one model's trouble is no other's", () => {
  it.each<[string, () => World | Promise<World>]>([
    [
      'a dead rollout whose endpoint is changing',
      async () => {
        const world = dead(stepWatched());
        await world.platform.setWeights(ENDPOINT, { blue: 90, green: 10 });
        return world;
      },
    ],
    ['a dead rollout that was fenced off', () => dead(challengerServing(5, { epoch: 1 }))],
    [
      'an endpoint that can not be observed',
      () => {
        const world = challengerServing(5, { changes: 1, change: { ...recordOf(stepWatched()).change! } });
        world.faults.fail('platform.observe', new Error('throttled'), { times: 1 });
        return world;
      },
    ],
  ])('%s', async (_name, scene) => {
    const world = besideAnother(await scene());
    await sweepRollouts(world).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    expect(looksOf(world, OTHER.rolloutId)).toHaveLength(1);
  });

  it('a release that can not be settled keeps no rollout from its look', async () => {
    const world = stepWatched();
    const wait = { wait: 'staging', token: 't', registeredAtMs: 0 };
    world.cells.releases.put(`${MODEL}/${MODEL}-v8`, aRelease({ releaseId: `${MODEL}-v8`, wait }));
    world.faults.fail('platform.observe', new Error('throttled'), { times: 1 });
    await sweepRollouts(world).catch((error: unknown) => expect(String(error)).toContain('throttled'));
    expect(looksOf(world, REF.rolloutId)).toHaveLength(1);
  });

  it('with the table down nothing happens, and the sweep says so', async () => {
    const world = stepWatched();
    takeTableDown(world.faults);
    await expect(sweepRollouts(world)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('a queued candidate', () => {
  it('never takes over a rollout that lives and waits for a slow endpoint', async () => {
    const world = rolloutOpened();
    world.platform.provisioningTakesMs = 9 * 60_000;
    await addChallenger(world, REF, 2);
    const queued = {
      kind: 'FORWARD' as const,
      model: MODEL,
      releaseId: `${MODEL}-v8`,
      version: versionOf(8),
      versionNumber: 8,
      executionArn: 'arn:queued',
    };
    const binding = { ...aRelease().binding, version: versionOf(8) };
    world.cells.releases.put(
      `${MODEL}/${MODEL}-v8`,
      aRelease({ releaseId: `${MODEL}-v8`, version: versionOf(8), versionNumber: 8, binding }),
    );
    for (let minute = 0; minute < 9; minute++) {
      world.clock.advanceMinutes(1);
      await sweepRollouts(world);
      await expect(openRollout(world, queued)).rejects.toMatchObject({ name: 'LeaseHeld' });
    }
    expect(await world.endpoints.lease(MODEL)).toMatchObject({ epoch: 2, holder: aLease().holder });
  });
});
