import { beforeEach, describe, expect, it, test } from '@jest/globals';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, L, M, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
  db.createTable('items', ['id:S']);
});

const KEY = { id: S('1') };
const VALUES: Record<string, WireInput> = {
  ':s': S('new'),
  ':one': N(1),
  ':half': N('0.5'),
  ':list': L(S('x'), S('y')),
  ':empty': L(),
  ':set': { SS: ['b', 'c'] },
  ':numbers': { NS: ['2.0', '3'] },
  ':all': { SS: ['a', 'b'] },
};

function update(text: string, more: WireInput = {}): WireInput {
  const used = Object.entries(VALUES).filter(([name]) => new RegExp(`${name}\\b`).test(text));
  return {
    TableName: 'items',
    Key: KEY,
    UpdateExpression: text,
    ExpressionAttributeValues: used.length > 0 ? Object.fromEntries(used) : undefined,
    ...more,
  };
}

function after(item: Record<string, WireInput>, text: string): WireInput {
  db.call('PutItem', { TableName: 'items', Item: { ...KEY, ...item } });
  const { Attributes } = db.call('UpdateItem', update(text, { ReturnValues: 'ALL_NEW' }));
  const { id, ...rest } = Attributes as Record<string, unknown>;
  expect(id).toEqual(KEY.id);
  expect(db.call('GetItem', { TableName: 'items', Key: KEY }).Item).toEqual(Attributes);
  return rest;
}

describe('SET', () => {
  const item = { a: N(5), l: L(N(0), N(1), N(2)), m: M({ x: N(1), deep: M({ y: L(S('z')) }) }) };
  test.each<[string, Record<string, unknown>]>([
    ['SET a = :s', { ...item, a: S('new') }],
    ['SET b = :s', { ...item, b: S('new') }],
    ['SET b = a', { ...item, b: N(5) }],
    ['SET a = a + :one', { ...item, a: N(6) }],
    ['SET a = a - :half', { ...item, a: N('4.5') }],
    ['SET a = :one - a', { ...item, a: N(-4) }],
    ['SET a = (a + :one)', { ...item, a: N(6) }],
    ['SET a = m.x, m.x = a', { ...item, a: N(1), m: M({ x: N(5), deep: M({ y: L(S('z')) }) }) }],
    ['SET b = if_not_exists(b, :one)', { ...item, b: N(1) }],
    ['SET a = if_not_exists(a, :one)', item],
    ['SET a = if_not_exists(a, :one) + :one', { ...item, a: N(6) }],
    ['SET a = if_not_exists(b, if_not_exists(c, :half))', { ...item, a: N('0.5') }],
    ['SET l = list_append(l, :list)', { ...item, l: L(N(0), N(1), N(2), S('x'), S('y')) }],
    ['SET l = list_append(:list, l)', { ...item, l: L(S('x'), S('y'), N(0), N(1), N(2)) }],
    ['SET b = list_append(if_not_exists(b, :empty), :list)', { ...item, b: VALUES[':list'] }],
    ['SET l[1] = :s', { ...item, l: L(N(0), S('new'), N(2)) }],
    ['SET l[7] = :s, l[5] = :one', { ...item, l: L(N(0), N(1), N(2), N(1), S('new')) }],
    ['SET m.x = :s', { ...item, m: M({ x: S('new'), deep: M({ y: L(S('z')) }) }) }],
    ['SET m.z = :s', { ...item, m: M({ x: N(1), deep: M({ y: L(S('z')) }), z: S('new') }) }],
    ['SET m.deep.y[0] = :s', { ...item, m: M({ x: N(1), deep: M({ y: L(S('new')) }) }) }],
  ])('%s', (text, expected) => {
    expect(after(item, text)).toEqual(expected);
  });

  it('keeps integers beyond 2^53 exact', () => {
    expect(after({ a: N('9007199254740993') }, 'SET a = a + :one')).toEqual({ a: N('9007199254740994') });
  });
});

describe('REMOVE, ADD, DELETE', () => {
  const item = {
    a: N(5),
    l: L(N(0), N(1), N(2), N(3)),
    m: M({ x: N(1) }),
    set: { SS: ['a', 'b'] },
    ns: { NS: ['1', '2'] },
  };
  const { a: _a, ...withoutA } = item;
  test.each<[string, Record<string, unknown>]>([
    ['REMOVE a', withoutA],
    ['REMOVE absent', item],
    ['REMOVE l[0], l[2]', { ...item, l: L(N(1), N(3)) }],
    ['REMOVE l[9]', item],
    ['SET l[1] = :s REMOVE l[0]', { ...item, l: L(S('new'), N(2), N(3)) }],
    ['REMOVE m.x', { ...item, m: M({}) }],
    ['ADD a :one', { ...item, a: N(6) }],
    ['ADD b :one', { ...item, b: N(1) }],
    ['ADD m.x :one', { ...item, m: M({ x: N(2) }) }],
    ['ADD #s :set', { ...item, set: { SS: ['a', 'b', 'c'] } }],
    ['ADD ns :numbers', { ...item, ns: { NS: ['1', '2', '3'] } }],
    ['ADD b :set', { ...item, b: VALUES[':set'] }],
    ['DELETE #s :set', { ...item, set: { SS: ['a'] } }],
    ['DELETE absent :set', item],
    ['SET b = a REMOVE a ADD m.x :one DELETE #s :set', { ...withoutA, b: N(5), m: M({ x: N(2) }), set: { SS: ['a'] } }],
  ])('%s', (text, expected) => {
    db.call('PutItem', { TableName: 'items', Item: { ...KEY, ...item } });
    const names = text.includes('#s') ? { ExpressionAttributeNames: { '#s': 'set' } } : {};
    const { Attributes } = db.call('UpdateItem', update(text, { ReturnValues: 'ALL_NEW', ...names }));
    expect(Attributes).toEqual({ ...KEY, ...expected });
  });

  it('leaves no empty set behind', () => {
    db.call('PutItem', { TableName: 'items', Item: { ...KEY, tags: { SS: ['a', 'b'] } } });
    const { Attributes } = db.call('UpdateItem', update('DELETE tags :all', { ReturnValues: 'ALL_NEW' }));
    expect(Attributes).toEqual(KEY);
  });
});

