/**
 * The way back when something that it could lean on is gone: the table, the controller, the events. In every case the
 * champion has all traffic in the end, read back from the endpoint.
 */
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { afterAll } from '@jest/globals';
import { AwsError } from '../../local/kernel/errors.ts';
import { SLOWNESS } from '../../local/kernel/latency.ts';
import { inject, removeFault } from '../../local/launch/rehearsal/faults.ts';
import { build } from '../../events/contract.ts';
import { abortRequested } from '../../events/rollout/abort-requested.v1.ts';
import { rollbackRequested } from '../../events/rollout/rollback-requested.v1.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { Deployed, ENDPOINT, MODEL } from '../support/deployed.ts';

const SETUP_MS = 120_000;
const TEST_MS = 120_000;
const MS_PER_MINUTE = 60_000;
const LONGEST_UPDATING_MINUTES = SLOWNESS.weightChangeMs.max / MS_PER_MINUTE;

let deployed: Deployed;

beforeAll(async () => {
  deployed = await Deployed.open();
  await deployed.firstChampion();
}, SETUP_MS);
afterAll(() => deployed.close());
afterEach(() => deployed.world.cloud.faults.remove('table down'));

/** The table is throttled for the functions named, or for every role of the product. */
function tableDown(rooms?: readonly string[]): void {
  deployed.world.cloud.faults.inject('table down', {
    call: ({ service, principal }) => {
      if (service !== 'dynamodb' || principal.kind !== 'role') return undefined;
      if (rooms && !rooms.some((room) => principal.roleName.endsWith(room))) return undefined;
      return { when: 'before', error: new AwsError('ThrottlingException', 'Rate exceeded') };
    },
  });
}

const tableUp = (): void => deployed.world.cloud.faults.remove('table down');

/** A canary in its first share. */
async function inFirstShare(): Promise<RolloutRecord> {
  const { rollout } = await deployed.rollout();
  await deployed.stage.watched(rollout, 0);
  expect(await deployed.championShare()).toBe(95);
  return deployed.stage.record(rollout);
}

/** Virtual minutes until the champion has everything, read back. */
async function untilRestored(limitMinutes: number): Promise<number> {
  const sinceMs = deployed.stage.nowMs;
  await deployed.stage.until(
    '100 % for the champion',
    async () => (await deployed.championShare()) === 100,
    limitMinutes,
    15,
  );
  return (deployed.stage.nowMs - sinceMs) / MS_PER_MINUTE;
}

async function ended(rollout: RolloutRecord): Promise<RolloutRecord> {
  const record = await deployed.stage.ended(rollout, 180);
  await deployed.stage.pass(12);
  expect(record).toMatchObject({ active: false, outcome: 'ROLLED_BACK' });
  expect(await deployed.championShare()).toBe(100);
  return record;
}

describe('with the table down', () => {
  it(
    'no step goes forward, and the dead man gives the champion everything; the record waits in the spool',
    async () => {
      const rollout = await inFirstShare();
      tableDown();
      // Ten minutes after the last look, up to one late, one change of weights.
      const minutes = await untilRestored(30);
      expect(minutes).toBeGreaterThan(5);
      expect(minutes).toBeLessThanOrEqual(10 + 1 + 1 + LONGEST_UPDATING_MINUTES + 1);
      const QueueUrl = deployed.world.resource('SpoolQueue');
      const { Attributes } = await deployed.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
      // The sweep tries to record it each minute: meanwhile it is hidden, not gone.
      const waiting =
        Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
      expect(waiting).toBeGreaterThanOrEqual(1);
      tableUp();
      await ended(rollout);
    },
    TEST_MS,
  );

  it(
    'an alarm gives the champion everything, by what the endpoint itself says',
    async () => {
      const rollout = await inFirstShare();
      const { world } = deployed;
      inject(world, 'many-requests-fail', rollout.challenger.servable.name);
      await deployed.stage.pass(1);
      tableDown();
      const minutes = await untilRestored(15);
      removeFault(world, 'many-requests-fail');
      // Two bad minutes, readable at most three minutes late, an evaluation, one change of weights.
      expect(minutes).toBeLessThanOrEqual(2 + 3 + 1 + LONGEST_UPDATING_MINUTES + 2);
      tableUp();
      await ended(rollout);
    },
    TEST_MS,
  );

  it(
    'no step forward is taken: a rollout that can not begin gives up, and the challenger never had traffic',
    async () => {
      const { rollout } = await deployed.rollout();
      tableDown(['shift-traffic']);
      const record = await ended(rollout);
      expect(record.reason).toMatch(/StoreUnavailable/);
      expect(record).toMatchObject({ looks: 0, stepIndex: -1 });
      expect(record.deeds.filter((deed) => deed.action.startsWith('SHIFT'))).toEqual([]);
    },
    TEST_MS,
  );
});

