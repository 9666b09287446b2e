/** Every way back on an operator's demand, by the names of the states. */
import { describe, expect, it } from '@jest/globals';
import { resumed, type Run, run, type Script, throws } from './runner.ts';

const INPUT = { model: 'demand-forecast', requestedBy: 'grace', reason: 'forecasts look wrong in the north' };
const WARM = {
  model: 'demand-forecast',
  rolloutId: 'demand-forecast-r4',
  kind: 'ROLLBACK_ON_DEMAND',
  endpoint: 'dev-demand-forecast',
  epoch: 4,
  challengerVariant: 'blue',
  championVariant: 'green',
  warm: true,
  lastStepIndex: 0,
};
const SETTLED = { outcome: 'SETTLED', detail: 'read back' };
const HAPPY: Script = {
  'open-rollout': WARM,
  'add-challenger': { changeId: 'change-1' },
  'await-signal': resumed(120),
  'confirm-change': SETTLED,
  'smoke-challenger': { answered: 20 },
  'shift-traffic': { changeId: 'shift-0', sharePercent: 100 },
  'promote-challenger': { champion: 'blue' },
  'restore-champion': { changeId: 'restore-1' },
  'close-rollout': ({ reason }) => ({ outcome: 'PROMOTED', reason: reason as string }),
};

const back = (script: Script = {}): Promise<Run> =>
  run({ machine: 'rollback-model', input: INPUT, script: { ...HAPPY, ...script } });

const OPEN = ['Open Rollback', 'Still Warm?'];
const PROVISION = ['Add Previous', 'Await Provisioning', 'Confirm Provisioning', 'Provisioned?'];
const SHIFT = ['Smoke Previous', 'Shift All Traffic', 'Await Shift', 'Confirm Shift', 'Shifted?'];
const END = ['Promote Previous', 'Close Rollback'];
const RESTORE = [
  'Restore Champion',
  'Restore Under Way?',
  'Await Restore',
  'Confirm Restore',
  'Restored?',
  'Close Rollback',
];

describe('rollback on demand', () => {
  it('of a warm version is one weight change', async () => {
    const result = await back();
    expect(result.states).toEqual([...OPEN, ...SHIFT, ...END]);
    expect(result.output).toEqual({
      outcome: 'PROMOTED',
      reason: 'asked for by grace: forecasts look wrong in the north',
    });
    expect(result.payloads('shift-traffic')).toEqual([
      { model: 'demand-forecast', rolloutId: 'demand-forecast-r4', epoch: 4, stepIndex: 0 },
    ]);
    expect(result.payloads('open-rollout')[0]).toMatchObject({ kind: 'BACK', model: 'demand-forecast' });
    expect(result.virtualSeconds).toBeLessThan(300);
  });

  it('of a cold version provisions it first', async () => {
    const result = await back({ 'open-rollout': { ...WARM, warm: false } });
    expect(result.states).toEqual([...OPEN, ...PROVISION, ...SHIFT, ...END]);
    // The reason is the operator's, also after the read-backs on the way.
    expect(result.status).toBe('SUCCEEDED');
  });

  it('waits for the end of a running rollout', async () => {
    const held = throws('LeaseHeld');
    const result = await back({ 'open-rollout': [held, throws('EndpointNotAtRest'), WARM] });
    expect(result.payloads('open-rollout')).toHaveLength(3);
    expect(result.states).toEqual([...OPEN, ...SHIFT, ...END]);
  });

  it('fails by name when there is nothing to go back to', async () => {
    const result = await back({ 'open-rollout': throws('NothingToRollBackTo') });
    expect(result.states).toEqual(['Open Rollback', 'Rollback Not Started']);
    expect(result).toMatchObject({ status: 'FAILED', error: 'RollbackNotStarted' });
    expect(result.cause).toContain('NothingToRollBackTo');
    expect(result.payloads('open-rollout')).toHaveLength(1);
  });

  it('goes on when what it waits for is there already, or was never announced', async () => {
    const there = await back({ 'await-signal': throws('SignalAlreadyThere') });
    expect(there.states).toEqual([...OPEN, ...SHIFT, ...END]);
    const silent = await back({ 'open-rollout': { ...WARM, warm: false }, 'await-signal': {} });
    expect(silent.states).toEqual([...OPEN, ...PROVISION, ...SHIFT, ...END]);
  });
});