describe('errors that depend on the item', () => {
  test.each([
    ['SET b = absent', 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET b = absent + :one', 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET b = a + :one', 'An operand in the update expression has an incorrect data type'],
    ['SET b = list_append(a, :list)', 'An operand in the update expression has an incorrect data type'],
    ['ADD a :one', 'An operand in the update expression has an incorrect data type'],
    ['DELETE a :set', 'An operand in the update expression has an incorrect data type'],
    ['SET absent.x = :s', 'The document path provided in the update expression is invalid for update'],
    ['SET a.x = :s', 'The document path provided in the update expression is invalid for update'],
    ['SET m[0] = :s', 'The document path provided in the update expression is invalid for update'],
    ['REMOVE absent.x', 'The document path provided in the update expression is invalid for update'],
    [
      'SET id = :s',
      'One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key',
    ],
  ])('%s', (text, expected) => {
    const item = { ...KEY, a: S('text'), m: M({}) };
    db.call('PutItem', { TableName: 'items', Item: item });
    expect(db.failure('UpdateItem', update(text))).toBe(`ValidationException: ${expected}`);
    expect(db.call('GetItem', { TableName: 'items', Key: KEY }).Item).toEqual(item);
  });
});

describe('ReturnValues', () => {
  const item = { ...KEY, a: N(1), b: S('keep'), m: M({ x: N(1), y: N(2) }), l: L(N(1), N(2), N(3)) };
  test.each<[string, string, Record<string, unknown> | undefined]>([
    ['NONE', 'SET a = :s', undefined],
    ['ALL_OLD', 'SET a = :s', item],
    ['ALL_NEW', 'SET a = :s', { ...item, a: S('new') }],
    ['UPDATED_OLD', 'SET a = :s, c = :one', { a: N(1) }],
    ['UPDATED_NEW', 'SET a = :s, c = :one', { a: S('new'), c: N(1) }],
    ['UPDATED_OLD', 'SET m.x = :s', { m: M({ x: N(1) }) }],
    ['UPDATED_NEW', 'SET m.x = :s, l[1] = :s', { m: M({ x: S('new') }), l: L(S('new')) }],
    ['UPDATED_OLD', 'REMOVE l[1], l[9]', { l: L(N(2)) }],
    ['UPDATED_NEW', 'REMOVE l[1]', { l: L(N(3)) }],
    ['UPDATED_NEW', 'SET l[100] = :s', undefined],
    ['UPDATED_NEW', 'REMOVE a', undefined],
    ['UPDATED_OLD', 'SET c = :s', undefined],
  ])('%s of %s', (ReturnValues, text, expected) => {
    db.call('PutItem', { TableName: 'items', Item: item });
    expect(db.call('UpdateItem', update(text, { ReturnValues })).Attributes).toEqual(expected);
  });

  it('ALL_OLD of an item that was not there is nothing', () => {
    expect(db.call('UpdateItem', update('SET a = :s', { ReturnValues: 'ALL_OLD' })).Attributes).toBeUndefined();
  });

  it('refuses unknown values', () => {
    expect(db.failure('UpdateItem', update('SET a = :s', { ReturnValues: 'EVERYTHING' }))).toBe(
      "ValidationException: 1 validation error detected: Value 'EVERYTHING' at 'returnValues' failed to satisfy " +
        'constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]',
    );
  });
});

describe('items that are not there', () => {
  it('are created by an update, even by one without an expression', () => {
    db.call('UpdateItem', { TableName: 'items', Key: KEY });
    expect(db.call('GetItem', { TableName: 'items', Key: KEY }).Item).toEqual(KEY);
  });

  it('are not created by an update that only removes', () => {
    const { Attributes } = db.call('UpdateItem', update('REMOVE a DELETE b :set', { ReturnValues: 'ALL_NEW' }));
    expect(Attributes).toBeUndefined();
    expect(db.call('GetItem', { TableName: 'items', Key: KEY })).toEqual({});
  });
});
