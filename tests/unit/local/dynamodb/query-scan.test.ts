import { beforeEach, describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { compareNumbers, canonicalNumber } from '../../../../local/dynamodb/decimal.ts';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, index, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
  db.createTable('events', ['pk:S', 'sk:N']);
  db.createTable('texts', ['pk:S', 'sk:S']);
});

const events = (count: number, pk = 'a'): void => {
  for (let i = 0; i < count; i++) {
    db.call('PutItem', { TableName: 'events', Item: { pk: S(pk), sk: N(i), even: { BOOL: i % 2 === 0 } } });
  }
};

const sortKeys = (items: unknown): string[] =>
  (items as { sk: { N?: string; S?: string } }[]).map(({ sk }) => sk.N ?? sk.S ?? '');

/** All pages of a Query or Scan, each with at most `limit` items read. */
function allPages(operation: 'Query' | 'Scan', input: WireInput, limit?: number): WireInput[] {
  const items: WireInput[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const page = db.call(operation, { ...input, Limit: limit, ExclusiveStartKey });
    items.push(...(page.Items as WireInput[]));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

describe('key conditions', () => {
  test.each<[string, Record<string, WireInput>, string[]]>([
    ['pk = :p', {}, ['-1', '0', '2', '10', '10.5']],
    ['pk = :p AND sk = :a', { ':a': N('2.0') }, ['2']],
    ['pk = :p AND sk < :a', { ':a': N(10) }, ['-1', '0', '2']],
    ['pk = :p AND sk <= :a', { ':a': N(10) }, ['-1', '0', '2', '10']],
    ['pk = :p AND sk > :a', { ':a': N(2) }, ['10', '10.5']],
    ['pk = :p AND sk >= :a', { ':a': N(2) }, ['2', '10', '10.5']],
    ['sk BETWEEN :a AND :b AND pk = :p', { ':a': N(0), ':b': N(10) }, ['0', '2', '10']],
    ['(pk = :p) AND (:a < sk)', { ':a': N(2) }, ['10', '10.5']],
    ['pk = :p AND sk > :a', { ':a': N(99) }, []],
  ])('%s', (KeyConditionExpression, values, expected) => {
    for (const n of ['10', '2', '-1', '10.5', '0']) {
      db.call('PutItem', { TableName: 'events', Item: { pk: S('a'), sk: N(n) } });
      db.call('PutItem', { TableName: 'events', Item: { pk: S('other'), sk: N(n) } });
    }
    const input = {
      TableName: 'events',
      KeyConditionExpression,
      ExpressionAttributeValues: { ':p': S('a'), ...values },
    };
    expect(sortKeys(db.call('Query', input).Items)).toEqual(expected);
    expect(sortKeys(db.call('Query', { ...input, ScanIndexForward: false }).Items)).toEqual([...expected].reverse());
  });

  it('begins_with takes the range of a prefix', () => {
    for (const sk of ['2026-01', '2026-02', '2025-12', '2027', '2026', 'x']) {
      db.call('PutItem', { TableName: 'texts', Item: { pk: S('a'), sk: S(sk) } });
    }
    const page = db.call('Query', {
      TableName: 'texts',
      KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
      ExpressionAttributeValues: { ':p': S('a'), ':s': S('2026') },
    });
    expect(sortKeys(page.Items)).toEqual(['2026', '2026-01', '2026-02']);
  });

  test.each([
    ['pk = :p OR sk = :n', 'Invalid operator used in KeyConditionExpression: OR'],
    ['pk <> :p', 'Invalid operator used in KeyConditionExpression: <>'],
    ['pk = :p AND contains(sk, :n)', 'Invalid operator used in KeyConditionExpression: contains'],
    ['pk > :p', 'Query key condition not supported'],
    ['sk = :n', 'Query condition missed key schema element: pk'],
    ['pk = :p AND step = :n', 'Query condition missed key schema element: sk'],
    ['pk = :p AND pk = :q', 'KeyConditionExpressions must only contain one condition per key'],
    ['pk = :p AND sk > :n AND sk < :m', 'Conditions can be of length 1 or 2 only'],
    ['pk = :p AND sk.a = :n', 'KeyConditionExpressions cannot have conditions on nested attributes'],
    ['pk = :n', 'One or more parameter values were invalid: Condition parameter type does not match schema type'],
  ])('%s is refused', (KeyConditionExpression, expected) => {
    const values = { ':p': S('a'), ':q': S('b'), ':n': N(1), ':m': N(2) };
    const used = Object.entries(values).filter(([name]) => KeyConditionExpression.includes(name));
    const input = { TableName: 'events', KeyConditionExpression, ExpressionAttributeValues: Object.fromEntries(used) };
    expect(db.failure('Query', input)).toBe(`ValidationException: ${expected}`);
  });
});

it('a query gives numbers in numeric order', () => {
  const number = fc
    .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 20 }))
    .map(([digits, scale]) => canonicalNumber(`${digits}e-${scale}`));
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (numbers, limit) => {
      db = newFixture();
      db.createTable('events', ['pk:S', 'sk:N']);
      for (const n of numbers) db.call('PutItem', { TableName: 'events', Item: { pk: S('a'), sk: N(n) } });
      const input = {
        TableName: 'events',
        KeyConditionExpression: 'pk = :p',
        ExpressionAttributeValues: { ':p': S('a') },
      };
      expect(sortKeys(allPages('Query', input, limit))).toEqual([...numbers].sort(compareNumbers));
    }),
    { numRuns: 50 },
  );
});

