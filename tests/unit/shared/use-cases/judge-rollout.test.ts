/** One look: what is looked at, what is kept, who is told; late, doubled and blind looks. */
import { describe, expect, it } from '@jest/globals';
import { MetricsUnreadable } from '../../../../shared/domain/flow-errors.ts';
import { DEAD_MAN_MS } from '../../../../shared/use-cases/dead-man.ts';
import { judgeRollout, reasonText } from '../../../../shared/use-cases/judge-rollout.ts';
import { stopRollout } from '../../../../shared/use-cases/stop-rollout.ts';
import { aBake, aVerdict } from '../../../support/builders/records.ts';
import { recordOf, REF, stepWatched } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { START_MS } from '../../../support/in-memory/test-clock.ts';
import { MODEL, type World } from '../../../support/in-memory/world.ts';

const FIRST_MINUTE = START_MS / 60_000;
const arm = (invocations: number, errors5xx = 0) => ({ invocations, errors5xx, errors4xx: 0, slow: 0 });

/** Minutes 0 to `count` with both arms; the challenger answers 10 requests a minute. */
function withMinutes(world: World, count: number, challengerErrors = 0): World {
  for (let index = 0; index < count; index++) {
    const minute = FIRST_MINUTE + index;
    world.metrics.recorded.push({ minute, challenger: arm(10, challengerErrors), champion: arm(190) });
  }
  world.clock.advanceMinutes(count);
  return world;
}

const WAIT = { wait: 'bake-0', token: 'secret', registeredAtMs: START_MS };

describe('a look', () => {
  it('that decides nothing is kept, and is a sign of life to lease, dead man and waiting state', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 4);
    expect(await judgeRollout(world, REF, 0)).toEqual({ decision: 'INCONCLUSIVE', look: 1 });

    const nowMs = world.clock.nowMs();
    const record = recordOf(world);
    expect(record).toMatchObject({ looks: 1, heartbeatAtMs: nowMs, lastVerdict: { decision: 'INCONCLUSIVE' } });
    expect(record).not.toHaveProperty('verdict');
    expect(await world.rollouts.looks(REF)).toEqual([expect.objectContaining({ look: 1, stepIndex: 0, atMs: nowMs })]);
    expect((await world.endpoints.lease(MODEL)).heartbeatAtMs).toBe(nowMs);
    expect(world.deadMan.armed.get(REF.rolloutId)?.fireAtMs).toBe(nowMs + DEAD_MAN_MS);
    expect(world.tokens.heartbeats).toEqual(['secret']);
    expect(world.tokens.resumed).toEqual([]);
    expect(world.events.published).toEqual([]);
  });

  it('that proves harm stores the verdict and wakes the state machine, by a pointer', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 6, 9);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'ROLLBACK' });
    expect(recordOf(world).verdict).toMatchObject({ stepIndex: 0, decision: 'ROLLBACK', look: 1 });
    expect(world.events.of('wait.resolved')).toEqual([
      { subject: 'rollout', model: MODEL, id: REF.rolloutId, wait: 'bake-0' },
    ]);
    expect(JSON.stringify(world.events.published)).not.toContain('secret');
  });

  it('advances when the time is over and nothing speaks against it', async () => {
    const world = withMinutes(stepWatched(), 10);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'ADVANCE' });
    expect(recordOf(world).verdict).toMatchObject({ decision: 'ADVANCE', reason: 'NOTHING_AGAINST_IT' });
  });

  it('judges 100 % by the challenger alone, from the first minute of the bake', async () => {
    const world = withMinutes(stepWatched({ bake: aBake(4, FIRST_MINUTE + 2), stepIndex: 4 }), 5);
    await judgeRollout(world, REF, 4);
    expect(world.metrics.queries[0]).toMatchObject({ fromMinute: FIRST_MINUTE + 2, challengerVariant: 'green' });
    expect(world.metrics.queries[0]).not.toHaveProperty('championVariant');
  });

  it('takes minutes only that are over', async () => {
    const world = withMinutes(stepWatched(), 3);
    world.clock.advanceMs(59_999);
    await judgeRollout(world, REF, 0);
    expect(world.metrics.queries[0]?.untilMinute).toBe(FIRST_MINUTE + 3);
  });

  it('a young minute without data waits, an old one is missing', async () => {
    const world = withMinutes(stepWatched(), 2);
    world.clock.advanceMinutes(2);
    await judgeRollout(world, REF, 0);
    expect(recordOf(world).lastVerdict?.evidence.elapsedMinutes).toBe(2);
    world.clock.advanceMinutes(5);
    await judgeRollout(world, REF, 0);
    expect(recordOf(world).lastVerdict?.evidence).toMatchObject({ elapsedMinutes: 6, coveredMinutes: 2 });
  });

  it('without any traffic holds, and goes back when the hold is over: never a pass', async () => {
    const world = stepWatched();
    world.clock.advanceMinutes(60);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'INCONCLUSIVE' });
    world.clock.advanceMinutes(20);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'ROLLBACK' });
    expect(recordOf(world).verdict?.reason).toBe('INCONCLUSIVE_TIMEOUT');
  });
});

