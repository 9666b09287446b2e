/** Waits, signals and reading back: no signal is lost between two waits. */
import { describe, expect, it } from '@jest/globals';
import { awaitSignal } from '../../../../shared/use-cases/await-signal.ts';
import { confirmChange } from '../../../../shared/use-cases/confirm-change.ts';
import { decideStep } from '../../../../shared/use-cases/decide-step.ts';
import { resumeWait } from '../../../../shared/use-cases/resume-wait.ts';
import { settleChange, STAGING_WAIT } from '../../../../shared/use-cases/settle-change.ts';
import { shiftTraffic } from '../../../../shared/use-cases/shift-traffic.ts';
import { stopRollout } from '../../../../shared/use-cases/stop-rollout.ts';
import { addChallenger } from '../../../../shared/use-cases/add-challenger.ts';
import { aBake, aChange, aRelease } from '../../../support/builders/records.ts';
import {
  challengerServing,
  recordOf,
  REF,
  RELEASE_REF,
  rolloutOpened,
  stepWatched,
} from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

const wait = (name: string, token = `token-of-${name}`) => ({ subject: 'rollout' as const, ...REF, wait: name, token });
const abort = (world: World) => stopRollout(world, { model: MODEL, requestedBy: 'grace', reason: 'enough' });
const wakeUpOf = (name: string) => ({ subject: 'rollout', model: MODEL, id: REF.rolloutId, wait: name });

/** The share of step 0 has been asked for and is landing. */
async function shifting(): Promise<World> {
  const world = challengerServing(0);
  await shiftTraffic(world, REF, 2, 0);
  return world;
}

