/** Everything that gives the champion its traffic back: it must work with the table down, twice, and never undo a promotion. */
import { describe, expect, it } from '@jest/globals';
import { EventsNotAccepted } from '../../../../shared/domain/flow-errors.ts';
import { type DeadManOrder } from '../../../../shared/ports/flow.ts';
import { fireDeadMan } from '../../../../shared/use-cases/fire-dead-man.ts';
import { handleGuardAlarm, type RaisedAlarm } from '../../../../shared/use-cases/handle-guard-alarm.ts';
import { restoreChampion, type RestoreOrder, servesAlone } from '../../../../shared/use-cases/restore-champion.ts';
import { stopRollout } from '../../../../shared/use-cases/stop-rollout.ts';
import { aChampion, aChange, aLease, anArm, aRollout } from '../../../support/builders/records.ts';
import {
  challengerPromoted,
  challengerServing,
  firstDeploymentServing,
  recordOf,
  REF,
  stepWatched,
} from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { START_MS } from '../../../support/in-memory/test-clock.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

const ORDER: RestoreOrder = { ...REF, endpoint: ENDPOINT, epoch: 2, championVariant: 'blue', reason: 'why' };
const DEAD_MAN: DeadManOrder = {
  ...REF,
  endpoint: ENDPOINT,
  epoch: 2,
  championVariant: 'blue',
  challengerVariant: 'green',
};
const GREEN: RaisedAlarm = {
  alarmNames: ['switchyard-dev-demand-forecast-green-errors5xx'],
  reason: 'Threshold Crossed',
  atMs: START_MS + 1,
};
const BLUE = { ...GREEN, alarmNames: ['switchyard-dev-demand-forecast-blue-latency'] };

/** The labels that open-rollout has put on the endpoint. */
async function labelled(world: World, labels: Record<string, string> = {}): Promise<World> {
  await world.platform.label(ENDPOINT, { 'switchyard:epoch': '2', 'switchyard:champion': 'blue', ...labels });
  return world;
}

function landedWeights(world: World): Record<string, number> | undefined {
  world.clock.advanceMs(world.platform.weightsTakeMs);
  return world.platform.weightsOf(ENDPOINT);
}

