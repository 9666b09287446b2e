/** The records table: conditions, races, and an unreachable table that has a name of its own. */
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { newEndpointStore } from '../../../../shared/aws/endpoint-store.ts';
import { RecordsTable, toItem } from '../../../../shared/aws/records-table.ts';
import { newReleaseStore } from '../../../../shared/aws/release-store.ts';
import { newRolloutStore } from '../../../../shared/aws/rollout-store.ts';
import { championKey, leaseKey, rolloutKey, releaseKey } from '../../../../shared/aws/keys.ts';
import { aChampion, aLease, aRelease, aRollout, aVerdict } from '../../../support/builders/records.ts';
import { REF, RELEASE_REF } from '../../../support/builders/scenes.ts';
import { MODEL } from '../../../support/in-memory/world.ts';
import { awsError, clients, mockClient, networkError } from './mocked.ts';

const SCOPE = { region: 'eu-central-1', stage: 'dev' };

function stores() {
  const client = clients.dynamoDb();
  const table = new RecordsTable(client, 'records');
  return {
    table,
    rollouts: newRolloutStore(table, SCOPE),
    releases: newReleaseStore(table, SCOPE),
    endpoints: newEndpointStore(client, table, SCOPE),
    dynamo: mockClient(client),
  };
}

const FASTER = awsError('ConditionalCheckFailedException');
const rolloutItem = (revision = 4) => toItem(rolloutKey(SCOPE, MODEL, REF.rolloutId), aRollout(), revision);

describe('a record', () => {
  it('is read strongly consistent and written on its revision', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() }).on(PutItemCommand).resolves({});
    expect(await rollouts.change(REF, (record) => ({ ...record, looks: 1 }))).toMatchObject({ looks: 1 });
    expect(dynamo.commandCalls(GetItemCommand)[0]?.args[0].input).toMatchObject({ ConsistentRead: true });
    expect(dynamo.commandCalls(PutItemCommand)[0]?.args[0].input).toMatchObject({
      Item: { revision: { N: '5' }, list: { S: 'eu-central-1#dev#rollouts' } },
      ConditionExpression: 'revision = :expected',
      ExpressionAttributeValues: { ':expected': { N: '4' } },
    });
  });

  it('that is over leaves the list of those under way', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() }).on(PutItemCommand).resolves({});
    await rollouts.change(REF, (record) => ({ ...record, active: false }));
    expect(dynamo.commandCalls(PutItemCommand)[0]?.args[0].input.Item).not.toHaveProperty('list');
  });

  it('somebody was faster: read again, compute again', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() });
    dynamo.on(PutItemCommand).rejectsOnce(FASTER).rejectsOnce(FASTER).resolves({});
    let computed = 0;
    await rollouts.change(REF, (record) => ({ ...record, looks: ++computed }));
    expect(computed).toBe(3);
  });

  it('that a transaction holds is read again, too', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() });
    dynamo.on(PutItemCommand).rejectsOnce(awsError('TransactionConflictException')).resolves({});
    expect(await rollouts.change(REF, (record) => ({ ...record, looks: 1 }))).toMatchObject({ looks: 1 });
    expect(dynamo.commandCalls(GetItemCommand)).toHaveLength(2);
  });

  it('fought over without end counts as unavailable', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() }).on(PutItemCommand).rejects(FASTER);
    await expect(rollouts.change(REF, (record) => ({ ...record, looks: 1 }))).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: expect.stringContaining('changed 12 times'),
    });
  });

  it('that is left alone is not written', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() });
    await rollouts.change(REF, () => undefined);
    await rollouts.change(REF, (record) => record);
    expect(dynamo.commandCalls(PutItemCommand)).toEqual([]);
  });

  it('holds evidence of any size, and gives it back', async () => {
    const { rollouts, dynamo } = stores();
    const lastVerdict = aVerdict('ROLLBACK', [
      { code: 'HARM_PROVEN', guardrail: 'errors5xx', eValue: 1e300, threshold: 60 },
      { code: 'HARM_PROVEN', guardrail: 'latency', eValue: 3.5e-212, threshold: 60 },
    ]);
    dynamo.on(GetItemCommand).resolves({ Item: rolloutItem() }).on(PutItemCommand).resolves({});
    await rollouts.change(REF, (record) => ({ ...record, lastVerdict }));
    dynamo.on(GetItemCommand).resolves({ Item: dynamo.commandCalls(PutItemCommand)[0]!.args[0].input.Item! });
    expect((await rollouts.get(REF)).lastVerdict).toEqual(lastVerdict);
  });

  it('that is not there is named', async () => {
    const { rollouts, releases, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({});
    await expect(rollouts.get(REF)).rejects.toMatchObject({ name: 'UnknownRollout' });
    await expect(rollouts.change(REF, (record) => record)).rejects.toMatchObject({ name: 'UnknownRollout' });
    await expect(releases.get(RELEASE_REF)).rejects.toMatchObject({ name: 'UnknownRelease' });
    expect(await releases.find(RELEASE_REF)).toBeUndefined();
  });

  it('is made once', async () => {
    const { rollouts, releases, dynamo } = stores();
    dynamo.on(PutItemCommand).rejects(FASTER);
    await expect(rollouts.create(aRollout())).rejects.toMatchObject({ name: 'RolloutExists' });
    const key = releaseKey(SCOPE, MODEL, RELEASE_REF.releaseId);
    dynamo.on(GetItemCommand).resolves({ Item: toItem(key, aRelease({ reason: 'the first' }), 1) });
    expect(await releases.create(aRelease())).toMatchObject({ reason: 'the first' });
    await expect(releases.create(aRelease({ version: 'other' }))).rejects.toMatchObject({ name: 'ReleaseConflict' });
  });

  it('a look that is kept already stays the first', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(PutItemCommand).rejects(FASTER);
    const look = { ...REF, look: 1, atMs: 0, stepIndex: 0, verdict: aVerdict('INCONCLUSIVE') };
    await expect(rollouts.saveLook(look)).resolves.toBeUndefined();
  });

  it('lists are read to their end', async () => {
    const { rollouts, dynamo } = stores();
    const page = { Items: [rolloutItem()], LastEvaluatedKey: { pk: { S: 'x' } } };
    dynamo
      .on(QueryCommand)
      .resolvesOnce(page)
      .resolvesOnce({ Items: [rolloutItem()] });
    expect(await rollouts.active()).toHaveLength(2);
  });
});