describe('pages', () => {
  const all = { TableName: 'events', KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': S('a') } };

  it('end at Limit, and give a key even when the last one is just full', () => {
    events(4);
    const first = db.call('Query', { ...all, Limit: 2 });
    expect([first.Count, first.ScannedCount, first.LastEvaluatedKey]).toEqual([2, 2, { pk: S('a'), sk: N(1) }]);
    const second = db.call('Query', { ...all, Limit: 2, ExclusiveStartKey: first.LastEvaluatedKey as unknown });
    expect([sortKeys(second.Items), second.LastEvaluatedKey]).toEqual([['2', '3'], { pk: S('a'), sk: N(3) }]);
    const third = db.call('Query', { ...all, Limit: 2, ExclusiveStartKey: second.LastEvaluatedKey as unknown });
    expect([third.Count, third.LastEvaluatedKey]).toEqual([0, undefined]);
  });

  it('count what the filter drops', () => {
    events(6);
    const input = {
      ...all,
      FilterExpression: 'even = :t',
      ExpressionAttributeValues: { ':p': S('a'), ':t': { BOOL: true } },
    };
    const page = db.call('Query', { ...input, Limit: 3 });
    expect([page.Count, page.ScannedCount, sortKeys(page.Items)]).toEqual([2, 3, ['0', '2']]);
    const counted = db.call('Query', { ...input, Select: 'COUNT' });
    expect([counted.Count, counted.ScannedCount, counted.Items]).toEqual([3, 6, undefined]);
  });

  it('end after 1 MB', () => {
    for (let i = 0; i < 5; i++) {
      db.call('PutItem', { TableName: 'events', Item: { pk: S('a'), sk: N(i), v: S('x'.repeat(300_000)) } });
    }
    const page = db.call('Query', all);
    expect([page.Count, page.LastEvaluatedKey]).toEqual([4, { pk: S('a'), sk: N(3) }]);
    expect(allPages('Query', all)).toHaveLength(5);
  });

  it('go on where they stopped although the item there is gone', () => {
    events(5);
    const { LastEvaluatedKey } = db.call('Query', { ...all, Limit: 2 });
    db.call('DeleteItem', { TableName: 'events', Key: LastEvaluatedKey as unknown });
    expect(sortKeys(db.call('Query', { ...all, ExclusiveStartKey: LastEvaluatedKey as unknown }).Items)).toEqual([
      '2',
      '3',
      '4',
    ]);
  });

  test.each([
    [{ pk: S('b'), sk: N(1) }, 'The provided starting key is outside query boundaries based on provided conditions'],
    [{ pk: S('a') }, 'The provided starting key is invalid: The provided key element does not match the schema'],
    [{ pk: S('a'), sk: N(9) }, 'The provided starting key does not match the range key predicate'],
  ])('refuse to start at %j', (ExclusiveStartKey, expected) => {
    const input = {
      ...all,
      KeyConditionExpression: 'pk = :p AND sk < :n',
      ExpressionAttributeValues: { ':p': S('a'), ':n': N(5) },
      ExclusiveStartKey,
    };
    expect(db.failure('Query', input)).toBe(`ValidationException: ${expected}`);
  });

  test.each<[WireInput, string]>([
    [
      { Limit: 0 },
      "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { Select: 'NONE' },
      "1 validation error detected: Value 'NONE' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
    ],
    [{ IndexName: 'none' }, 'The table does not have the specified index: none'],
    [
      { FilterExpression: 'sk > :n', ExpressionAttributeValues: { ':p': S('a'), ':n': N(1) } },
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
    ],
    [
      { Select: 'ALL_PROJECTED_ATTRIBUTES' },
      'ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName',
    ],
    [
      { KeyConditionExpression: undefined, ExpressionAttributeValues: undefined },
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    ],
  ])('%j is refused', (more, expected) => {
    expect(db.failure('Query', { ...all, ...more })).toBe(`ValidationException: ${expected}`);
  });
});

describe('scans', () => {
  const keys = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 5 })), {
    maxLength: 60,
    selector: ([pk, sk]) => `${pk}/${sk}`,
  });

  it('give everything exactly once, in pages of any size and segments of any number', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 }), (all, limit, TotalSegments) => {
        db = newFixture();
        db.createTable('events', ['pk:S', 'sk:N']);
        for (const [pk, sk] of all) db.call('PutItem', { TableName: 'events', Item: { pk: S(pk), sk: N(sk) } });
        const found = Array.from({ length: TotalSegments }, (_, Segment) =>
          allPages('Scan', { TableName: 'events', TotalSegments, Segment }, limit),
        ).flat();
        const names = found.map((item) => `${(item.pk as { S: string }).S}/${(item.sk as { N: string }).N}`);
        expect(names.sort()).toEqual(all.map(([pk, sk]) => `${pk}/${sk}`).sort());
        expect(allPages('Scan', { TableName: 'events' }, limit)).toHaveLength(all.length);
      }),
      { numRuns: 50 },
    );
  });

  it('give what stays exactly once while other items come and go', () => {
    for (let i = 0; i < 50; i++) db.call('PutItem', { TableName: 'events', Item: { pk: S(`stays${i}`), sk: N(0) } });
    const seen: string[] = [];
    let ExclusiveStartKey: unknown;
    let round = 0;
    do {
      const page = db.call('Scan', { TableName: 'events', Limit: 7, ExclusiveStartKey });
      seen.push(
        ...(page.Items as { pk: { S: string } }[]).map(({ pk }) => pk.S).filter((pk) => pk.startsWith('stays')),
      );
      ExclusiveStartKey = page.LastEvaluatedKey;
      for (let i = 0; i < 5; i++) {
        db.call('PutItem', { TableName: 'events', Item: { pk: S(`new${round}.${i}`), sk: N(0) } });
        db.call('DeleteItem', { TableName: 'events', Key: { pk: S(`new${round - 1}.${i}`), sk: N(0) } });
      }
      round++;
    } while (ExclusiveStartKey !== undefined);
    expect(seen).toHaveLength(50);
    expect(new Set(seen).size).toBe(50);
  });

  it('filter, also by key', () => {
    events(10);
    const page = db.call('Scan', {
      TableName: 'events',
      FilterExpression: 'sk > :n AND even = :t',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':n': N(5), ':t': { BOOL: true } },
    });
    expect([page.Items, page.Count, page.ScannedCount]).toEqual([[{ sk: N(6) }, { sk: N(8) }], 2, 10]);
  });

  test.each([
    [
      { Segment: 0 },
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    ],
    [
      { TotalSegments: 2 },
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    ],
    [
      { TotalSegments: 2, Segment: 2 },
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2',
    ],
  ])('%j is refused', (input, expected) => {
    expect(db.failure('Scan', { TableName: 'events', ...input })).toBe(`ValidationException: ${expected}`);
  });
});

