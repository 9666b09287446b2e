/** Each increase of traffic: everything that could forbid it is looked at first, and the dead man's switch is armed. */
import { describe, expect, it } from '@jest/globals';
import { DEAD_MAN_MS } from '../../../../shared/use-cases/dead-man.ts';
import { handleGuardAlarm } from '../../../../shared/use-cases/handle-guard-alarm.ts';
import { shiftTraffic } from '../../../../shared/use-cases/shift-traffic.ts';
import { smokeChallenger } from '../../../../shared/use-cases/smoke-challenger.ts';
import { aLease, versionOf } from '../../../support/builders/records.ts';
import { challengerServing, recordOf, REF, stepWatched } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL } from '../../../support/in-memory/world.ts';

const GREEN_ERRORS = 'switchyard-dev-demand-forecast-green-errors5xx';
const BLUE_ERRORS = 'switchyard-dev-demand-forecast-blue-errors5xx';

describe('shifting traffic', () => {
  it.each([
    [0, 5],
    [1, 10],
    [2, 25],
    [3, 50],
    [4, 100],
  ])('step %i asks for %i %%, as absolute weights', async (stepIndex, sharePercent) => {
    const world = challengerServing(0);
    expect(await shiftTraffic(world, REF, 2, stepIndex)).toEqual({ changeId: 'change-1', sharePercent });
    expect(recordOf(world)).toMatchObject({
      stepIndex,
      change: { purpose: 'SHIFT', weights: { blue: 100 - sharePercent, green: sharePercent } },
    });
    world.clock.advanceMs(world.platform.weightsTakeMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 100 - sharePercent, green: sharePercent });
  });

  it("arms the dead man's switch before the weights are asked for", async () => {
    const world = challengerServing(0);
    let armedBefore = false;
    world.faults.meanwhile('platform.setWeights', () => {
      armedBefore = world.deadMan.armed.has(REF.rolloutId);
    });
    await shiftTraffic(world, REF, 2, 0);
    expect(armedBefore).toBe(true);
    expect(world.deadMan.armed.get(REF.rolloutId)).toEqual({
      order: {
        ...REF,
        endpoint: ENDPOINT,
        epoch: 2,
        championVariant: 'blue',
        challengerVariant: 'green',
      },
      fireAtMs: world.clock.nowMs() + DEAD_MAN_MS,
    });
  });

  it('no traffic rises while the switch can not be armed', async () => {
    const world = challengerServing(0);
    world.faults.fail('deadMan.arm', new Error('throttled'));
    await expect(shiftTraffic(world, REF, 2, 0)).rejects.toThrow('throttled');
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it("keeps the champion's last 24 hours before 100 %, once", async () => {
    const world = challengerServing(50);
    await shiftTraffic(world, REF, 2, 4);
    expect(recordOf(world).history).toEqual(world.metrics.champion);
    world.metrics.champion = { invocations: 1, errors5xx: 1, errors4xx: 1, slow: 1 };
    await shiftTraffic(world, REF, 2, 4);
    expect(recordOf(world).history?.invocations).toBe(100_000);
  });

  it('a raised alarm of the challenger stops the rollout before the step', async () => {
    const world = challengerServing(0);
    world.metrics.inAlarm.add(GREEN_ERRORS);
    await expect(shiftTraffic(world, REF, 2, 0)).rejects.toMatchObject({ name: 'RolloutStopped' });
    expect(recordOf(world).stop).toMatchObject({ kind: 'ALARM', detail: expect.stringContaining(GREEN_ERRORS) });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it("the champion's alarm stops nothing", async () => {
    const world = challengerServing(0);
    world.metrics.inAlarm.add(BLUE_ERRORS);
    await expect(shiftTraffic(world, REF, 2, 0)).resolves.toMatchObject({ sharePercent: 5 });
  });

  it.each(['REJECTED', 'PENDING'] as const)(
    'an approval that has become %s stops the rollout at its next step',
    async (approval) => {
      const world = challengerServing(0);
      world.registry.decide(versionOf(7), approval);
      await expect(shiftTraffic(world, REF, 2, 0)).rejects.toMatchObject({ name: 'RolloutStopped' });
      expect(recordOf(world).stop).toMatchObject({ kind: 'REVOKED', by: 'registry' });
      expect(world.faults.count('platform.setWeights')).toBe(0);
    },
  );

  it('the first reason to stop stays', async () => {
    const world = challengerServing(0);
    world.metrics.inAlarm.add(GREEN_ERRORS);
    const stop = { kind: 'ABORT' as const, detail: 'enough', by: 'grace', atMs: 0 };
    world.faults.meanwhile('rollouts.change', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), stop }),
    );
    await expect(shiftTraffic(world, REF, 2, 0)).rejects.toMatchObject({ name: 'RolloutStopped' });
    expect(recordOf(world).stop).toEqual(stop);
  });

  it('alarms that can not be read, or a registry that does not answer, let nothing through', async () => {
    for (const point of ['metrics.raised', 'registry.describe']) {
      const world = challengerServing(0);
      world.faults.fail(point, new Error('throttled'));
      await expect(shiftTraffic(world, REF, 2, 0)).rejects.toThrow('throttled');
      expect(world.faults.count('platform.setWeights')).toBe(0);
    }
  });

  it('stops under a stale epoch and with the table down', async () => {
    const stale = challengerServing(0);
    stale.cells.leases.put(MODEL, aLease({ epoch: 3 }));
    await expect(shiftTraffic(stale, REF, 2, 0)).rejects.toMatchObject({ name: 'StaleEpoch' });
    const down = challengerServing(0);
    takeTableDown(down.faults);
    await expect(shiftTraffic(down, REF, 2, 0)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    for (const world of [stale, down]) expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('a repeated step is the same step, not the next one', async () => {
    const world = challengerServing(0);
    world.faults.loseAnswer('platform.setWeights');
    await expect(shiftTraffic(world, REF, 2, 0)).rejects.toThrow('lost');
    expect(await shiftTraffic(world, REF, 2, 0)).toEqual({ changeId: 'change-1', sharePercent: 5 });
    expect(world.faults.count('platform.setWeights')).toBe(1);
  });

  it('a rollback on demand goes to 100 % in one step, asks for no evidence and needs no switch', async () => {
    const world = challengerServing(0, { kind: 'ROLLBACK_ON_DEMAND' });
    world.metrics.inAlarm.add(GREEN_ERRORS);
    world.registry.decide(versionOf(7), 'REJECTED');
    expect(await shiftTraffic(world, REF, 2, 0)).toMatchObject({ sharePercent: 100 });
    expect(world.deadMan.armed.size).toBe(0);
  });

  it('an alarm that is raised after the alarms were read, and before the weights are asked for, is not lost', async () => {
    const world = challengerServing(0);
    let raisedAtMs = 0;
    world.faults.meanwhile('deadMan.arm', () => {
      world.clock.advanceMs(500);
      raisedAtMs = world.clock.nowMs();
      world.clock.advanceMs(500);
    });
    await shiftTraffic(world, REF, 2, 0);
    await handleGuardAlarm(world, { alarmNames: [GREEN_ERRORS], reason: 'errors', atMs: raisedAtMs });
    expect(recordOf(world).stop).toMatchObject({ kind: 'ALARM' });
  });
});

describe('smoke', () => {
  const row = { inferenceId: 'a', request: '{"hour":7}', truth: 3 };

  it('asks the challenger itself, with recent rows and one that must be refused', async () => {
    const world = challengerServing(0);
    world.labelledRows.rows = [row, { ...row, inferenceId: 'b', request: '{"hour":8}' }];
    expect(await smokeChallenger(world, REF)).toEqual({ answered: 2 });
    expect(world.platform.asked.map(({ variant, body }) => [variant, body])).toEqual([
      ['green', '{"hour":7}'],
      ['green', '{"hour":8}'],
      ['green', '{}'],
    ]);
  });

  it('without any row yet it still asks for a refusal', async () => {
    const world = challengerServing(0);
    expect(await smokeChallenger(world, REF)).toEqual({ answered: 0 });
    expect(world.platform.asked).toHaveLength(1);
  });

  it.each([
    ['a server error', { statusCode: 500, body: 'boom' }, 'answered 500'],
    ['a refusal of a good row', { statusCode: 400, body: 'no' }, 'answered 400'],
    ['the answer of another variant', { statusCode: 200, body: '1', variant: 'blue' }, "variant 'blue' answered"],
  ])('%s refuses the candidate', async (_name, answer, message) => {
    const world = challengerServing(0);
    world.labelledRows.rows = [row];
    world.platform.answer = () => answer;
    await expect(smokeChallenger(world, REF)).rejects.toMatchObject({
      name: 'CandidateRefused',
      message: expect.stringContaining(message),
    });
  });

  it.each([200, 500])('an empty row that is answered %i refuses the candidate', async (statusCode) => {
    const world = challengerServing(0);
    world.platform.answer = () => ({ statusCode, body: '' });
    await expect(smokeChallenger(world, REF)).rejects.toMatchObject({
      name: 'CandidateRefused',
      message: expect.stringContaining(`answered ${statusCode} instead`),
    });
  });

  it('a stop comes first', async () => {
    const world = stepWatched({ stop: { kind: 'ABORT', detail: 'enough', by: 'grace', atMs: 0 } });
    await expect(smokeChallenger(world, REF)).rejects.toMatchObject({ name: 'RolloutStopped' });
    expect(world.platform.asked).toEqual([]);
  });
});
