/** Every way through a rollout, by the names of its states. */
import { describe, expect, it } from '@jest/globals';
import { type Answer, resumed, type Run, run, type Script, throws, Unavailable, type Waiting } from './runner.ts';

const STEPS = 5;
const INPUT = {
  model: 'demand-forecast',
  releaseId: 'demand-forecast-v7',
  version: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
  versionNumber: 7,
};
const OPENED = {
  model: 'demand-forecast',
  rolloutId: 'demand-forecast-r3',
  kind: 'CANARY',
  endpoint: 'dev-demand-forecast',
  epoch: 3,
  challengerVariant: 'green',
  championVariant: 'blue',
  warm: false,
  lastStepIndex: STEPS,
};
const SETTLED = { outcome: 'SETTLED', detail: 'read back' };

/** The judge's answers: the next share until the last, then the promotion. */
const advance = ({ stepIndex }: Record<string, unknown>): Answer => {
  const step = stepIndex as number;
  return step < STEPS
    ? { next: 'SHIFT', stepIndex: step + 1, reason: 'no harm' }
    : { next: 'PROMOTE', stepIndex: step, reason: 'no harm' };
};
const restore = (reason: string): Answer => ({ next: 'RESTORE', stepIndex: 0, reason });

/** Waits by what is waited for; every other wait ends after two minutes. */
const waits =
  (special: Readonly<Record<string, Answer>> = {}) =>
  ({ wait }: Record<string, unknown>): Answer =>
    special[wait as string] ?? resumed(120);

const HAPPY: Script = {
  'open-rollout': OPENED,
  'add-challenger': { changeId: 'change-1' },
  'await-signal': waits(),
  'confirm-change': SETTLED,
  'smoke-challenger': { answered: 20 },
  'shift-traffic': ({ stepIndex }) => ({ changeId: `shift-${String(stepIndex)}`, sharePercent: 5 }),
  'decide-step': advance,
  'promote-challenger': { champion: 'green' },
  'restore-champion': { changeId: 'restore-1' },
  'remove-challenger': { changeId: 'remove-1' },
  'close-rollout': ({ reason }) => ({ outcome: 'ROLLED_BACK', reason: reason as string }),
};

const canary = (script: Script = {}): Promise<Run> =>
  run({ machine: 'canary-blue-green', input: INPUT, script: { ...HAPPY, ...script } });

const PROVISION = ['Open Rollout', 'Add Challenger', 'Await Provisioning', 'Confirm Provisioning', 'Provisioned?'];
const SMOKE = ['Smoke Challenger', 'Has Champion?'];
const SHIFT = ['Shift Traffic', 'Await Shift', 'Confirm Shift', 'Shifted?'];
const WATCH = ['Watch Step', 'Decide Step', 'What Next?'];
const STEP = [...SHIFT, ...WATCH];
const PROMOTE = ['Promote Challenger', 'Close Rollout'];
const RESTORE = ['Restore Champion', 'Restore Under Way?', 'Await Restore', 'Confirm Restore', 'Restored?'];
const REMOVE = ['Remove Challenger', 'Removal Under Way?', 'Await Removal', 'Confirm Removal'];
const BACK = [...RESTORE, ...REMOVE, 'Close Rollout'];
const FIRST_STEP = [...PROVISION, ...SMOKE, ...STEP];

describe('forward', () => {
  it('promotes a challenger after all its steps', async () => {
    const result = await canary({ 'close-rollout': { outcome: 'PROMOTED', reason: 'no harm' } });
    const steps = Array.from({ length: STEPS + 1 }, () => STEP).flat();
    expect(result.states).toEqual([...PROVISION, ...SMOKE, ...steps, ...PROMOTE]);
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'PROMOTED', reason: 'no harm' } });
    expect(result.payloads('shift-traffic').map(({ stepIndex }) => stepIndex)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(result.payloads('await-signal').map(({ wait }) => wait)).toEqual(
      expect.arrayContaining(['change-1', 'shift-0', 'bake-0', 'shift-5', 'bake-5']),
    );
  });

  it('promotes a first deployment at once', async () => {
    const result = await canary({ 'open-rollout': { ...OPENED, kind: 'FIRST_DEPLOYMENT', championVariant: null } });
    expect(result.states).toEqual([...PROVISION, ...SMOKE, ...PROMOTE]);
  });

  it('waits for its turn while another rollout holds the lease', async () => {
    const held = throws('LeaseHeld');
    const result = await canary({ 'open-rollout': [held, held, throws('EndpointNotAtRest'), OPENED] });
    expect(result.payloads('open-rollout')).toHaveLength(4);
    expect(result.virtualSeconds).toBeGreaterThan(180);
    expect(result.states.slice(0, 2)).toEqual(['Open Rollout', 'Add Challenger']);
  });

  it('gives up before it has touched anything when its turn never comes', async () => {
    const result = await canary({ 'open-rollout': throws('LeaseHeld') });
    expect(result.states).toEqual(['Open Rollout', 'Rollout Not Started']);
    expect(result).toMatchObject({ status: 'FAILED', error: 'RolloutNotStarted' });
    expect(result.cause).toContain('LeaseHeld');
    expect(result.payloads('open-rollout')).toHaveLength(181);
  });

  it('asks a busy endpoint again', async () => {
    const busy = throws('EndpointBusy');
    const result = await canary({ 'add-challenger': [busy, busy, { changeId: 'change-1' }] });
    expect(result.payloads('add-challenger')).toHaveLength(3);
    expect(result.status).toBe('SUCCEEDED');
  });

  it('survives a Lambda service that is away for a moment', async () => {
    const result = await canary({ 'smoke-challenger': [new Unavailable(), new Unavailable(), { answered: 20 }] });
    expect(result.states).not.toContain('Restore Champion');
  });

  it('goes on when what it waits for is there already', async () => {
    const there = throws('SignalAlreadyThere');
    const result = await canary({
      'await-signal': waits({ 'change-1': there, 'shift-0': there, 'bake-0': there, 'bake-5': there }),
    });
    expect(result.states.slice(-2)).toEqual(PROMOTE);
  });

  it('reads back what has become of a change that nobody announced', async () => {
    const result = await canary({ 'await-signal': waits({ 'change-1': {}, 'shift-2': {} }) });
    expect(result.virtualSeconds).toBeGreaterThan(7_200 + 3_600);
    expect(result.states.slice(-2)).toEqual(PROMOTE);
  });
});