describe('a table that does not answer is StoreUnavailable', () => {
  it.each([
    ['throttled', awsError('ProvisionedThroughputExceededException')],
    ['throttled by account', awsError('RequestLimitExceeded')],
    ['throttled in general', awsError('ThrottlingException')],
    ['broken', awsError('InternalServerError')],
    ['away', awsError('ServiceUnavailable')],
    ['silent', awsError('TimeoutError')],
    ['refusing connections', networkError('ECONNREFUSED')],
    ['without a name', networkError('ENOTFOUND')],
    ['without a name for now', networkError('EAI_AGAIN')],
    ['out of reach', networkError('EHOSTUNREACH')],
    [
      'answering 503 in words of its own',
      Object.assign(awsError('UnknownError'), { $metadata: { httpStatusCode: 503 } }),
    ],
  ])('%s', async (_name, error) => {
    const { rollouts, endpoints, dynamo } = stores();
    dynamo.onAnyCommand().rejects(error);
    const champion = aChampion();
    const calls = [
      () => rollouts.get(REF),
      () => rollouts.active(),
      () => rollouts.create(aRollout()),
      () => endpoints.lease(MODEL),
      () => endpoints.promote(champion, { epoch: 2, replacedRolloutId: champion.rolloutId }),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
  });

  it('a programming error is none', async () => {
    const { rollouts, dynamo } = stores();
    dynamo.on(GetItemCommand).rejects(awsError('ValidationException', 'wrong key'));
    await expect(rollouts.get(REF)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('the flip of a champion', () => {
  const next = aChampion({ rolloutId: REF.rolloutId });
  const check = { epoch: 2, replacedRolloutId: `${MODEL}-r1` };
  const champion = (rolloutId: string, revision = 3) => ({
    Item: toItem(championKey(SCOPE, MODEL), aChampion({ rolloutId }), revision),
  });
  const lease = (epoch: number) => ({ Item: toItem(leaseKey(SCOPE, MODEL), aLease({ epoch }), 9) });

  function scene(stored: { championOf: string; epoch: number }) {
    const all = stores();
    const key = (sk: string) => ({ Key: { pk: { S: 'eu-central-1#dev#demand-forecast' }, sk: { S: sk } } });
    all.dynamo.on(GetItemCommand, key('CHAMPION')).resolves(champion(stored.championOf));
    all.dynamo.on(GetItemCommand, key('LEASE')).resolves(lease(stored.epoch));
    return all;
  }
  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({
      message: 'Transaction cancelled',
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({ Code })),
    });

  it('is one transaction on the revision of the champion and the epoch of the lease', async () => {
    const { endpoints, dynamo } = scene({ championOf: `${MODEL}-r1`, epoch: 2 });
    dynamo.on(TransactWriteItemsCommand).resolves({});
    await endpoints.promote(next, check);
    const items = dynamo.commandCalls(TransactWriteItemsCommand)[0]?.args[0].input.TransactItems;
    expect(items?.[0]?.Put).toMatchObject({
      ConditionExpression: 'revision = :revision',
      ExpressionAttributeValues: { ':revision': { N: '3' } },
    });
    expect(items?.[1]?.ConditionCheck).toMatchObject({ ExpressionAttributeValues: { ':epoch': { N: '2' } } });
  });

  it('is refused when a stop came in before the commit', async () => {
    const { endpoints, dynamo } = scene({ championOf: `${MODEL}-r1`, epoch: 2 });
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled('None', 'None', 'ConditionalCheckFailed'));
    await expect(endpoints.promote(next, check)).rejects.toMatchObject({ name: 'RolloutStopped' });
    const items = dynamo.commandCalls(TransactWriteItemsCommand)[0]?.args[0].input.TransactItems;
    expect(items?.[2]?.ConditionCheck).toMatchObject({
      Key: { sk: { S: `ROLLOUT#${REF.rolloutId}` } },
      ConditionExpression: 'attribute_not_exists(stopped)',
    });
    const stop = { kind: 'ABORT' as const, detail: 'enough', by: 'grace', atMs: 0 };
    expect(toItem(rolloutKey(SCOPE, MODEL, REF.rolloutId), aRollout({ stop }), 1)).toHaveProperty('stopped');
    expect(toItem(rolloutKey(SCOPE, MODEL, REF.rolloutId), aRollout(), 1)).not.toHaveProperty('stopped');
  });

  it('the first champion is made only where there is none', async () => {
    const { endpoints, dynamo } = stores();
    dynamo.on(GetItemCommand).resolves({}).on(TransactWriteItemsCommand).resolves({});
    await endpoints.promote(next, { epoch: 1 });
    const items = dynamo.commandCalls(TransactWriteItemsCommand)[0]?.args[0].input.TransactItems;
    expect(items?.[0]?.Put?.ConditionExpression).toBe('attribute_not_exists(pk)');
  });

  it('tells a stale epoch from a changed champion', async () => {
    const stale = scene({ championOf: `${MODEL}-r1`, epoch: 3 });
    stale.dynamo.on(TransactWriteItemsCommand).rejects(cancelled('None', 'ConditionalCheckFailed'));
    await expect(stale.endpoints.promote(next, check)).rejects.toMatchObject({ name: 'StaleEpoch' });
    const changed = scene({ championOf: 'another', epoch: 2 });
    await expect(changed.endpoints.promote(next, check)).rejects.toMatchObject({
      name: 'ChampionChanged',
      message: expect.stringContaining('another'),
    });
  });

  it('a controller that was replaced is told so, even if its rollout was stopped as well', async () => {
    const { endpoints, dynamo } = scene({ championOf: `${MODEL}-r1`, epoch: 3 });
    const codes = ['None', 'ConditionalCheckFailed', 'ConditionalCheckFailed'];
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled(...codes));
    await expect(endpoints.promote(next, check)).rejects.toMatchObject({ name: 'StaleEpoch' });
  });

  it('a programming error stays what it is', async () => {
    const { endpoints, dynamo } = scene({ championOf: `${MODEL}-r1`, epoch: 2 });
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled('ValidationError', 'None', 'None'));
    await expect(endpoints.promote(next, check)).rejects.toMatchObject({ name: 'TransactionCanceledException' });
  });

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'a %s with a heartbeat of the lease is no reason to roll a good version back: try again',
    async (code) => {
      const { endpoints, dynamo } = scene({ championOf: `${MODEL}-r1`, epoch: 2 });
      dynamo.on(TransactWriteItemsCommand).rejects(cancelled('None', code));
      await expect(endpoints.promote(next, check)).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
    },
  );
});
