import { beforeEach, describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { compareStrings } from '../../../../local/dynamodb/attribute-value.ts';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, index, L, M, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
  db.createTable('items', ['id:S']);
  db.createTable('numbered', ['id:S', 'n:N']);
});

const put = (item: Record<string, unknown>, more: WireInput = {}): WireInput =>
  db.call('PutItem', { TableName: 'items', Item: { id: S('1'), ...item }, ...more });
const get = (more: WireInput = {}): WireInput | undefined =>
  db.call('GetItem', { TableName: 'items', Key: { id: S('1') }, ...more }).Item as WireInput | undefined;

describe('values', () => {
  it('come back as they went in, blobs as bytes and numbers canonical', () => {
    put({
      s: S(''),
      n: N('1.50'),
      b: { B: Buffer.from([0, 1, 254]).toString('base64') },
      bool: { BOOL: false },
      nothing: { NULL: true },
      l: L(S('a'), L(N('1e2'))),
      m: M({ inner: M({}) }),
      ss: { SS: ['x', 'y'] },
      ns: { NS: ['1.0', '-0.20'] },
      bs: { BS: [Buffer.from('q')] },
    });
    expect(get()).toEqual({
      id: S('1'),
      s: S(''),
      n: N('1.5'),
      b: { B: new Uint8Array([0, 1, 254]) },
      bool: { BOOL: false },
      nothing: { NULL: true },
      l: L(S('a'), L(N('100'))),
      m: M({ inner: M({}) }),
      ss: { SS: ['x', 'y'] },
      ns: { NS: ['1', '-0.2'] },
      bs: { BS: [new Uint8Array(Buffer.from('q'))] },
    });
  });

  it('can have any name', () => {
    put(
      JSON.parse(
        '{"__proto__": {"S": "a"}, "constructor": {"S": "b"}, "with space.and[0]": {"S": "c"}}',
      ) as object as never,
    );
    expect(JSON.parse(JSON.stringify(get()))).toEqual(
      JSON.parse(
        '{"id": {"S": "1"}, "__proto__": {"S": "a"}, "constructor": {"S": "b"}, "with space.and[0]": {"S": "c"}}',
      ),
    );
  });

  it("can't be changed through what was put or got", () => {
    const list = { L: [S('a')] };
    put({ list });
    list.L.push(S('b'));
    const item = get()!;
    expect(item.list).toEqual(L(S('a')));
    expect(() => (item.list as { L: unknown[] }).L.push(S('c'))).toThrow(TypeError);
    expect(() => {
      item.other = S('d');
    }).toThrow(TypeError);
  });

  test.each([
    [{}, 'ValidationException: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
    [
      { S: 'a', N: '1' },
      'ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the ' +
        'supported datatypes',
    ],
    [{ N: 'one' }, 'ValidationException: The parameter cannot be converted to a numeric value: one'],
    [{ N: 1 }, 'SerializationException: NUMBER_VALUE cannot be converted to String'],
    [{ S: true }, 'SerializationException: TRUE_VALUE cannot be converted to String'],
    [{ SS: 'a' }, 'SerializationException: Unexpected field type'],
    [
      { NULL: false },
      'ValidationException: One or more parameter values were invalid: Null attribute value types must have the value ' +
        'of true',
    ],
    [{ SS: [] }, 'ValidationException: One or more parameter values were invalid: An string set  may not be empty'],
    [
      { SS: ['a', 'a'] },
      'ValidationException: One or more parameter values were invalid: Input collection [a, a] contains duplicates.',
    ],
    [{ NS: ['1', '1.0'] }, 'ValidationException: Input collection contains duplicates'],
    [{ B: 'abc' }, 'SerializationException: Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  ])('%j is refused', (value, expected) => {
    expect(db.failure('PutItem', { TableName: 'items', Item: { id: S('1'), v: value } })).toBe(expected);
  });

  it('nest at most 32 deep', () => {
    const nested = (depth: number): WireInput => (depth === 0 ? S('x') : L(nested(depth - 1)));
    put({ v: nested(32) });
    expect(db.failure('PutItem', { TableName: 'items', Item: { id: S('1'), v: nested(33) } })).toBe(
      'ValidationException: Nesting Levels have exceeded supported limits',
    );
  });

  it('order strings by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareStrings('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  });
});

describe('keys', () => {
  test.each<[string, WireInput, string]>([
    ['PutItem', { Item: { v: S('x') } }, 'One or more parameter values were invalid: Missing the key id in the item'],
    [
      'PutItem',
      { Item: { id: N(1) } },
      'One or more parameter values were invalid: Type mismatch for key id expected: S actual: N',
    ],
    [
      'PutItem',
      { Item: { id: S('') } },
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
        'string value. Key: id',
    ],
    ['GetItem', { Key: { id: N(1) } }, 'The provided key element does not match the schema'],
    ['GetItem', { Key: {} }, 'The provided key element does not match the schema'],
    ['DeleteItem', { Key: { id: S('1'), n: N(1) } }, 'The provided key element does not match the schema'],
    [
      'UpdateItem',
      { Key: { id: S('x'.repeat(2049)) } },
      'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes',
    ],
  ])('%s %j is refused', (operation, input, expected) => {
    expect(db.failure(operation, { TableName: 'items', ...input })).toBe(`ValidationException: ${expected}`);
  });

  it('are equal when their numbers are', () => {
    db.call('PutItem', { TableName: 'numbered', Item: { id: S('a'), n: N('1.0'), v: S('x') } });
    const { Item } = db.call('GetItem', { TableName: 'numbered', Key: { id: S('a'), n: N('10e-1') } });
    expect(Item).toEqual({ id: S('a'), n: N('1'), v: S('x') });
  });

  it('are not mixed up when hash and range run together', () => {
    db.createTable('pairs', ['h:S', 'r:S']);
    db.call('PutItem', { TableName: 'pairs', Item: { h: S('a'), r: S('bc') } });
    expect(db.call('GetItem', { TableName: 'pairs', Key: { h: S('ab'), r: S('c') } })).toEqual({});
  });

  it('of indexes may be absent, but not of another type or empty', () => {
    db.createTable('indexed', ['id:S', 'owner:S'], {
      ...{ KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] },
      GlobalSecondaryIndexes: [index('byOwner', ['owner:S'])],
    });
    const Item = { id: S('1') };
    db.call('PutItem', { TableName: 'indexed', Item });
    expect(db.failure('PutItem', { TableName: 'indexed', Item: { ...Item, owner: N(1) } })).toBe(
      'ValidationException: One or more parameter values were invalid: Type mismatch for Index Key owner Expected: S ' +
        'Actual: N IndexName: byOwner',
    );
    expect(db.failure('PutItem', { TableName: 'indexed', Item: { ...Item, owner: S('') } })).toContain(
      'IndexName: byOwner, IndexKey: owner',
    );
    expect(
      db.failure('UpdateItem', {
        TableName: 'indexed',
        Key: Item,
        UpdateExpression: 'SET #o = :n',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':n': N(1) },
      }),
    ).toContain('Type mismatch for Index Key owner Expected: S Actual: N');
  });
});