describe('a look that changes nothing', () => {
  const verdict = { stepIndex: 0, decision: 'ADVANCE' as const, reason: 'fine', look: 1, atMs: 0 };
  it.each([
    ['for a step that is over', stepWatched({ bake: aBake(1) })],
    ['for a step that has its verdict', stepWatched({ verdict })],
    ['for a stopped rollout', stepWatched({ stop: { kind: 'ABORT', detail: '', by: '', atMs: 0 } })],
    ['for a rollout that is over', stepWatched({ active: false })],
  ])('%s', async (_name, world) => {
    const before = recordOf(world);
    expect(await judgeRollout(world, REF, 0)).toEqual({ decision: 'SKIPPED', look: 0 });
    expect(recordOf(world)).toEqual(before);
    expect(world.metrics.queries).toEqual([]);
    expect(world.deadMan.armed.size).toBe(0);
  });

  it('for a rollout that nobody watches yet', async () => {
    const { bake: _none, ...unwatched } = recordOf(stepWatched());
    const world = stepWatched();
    world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, unwatched);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'SKIPPED' });
  });

  it('two looks at once count once', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 10);
    world.faults.meanwhile('rollouts.change', async () => {
      await judgeRollout(world, REF, 0);
    });
    await judgeRollout(world, REF, 0);
    expect(recordOf(world).looks).toBe(1);
    expect(await world.rollouts.looks(REF)).toHaveLength(1);
  });

  it('a look whose step ended while it was read stores no verdict', async () => {
    const world = withMinutes(stepWatched(), 6, 9);
    world.faults.meanwhile('metrics.minutes', () =>
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), bake: aBake(1) }),
    );
    await judgeRollout(world, REF, 0);
    expect(recordOf(world)).not.toHaveProperty('verdict');
  });

  it('a look that ends after its rollout was closed arms nothing', async () => {
    const world = withMinutes(stepWatched(), 4);
    world.faults.meanwhile('metrics.minutes', () => {
      world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, { ...recordOf(world), active: false });
      world.deadMan.armed.clear();
    });
    await judgeRollout(world, REF, 0);
    expect(world.deadMan.armed.size).toBe(0);
  });
});

describe('a look that can not see', () => {
  it('is neither pass nor failure, and postpones nothing', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 12);
    const before = recordOf(world);
    world.faults.fail('metrics.minutes', new MetricsUnreadable('endpoint', 'throttled'));
    await expect(judgeRollout(world, REF, 0)).rejects.toMatchObject({ name: 'MetricsUnreadable' });
    expect(recordOf(world)).toEqual(before);
    expect(world.deadMan.armed.size).toBe(0);
    expect((await world.endpoints.lease(MODEL)).heartbeatAtMs).toBe(START_MS);
    expect(world.tokens.heartbeats).toEqual([]);
  });

  it('nor does one that can not be written', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 4);
    takeTableDown(world.faults);
    await expect(judgeRollout(world, REF, 0)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(world.deadMan.armed.size).toBe(0);
    expect(world.tokens.heartbeats).toEqual([]);
  });

  it('numbers that can not be true are no data', async () => {
    const world = stepWatched();
    for (let index = 0; index < 12; index++)
      world.metrics.recorded.push({ minute: FIRST_MINUTE + index, challenger: arm(Number.NaN, 5), champion: arm(10) });
    world.clock.advanceMinutes(12);
    expect(await judgeRollout(world, REF, 0)).toMatchObject({ decision: 'INCONCLUSIVE' });
  });
});

describe('signals around a look', () => {
  it('a stop during the look beats its verdict', async () => {
    const world = withMinutes(stepWatched(), 10);
    world.faults.meanwhile('metrics.minutes', async () => {
      await stopRollout(world, { model: MODEL, requestedBy: 'grace', reason: 'enough' });
    });
    await judgeRollout(world, REF, 0);
    expect(recordOf(world).stop).toMatchObject({ kind: 'ABORT' });
  });

  it('a verdict whose wake-up was lost is stored nevertheless', async () => {
    const world = withMinutes(stepWatched({ wait: WAIT }), 10);
    world.faults.fail('events.publish', new Error('the bus is down'));
    await expect(judgeRollout(world, REF, 0)).rejects.toThrow('the bus is down');
    expect(recordOf(world).verdict).toMatchObject({ decision: 'ADVANCE' });
  });

  it('under a stale epoch the lease of the new holder gets no heartbeat', async () => {
    const world = withMinutes(stepWatched(), 4);
    world.cells.leases.put(MODEL, { model: MODEL, epoch: 3, heartbeatAtMs: 7 });
    await judgeRollout(world, REF, 0);
    expect((await world.endpoints.lease(MODEL)).heartbeatAtMs).toBe(7);
  });

  it('knows its rollouts', async () => {
    await expect(judgeRollout(stepWatched(), { model: MODEL, rolloutId: 'none' }, 0)).rejects.toMatchObject({
      name: 'UnknownRollout',
    });
  });
});

describe('the deciding reason in one line', () => {
  it.each([
    [aVerdict('INCONCLUSIVE'), 'INCONCLUSIVE'],
    [
      aVerdict('ROLLBACK', [{ code: 'HARM_PROVEN', guardrail: 'errors5xx', eValue: 123.456, threshold: 60 }]),
      'HARM_PROVEN errors5xx E=123.5 >= 60',
    ],
    [
      aVerdict('ROLLBACK', [
        {
          code: 'HARD_LIMIT_BROKEN',
          breach: { limit: 'p99LatencyMs', threshold: 500, worst: 900, minutes: [1], requests: 30 },
        },
      ]),
      'HARD_LIMIT_BROKEN p99LatencyMs 900 > 500',
    ],
    [aVerdict('ADVANCE', [{ code: 'NOTHING_AGAINST_IT', minutes: 10 }]), 'NOTHING_AGAINST_IT'],
  ])('%#', (verdict, text) => {
    expect(reasonText(verdict)).toBe(text);
  });
});
