/**
 * What bad input gets, in the deployed system: a named error in the log, a counted metric, the original event in the
 * dead-letter queue where it came by a bus, and nothing changed.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Version } from '../../local/launch/operator.ts';
import { Deployed, MODEL } from '../support/deployed.ts';

const SETUP_MS = 120_000;
/** Lambda tries an asynchronous call again after one minute and after two more; then it goes to the queue. */
const RETRIES_MINUTES = 5;

jest.setTimeout(SETUP_MS);

let deployed: Deployed;
let champion: Version;

beforeAll(async () => {
  deployed = await Deployed.open();
  champion = await deployed.firstChampion();
}, SETUP_MS);
afterAll(() => deployed.close());

interface FailureRecord {
  readonly requestPayload: { readonly 'detail-type': string; readonly detail: unknown };
  readonly responsePayload: { readonly errorType: string; readonly errorMessage: string };
}

/** Does something that a function must refuse, and gathers everything that it leaves behind. */
async function refusalOf(room: string, act: () => Promise<void>) {
  const sinceMs = deployed.stage.nowMs;
  const before = await deployed.table();
  await act();
  await deployed.stage.pass(RETRIES_MINUTES);
  const dead = (await deployed.drain('EventsDlq')).map((body) => JSON.parse(body) as FailureRecord);
  return {
    dead,
    unchanged: (await deployed.table()) === before,
    log: await deployed.logs(room, sinceMs),
    refused: await deployed.metricSum(room, 'Refused', sinceMs),
  };
}

const rolloutId = (): string => `${MODEL}-r1`;

describe('an event on the bus', () => {
  it.each([
    [
      'a detail of the wrong type',
      'stop-rollout',
      'rollout.abort-requested.v1',
      { model: 7 },
      'InvalidEvent',
      'detail.model',
    ],
    [
      'a detail without what the contract demands',
      'start-rollback',
      'rollout.rollback-requested.v1',
      { model: MODEL },
      'InvalidEvent',
      'detail.requestedBy',
    ],
    [
      'a type that no contract knows',
      'refuse-event',
      'rollout.exploded.v1',
      { model: MODEL },
      'UnknownEvent',
      'rollout.exploded.v1',
    ],
    [
      'an unknown model',
      'stop-rollout',
      'rollout.abort-requested.v1',
      { model: 'tea-leaves', requestedBy: 'ada', reason: 'x' },
      'UnknownModel',
      '"tea-leaves" is not in the catalog. Use one of: demand-forecast',
    ],
    [
      'an unknown model to retrain',
      'request-retraining',
      'retraining.requested.v1',
      { model: 'tea-leaves', requestedBy: 'ada', reason: 'x' },
      'UnknownModel',
      'tea-leaves',
    ],
    [
      'an abort for a rollout that is over',
      'stop-rollout',
      'rollout.abort-requested.v1',
      { model: MODEL, rolloutId: rolloutId(), requestedBy: 'ada', reason: 'too late' },
      'RolloutIsOver',
      'ended as PROMOTED',
    ],
    [
      'an abort for a rollout that never was',
      'stop-rollout',
      'rollout.abort-requested.v1',
      { model: MODEL, rolloutId: `${MODEL}-r99`, requestedBy: 'ada', reason: 'x' },
      'UnknownRollout',
      `${MODEL}-r99`,
    ],
    [
      'a wake-up for nobody',
      'resume-wait',
      'wait.resolved.v1',
      { subject: 'rollout', model: MODEL, id: `${MODEL}-r99`, wait: 'change-1' },
      'UnknownRollout',
      `${MODEL}-r99`,
    ],
  ])('with %s is refused by %s', async (_what, room, detailType, detail, errorName, words) => {
    const { dead, unchanged, log, refused } = await refusalOf(room, () => deployed.put(detailType, detail));
    expect(dead).toHaveLength(1);
    expect(dead[0]!.requestPayload).toMatchObject({ 'detail-type': detailType, detail });
    expect(dead[0]!.responsePayload.errorType).toBe(errorName);
    expect(dead[0]!.responsePayload.errorMessage).toContain(words);
    expect(log).toContain(`"errorName":"${errorName}"`);
    // The first try and its two repetitions.
    expect(refused).toBe(3);
    expect(unchanged).toBe(true);
  });

  it('that is not an object is refused by the bus itself', async () => {
    const entry = {
      EventBusName: deployed.world.resource('EventBus'),
      Source: 'switchyard',
      DetailType: 'rollout.look-due.v1',
    };
    const { FailedEntryCount, Entries } = await deployed.call('events', 'PutEvents', {
      Entries: [{ ...entry, Detail: '{ "model": ' }],
    });
    expect(FailedEntryCount).toBe(1);
    expect(Entries).toMatchObject([{ ErrorCode: 'MalformedDetail' }]);
  });
});