describe('size', () => {
  it('is limited to 400 KB, names included', () => {
    const fits = 400 * 1024 - 'id'.length - '1'.length - 'v'.length;
    put({ v: S('x'.repeat(fits)) });
    expect(db.failure('PutItem', { TableName: 'items', Item: { id: S('1'), v: S('x'.repeat(fits + 1)) } })).toBe(
      'ValidationException: Item size has exceeded the maximum allowed size',
    );
    expect(
      db.failure('UpdateItem', {
        TableName: 'items',
        Key: { id: S('1') },
        UpdateExpression: 'SET w = :w',
        ExpressionAttributeValues: { ':w': S('x') },
      }),
    ).toBe('ValidationException: Item size to update has exceeded the maximum allowed size');
  });

  it('counts bytes, not characters', () => {
    expect(db.failure('PutItem', { TableName: 'items', Item: { id: S('1'), v: S('é'.repeat(205_000)) } })).toContain(
      'Item size has exceeded',
    );
  });
});

describe('conditional writes', () => {
  it('put only once with attribute_not_exists', () => {
    put({ v: N(1) }, { ConditionExpression: 'attribute_not_exists(id)' });
    const error = db.error('PutItem', {
      TableName: 'items',
      Item: { id: S('1'), v: N(2) },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    expect([error.code, error.message, error.statusCode]).toEqual([
      'ConditionalCheckFailedException',
      'The conditional request failed',
      400,
    ]);
    expect(error.fields).toEqual({});
    expect(get()).toEqual({ id: S('1'), v: N(1) });
  });

  it('show the item that failed them when asked to', () => {
    put({ v: N(1) });
    for (const [operation, input] of [
      ['PutItem', { Item: { id: S('1') } }],
      ['UpdateItem', { Key: { id: S('1') } }],
      ['DeleteItem', { Key: { id: S('1') } }],
    ] as const) {
      const error = db.error(operation, {
        TableName: 'items',
        ...input,
        ConditionExpression: 'attribute_not_exists(id)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      expect(error.fields).toEqual({ Item: { id: S('1'), v: N(1) } });
    }
  });

  it('show nothing when there is no item', () => {
    const error = db.error('DeleteItem', {
      TableName: 'items',
      Key: { id: S('none') },
      ConditionExpression: 'attribute_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(error.fields).toEqual({});
  });
});

describe('reads and returned values', () => {
  it('project paths and close ranks in lists', () => {
    put({ l: L(N(0), N(1), N(2), N(3)), m: M({ a: N(1), b: M({ c: N(2), d: N(3) }) }), v: S('x') });
    const more = { ProjectionExpression: 'l[3], #m.b.c, l[1], absent', ExpressionAttributeNames: { '#m': 'm' } };
    expect(get(more)).toEqual({ l: L(N(1), N(3)), m: M({ b: M({ c: N(2) }) }) });
    expect(get({ ProjectionExpression: 'absent' })).toEqual({});
  });

  it('PutItem and DeleteItem return the old item when asked to', () => {
    put({ v: N(1) });
    expect(put({ v: N(2) }, { ReturnValues: 'ALL_OLD' }).Attributes).toEqual({ id: S('1'), v: N(1) });
    const remove = { TableName: 'items', Key: { id: S('1') }, ReturnValues: 'ALL_OLD' };
    expect(db.call('DeleteItem', remove).Attributes).toEqual({ id: S('1'), v: N(2) });
    expect(db.call('DeleteItem', remove)).toEqual({});
    expect(get()).toBeUndefined();
    expect(db.failure('PutItem', { TableName: 'items', Item: { id: S('1') }, ReturnValues: 'ALL_NEW' })).toBe(
      'ValidationException: ReturnValues can only be ALL_OLD or NONE',
    );
  });

  it('report capacity', () => {
    const written = put({ v: S('x'.repeat(1500)) }, { ReturnConsumedCapacity: 'TOTAL' });
    expect(written.ConsumedCapacity).toEqual({ TableName: 'items', CapacityUnits: 2 });
    const read = (more: WireInput): unknown =>
      db.call('GetItem', { TableName: 'items', Key: { id: S('1') }, ReturnConsumedCapacity: 'INDEXES', ...more })
        .ConsumedCapacity;
    expect(read({})).toEqual({ TableName: 'items', CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } });
    expect(read({ ConsistentRead: true })).toEqual({
      TableName: 'items',
      CapacityUnits: 1,
      Table: { CapacityUnits: 1 },
    });
  });
});

describe('refusals', () => {
  test.each([
    ['PutItem', { Item: { id: S('1') }, Expected: { id: { Exists: false } } }],
    ['UpdateItem', { Key: { id: S('1') }, AttributeUpdates: {} }],
    ['GetItem', { Key: { id: S('1') }, AttributesToGet: ['id'] }],
    ['Query', { KeyConditions: {} }],
    ['Scan', { ScanFilter: {} }],
    ['DeleteItem', { Key: { id: S('1') }, ReturnItemCollectionMetrics: 'SIZE' }],
  ])('%s %j is not supported', (operation, input) => {
    const error = db.error(operation, { TableName: 'items', ...input });
    expect([error.code, error.statusCode]).toEqual(['UnsupportedFeature', 501]);
  });

  it('an unknown table is not found', () => {
    expect(db.failure('GetItem', { TableName: 'nothing', Key: { id: S('1') } })).toBe(
      'ResourceNotFoundException: Requested resource not found',
    );
    expect(db.failure('GetItem', { Key: { id: S('1') } })).toBe(
      "ValidationException: The parameter 'TableName' is required but was not present in the request",
    );
  });

  it('a table may be named by its ARN', () => {
    put({});
    const TableName = 'arn:aws:dynamodb:eu-central-1:111122223333:table/items';
    expect(db.call('GetItem', { TableName, Key: { id: S('1') } }).Item).toEqual({ id: S('1') });
    expect(db.error('GetItem', { TableName: TableName.replace('1111', '9999'), Key: { id: S('1') } }).code).toBe(
      'UnsupportedFeature',
    );
  });
});