describe('restoring the champion', () => {
  it('gives it all traffic, with intent, outcome and reason on the record', async () => {
    const world = stepWatched();
    expect(await restoreChampion(world, ORDER)).toEqual({ changeId: 'change-2' });
    expect(recordOf(world)).toMatchObject({
      reason: 'why',
      change: { purpose: 'RESTORE', weights: { blue: 100, green: 0 } },
      deeds: [{ actor: 'restore-champion', outcome: 'accepted' }],
    });
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('leaves a champion alone that has all traffic', async () => {
    const world = challengerServing(0);
    expect(await restoreChampion(world, ORDER)).toEqual({ changeId: null });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('twice is once, and the first reason stays', async () => {
    const world = stepWatched();
    await restoreChampion(world, ORDER);
    expect(await restoreChampion(world, { ...ORDER, reason: 'another' })).toEqual({ changeId: 'change-2' });
    expect(world.faults.count('platform.setWeights')).toBe(1);
    expect(recordOf(world).reason).toBe('why');
  });

  it('is refused while the endpoint is changing, and asked for again', async () => {
    const world = stepWatched();
    await world.platform.setWeights(ENDPOINT, { blue: 90, green: 10 });
    await expect(restoreChampion(world, ORDER)).rejects.toMatchObject({ name: 'EndpointBusy', retryable: true });
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await restoreChampion(world, ORDER);
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('survives a lost acknowledgement', async () => {
    const world = stepWatched();
    world.faults.loseAnswer('platform.setWeights');
    await expect(restoreChampion(world, ORDER)).rejects.toThrow('lost');
    expect(await restoreChampion(world, ORDER)).toEqual({ changeId: 'change-2' });
    expect(world.faults.count('platform.setWeights')).toBe(1);
  });

  it('has no effect under a stale epoch', async () => {
    const world = stepWatched();
    world.cells.leases.put(MODEL, aLease({ epoch: 3 }));
    await expect(restoreChampion(world, ORDER)).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it.each(['rollouts.*', 'endpoints.*'])('goes on when %s does not answer, and spools what it did', async (port) => {
    const world = await labelled(stepWatched());
    world.faults.fail(port, Object.assign(new Error('throttled'), { name: 'StoreUnavailable' }));
    expect(await restoreChampion(world, ORDER)).toEqual({ changeId: null });
    expect(world.spool.kept).toEqual([{ ...REF, detail: 'restored {"blue":100,"green":0} without the table: why' }]);
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('goes on when the table fails between the call and its acceptance', async () => {
    const world = await labelled(stepWatched());
    world.faults.meanwhile('platform.setWeights', () => takeTableDown(world.faults), 'after');
    await expect(restoreChampion(world, ORDER)).rejects.toMatchObject({ name: 'EndpointBusy' });
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it("without the table the labels' epoch is the fence", async () => {
    const world = await labelled(stepWatched(), { 'switchyard:epoch': '3' });
    takeTableDown(world.faults);
    await expect(restoreChampion(world, ORDER)).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('without the table a changing endpoint is asked again, not skipped', async () => {
    const world = await labelled(stepWatched());
    takeTableDown(world.faults);
    await world.platform.setWeights(ENDPOINT, { blue: 90, green: 10 });
    await expect(restoreChampion(world, ORDER)).rejects.toMatchObject({ name: 'EndpointBusy' });
    expect(world.spool.kept).toEqual([]);
  });

  it('takes the endpoint of a failed first deployment away', async () => {
    const world = firstDeploymentServing();
    expect(await restoreChampion(world, { ...ORDER, championVariant: null })).toEqual({ changeId: null });
    expect(world.platform.deleted).toEqual([ENDPOINT]);
    expect(recordOf(world).reason).toBe('why');
  });

  it('a committed promotion is never taken back, though the state after it failed', async () => {
    const world = challengerPromoted();
    expect(await restoreChampion(world, ORDER)).toEqual({ changeId: null });
    expect(landedWeights(world)).toEqual({ blue: 0, green: 100 });
  });

  it('a committed first deployment is never deleted, though the state after it failed', async () => {
    const world = firstDeploymentServing();
    world.cells.champions.put(MODEL, aChampion({ arm: anArm('blue', 7), rolloutId: REF.rolloutId }));
    await restoreChampion(world, { ...ORDER, championVariant: null });
    expect(world.platform.deleted).toEqual([]);
  });

  it('a former holder does not delete the endpoint of a later first deployment', async () => {
    const world = firstDeploymentServing();
    world.cells.leases.put(MODEL, aLease({ epoch: 3 }));
    await expect(restoreChampion(world, { ...ORDER, championVariant: null })).rejects.toMatchObject({
      name: 'StaleEpoch',
    });
    expect(world.platform.deleted).toEqual([]);
  });

  it('tells apart who serves alone', async () => {
    const world = challengerServing(0);
    const observed = await world.platform.observe(ENDPOINT);
    expect(servesAlone(observed, 'blue')).toBe(true);
    expect(servesAlone(observed, 'green')).toBe(false);
    expect(servesAlone(undefined, 'blue')).toBe(false);
    await world.platform.setWeights(ENDPOINT, { blue: 95, green: 5 });
    expect(servesAlone(await world.platform.observe(ENDPOINT), 'blue')).toBe(false);
  });
});

describe("the dead man's switch", () => {
  it('stores the stop, gives the traffic back, wakes a controller that lives', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    expect(await fireDeadMan(world, DEAD_MAN)).toEqual({ changeId: 'change-2' });
    expect(recordOf(world).stop).toMatchObject({ kind: 'DEAD_MAN' });
    expect(world.events.of('wait.resolved')).toHaveLength(1);
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('leaves a rollout alone that is over', async () => {
    const world = stepWatched({ active: false });
    expect(await fireDeadMan(world, DEAD_MAN)).toEqual({ changeId: null });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('leaves a rollout of another epoch alone', async () => {
    const world = stepWatched({ epoch: 3 });
    expect(await fireDeadMan(world, DEAD_MAN)).toEqual({ changeId: null });
    expect(recordOf(world)).not.toHaveProperty('stop');
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('goes on with the table down, and spools', async () => {
    const world = await labelled(stepWatched());
    takeTableDown(world.faults);
    await fireDeadMan(world, DEAD_MAN);
    expect(world.spool.kept).toHaveLength(1);
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('goes on with the bus down', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    world.faults.fail('events.publish', new EventsNotAccepted(['wait.resolved.v1'], 'down'));
    await fireDeadMan(world, DEAD_MAN).catch((error: unknown) => {
      // Trying again for the wake-up's sake is fine; not having given the traffic back is not.
      expect(error).toMatchObject({ name: 'EventsNotAccepted' });
    });
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it('wakes the controller though the endpoint takes no change now', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    await world.platform.setWeights(ENDPOINT, { blue: 90, green: 10 });
    await expect(fireDeadMan(world, DEAD_MAN)).rejects.toMatchObject({ name: 'EndpointBusy' });
    expect(world.events.of('wait.resolved')).toHaveLength(1);
  });

  it('fires twice, rolls back once', async () => {
    const world = stepWatched();
    await fireDeadMan(world, DEAD_MAN);
    await fireDeadMan(world, DEAD_MAN);
    expect(world.faults.count('platform.setWeights')).toBe(1);
  });

  it('does not take a committed promotion back', async () => {
    const world = challengerPromoted();
    await fireDeadMan(world, DEAD_MAN);
    expect(landedWeights(world)).toEqual({ blue: 0, green: 100 });
  });

  it('does not take a committed promotion back with the table down either: the labels say who the champion is', async () => {
    const world = await labelled(challengerPromoted(), { 'switchyard:champion': 'green' });
    takeTableDown(world.faults);
    await fireDeadMan(world, DEAD_MAN).catch((error: unknown) => expect(error).toMatchObject({ name: 'StaleEpoch' }));
    expect(landedWeights(world)).toEqual({ blue: 0, green: 100 });
  });

  it('lets other errors out', async () => {
    const world = stepWatched();
    world.faults.fail('rollouts.change', new Error('a defect'));
    await expect(fireDeadMan(world, DEAD_MAN)).rejects.toThrow('a defect');
  });
});

describe('an alarm', () => {
  it('of the challenger stops its rollout and wakes the watch', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    expect(await handleGuardAlarm(world, GREEN)).toEqual({ stopped: [REF.rolloutId], recorded: [] });
    expect(recordOf(world).stop).toMatchObject({ kind: 'ALARM', by: GREEN.alarmNames[0] });
    expect(world.events.of('wait.resolved')).toHaveLength(1);
  });

  it('of the champion is written down and stops nothing', async () => {
    const world = stepWatched();
    expect(await handleGuardAlarm(world, BLUE)).toEqual({ stopped: [], recorded: [REF.rolloutId] });
    expect(recordOf(world)).not.toHaveProperty('stop');
    expect(recordOf(world).deeds).toEqual([expect.objectContaining({ actor: 'handle-guard-alarm' })]);
  });

  it('from before the step is written down only', async () => {
    const asked = { change: aChange({ requestedAtMs: START_MS + 1_000 }), alarmsReadAtMs: START_MS + 1_000 };
    const world = stepWatched(asked);
    expect(await handleGuardAlarm(world, { ...GREEN, atMs: START_MS + 999 })).toMatchObject({
      recorded: [REF.rolloutId],
    });
    expect(await handleGuardAlarm(world, { ...GREEN, atMs: START_MS + 1_000 })).toMatchObject({
      stopped: [REF.rolloutId],
    });
  });

  it('twice stops once', async () => {
    const world = stepWatched();
    await handleGuardAlarm(world, GREEN);
    const { stop } = recordOf(world);
    world.clock.advanceMinutes(1);
    await handleGuardAlarm(world, GREEN);
    expect(recordOf(world).stop).toEqual(stop);
  });

  it('takes all alarms behind a composite one', async () => {
    const world = stepWatched();
    const alarmNames = ['unknown', ...BLUE.alarmNames, ...GREEN.alarmNames];
    expect(await handleGuardAlarm(world, { ...GREEN, alarmNames })).toEqual({
      stopped: [REF.rolloutId],
      recorded: [REF.rolloutId],
    });
  });

  it('that guards nothing we know is refused by name', async () => {
    await expect(handleGuardAlarm(stepWatched(), { ...GREEN, alarmNames: ['cpu-high'] })).rejects.toMatchObject({
      name: 'UnknownAlarm',
      message: expect.stringContaining('cpu-high'),
    });
  });

  it('without a rollout under way changes nothing', async () => {
    const world = stepWatched({ active: false });
    expect(await handleGuardAlarm(world, GREEN)).toEqual({ stopped: [], recorded: [] });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('of a first deployment has no champion to go back to', async () => {
    const world = firstDeploymentServing();
    expect(await handleGuardAlarm(world, BLUE)).toEqual({ stopped: [], recorded: [] });
  });

  it('with the table down gives the traffic back by the labels, and spools', async () => {
    const world = await labelled(stepWatched());
    takeTableDown(world.faults);
    await handleGuardAlarm(world, GREEN);
    expect(world.spool.kept).toEqual([
      expect.objectContaining({ model: MODEL, stop: expect.objectContaining({ kind: 'ALARM' }) }),
    ]);
    expect(landedWeights(world)).toEqual({ blue: 100, green: 0 });
  });

  it.each([
    ['of the champion changes nothing', BLUE, {}],
    ['on an endpoint without labels changes nothing', GREEN, { 'switchyard:champion': 'none' }],
  ])('with the table down, one %s', async (_name, alarm, labels) => {
    const world = await labelled(stepWatched(), labels);
    takeTableDown(world.faults);
    await handleGuardAlarm(world, alarm);
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('loses nothing when the bus is down: the stop is stored before anybody is woken', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    world.faults.fail('events.publish', new Error('down'));
    await expect(handleGuardAlarm(world, GREEN)).rejects.toThrow('down');
    expect(recordOf(world).stop).toMatchObject({ kind: 'ALARM' });
  });

  it('long reasons are cut', async () => {
    const world = stepWatched();
    await handleGuardAlarm(world, { ...GREEN, reason: 'x'.repeat(2_000) });
    expect(recordOf(world).stop?.detail).toHaveLength(500);
  });
});

describe("an operator's abort", () => {
  const abort = { model: MODEL, requestedBy: 'grace', reason: 'enough' };

  it('finds the rollout under way, stores the stop, wakes the watch', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 't', registeredAtMs: 0 } });
    expect(await stopRollout(world, abort)).toEqual({ rolloutId: REF.rolloutId });
    expect(recordOf(world).stop).toMatchObject({ kind: 'ABORT', by: 'grace', detail: 'enough' });
    expect(world.events.of('wait.resolved')).toHaveLength(1);
  });

  it('twice: the first reason stays', async () => {
    const world = stepWatched();
    await stopRollout(world, abort);
    await stopRollout(world, { ...abort, reason: 'again' });
    expect(recordOf(world).stop?.detail).toBe('enough');
  });

  it.each([
    ['of an unknown model', { ...abort, model: 'nothing' }, 'UnknownModel'],
    ['of a batch model', { ...abort, model: 'churn-prediction' }, 'UnknownModel'],
    ['of an unknown rollout', { ...abort, rolloutId: 'none' }, 'UnknownRollout'],
  ])('%s is refused', async (_name, request, name) => {
    await expect(stopRollout(stepWatched(), request)).rejects.toMatchObject({ name });
  });

  it('of a rollout that is over is refused', async () => {
    const world = stepWatched({ active: false, outcome: 'PROMOTED' });
    await expect(stopRollout(world, { ...abort, rolloutId: REF.rolloutId })).rejects.toMatchObject({
      name: 'RolloutIsOver',
      message: expect.stringContaining('PROMOTED'),
    });
    await expect(stopRollout(world, abort)).rejects.toMatchObject({ name: 'NoRolloutUnderWay' });
  });

  it('without a name reaches every rollout of the model that is still on record, the one that writes among them', async () => {
    const world = stepWatched({ rolloutId: `${MODEL}-r1`, epoch: 1 });
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, aRollout());
    await stopRollout(world, abort);
    expect(recordOf(world).stop).toMatchObject({ kind: 'ABORT' });
  });
});