describe('what AWS tells', () => {
  it('an alarm under our prefix that the catalog does not know is refused by name', async () => {
    const alarm = 'switchyard-dev-made-by-hand';
    const metric = {
      Namespace: 'Test',
      MetricName: 'M',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      Statistic: 'Sum',
    };
    const input = { AlarmName: alarm, ...metric, ComparisonOperator: 'GreaterThanThreshold' };
    await deployed.call('monitoring', 'PutMetricAlarm', input);
    const { dead, unchanged, refused } = await refusalOf('handle-guard-alarm', () =>
      deployed.call('monitoring', 'SetAlarmState', { AlarmName: alarm, StateValue: 'ALARM', StateReason: 'by hand' }),
    );
    expect(dead[0]?.responsePayload).toMatchObject({ errorType: 'UnknownAlarm' });
    expect(dead[0]?.responsePayload.errorMessage).toContain(alarm);
    expect(refused).toBe(3);
    expect(unchanged).toBe(true);
    await deployed.call('monitoring', 'DeleteAlarms', { AlarmNames: [alarm] });
  });

  it('a version in a group that belongs to no model starts no release', async () => {
    const { InferenceSpecification } = await deployed.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: champion.arn,
    });
    const ModelPackageGroupName = 'dev-tea-leaves';
    await deployed.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName });
    const pending = { ModelPackageGroupName, InferenceSpecification, ModelApprovalStatus: 'PendingManualApproval' };
    const { dead, unchanged } = await refusalOf('start-release', () =>
      deployed.call('sagemaker', 'CreateModelPackage', pending),
    );
    expect(dead[0]?.responsePayload).toMatchObject({ errorType: 'UnknownModel' });
    expect(unchanged).toBe(true);
  });

  it("a version of another model's group is refused before anybody is asked", async () => {
    const { InferenceSpecification } = await deployed.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: champion.arn,
    });
    const { ModelPackageArn } = await deployed.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: 'dev-dynamic-pricing',
      InferenceSpecification,
      ModelApprovalStatus: 'Approved',
    });
    const machine = deployed.world.resource('ModelReleaseMachine');
    const input = { model: MODEL, releaseId: `${MODEL}-v41`, version: ModelPackageArn, versionNumber: 41 };
    const championBefore = await deployed.stage.does(deployed.stage.operator.champion());
    const { executionArn } = await deployed.call('states', 'StartExecution', {
      stateMachineArn: machine,
      input: JSON.stringify(input),
    });
    await deployed.stage.pass(RETRIES_MINUTES);
    const described = await deployed.call('states', 'DescribeExecution', { executionArn });
    expect(described.status).not.toBe('RUNNING');
    expect(JSON.stringify(await deployed.call('states', 'GetExecutionHistory', { executionArn }))).toContain(
      'WrongVersion',
    );
    expect(await deployed.stage.does(deployed.stage.operator.champion())).toEqual(championBefore);
    expect(await deployed.stage.does(deployed.stage.operator.rollouts())).toHaveLength(1);
  });
});