describe('registering a wait', () => {
  it('stores the token with its time', async () => {
    const world = await shifting();
    await awaitSignal(world, wait('change-1'));
    expect(recordOf(world).wait).toEqual({
      wait: 'change-1',
      token: 'token-of-change-1',
      registeredAtMs: world.clock.nowMs(),
    });
  });

  it('a change that has settled before the wait needs none', async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await settleChange(world, ENDPOINT);
    await expect(awaitSignal(world, wait('change-1'))).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
    expect(recordOf(world)).not.toHaveProperty('wait');
  });

  it('a verdict that came before the wait needs none', async () => {
    const world = stepWatched({ verdict: { stepIndex: 0, decision: 'ADVANCE', reason: 'fine', look: 1, atMs: 0 } });
    await expect(awaitSignal(world, wait('bake-0'))).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
  });

  it('the verdict of another step ends no wait of this one', async () => {
    const world = stepWatched({ verdict: { stepIndex: 1, decision: 'ADVANCE', reason: 'fine', look: 1, atMs: 0 } });
    await awaitSignal(world, wait('bake-0'));
    expect(recordOf(world).wait?.wait).toBe('bake-0');
  });

  it.each([
    ['right before it is written', 'before'],
    ['between its read and its write', 'write'],
  ])('a stop that arrives %s is not lost', async (_name, moment) => {
    const world = stepWatched();
    world.faults.meanwhile(moment === 'before' ? 'rollouts.change' : 'rollouts.change.write', async () => {
      await abort(world);
    });
    await expect(awaitSignal(world, wait('bake-0'))).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
  });

  it('a stop does not end the wait for a change: no rollback is possible before the endpoint has settled', async () => {
    const world = await shifting();
    await abort(world);
    await awaitSignal(world, wait('change-1'));
    expect(recordOf(world).wait?.wait).toBe('change-1');
  });

  it('a release waits for staging', async () => {
    const world = rolloutOpened();
    await awaitSignal(world, { subject: 'release', ...RELEASE_REF, wait: STAGING_WAIT, token: 't' });
    expect((await world.releases.get(RELEASE_REF)).wait).toMatchObject({ wait: STAGING_WAIT, token: 't' });
  });

  it.each([
    [{ subject: 'rollout' as const, model: MODEL, rolloutId: 'none', wait: 'x', token: 't' }, 'UnknownRollout'],
    [{ subject: 'release' as const, model: MODEL, releaseId: 'none', wait: 'x', token: 't' }, 'UnknownRelease'],
  ])('knows whom it waits for', async (request, name) => {
    await expect(awaitSignal(rolloutOpened(), request)).rejects.toMatchObject({ name });
  });

  it('with the table down nothing is waited for', async () => {
    const world = stepWatched();
    takeTableDown(world.faults);
    await expect(awaitSignal(world, wait('bake-0'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('a stop in the middle of a step, while the endpoint is changing', () => {
  it('ends in the way back as soon as the endpoint has settled', async () => {
    const world = await shifting();
    await awaitSignal(world, wait('change-1'));
    await abort(world);
    expect(world.events.of('wait.resolved')).toEqual([]);

    world.clock.advanceMs(world.platform.weightsTakeMs);
    await settleChange(world, ENDPOINT);
    expect(world.events.of('wait.resolved')).toEqual([wakeUpOf('change-1')]);
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({ outcome: 'SETTLED' });
    await expect(awaitSignal(world, wait('bake-0'))).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
    expect(await decideStep(world, REF, 0)).toEqual({ next: 'RESTORE', stepIndex: 0, reason: 'ABORT: enough' });
  });

  it('between two states the next forward step refuses', async () => {
    const world = await shifting();
    await abort(world);
    await expect(shiftTraffic(world, REF, 2, 1)).rejects.toMatchObject({ name: 'RolloutStopped' });
  });
});

describe('reading back', () => {
  it('says nothing while the endpoint is changing', async () => {
    const world = await shifting();
    await settleChange(world, ENDPOINT);
    expect(recordOf(world)).not.toHaveProperty('settled');
    await expect(confirmChange(world, REF, 'change-1')).rejects.toMatchObject({ name: 'NotSettled', retryable: true });
  });

  it('stores the result once, and wakes whoever waits', async () => {
    const world = await shifting();
    await awaitSignal(world, wait('change-1'));
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await settleChange(world, ENDPOINT);
    await settleChange(world, ENDPOINT);
    expect(recordOf(world).settled).toEqual({
      changeId: 'change-1',
      outcome: 'SETTLED',
      detail: '',
      atMs: world.clock.nowMs(),
    });
    expect(world.events.of('wait.resolved')).toEqual([wakeUpOf('change-1')]);
    expect(recordOf(world).deeds.filter((deed) => deed.actor === 'settle-change')).toHaveLength(1);
  });

  it('settling twice at the same time stores one result', async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    world.faults.meanwhile('rollouts.change.write', () => settleChange(world, ENDPOINT));
    await settleChange(world, ENDPOINT);
    expect(recordOf(world).deeds.filter((deed) => deed.actor === 'settle-change')).toHaveLength(1);
  });

  it('a silent return to the old configuration is no success', async () => {
    const world = rolloutOpened();
    world.platform.nextChange = 'SILENT_ROLLBACK';
    await addChallenger(world, REF, 2);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({ outcome: 'SILENT_ROLLBACK' });
  });

  it('a failed endpoint is no success, and says why', async () => {
    const world = rolloutOpened();
    world.platform.nextChange = 'FAILS';
    await addChallenger(world, REF, 2);
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({
      outcome: 'MISMATCH',
      detail: expect.stringContaining('no capacity'),
    });
  });

  it("a stranger's weights are a mismatch", async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await world.platform.observe(ENDPOINT);
    world.platform.meddle(ENDPOINT, { green: 60, blue: 40 });
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({
      outcome: 'MISMATCH',
      detail: expect.stringContaining('60'),
    });
  });

  it('right after the request the state before it proves nothing', async () => {
    const world = challengerServing(0, {
      changes: 1,
      change: aChange({ previous: { configuration: `${ENDPOINT}-e2-both`, weights: { blue: 100, green: 0 } } }),
    });
    world.clock.advanceMs(29_999);
    await expect(confirmChange(world, REF, 'change-1')).rejects.toMatchObject({ name: 'NotSettled' });
    world.clock.advanceMs(1);
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({ outcome: 'SILENT_ROLLBACK' });
  });

  it('a change that the platform has not accepted is not concluded from', async () => {
    const { acceptedAtMs: _never, ...unaccepted } = aChange();
    const world = challengerServing(5, { changes: 1, change: unaccepted });
    world.clock.advanceMinutes(5);
    await expect(confirmChange(world, REF, 'change-1')).rejects.toMatchObject({ name: 'NotSettled' });
  });

  it('an endpoint that has vanished is a mismatch after the time of doubt', async () => {
    const world = challengerServing(5, { changes: 1, change: aChange(), endpoint: 'dev-gone' });
    await expect(confirmChange(world, REF, 'change-1')).rejects.toMatchObject({ name: 'NotSettled' });
    world.clock.advanceMs(30_000);
    expect(await confirmChange(world, REF, 'change-1')).toMatchObject({
      outcome: 'MISMATCH',
      detail: 'the endpoint does not exist',
    });
  });

  it("an endpoint that is nobody's business changes nothing", async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await settleChange(world, 'somebody-elses');
    expect(recordOf(world)).not.toHaveProperty('settled');
  });
});

describe('confirming a share', () => {
  it('begins the watch with the first whole minute after the share was read back', async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs + 1);
    await confirmChange(world, REF, 'change-1');
    expect(recordOf(world)).toMatchObject({
      bake: { stepIndex: 0, startMinute: world.clock.minute() + 1, startedAtMs: world.clock.nowMs() },
      firstTrafficMinute: world.clock.minute() + 1,
    });
  });

  it('a repeated confirmation does not shorten the watch, and a new step forgets the former verdict only', async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await confirmChange(world, REF, 'change-1');
    const { bake } = recordOf(world);
    world.clock.advanceMinutes(4);
    await confirmChange(world, REF, 'change-1');
    expect(recordOf(world).bake).toEqual(bake);

    const verdict = { stepIndex: 0, decision: 'ADVANCE' as const, reason: 'fine', look: 1, atMs: 0 };
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), verdict });
    await shiftTraffic(world, REF, 2, 1);
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await confirmChange(world, REF, 'change-2');
    expect(recordOf(world)).toMatchObject({ bake: { stepIndex: 1 }, firstTrafficMinute: bake!.startMinute });
    expect(recordOf(world)).not.toHaveProperty('verdict');
  });

  it('a verdict that arrives while the confirmation is repeated stays', async () => {
    const world = await shifting();
    world.clock.advanceMs(world.platform.weightsTakeMs);
    await confirmChange(world, REF, 'change-1');
    const verdict = { stepIndex: 0, decision: 'ROLLBACK' as const, reason: 'harm', look: 1, atMs: 0 };
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), verdict });
    await confirmChange(world, REF, 'change-1');
    expect(recordOf(world).verdict).toEqual(verdict);
  });

  it.each(['ROLLBACK_ON_DEMAND', 'FIRST_DEPLOYMENT'] as const)('%s is not watched', async (kind) => {
    const world = challengerServing(5, {
      kind,
      changes: 1,
      change: aChange(),
      settled: { changeId: 'change-1', outcome: 'SETTLED', detail: '', atMs: 0 },
    });
    await confirmChange(world, REF, 'change-1');
    expect(recordOf(world)).not.toHaveProperty('bake');
  });
});