describe('indexes', () => {
  beforeEach(() => {
    db.createTable('rollouts', ['id:S', 'step:N', 'owner:S', 'at:N'], {
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'step', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        index('byOwner', ['owner:S', 'at:N'], { ProjectionType: 'INCLUDE', NonKeyAttributes: ['note'] }),
        index('keys', ['owner:S'], { ProjectionType: 'KEYS_ONLY' }),
      ],
      LocalSecondaryIndexes: [index('byTime', ['id:S', 'at:N'], { ProjectionType: 'KEYS_ONLY' })],
    });
    const put = (id: string, step: number, more: Record<string, WireInput>): unknown =>
      db.call('PutItem', {
        TableName: 'rollouts',
        Item: { id: S(id), step: N(step), note: S('n'), secret: S('s'), ...more },
      });
    put('a', 1, { owner: S('me'), at: N(30) });
    put('a', 2, { owner: S('me'), at: N(10) });
    put('b', 1, { owner: S('me'), at: N(20) });
    put('b', 2, { owner: S('you'), at: N(5) });
    put('c', 1, { owner: S('me') });
    put('c', 2, {});
  });

  const byOwner = (more: WireInput = {}): WireInput =>
    db.call('Query', {
      TableName: 'rollouts',
      IndexName: 'byOwner',
      KeyConditionExpression: '#o = :me',
      ExpressionAttributeNames: { '#o': 'owner' },
      ExpressionAttributeValues: { ':me': S('me') },
      ...more,
    });

  it('hold items that have their keys, in their order, with their attributes', () => {
    expect(byOwner().Items).toEqual([
      { id: S('a'), step: N(2), note: S('n'), owner: S('me'), at: N(10) },
      { id: S('b'), step: N(1), note: S('n'), owner: S('me'), at: N(20) },
      { id: S('a'), step: N(1), note: S('n'), owner: S('me'), at: N(30) },
    ]);
    const scanned = db.call('Scan', { TableName: 'rollouts', IndexName: 'keys' });
    expect(scanned.Count).toBe(5);
    expect((scanned.Items as WireInput[]).every((item) => !('note' in item))).toBe(true);
  });

  it('follow updates and deletions', () => {
    db.call('UpdateItem', {
      TableName: 'rollouts',
      Key: { id: S('a'), step: N(2) },
      UpdateExpression: 'SET #at = :late',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':late': N(99) },
    });
    db.call('UpdateItem', {
      TableName: 'rollouts',
      Key: { id: S('b'), step: N(1) },
      UpdateExpression: 'REMOVE #at',
      ExpressionAttributeNames: { '#at': 'at' },
    });
    expect((byOwner().Items as { at: WireInput }[]).map(({ at }) => at.N as string)).toEqual(['30', '99']);
    db.call('DeleteItem', { TableName: 'rollouts', Key: { id: S('a'), step: N(1) } });
    expect(byOwner().Count).toBe(1);
  });

  it('page by index key and table key, also where index keys are equal', () => {
    for (let i = 0; i < 20; i++) {
      db.call('PutItem', {
        TableName: 'rollouts',
        Item: { id: S(`same${i}`), step: N(1), owner: S('me'), at: N(20) },
      });
    }
    const seen: string[] = [];
    let page = byOwner({ Limit: 3 });
    for (;;) {
      seen.push(
        ...(page.Items as { id: { S: string }; step: { N: string } }[]).map(({ id, step }) => `${id.S}/${step.N}`),
      );
      if (page.LastEvaluatedKey === undefined) break;
      expect(Object.keys(page.LastEvaluatedKey as object).sort()).toEqual(['at', 'id', 'owner', 'step']);
      page = byOwner({ Limit: 3, ExclusiveStartKey: page.LastEvaluatedKey as unknown });
    }
    expect(seen).toHaveLength(23);
    expect(new Set(seen).size).toBe(23);
  });

  it('a local index reads what it lacks from the table, a global one refuses', () => {
    const local = db.call('Query', {
      TableName: 'rollouts',
      IndexName: 'byTime',
      KeyConditionExpression: 'id = :a',
      ExpressionAttributeValues: { ':a': S('a') },
      ProjectionExpression: 'secret, step',
      ConsistentRead: true,
    });
    expect(local.Items).toEqual([
      { secret: S('s'), step: N(2) },
      { secret: S('s'), step: N(1) },
    ]);
    const global = {
      TableName: 'rollouts',
      IndexName: 'byOwner',
      KeyConditionExpression: '#o = :me',
      ExpressionAttributeNames: { '#o': 'owner' },
      ExpressionAttributeValues: { ':me': S('me') },
    };
    expect(db.failure('Query', { ...global, ProjectionExpression: 'secret' })).toBe(
      'ValidationException: One or more parameter values were invalid: Global secondary index byOwner does not project [secret]',
    );
    expect(db.failure('Query', { ...global, Select: 'ALL_ATTRIBUTES' })).toContain('its projection type is not ALL');
    expect(db.failure('Query', { ...global, ConsistentRead: true })).toBe(
      'ValidationException: Consistent reads are not supported on global secondary indexes',
    );
  });

  it('count towards the capacity of reads and writes', () => {
    const { ConsumedCapacity } = byOwner({ ReturnConsumedCapacity: 'INDEXES' });
    expect(ConsumedCapacity).toEqual({
      TableName: 'rollouts',
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0 },
      GlobalSecondaryIndexes: { byOwner: { CapacityUnits: 0.5 } },
    });
    const written = db.call('PutItem', {
      TableName: 'rollouts',
      Item: { id: S('z'), step: N(1), at: N(1) },
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(written.ConsumedCapacity).toEqual({
      TableName: 'rollouts',
      CapacityUnits: 2,
      Table: { CapacityUnits: 1 },
      LocalSecondaryIndexes: { byTime: { CapacityUnits: 1 } },
    });
  });
});
