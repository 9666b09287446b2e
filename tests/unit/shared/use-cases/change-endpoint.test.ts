/** The fence around every change of an endpoint, and provisioning of the challenger behind it. */
import { describe, expect, it } from '@jest/globals';
import { addChallenger } from '../../../../shared/use-cases/add-challenger.ts';
import { changeEndpoint, type ChangeRequest } from '../../../../shared/use-cases/change-endpoint.ts';
import { aFirstDeployment, aLease, aRollout, versionOf } from '../../../support/builders/records.ts';
import { challengerServing, recordOf, REF, rolloutOpened } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

function shiftTo(world: World, green: number): ChangeRequest {
  const weights = { blue: 100 - green, green };
  return {
    ref: REF,
    epoch: 2,
    endpoint: ENDPOINT,
    actor: 'test',
    purpose: 'SHIFT',
    configuration: `${ENDPOINT}-e2-both`,
    weights,
    call: () => world.platform.setWeights(ENDPOINT, weights),
  };
}

const takenOver = (world: World) => (): void =>
  world.cells.leases.put(MODEL, aLease({ epoch: 3, holder: { rolloutId: 'another', executionArn: 'another' } }));

describe('changing an endpoint', () => {
  it('writes the intent, asks, and writes that it was accepted', async () => {
    const world = challengerServing(0);
    let seenByThePlatform: unknown;
    world.faults.meanwhile('platform.setWeights', () => {
      seenByThePlatform = recordOf(world).change;
    });

    expect(await changeEndpoint(world, shiftTo(world, 5))).toBe('change-1');

    expect(seenByThePlatform).toMatchObject({ changeId: 'change-1', weights: { blue: 95, green: 5 } });
    expect(seenByThePlatform).not.toHaveProperty('acceptedAtMs');
    const { change, deeds } = recordOf(world);
    expect(change).toMatchObject({
      acceptedAtMs: world.clock.nowMs(),
      previous: { configuration: `${ENDPOINT}-e2-both`, weights: { blue: 100, green: 0 } },
    });
    expect(deeds).toEqual([expect.objectContaining({ actor: 'test', outcome: 'accepted' })]);
  });

  it('asks nothing twice: a repeated request continues the first', async () => {
    const world = challengerServing(0);
    await changeEndpoint(world, shiftTo(world, 5));
    world.clock.advanceMs(1_000);
    expect(await changeEndpoint(world, shiftTo(world, 5))).toBe('change-1');
    expect(world.faults.count('platform.setWeights')).toBe(1);
    expect(recordOf(world)).toMatchObject({ changes: 1, deeds: [{ outcome: 'accepted' }] });
  });

  it('finds a change whose acknowledgement was lost', async () => {
    const world = challengerServing(0);
    world.faults.loseAnswer('platform.setWeights');
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toThrow('lost');
    expect(recordOf(world).change).not.toHaveProperty('acceptedAtMs');
    expect(await changeEndpoint(world, shiftTo(world, 5))).toBe('change-1');
    expect(world.faults.count('platform.setWeights')).toBe(1);
    expect(recordOf(world).change).toHaveProperty('acceptedAtMs');
  });

  it('does nothing under a stale epoch', async () => {
    const world = challengerServing(0);
    takenOver(world)();
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
    expect(recordOf(world)).not.toHaveProperty('change');
  });

  it('does not write under a record of another epoch', async () => {
    const world = challengerServing(0, { epoch: 1 });
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('a take-over during the call leaves the change without acceptance, so that nobody concludes from it', async () => {
    const world = challengerServing(0);
    world.faults.meanwhile('platform.setWeights', takenOver(world), 'after');
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(recordOf(world).change).not.toHaveProperty('acceptedAtMs');
  });

  it('an endpoint that is changing refuses, and the intent is kept once over all retries', async () => {
    const world = challengerServing(0);
    await world.platform.setWeights(ENDPOINT, { blue: 90, green: 10 });
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({
        name: 'EndpointBusy',
        retryable: true,
      });
    }
    expect(world.faults.count('platform.setWeights')).toBe(1);
    expect(recordOf(world)).toMatchObject({ changes: 1, deeds: [{ actor: 'test' }] });
  });

  it('does not begin a call that could outlive the invocation', async () => {
    const world = challengerServing(0);
    world.setRemainingMs(19_999);
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({
      name: 'NotEnoughTime',
      retryable: true,
    });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('stops with the table down', async () => {
    const world = challengerServing(0);
    takeTableDown(world.faults);
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('stops when the intent can not be written', async () => {
    const world = challengerServing(0);
    world.faults.fail('rollouts.change', Object.assign(new Error('throttled'), { name: 'StoreUnavailable' }));
    await expect(changeEndpoint(world, shiftTo(world, 5))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(world.faults.count('platform.setWeights')).toBe(0);
  });

  it('loses nothing to a writer in between', async () => {
    const world = challengerServing(0);
    const stop = { kind: 'ABORT' as const, detail: 'enough', by: 'grace', atMs: world.clock.nowMs() };
    world.faults.meanwhile('rollouts.change.write', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), stop }),
    );
    await changeEndpoint(world, shiftTo(world, 5));
    expect(recordOf(world)).toMatchObject({ stop, change: { changeId: 'change-1' } });
  });

  it('an item that is fought over without end counts as unavailable', async () => {
    const world = challengerServing(0);
    for (let race = 0; race < 12; race++) {
      world.faults.meanwhile('rollouts.change.write', () =>
        world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), looks: race }),
      );
    }
    await expect(world.rollouts.change(REF, (record) => ({ ...record, reason: 'mine' }))).resolves.toMatchObject({
      looks: 11,
      reason: 'mine',
    });
  });
});