describe('resuming', () => {
  const resolved = { subject: 'rollout' as const, model: MODEL, id: REF.rolloutId, wait: 'bake-0' };
  const waiting = (): World =>
    stepWatched({
      wait: { wait: 'bake-0', token: 'secret', registeredAtMs: 0 },
      verdict: { stepIndex: 0, decision: 'ADVANCE', reason: 'fine', look: 1, atMs: 0 },
    });

  it('sends a pointer and nothing else, and forgets the token', async () => {
    const world = waiting();
    expect(await resumeWait(world, resolved)).toEqual({ resumed: true });
    expect(world.tokens.resumed).toEqual([{ token: 'secret', output: resolved }]);
    expect(recordOf(world)).not.toHaveProperty('wait');
  });

  it('twice is once', async () => {
    const world = waiting();
    await resumeWait(world, resolved);
    expect(await resumeWait(world, resolved)).toEqual({ resumed: false });
    expect(world.tokens.resumed).toHaveLength(1);
  });

  it('survives a lost acknowledgement', async () => {
    const world = waiting();
    world.faults.loseAnswer('tokens.resume');
    await expect(resumeWait(world, resolved)).rejects.toThrow('lost');
    expect(await resumeWait(world, resolved)).toEqual({ resumed: false });
    expect(recordOf(world)).not.toHaveProperty('wait');
    expect(world.tokens.resumed).toHaveLength(1);
  });

  it('leaves another wait alone', async () => {
    const world = waiting();
    expect(await resumeWait(world, { ...resolved, wait: 'bake-1' })).toEqual({ resumed: false });
    expect(recordOf(world).wait?.token).toBe('secret');
  });

  it('does not forget a newer token that was registered meanwhile', async () => {
    const world = waiting();
    world.faults.meanwhile('tokens.resume', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, {
        ...recordOf(world),
        wait: { wait: 'bake-0', token: 'newer', registeredAtMs: 0 },
      }),
    );
    await resumeWait(world, resolved);
    expect(recordOf(world).wait?.token).toBe('newer');
  });

  it('a wake-up that nothing stored bears out resumes nobody', async () => {
    const world = stepWatched({ wait: { wait: 'bake-0', token: 'secret', registeredAtMs: 0 } });
    expect(await resumeWait(world, resolved)).toEqual({ resumed: false });
    const release = aRelease({ wait: { wait: 'approval', token: 'approval-token', registeredAtMs: 0 } });
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, release);
    expect(await resumeWait(world, { subject: 'release', model: MODEL, id: `${MODEL}-v7`, wait: 'approval' })).toEqual({
      resumed: false,
    });
    expect(world.tokens.resumed).toEqual([]);
  });

  it('resumes a decided release', async () => {
    const world = rolloutOpened();
    world.cells.releases.put(
      `${MODEL}/${MODEL}-v7`,
      aRelease({
        wait: { wait: 'approval', token: 'approval-token', registeredAtMs: 0 },
        decision: { status: 'APPROVED', by: 'registry', reason: 'good', atMs: 0 },
      }),
    );
    expect(await resumeWait(world, { subject: 'release', model: MODEL, id: `${MODEL}-v7`, wait: 'approval' })).toEqual({
      resumed: true,
    });
    expect((await world.releases.get(RELEASE_REF)).wait).toBeUndefined();
  });
});

