import { beforeEach, describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
  db.createTable('leases', ['id:S']);
  db.createTable('audit', ['model:S', 'seq:N']);
});

const key = (id: string): WireInput => ({ id: S(id) });
const putLease = (id: string, more: WireInput = {}): WireInput => ({
  Put: { TableName: 'leases', Item: { ...key(id), epoch: N(1) }, ...more },
});
const increment = (id: string, more: WireInput = {}): WireInput => ({
  Update: {
    TableName: 'leases',
    Key: key(id),
    UpdateExpression: 'ADD epoch :one',
    ExpressionAttributeValues: { ':one': N(1) },
    ...more,
  },
});
const all = (): unknown[] =>
  ['leases', 'audit'].map((TableName) => JSON.parse(JSON.stringify(db.call('Scan', { TableName }).Items)) as unknown);
const transact = (...TransactItems: WireInput[]): WireInput => db.call('TransactWriteItems', { TransactItems });

describe('writes', () => {
  it('happen together, over several tables', () => {
    transact(putLease('old'), putLease('gone'));
    transact(
      putLease('new', { ConditionExpression: 'attribute_not_exists(id)' }),
      increment('old'),
      { Delete: { TableName: 'leases', Key: key('gone') } },
      { ConditionCheck: { TableName: 'leases', Key: key('never'), ConditionExpression: 'attribute_not_exists(id)' } },
      { Put: { TableName: 'audit', Item: { model: S('m'), seq: N(1) } } },
    );
    const { Responses } = db.call('TransactGetItems', {
      TransactItems: [
        { Get: { TableName: 'leases', Key: key('new'), ProjectionExpression: 'epoch' } },
        { Get: { TableName: 'leases', Key: key('old') } },
        { Get: { TableName: 'leases', Key: key('gone') } },
        { Get: { TableName: 'audit', Key: { model: S('m'), seq: N(1) } } },
      ],
    });
    expect(Responses).toEqual([
      { Item: { epoch: N(1) } },
      { Item: { id: S('old'), epoch: N(2) } },
      {},
      { Item: { model: S('m'), seq: N(1) } },
    ]);
  });

  it('are cancelled together, with a reason for each and the item where asked for', () => {
    transact(putLease('taken'));
    const before = all();
    const error = db.error('TransactWriteItems', {
      TransactItems: [
        putLease('free'),
        putLease('taken', {
          ConditionExpression: 'attribute_not_exists(id)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
        { Delete: { TableName: 'leases', Key: key('none'), ConditionExpression: 'attribute_exists(id)' } },
      ],
    });
    expect([error.code, error.message]).toEqual([
      'TransactionCanceledException',
      'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
        '[None, ConditionalCheckFailed, ConditionalCheckFailed]',
    ]);
    expect(error.fields.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { id: S('taken'), epoch: N(1) },
      },
      { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
    ]);
    expect(all()).toEqual(before);
  });

  it('all happen or none does', () => {
    const action = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), epoch: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(action, { minLength: 1, selector: ({ id }) => id }), { maxLength: 20 }),
        (list) => {
          db = newFixture();
          db.createTable('leases', ['id:S']);
          const model = new Map<string, number>();
          for (const actions of list) {
            const allowed = actions.every(({ id, epoch }) => (model.get(id) ?? 0) === epoch);
            const TransactItems = actions.map(({ id, epoch }) =>
              increment(
                id,
                epoch === 0
                  ? { ConditionExpression: 'attribute_not_exists(epoch)' }
                  : {
                      ConditionExpression: 'epoch = :expected',
                      ExpressionAttributeValues: { ':one': N(1), ':expected': N(epoch) },
                    },
              ),
            );
            if (allowed) db.call('TransactWriteItems', { TransactItems });
            else expect(db.error('TransactWriteItems', { TransactItems }).code).toBe('TransactionCanceledException');
            if (allowed) for (const { id, epoch } of actions) model.set(id, epoch + 1);
          }
          const items = db.call('Scan', { TableName: 'leases' }).Items as { id: { S: string }; epoch: { N: string } }[];
          expect(new Map(items.map(({ id, epoch }) => [id.S, Number(epoch.N)]))).toEqual(model);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('with a mistake against the schema are cancelled for that one alone, before any condition is looked at', () => {
    const error = db.error('TransactWriteItems', {
      TransactItems: [
        putLease('a', { ConditionExpression: 'attribute_exists(id)' }),
        { Put: { TableName: 'leases', Item: { id: N(7) } } },
        { Put: { TableName: 'leases', Item: { id: N(8) } } },
      ],
    });
    expect(error.fields.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ValidationError',
        Message: 'One or more parameter values were invalid: Type mismatch for key id expected: S actual: N',
      },
      { Code: 'None' },
    ]);
  });

  it('with an update that does not fit the item are cancelled', () => {
    transact({ Put: { TableName: 'leases', Item: { ...key('a'), epoch: S('one') } } });
    const error = db.error('TransactWriteItems', { TransactItems: [putLease('b'), increment('a')] });
    expect(error.fields.CancellationReasons).toEqual([
      { Code: 'None' },
      { Code: 'ValidationError', Message: 'An operand in the update expression has an incorrect data type' },
    ]);
  });

  test.each<[string, WireInput[], string]>([
    [
      'two on one item',
      [putLease('a'), increment('a')],
      'Transaction request cannot include multiple operations on one item',
    ],
    [
      'none',
      [],
      "1 validation error detected: Value '[0 elements]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      '101',
      Array.from({ length: 101 }, (_, i) => putLease(`x${i}`)),
      "1 validation error detected: Value '[101 elements]' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100",
    ],
    [
      'two in one element',
      [{ ...putLease('a'), ...increment('b') }],
      'TransactItems can only contain one of Check, Put, Update or Delete',
    ],
    [
      'a check without condition',
      [{ ConditionCheck: { TableName: 'leases', Key: key('a') } }],
      "1 validation error detected: Value null at 'conditionExpression' failed to satisfy constraint: Member must not be null",
    ],
    [
      'a wrong expression',
      [putLease('a', { ConditionExpression: 'hello!' })],
      'Invalid ConditionExpression: Syntax error; token: "!", near: "hello!"',
    ],
    [
      '5 MB',
      Array.from({ length: 50 }, (_, i) => ({
        Put: { TableName: 'leases', Item: { ...key(`x${i}`), v: S('x'.repeat(100_000)) } },
      })),
      'Transaction payload size cannot exceed 4 MB',
    ],
  ])('%s are refused', (_, TransactItems, expected) => {
    expect(db.failure('TransactWriteItems', { TransactItems })).toBe(`ValidationException: ${expected}`);
  });

  it('take 100 actions', () => {
    transact(...Array.from({ length: 100 }, (_, i) => putLease(`x${i}`)));
    expect(db.call('Scan', { TableName: 'leases' }).Count).toBe(100);
  });

  it('fail for a table that is not there', () => {
    const TransactItems = [{ Delete: { TableName: 'nothing', Key: key('a') } }];
    expect(db.error('TransactWriteItems', { TransactItems }).code).toBe('ResourceNotFoundException');
  });

  it('cost twice', () => {
    const { ConsumedCapacity } = db.call('TransactWriteItems', {
      TransactItems: [
        putLease('a'),
        putLease('b'),
        { Put: { TableName: 'audit', Item: { model: S('m'), seq: N(1) } } },
      ],
      ReturnConsumedCapacity: 'TOTAL',
    });
    expect(ConsumedCapacity).toEqual([
      { TableName: 'leases', CapacityUnits: 4 },
      { TableName: 'audit', CapacityUnits: 2 },
    ]);
  });
});

