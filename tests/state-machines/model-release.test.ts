/** Every way of a candidate through its release, by the names of the states. */
import { describe, expect, it } from '@jest/globals';
import { type Answer, resumed, type Run, run, type Script, throws } from './runner.ts';

const INPUT = {
  model: 'demand-forecast',
  releaseId: 'demand-forecast-v7',
  version: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
  versionNumber: 7,
};
const APPROVED = { status: 'APPROVED', reason: 'ada: looks good' };
const HAPPY: Script = {
  'verify-candidate': { endpointType: 'real-time', champion: null },
  'request-approval': resumed(3_600),
  'confirm-approval': APPROVED,
  'deploy-staging': { endpoint: 'dev-demand-forecast-staging' },
  'await-signal': resumed(300),
  'test-staging': { outcome: 'PASS', reason: 'no worse by 10 %' },
  'remove-staging': undefined,
  'close-release': undefined,
};

const rolloutThatEnds = (outcome: string, reason: string): Record<string, unknown> => ({
  QueryLanguage: 'JSONata',
  StartAt: 'Roll',
  States: { Roll: { Type: 'Pass', Output: { outcome, reason }, End: true } },
});
const rolloutThatFails = {
  QueryLanguage: 'JSONata',
  StartAt: 'Roll',
  States: { Roll: { Type: 'Fail', Error: 'RolloutNotStarted', Cause: 'LeaseHeld' } },
};

const release = (
  script: Script = {},
  nested: Record<string, unknown> = rolloutThatEnds('PROMOTED', 'no harm'),
): Promise<Run> => run({ machine: 'model-release', input: INPUT, script: { ...HAPPY, ...script }, nested });

const ASK = ['Verify Candidate', 'Request Approval', 'Confirm Approval', 'Approved?'];
const STAGE = [
  'Served In Real Time?',
  'Deploy Staging',
  'Await Staging',
  'Test Staging',
  'Remove Staging',
  'Staging Passed?',
];
const END = 'Close Release';

/** The release ends orderly, and says so in its output and to close-release. */
function expectEnd(result: Run, states: readonly string[], outcome: string, reason: string): void {
  expect(result.states).toEqual(states);
  expect(result.status).toBe('SUCCEEDED');
  expect(result.output).toEqual({ outcome, reason: expect.stringContaining(reason) });
  expect(result.payloads('close-release')).toEqual([{ ...INPUT, outcome, reason: expect.stringContaining(reason) }]);
}

describe('forward', () => {
  it('takes an approved candidate through staging to its promotion', async () => {
    const result = await release();
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'PROMOTED', 'no harm');
    expect(result.virtualSeconds).toBeGreaterThanOrEqual(3_900);
    expect(result.payloads('await-signal')[0]).toMatchObject({ subject: 'release', wait: 'staging' });
  });

  it('goes on at once when the decision came before the question', async () => {
    const result = await release({ 'request-approval': throws('SignalAlreadyThere') });
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'PROMOTED', 'no harm');
    expect(result.virtualSeconds).toBeLessThan(3_600);
  });

  it('waits until the staging endpoint of the candidate before is gone', async () => {
    const busy = throws('EndpointBusy');
    const result = await release({ 'deploy-staging': [busy, busy, { endpoint: 'dev-demand-forecast-staging' }] });
    expect(result.payloads('deploy-staging')).toHaveLength(3);
    expect(result.output).toMatchObject({ outcome: 'PROMOTED' });
  });

  it('tests what is there when nobody announced the staging endpoint', async () => {
    const result = await release({ 'await-signal': {} });
    expect(result.states).toEqual([...ASK, ...STAGE, 'Roll Out', END]);
    expect(result.virtualSeconds).toBeGreaterThan(7_200);
  });
});