describe('deciding after the watch', () => {
  const verdict = { stepIndex: 0, reason: 'why', look: 3, atMs: 0 };

  it('goes on after ADVANCE, promotes after the last bake', async () => {
    expect(await decideStep(stepWatched({ verdict: { ...verdict, decision: 'ADVANCE' } }), REF, 0)).toEqual({
      next: 'SHIFT',
      stepIndex: 1,
      reason: 'why',
    });
    const last = stepWatched({ bake: aBake(4), verdict: { ...verdict, stepIndex: 4, decision: 'ADVANCE' } });
    expect(await decideStep(last, REF, 4)).toMatchObject({ next: 'PROMOTE' });
  });

  it('goes back after ROLLBACK', async () => {
    expect(await decideStep(stepWatched({ verdict: { ...verdict, decision: 'ROLLBACK' } }), REF, 0)).toMatchObject({
      next: 'RESTORE',
      reason: 'why',
    });
  });

  it('a watch that ended without a verdict of its own goes back', async () => {
    expect(await decideStep(stepWatched(), REF, 0)).toMatchObject({ next: 'RESTORE' });
    expect(await decideStep(stepWatched({ verdict: { ...verdict, decision: 'ADVANCE' } }), REF, 1)).toMatchObject({
      next: 'RESTORE',
      reason: 'the watch ended without a verdict',
    });
  });

  it('a stop beats an ADVANCE, whichever came first', async () => {
    const stop = { kind: 'ALARM' as const, detail: 'errors', by: 'alarm', atMs: 9 };
    const world = stepWatched({ stop, verdict: { ...verdict, decision: 'ADVANCE', atMs: 1 } });
    expect(await decideStep(world, REF, 0)).toMatchObject({ next: 'RESTORE', reason: 'ALARM: errors' });
  });

  it('knows only rollouts that there are', async () => {
    await expect(decideStep(rolloutOpened(), { model: MODEL, rolloutId: 'none' }, 0)).rejects.toMatchObject({
      name: 'UnknownRollout',
    });
  });
});