describe('with the controller dead in mid-step', () => {
  it(
    'the champion has everything within ten minutes and what is left of Updating, and the record is closed',
    async () => {
      const rollout = await inFirstShare();
      await deployed.call('states', 'StopExecution', { executionArn: rollout.executionArn, cause: 'killed by a test' });
      // The judge still sees a healthy challenger; nobody would act on what it finds, so that its looks are no sign of life.
      const minutes = await untilRestored(40);
      expect(minutes).toBeLessThanOrEqual(10 + LONGEST_UPDATING_MINUTES);
      expect(minutes).toBeGreaterThan(1);
      const record = await ended(rollout);
      expect(record.reason).toMatch(/controller died|no look was completed/);
      const { Items } = await deployed.call('dynamodb', 'Query', {
        TableName: deployed.world.resource('RecordsTable'),
        KeyConditionExpression: 'pk = :pk AND sk = :sk',
        ExpressionAttributeValues: { ':pk': { S: `eu-central-1#dev#${MODEL}` }, ':sk': { S: 'LEASE' } },
      });
      expect(JSON.parse((Items as { record: { S: string } }[])[0]!.record.S)).not.toHaveProperty('holder');
    },
    TEST_MS,
  );
});

describe('a second candidate', () => {
  it(
    'waits for the lease while a rollout runs, and gets its turn',
    async () => {
      const rollout = await inFirstShare();
      const second = await deployed.register();
      await deployed.stage.approve(second);
      await deployed.stage.pass(45);
      const underWay = (await deployed.stage.does(deployed.stage.operator.rollouts())).filter((each) => each.active);
      expect(underWay.map((each) => each.rolloutId)).toEqual([rollout.rolloutId]);
      await deployed.stage.does(
        deployed.stage.operator.put(build(abortRequested, { model: MODEL, requestedBy: 'grace', reason: 'make way' })),
      );
      const made = await deployed.stage.ended(rollout);
      expect(made).toMatchObject({ outcome: 'ROLLED_BACK', reason: 'ABORT: make way' });
      const next = await deployed.stage.rolloutOf(second);
      expect(next.epoch).toBeGreaterThan(rollout.epoch);
      const promoted = await deployed.stage.ended(next);
      expect(promoted.outcome).toBe('PROMOTED');
    },
    TEST_MS,
  );

  it(
    'that is champion since minutes is taken back by one change of weights',
    async () => {
      const champion = await deployed.stage.does(deployed.stage.operator.champion());
      expect(champion?.previous?.warmUntilMs).toBeGreaterThan(deployed.stage.nowMs);
      const updates = (): number =>
        [...deployed.world.cloud.calls.values()]
          .filter(({ operation }) => ['UpdateEndpoint', 'UpdateEndpointWeightsAndCapacities'].includes(operation))
          .reduce((sum, { count }) => sum + count, 0);
      const before = updates();
      const known = (await deployed.stage.does(deployed.stage.operator.rollouts())).length;
      const detail = { model: MODEL, requestedBy: 'grace', reason: 'second thoughts', idempotencyKey: 'k1' };
      await deployed.stage.does(deployed.stage.operator.put(build(rollbackRequested, detail)));
      const back = await deployed.stage.until(
        'a rollback',
        async () => (await deployed.stage.operator.rollouts())[known],
        10,
      );
      await deployed.stage.until('its end', async () => !(await deployed.stage.record(back)).active, 30);
      const record = await deployed.stage.record(back);
      expect(record).toMatchObject({ outcome: 'PROMOTED', kind: 'ROLLBACK_ON_DEMAND' });
      expect(record.deeds.filter((deed) => /^(SHIFT|ADD_CHALLENGER|REMOVE_VARIANT)/.test(deed.action))).toHaveLength(1);
      expect(updates() - before).toBe(1);
      expect((record.endedAtMs! - record.startedAtMs) / MS_PER_MINUTE).toBeLessThanOrEqual(
        LONGEST_UPDATING_MINUTES + 1,
      );
      const endpoint = await deployed.stage.does(deployed.stage.operator.endpoint());
      expect(endpoint?.EndpointName).toBe(ENDPOINT);
      expect(await deployed.championShare()).toBe(100);
    },
    TEST_MS,
  );
});