describe('client request tokens', () => {
  const epoch = (): unknown => (db.call('GetItem', { TableName: 'leases', Key: key('a') }).Item as WireInput).epoch;
  const send = (TransactItems: WireInput[]): WireInput =>
    db.call('TransactWriteItems', { TransactItems, ClientRequestToken: 'token-1' });

  it('make a repeated request harmless for ten minutes', async () => {
    send([increment('a')]);
    send([increment('a')]);
    expect(epoch()).toEqual(N(1));
    await db.cloud.kernel.runFor(9 * 60_000 + 59_000);
    send([increment('a')]);
    expect(epoch()).toEqual(N(1));
    await db.cloud.kernel.runFor(1_000);
    send([increment('a')]);
    expect(epoch()).toEqual(N(2));
  });

  it('refuse another request', () => {
    send([increment('a')]);
    const error = db.error('TransactWriteItems', { TransactItems: [increment('b')], ClientRequestToken: 'token-1' });
    expect(error.code).toBe('IdempotentParameterMismatchException');
  });

  it('do not remember a request that was cancelled', () => {
    const check = increment('a', { ConditionExpression: 'attribute_exists(id)' });
    expect(() => send([check])).toThrow('Transaction cancelled');
    transact(putLease('a'));
    send([check]);
    expect(epoch()).toEqual(N(2));
  });

  it('have at most 36 characters', () => {
    const input = { TransactItems: [increment('a')], ClientRequestToken: 'x'.repeat(37) };
    expect(db.failure('TransactWriteItems', input)).toContain('Member must have length between 1 and 36');
  });
});