describe('back to the champion', () => {
  it('when the endpoint rolled back in silence', async () => {
    const silent = { outcome: 'SILENT_ROLLBACK', detail: 'it serves the former configuration' };
    const result = await canary({ 'confirm-change': [silent, SETTLED], 'restore-champion': { changeId: null } });
    expect(result.states).toEqual([...PROVISION, 'Restore Champion', 'Restore Under Way?', ...REMOVE, 'Close Rollout']);
    expect(result.payloads('restore-champion')[0]).toMatchObject({
      epoch: 3,
      championVariant: 'blue',
      endpoint: 'dev-demand-forecast',
      reason: 'SILENT_ROLLBACK it serves the former configuration',
    });
  });

  it('when a change can not be confirmed', async () => {
    const never = throws('NotSettled');
    const result = await canary({ 'confirm-change': ({ changeId }) => (changeId === 'change-1' ? never : SETTLED) });
    expect(result.states).toEqual([...PROVISION.slice(0, -1), ...BACK]);
    expect(result.payloads('confirm-change')[0]).toEqual(result.payloads('confirm-change')[40]);
  });

  it('when the challenger can not be added', async () => {
    const result = await canary({ 'add-challenger': throws('VersionNotDeployable') });
    expect(result.states).toEqual(['Open Rollout', 'Add Challenger', ...BACK]);
  });

  it('when the challenger does not answer', async () => {
    const result = await canary({ 'smoke-challenger': throws('CandidateRefused') });
    expect(result.states).toEqual([...PROVISION, 'Smoke Challenger', ...BACK]);
    expect(result.payloads('close-rollout')[0]!['reason']).toContain('CandidateRefused');
  });

  it('when a first deployment does not answer: its endpoint is taken away, and nothing is waited for', async () => {
    const result = await canary({
      'open-rollout': { ...OPENED, kind: 'FIRST_DEPLOYMENT', championVariant: null },
      'smoke-challenger': throws('CandidateRefused'),
      'restore-champion': { changeId: null },
      'remove-challenger': { changeId: null },
    });
    expect(result.states.slice(-5)).toEqual([
      'Restore Champion',
      'Restore Under Way?',
      'Remove Challenger',
      'Removal Under Way?',
      'Close Rollout',
    ]);
    expect(result.payloads('restore-champion')[0]).toMatchObject({ championVariant: null });
  });

  it('on the verdict ROLLBACK', async () => {
    const result = await canary({ 'decide-step': restore('HARM_PROVEN errors5xx') });
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'ROLLED_BACK', reason: 'HARM_PROVEN errors5xx' },
    });
  });

  it('on an alarm in the middle of a bake, long before its time is over', async () => {
    const result = await canary({
      'await-signal': waits({ 'bake-0': resumed(95) }),
      'decide-step': restore('ALARM: switchyard-dev-demand-forecast-green-latency'),
    });
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
    expect(result.virtualSeconds).toBeLessThan(900);
  });

  it('on an abort while the endpoint settles: it lands, is not watched, and goes back', async () => {
    const stopped = throws('SignalAlreadyThere');
    const updating = throws('NotSettled');
    const result = await canary({
      'await-signal': waits({ 'shift-0': stopped, 'bake-0': stopped }),
      'confirm-change': [SETTLED, updating, updating, SETTLED],
      'decide-step': restore('OPERATOR: complaints from the field'),
    });
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
    expect(
      result
        .payloads('confirm-change')
        .slice(1, 4)
        .map(({ changeId }) => changeId),
    ).toEqual(['shift-0', 'shift-0', 'shift-0']);
  });

  it('on a stop between two steps', async () => {
    const result = await canary({
      'shift-traffic': [{ changeId: 'shift-0', sharePercent: 5 }, throws('RolloutStopped')],
    });
    expect(result.states).toEqual([...FIRST_STEP, 'Shift Traffic', ...BACK]);
    expect(result.payloads('restore-champion')[0]!['reason']).toContain('RolloutStopped');
  });

  it('when nobody looks: no heartbeat for a quarter of an hour', async () => {
    const silent: Waiting = { heartbeatSeconds: 60, heartbeatsUntilSeconds: 600 };
    const result = await canary({
      'await-signal': waits({ 'bake-0': silent }),
      'decide-step': restore('the watch ended without a verdict'),
    });
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
    expect(result.virtualSeconds).toBeGreaterThan(900);
    expect(result.virtualSeconds).toBeLessThan(3_600);
  });

  it('when a share can not be watched, or no decision is to be had', async () => {
    const unwatched = await canary({ 'await-signal': waits({ 'bake-0': throws('UnknownRollout') }) });
    expect(unwatched.states).toEqual([...PROVISION, ...SMOKE, ...SHIFT, 'Watch Step', ...BACK]);
    const undecided = await canary({ 'decide-step': throws('UnknownRollout') });
    expect(undecided.states).toEqual([...PROVISION, ...SMOKE, ...SHIFT, 'Watch Step', 'Decide Step', ...BACK]);
  });

  it('when the promotion can not be committed', async () => {
    const result = await canary({
      'open-rollout': { ...OPENED, kind: 'FIRST_DEPLOYMENT' },
      'promote-challenger': [throws('NotSettled'), throws('ChampionChanged')],
      'decide-step': { next: 'PROMOTE', stepIndex: 0, reason: 'no harm' },
    });
    expect(result.states).toEqual([...FIRST_STEP, 'Promote Challenger', ...BACK]);
    expect(result.payloads('promote-challenger')).toHaveLength(2);
  });

  it('asks for the restore until a busy endpoint takes it', async () => {
    const busy = throws('EndpointBusy');
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'restore-champion': [busy, busy, busy, { changeId: 'restore-1' }],
    });
    expect(result.payloads('restore-champion')).toHaveLength(4);
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
  });

  it('asks again when the restore did not land', async () => {
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'restore-champion': [{ changeId: 'restore-1' }, { changeId: 'restore-2' }],
      'confirm-change': ({ changeId }) =>
        changeId === 'restore-1' ? { outcome: 'MISMATCH', detail: 'weights are others' } : SETTLED,
    });
    expect(result.states).toEqual([...FIRST_STEP, ...RESTORE, ...BACK]);
  });

  it('reads back a restore that could not be waited for', async () => {
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'await-signal': waits({ 'restore-1': throws('UnknownRollout') }),
    });
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
  });
});

