/** The end of a rollout: promotion in one transaction, what is taken away, what is written down. */
import { describe, expect, it } from '@jest/globals';
import { closeRollout } from '../../../../shared/use-cases/close-rollout.ts';
import { promoteChallenger } from '../../../../shared/use-cases/promote-challenger.ts';
import { removeChallenger } from '../../../../shared/use-cases/remove-challenger.ts';
import { restoreChampion } from '../../../../shared/use-cases/restore-champion.ts';
import { aBake, aChampion, aLease, anArm, aRelease, aVerdict, versionOf } from '../../../support/builders/records.ts';
import {
  challengerPromoted,
  challengerServing,
  firstDeploymentServing,
  recordOf,
  REF,
  stepWatched,
} from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

const STOP = { kind: 'ALARM' as const, detail: 'errors', by: 'alarm', atMs: 0 };
const LAST_VERDICT = { stepIndex: 4, decision: 'ADVANCE' as const, reason: 'NON_INFERIOR', look: 9, atMs: 0 };

/** The bake at 100 % has ended well. */
const readyToPromote = (): World => challengerServing(100, { stepIndex: 4, bake: aBake(4), verdict: LAST_VERDICT });

describe('promoting', () => {
  it('flips the champion, keeps the former one warm, tells registry and labels', async () => {
    const world = readyToPromote();
    expect(await promoteChallenger(world, REF, 2)).toEqual({ champion: versionOf(7) });
    expect(await world.endpoints.champion(MODEL)).toEqual({
      model: MODEL,
      endpoint: ENDPOINT,
      arm: anArm('green', 7),
      configuration: `${ENDPOINT}-e2-both`,
      promotedAtMs: world.clock.nowMs(),
      rolloutId: REF.rolloutId,
      artifactDigest: 'artifact-7',
      previous: {
        arm: anArm('blue', 6),
        artifactDigest: 'artifact-6',
        warmUntilMs: world.clock.nowMs() + 120 * 60_000,
      },
    });
    expect(Object.fromEntries(world.registry.stages)).toEqual({
      [versionOf(6)]: 'Superseded',
      [versionOf(7)]: 'Production',
    });
    expect(await world.platform.labels(ENDPOINT)).toMatchObject({ 'switchyard:champion': 'green' });
  });

  it('twice is once', async () => {
    const world = readyToPromote();
    await promoteChallenger(world, REF, 2);
    world.clock.advanceMinutes(1);
    await promoteChallenger(world, REF, 2);
    expect(world.faults.count('endpoints.promote')).toBe(1);
  });

  it('survives a lost acknowledgement', async () => {
    const world = readyToPromote();
    world.faults.loseAnswer('endpoints.promote');
    await expect(promoteChallenger(world, REF, 2)).rejects.toThrow('lost');
    expect(await promoteChallenger(world, REF, 2)).toEqual({ champion: versionOf(7) });
    expect((await world.endpoints.champion(MODEL))?.previous?.arm.servable.version).toBe(versionOf(6));
  });

  it.each([
    ['shares the traffic', challengerServing(50, { verdict: LAST_VERDICT })],
    ['has none', challengerServing(0, { verdict: LAST_VERDICT })],
  ])('not while the challenger %s', async (_name, world) => {
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'NotSettled', retryable: true });
    expect((await world.endpoints.champion(MODEL))?.rolloutId).toBe(`${MODEL}-r1`);
  });

  it('not while the endpoint is changing, nor when it is gone', async () => {
    const changing = readyToPromote();
    await changing.platform.setWeights(ENDPOINT, { blue: 100, green: 0 });
    await expect(promoteChallenger(changing, REF, 2)).rejects.toMatchObject({ name: 'NotSettled' });
    const gone = readyToPromote();
    gone.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(gone), endpoint: 'dev-gone' });
    await expect(promoteChallenger(gone, REF, 2)).rejects.toMatchObject({ name: 'NotSettled' });
  });

  it('not when another servable runs under the challenger’s colour', async () => {
    const world = readyToPromote();
    world.platform.place(ENDPOINT, 'other', { blue: [`${ENDPOINT}-v6`, 0], green: [`${ENDPOINT}-v5`, 100] });
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'NotSettled' });
  });

  it('not under a stale epoch, neither before nor at the commit', async () => {
    const before = readyToPromote();
    before.cells.leases.put(MODEL, aLease({ epoch: 3 }));
    await expect(promoteChallenger(before, REF, 2)).rejects.toMatchObject({ name: 'StaleEpoch' });
    const atCommit = readyToPromote();
    atCommit.faults.meanwhile('endpoints.promote', () => atCommit.cells.leases.put(MODEL, aLease({ epoch: 3 })));
    await expect(promoteChallenger(atCommit, REF, 2)).rejects.toMatchObject({ name: 'StaleEpoch' });
    for (const world of [before, atCommit])
      expect((await world.endpoints.champion(MODEL))?.rolloutId).toBe(`${MODEL}-r1`);
  });

  it('not over a champion that changed in between', async () => {
    const world = readyToPromote();
    world.faults.meanwhile('endpoints.promote', () =>
      world.cells.champions.put(MODEL, aChampion({ rolloutId: 'another' })),
    );
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'ChampionChanged' });
  });

  it('not after a stop', async () => {
    const world = challengerServing(100, { stop: STOP, verdict: LAST_VERDICT });
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'RolloutStopped' });
  });

  it('not when the approval was revoked during the last bake', async () => {
    const world = readyToPromote();
    world.registry.decide(versionOf(7), 'REJECTED');
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'RolloutStopped' });
    expect((await world.endpoints.champion(MODEL))?.rolloutId).toBe(`${MODEL}-r1`);
  });

  it('not without the verdict of the last bake', async () => {
    const world = challengerServing(100, { stepIndex: 4, bake: aBake(4) });
    await promoteChallenger(world, REF, 2).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    expect((await world.endpoints.champion(MODEL))?.rolloutId).toBe(`${MODEL}-r1`);
  });

  it('an alarm that comes in right before the commit beats it', async () => {
    const world = readyToPromote();
    world.faults.meanwhile('endpoints.promote', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), stop: STOP }),
    );
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'RolloutStopped' });
    expect((await world.endpoints.champion(MODEL))?.rolloutId).toBe(`${MODEL}-r1`);
  });

  it('stops with the table down', async () => {
    const world = readyToPromote();
    takeTableDown(world.faults);
    await expect(promoteChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('a first version becomes champion without a former one', async () => {
    const world = firstDeploymentServing();
    await promoteChallenger(world, REF, 2);
    expect(await world.endpoints.champion(MODEL)).not.toHaveProperty('previous');
  });

  it('what an operator has taken back is marked, and not kept warm', async () => {
    const world = challengerServing(100, { kind: 'ROLLBACK_ON_DEMAND' });
    await promoteChallenger(world, REF, 2);
    expect(world.registry.stages.get(versionOf(6))).toBe('RolledBack');
    expect((await world.endpoints.champion(MODEL))?.previous?.warmUntilMs).toBe(world.clock.nowMs());
  });
});

describe('taking the losing variant away', () => {
  it('only once the champion has all traffic, read back', async () => {
    const world = stepWatched();
    await expect(removeChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'NotSettled', retryable: true });
    await restoreChampion(world, { ...REF, endpoint: ENDPOINT, epoch: 2, championVariant: 'blue', reason: 'why' });
    await expect(removeChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'NotSettled' });
    world.clock.advanceMs(world.platform.weightsTakeMs);
    expect(await removeChallenger(world, REF, 2)).toEqual({ changeId: 'change-3' });
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(world.platform.weightsOf(ENDPOINT)).toEqual({ blue: 100 });
    expect(world.platform.deleted).toEqual([]);
  });

  it('twice is once; when it is gone there is nothing to do', async () => {
    const world = challengerServing(0);
    await removeChallenger(world, REF, 2);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(await removeChallenger(world, REF, 2)).toEqual({ changeId: null });
    expect(world.faults.count('platform.changeConfiguration')).toBe(1);
  });

  it('under a stale epoch changes nothing', async () => {
    const world = challengerServing(0);
    world.cells.leases.put(MODEL, aLease({ epoch: 3 }));
    await expect(removeChallenger(world, REF, 2)).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(world.faults.count('platform.changeConfiguration')).toBe(0);
  });

  it.each([
    ['a first deployment has none', firstDeploymentServing()],
    ['a failed rollback on demand leaves the warm one as it is', challengerServing(0, { kind: 'ROLLBACK_ON_DEMAND' })],
  ])('%s', async (_name, world) => {
    expect(await removeChallenger(world, REF, 2)).toEqual({ changeId: null });
    expect(world.faults.count('platform.changeConfiguration')).toBe(0);
  });

  it('the variant of a committed promotion is none to be removed', async () => {
    const world = challengerPromoted();
    expect(await removeChallenger(world, REF, 2)).toEqual({ changeId: null });
  });
});