describe('batches', () => {
  it('read from several tables what is there', () => {
    transact(putLease('a'), putLease('b'), {
      Put: { TableName: 'audit', Item: { model: S('m'), seq: N(1), v: S('x') } },
    });
    const output = db.call('BatchGetItem', {
      RequestItems: {
        leases: { Keys: [key('a'), key('none'), key('b')] },
        audit: { Keys: [{ model: S('m'), seq: N('1.0') }], ProjectionExpression: 'v' },
      },
    });
    expect(output.Responses).toEqual({
      leases: [
        { id: S('a'), epoch: N(1) },
        { id: S('b'), epoch: N(1) },
      ],
      audit: [{ v: S('x') }],
    });
    expect(output.UnprocessedKeys).toEqual({});
  });

  it('hand back the keys of what goes beyond 16 MB', () => {
    const keys = Array.from({ length: 45 }, (_, i) => key(`x${i}`));
    for (const id of keys) db.call('PutItem', { TableName: 'leases', Item: { ...id, v: S('x'.repeat(400_000)) } });
    const output = db.call('BatchGetItem', { RequestItems: { leases: { Keys: keys, ConsistentRead: true } } });
    const found = (output.Responses as { leases: unknown[] }).leases;
    const left = (output.UnprocessedKeys as { leases: { Keys: unknown[]; ConsistentRead: boolean } }).leases;
    expect([found.length, left.Keys.length, left.ConsistentRead]).toEqual([41, 4, true]);
  });

  it('write and delete', () => {
    transact(putLease('a'));
    db.call('BatchWriteItem', {
      RequestItems: {
        leases: [{ DeleteRequest: { Key: key('a') } }, { PutRequest: { Item: key('b') } }],
        audit: [{ PutRequest: { Item: { model: S('m'), seq: N(1) } } }],
      },
    });
    expect(all()).toEqual([[key('b')], [{ model: S('m'), seq: N(1) }]]);
  });

  test.each<[string, WireInput, string]>([
    ['BatchGetItem', { leases: { Keys: [key('a'), key('a')] } }, 'Provided list of item keys contains duplicates'],
    [
      'BatchGetItem',
      { leases: { Keys: Array.from({ length: 101 }, (_, i) => key(`x${i}`)) } },
      'Too many items requested for the BatchGetItem call',
    ],
    [
      'BatchWriteItem',
      { leases: [{ PutRequest: { Item: key('a') } }, { DeleteRequest: { Key: key('a') } }] },
      'Provided list of item keys contains duplicates',
    ],
    [
      'BatchWriteItem',
      { leases: Array.from({ length: 26 }, (_, i) => ({ PutRequest: { Item: key(`x${i}`) } })) },
      'Too many items requested for the BatchWriteItem call',
    ],
    [
      'BatchWriteItem',
      { leases: [{ PutRequest: { Item: { id: N(1) } } }, { PutRequest: { Item: key('b') } }] },
      'One or more parameter values were invalid: Type mismatch for key id expected: S actual: N',
    ],
  ])('%s refuses %j', (operation, RequestItems, expected) => {
    expect(db.failure(operation, { RequestItems })).toBe(`ValidationException: ${expected}`);
    expect(all()).toEqual([[], []]);
  });
});