describe('no rollout', () => {
  it.each(['CandidateRefused', 'WrongVersion'])('for a candidate refused at the door: %s', async (error) => {
    expectEnd(await release({ 'verify-candidate': throws(error) }), ['Verify Candidate', END], 'REFUSED', error);
  });

  it('for a candidate that can not be looked at', async () => {
    const result = await release({ 'verify-candidate': throws('StoreUnavailable') });
    expectEnd(result, ['Verify Candidate', END], 'FAILED', 'StoreUnavailable');
    expect(result.payloads('verify-candidate')).toHaveLength(9);
  });

  it.each<[status: string, outcome: string]>([
    ['REJECTED', 'REJECTED'],
    ['EXPIRED', 'EXPIRED'],
    ['VOID', 'REFUSED'],
  ])('after the decision %s', async (status, outcome) => {
    const result = await release({ 'confirm-approval': { status, reason: `it is ${status}` } });
    expectEnd(result, [...ASK, END], outcome, `it is ${status}`);
  });

  it('when nobody decides in time: what is stored decides', async () => {
    const result = await release({
      'request-approval': {},
      'confirm-approval': { status: 'EXPIRED', reason: 'no decision' },
    });
    expectEnd(result, [...ASK, END], 'EXPIRED', 'no decision');
    expect(result.virtualSeconds).toBeGreaterThanOrEqual(86_400);
  });

  it('when a token was completed without a stored decision', async () => {
    const result = await release({ 'confirm-approval': throws('DecisionMissing') });
    expectEnd(result, ASK.slice(0, 3).concat(END), 'FAILED', 'DecisionMissing');
  });

  it('when nobody could be asked', async () => {
    const result = await release({ 'request-approval': throws('UnknownRelease') });
    expectEnd(result, ['Verify Candidate', 'Request Approval', END], 'FAILED', 'UnknownRelease');
  });

  it('for a batch model, which has another way', async () => {
    const batch = { endpointType: 'batch', champion: null };
    const result = await release({ 'verify-candidate': batch });
    const states = [...ASK, 'Served In Real Time?', 'Batch Not Released Here', END];
    expectEnd(result, states, 'REFUSED', 'batch models');
  });

  it('when staging can not be deployed', async () => {
    const result = await release({ 'deploy-staging': throws('VersionNotDeployable') });
    const states = [...ASK, ...STAGE.slice(0, 2), ...STAGE.slice(4), END];
    expectEnd(result, states, 'REFUSED', 'VersionNotDeployable');
  });

  it('when staging can not be waited for', async () => {
    const result = await release({ 'await-signal': throws('UnknownRelease') });
    expectEnd(result, [...ASK, ...STAGE.filter((name) => name !== 'Test Staging'), END], 'FAILED', 'UnknownRelease');
  });

  it.each(['REFUSED', 'INCONCLUSIVE'])('after the paired test said %s: no data is never a pass', async (outcome) => {
    const result = await release({ 'test-staging': { outcome, reason: 'mean absolute error 2.31 against 1.42' } });
    expectEnd(
      result,
      [...ASK, ...STAGE, END],
      'REFUSED',
      outcome === 'REFUSED' ? 'mean absolute error' : 'INCONCLUSIVE: mean absolute error',
    );
  });

  it('when the test can not run', async () => {
    const result = await release({ 'test-staging': throws('DocumentMissing') });
    expectEnd(result, [...ASK, ...STAGE, END], 'REFUSED', 'DocumentMissing');
  });
});

describe('the end', () => {
  it('tells that the rollout was taken back', async () => {
    const result = await release({}, rolloutThatEnds('ROLLED_BACK', 'HARM_PROVEN errors5xx'));
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'ROLLED_BACK', 'HARM_PROVEN errors5xx');
  });

  it('calls an endpoint that does not bear the outcome out a failure', async () => {
    const result = await release({}, rolloutThatEnds('FAILED_SAFE', 'the endpoint serves neither'));
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'FAILED', 'serves neither');
  });

  it('tells that the rollout never began', async () => {
    const result = await release({}, rolloutThatFails);
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'FAILED', 'RolloutNotStarted');
  });

  it('does not depend on staging being taken away', async () => {
    const result = await release({ 'remove-staging': throws('StaleEpoch') });
    expectEnd(result, [...ASK, ...STAGE, 'Roll Out', END], 'PROMOTED', 'no harm');
  });

  it('fails by name when it can not be written down', async () => {
    const result = await release({ 'close-release': throws('UnknownVersion') });
    expect(result.states.at(-1)).toBe('Release Not Closed');
    expect(result).toMatchObject({ status: 'FAILED', error: 'ReleaseNotClosed' });
  });

  it('hands the rollout what it is about', async () => {
    const echo = {
      QueryLanguage: 'JSONata',
      StartAt: 'Roll',
      States: {
        Roll: { Type: 'Pass', Output: { outcome: 'PROMOTED', reason: '{% $string($states.input) %}' }, End: true },
      },
    };
    const { output } = await release({}, echo);
    const handed = JSON.parse((output as { reason: string }).reason) as Record<string, Answer>;
    expect(handed).toMatchObject(INPUT);
    expect(handed['AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID']).toContain(':execution:model-release:');
  });
});