describe('the champion stays', () => {
  it.each<[why: string, states: readonly string[], Script]>([
    ['it can not be provisioned', [...OPEN, 'Add Previous'], { 'add-challenger': throws('VersionNotDeployable') }],
    [
      'the endpoint rolled back in silence',
      [...OPEN, ...PROVISION],
      { 'confirm-change': [{ outcome: 'SILENT_ROLLBACK', detail: 'the former one' }, SETTLED] },
    ],
    [
      'its provisioning can not be waited for',
      [...OPEN, 'Add Previous', 'Await Provisioning'],
      { 'await-signal': ({ wait }) => (wait === 'change-1' ? throws('UnknownRollout') : resumed(60)) },
    ],
  ])('when %s', async (_why, states, script) => {
    const result = await back({ 'open-rollout': { ...WARM, warm: false }, ...script });
    expect(result.states).toEqual([...states, ...RESTORE]);
  });

  it.each<[why: string, states: readonly string[], Script]>([
    ['it does not answer', [...OPEN, 'Smoke Previous'], { 'smoke-challenger': throws('CandidateRefused') }],
    ['it is stopped', [...OPEN, ...SHIFT.slice(0, 2)], { 'shift-traffic': throws('RolloutStopped') }],
    [
      'the shift did not land',
      [...OPEN, ...SHIFT],
      { 'confirm-change': [{ outcome: 'MISMATCH', detail: 'other weights' }, SETTLED] },
    ],
    [
      'it can not be made champion',
      [...OPEN, ...SHIFT, 'Promote Previous'],
      { 'promote-challenger': throws('StaleEpoch') },
    ],
  ])('when %s', async (_why, states, script) => {
    const result = await back(script);
    expect(result.states).toEqual([...states, ...RESTORE]);
  });

  it('and is left alone where it has all traffic', async () => {
    const result = await back({
      'smoke-challenger': throws('CandidateRefused'),
      'restore-champion': { changeId: null },
    });
    expect(result.states.slice(-3)).toEqual(['Restore Champion', 'Restore Under Way?', 'Close Rollback']);
  });

  it('by as many restores as it takes', async () => {
    const busy = throws('EndpointBusy');
    const result = await back({
      'smoke-challenger': throws('CandidateRefused'),
      'restore-champion': [busy, busy, { changeId: 'restore-1' }, { changeId: 'restore-2' }],
      'confirm-change': ({ changeId }) => (changeId === 'restore-1' ? throws('StaleEpoch') : SETTLED),
    });
    expect(result.payloads('restore-champion')).toHaveLength(4);
    expect(result.states).toEqual([...OPEN, 'Smoke Previous', ...RESTORE.slice(0, 4), ...RESTORE]);
  });

  it('also when another controller has taken over', async () => {
    const result = await back({
      'smoke-challenger': throws('CandidateRefused'),
      'restore-champion': throws('StaleEpoch'),
    });
    expect(result.states).toEqual([...OPEN, 'Smoke Previous', 'Restore Champion', 'Close Rollback']);
  });
});

it('fails by name when the record can not be closed', async () => {
  const result = await back({ 'close-rollout': throws('StoreUnavailable') });
  expect(result.states.at(-1)).toBe('Rollback Not Closed');
  expect(result).toMatchObject({ status: 'FAILED', error: 'RollbackNotClosed' });
});

describe('the runner', () => {
  it('lets no broken contract pass, although the machine would catch it', async () => {
    await expect(back({ 'shift-traffic': { changeId: 7 } })).rejects.toThrow('shift-traffic output');
    await expect(back({ 'open-rollout': { ...WARM, epoch: 0 } })).rejects.toThrow('shift-traffic input');
    await expect(run({ machine: 'rollback-model', input: INPUT, script: {} })).rejects.toThrow();
  });
});