describe('the end', () => {
  it('comes without the removal when that fails: the reconciler removes', async () => {
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'remove-challenger': throws('StaleEpoch'),
    });
    expect(result.states).toEqual([...FIRST_STEP, ...RESTORE, 'Remove Challenger', 'Close Rollout']);
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { reason: 'HARM_PROVEN latency' } });
  });

  it('deletes nothing before the read-back', async () => {
    const early = throws('NotSettled');
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'remove-challenger': [early, early, { changeId: 'remove-1' }],
    });
    expect(result.payloads('remove-challenger')).toHaveLength(3);
    expect(result.states).toEqual([...FIRST_STEP, ...BACK]);
  });

  it('is closed by what the endpoint shows when another controller has taken over', async () => {
    const result = await canary({
      'decide-step': restore('HARM_PROVEN latency'),
      'restore-champion': throws('StaleEpoch'),
    });
    expect(result.states).toEqual([...FIRST_STEP, 'Restore Champion', 'Close Rollout']);
  });

  it('fails by name when its record can not be closed', async () => {
    const result = await canary({ 'close-rollout': throws('StoreUnavailable') });
    expect(result.states.at(-1)).toBe('Rollout Not Closed');
    expect(result).toMatchObject({ status: 'FAILED', error: 'RolloutNotClosed' });
  });
});

describe('state transitions', () => {
  const HOUR = 3_600;
  const bakedFor = (seconds: number): Promise<Run> =>
    canary({ 'await-signal': waits({ [`bake-${STEPS}`]: resumed(seconds, { heartbeatSeconds: 60 }) }) });

  it('do not grow with the hours of the bake', async () => {
    const short = await bakedFor(HOUR);
    const long = await bakedFor(72 * HOUR);
    expect(long.virtualSeconds - short.virtualSeconds).toBeCloseTo(71 * HOUR, 0);
    expect(long.transitions).toBe(short.transitions);
    expect(short.transitions).toBe(short.states.length);
    expect(long.states).toEqual(short.states);
  });
});