describe('adding the challenger', () => {
  it('prepares it and adds it without traffic, beside the champion as it is', async () => {
    const world = rolloutOpened();
    await expect(addChallenger(world, REF, 2)).resolves.toEqual({ changeId: 'change-1' });
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 100, green: 0 });
    expect(recordOf(world).change).toMatchObject({
      purpose: 'ADD_CHALLENGER',
      configuration: `${ENDPOINT}-e2-both`,
      weights: { blue: 100, green: 0 },
    });
    expect(world.registry.stages.get(versionOf(7))).toBe('Canary');
  });

  it('creates the endpoint for a first version, with the labels of the way back', async () => {
    const world = rolloutOpened();
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, aFirstDeployment({ endpoint: `${ENDPOINT}-new` }));
    await addChallenger(world, REF, 2);
    expect(await world.platform.labels(`${ENDPOINT}-new`)).toEqual({
      'switchyard:epoch': '2',
      'switchyard:champion': 'blue',
    });
    expect(recordOf(world).change).toMatchObject({ purpose: 'CREATE', weights: { blue: 100 } });
  });

  it('twice is once', async () => {
    const world = rolloutOpened();
    const first = await addChallenger(world, REF, 2);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    await expect(addChallenger(world, REF, 2)).resolves.toEqual(first);
    expect(world.faults.count('platform.changeConfiguration')).toBe(1);
  });

  it('survives a lost acknowledgement', async () => {
    const world = rolloutOpened();
    world.faults.loseAnswer('platform.changeConfiguration');
    await expect(addChallenger(world, REF, 2)).rejects.toThrow('lost');
    await expect(addChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'EndpointBusy' });
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    await expect(addChallenger(world, REF, 2)).resolves.toEqual({ changeId: 'change-1' });
    expect(world.faults.count('platform.changeConfiguration')).toBe(1);
  });

  it.each(['ABORT', 'ALARM', 'REVOKED', 'DEAD_MAN'] as const)('a stop by %s comes before everything', async (kind) => {
    const world = rolloutOpened({ stop: { kind, detail: 'why', by: 'who', atMs: 0 } });
    await expect(addChallenger(world, REF, 2)).rejects.toMatchObject({
      name: 'RolloutStopped',
      message: expect.stringContaining(`${kind}: why`),
    });
    expect(world.faults.calls.some((call) => /platform\.(configure|change|set|create)/.test(call))).toBe(false);
  });

  it('says which rollout it does not know', async () => {
    await expect(addChallenger(rolloutOpened(), { model: MODEL, rolloutId: 'none' }, 2)).rejects.toMatchObject({
      name: 'UnknownRollout',
      message: expect.stringContaining('none'),
    });
  });

  it('a version that can not be served is refused before the endpoint is touched', async () => {
    const world = rolloutOpened();
    world.faults.fail('platform.prepare', Object.assign(new Error('pending'), { name: 'VersionNotDeployable' }));
    await expect(addChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'VersionNotDeployable' });
    expect(world.faults.count('platform.changeConfiguration')).toBe(0);
  });

  it('keeps a warm variant of the same colour at weight 0 while its servable changes', async () => {
    const world = rolloutOpened();
    world.platform.place(ENDPOINT, `${ENDPOINT}-e1-both`, {
      blue: [`${ENDPOINT}-v6`, 100],
      green: [`${ENDPOINT}-v5`, 0],
    });
    await addChallenger(world, REF, 2);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    const observed = await world.platform.observe(ENDPOINT);
    expect(
      observed?.variants.map(({ variant, servable, currentWeight }) => [variant, servable, currentWeight]),
    ).toEqual([
      ['blue', aRollout().champion?.servable.name, 100],
      ['green', aRollout().challenger.servable.name, 0],
    ]);
  });
});