describe('closing', () => {
  it('reads back a promotion, frees the lease, disarms the switch, explains', async () => {
    const world = challengerPromoted({
      verdict: LAST_VERDICT,
      looks: 9,
      lastVerdict: aVerdict('ADVANCE', [{ code: 'NOTHING_AGAINST_IT', minutes: 30 }]),
      wait: { wait: 'x', token: 'secret', registeredAtMs: 0 },
    });
    const order = {
      ...REF,
      endpoint: ENDPOINT,
      epoch: 2,
      championVariant: 'blue' as const,
      challengerVariant: 'green' as const,
    };
    await world.deadMan.arm(order, 0);
    expect(await closeRollout(world, REF, 'claimed')).toEqual({ outcome: 'PROMOTED', reason: 'NON_INFERIOR' });
    expect(recordOf(world)).toMatchObject({ active: false, outcome: 'PROMOTED', endedAtMs: world.clock.nowMs() });
    expect(recordOf(world)).not.toHaveProperty('wait');
    expect(world.deadMan.armed.size).toBe(0);
    expect(await world.endpoints.lease(MODEL)).toEqual({ model: MODEL, epoch: 2, heartbeatAtMs: expect.any(Number) });
    const [ended] = world.events.of('rollout.ended');
    expect(ended).toMatchObject({ outcome: 'PROMOTED', champion: versionOf(7), challenger: versionOf(7) });
    expect(world.documents.texts.get(String(ended?.['whyUri']))).toContain('# Why: demand-forecast promoted');
  });

  it.each([
    ['the stop comes first', { stop: STOP, reason: 'later' }, 'ALARM: errors'],
    ['then what the way back wrote down', { reason: 'SILENT_ROLLBACK' }, 'SILENT_ROLLBACK'],
    ['then the verdict', { verdict: { ...LAST_VERDICT, decision: 'ROLLBACK' as const, reason: 'HARM' } }, 'HARM'],
    ['then what is claimed', {}, 'claimed'],
  ])('tells why it was rolled back: %s', async (_name, changed, reason) => {
    const world = challengerServing(0, changed);
    expect(await closeRollout(world, REF, 'claimed')).toEqual({ outcome: 'ROLLED_BACK', reason });
    expect(world.registry.stages.get(versionOf(7))).toBe('RolledBack');
    expect(world.events.of('rollout.ended')).toEqual([expect.objectContaining({ champion: versionOf(6), reason })]);
  });

  it.each([
    ['the challenger still has traffic', challengerServing(5)],
    ['the champion has lost its traffic', challengerServing(100)],
  ])('a claim that the endpoint does not bear out is FAILED_SAFE: %s', async (_name, world) => {
    expect(await closeRollout(world, REF, 'ROLLED_BACK')).toMatchObject({ outcome: 'FAILED_SAFE' });
  });

  it('a changing endpoint bears nothing out', async () => {
    const world = challengerServing(5);
    await world.platform.setWeights(ENDPOINT, { blue: 100, green: 0 });
    expect(await closeRollout(world, REF, '')).toMatchObject({ outcome: 'FAILED_SAFE' });
  });

  it('a first deployment that left nothing behind was rolled back; one that left its endpoint is FAILED_SAFE', async () => {
    const left = firstDeploymentServing();
    expect(await closeRollout(left, REF, 'x')).toMatchObject({ outcome: 'FAILED_SAFE' });
    const gone = firstDeploymentServing();
    await gone.platform.deleteEndpoint(ENDPOINT);
    gone.clock.advanceMs(gone.platform.deletingTakesMs);
    expect(await closeRollout(gone, REF, 'x')).toMatchObject({ outcome: 'ROLLED_BACK' });
  });

  it('an endpoint of a failed first deployment that is going away is as good as gone', async () => {
    const world = firstDeploymentServing();
    await restoreChampion(world, { ...REF, endpoint: ENDPOINT, epoch: 2, championVariant: null, reason: 'smoke' });
    expect(await closeRollout(world, REF, 'x')).toMatchObject({ outcome: 'ROLLED_BACK' });
  });

  it('twice gives the same outcome, though the endpoint has changed since', async () => {
    const world = challengerServing(0, { reason: 'why' });
    const first = await closeRollout(world, REF, 'claimed');
    world.platform.meddle(ENDPOINT, { green: 50 });
    expect(await closeRollout(world, REF, 'other')).toEqual(first);
  });

  it('of two that close at once, both tell what was stored', async () => {
    const world = challengerServing(0, { reason: 'why' });
    world.faults.meanwhile('rollouts.change.write', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, {
        ...recordOf(world),
        active: false,
        outcome: 'FAILED_SAFE',
        reason: 'the other saw more',
        endedAtMs: 1,
      }),
    );
    expect(await closeRollout(world, REF, 'x')).toEqual({ outcome: 'FAILED_SAFE', reason: 'the other saw more' });
    expect(world.events.of('rollout.ended')).toEqual([expect.objectContaining({ outcome: 'FAILED_SAFE' })]);
  });

  it('does not free the lease of a new holder', async () => {
    const world = challengerServing(0);
    const lease = aLease({ epoch: 3, holder: { rolloutId: 'another', executionArn: 'another' } });
    world.cells.leases.put(MODEL, lease);
    await closeRollout(world, REF, 'x');
    expect(await world.endpoints.lease(MODEL)).toEqual(lease);
  });

  it('goes on where it broke off', async () => {
    for (const point of [
      'deadMan.disarm',
      'endpoints.changeLease',
      'registry.markStage',
      'documents.writeText',
      'events.publish',
    ]) {
      const world = challengerServing(0);
      world.faults.fail(point, new Error(point), { times: 1 });
      await expect(closeRollout(world, REF, 'x')).rejects.toThrow(point);
      expect(await closeRollout(world, REF, 'x')).toMatchObject({ outcome: 'ROLLED_BACK' });
      expect((await world.endpoints.lease(MODEL)).holder).toBeUndefined();
      expect(world.events.of('rollout.ended')).toHaveLength(1);
    }
  });

  it('tells of the reports that the release holds', async () => {
    const world = challengerServing(0);
    const { releaseId } = recordOf(world);
    const accuracy = {
      decision: 'PASS',
      summary: 'as good as the champion',
      rowsNeededUnpaired: 9,
      rowsNeededPaired: 3,
    };
    world.cells.releases.put(`${MODEL}/${releaseId}`, aRelease({ reports: { accuracy } }));
    await closeRollout(world, REF, 'x');
    expect([...world.documents.texts.values()][0]).toContain('as good as the champion');
  });

  it('knows its rollouts', async () => {
    await expect(closeRollout(stepWatched(), { model: MODEL, rolloutId: 'none' }, 'x')).rejects.toMatchObject({
      name: 'UnknownRollout',
    });
  });
});
