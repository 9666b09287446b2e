import { beforeAll, describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { type DynamoDbFixture, L, M, N, newFixture, S } from './dynamodb-fixture.ts';

const ITEM = {
  id: S('one'),
  text: S('hello world'),
  umlaut: S('é𝄞'),
  count: N('5'),
  big: N('9007199254740993'),
  blob: { B: Buffer.from([1, 128, 255]).toString('base64') },
  yes: { BOOL: true },
  nothing: { NULL: true },
  tags: { SS: ['a', 'b', 'c'] },
  numbers: { NS: ['1.0', '2', '30'] },
  blobs: { BS: [Buffer.from('x').toString('base64'), Buffer.from('y').toString('base64')] },
  list: L(N('1'), S('two'), M({ c: N('3') })),
  map: M({ a: S('deep'), b: L(N('10'), M({ c: S('deepest') })) }),
  'a.b': S('dotted'),
};

const VALUES: Record<string, unknown> = {
  ':text': S('hello world'),
  ':hello': S('hello'),
  ':world': S('world'),
  ':zzz': S('zzz'),
  ':one': N('1'),
  ':three': N('3'),
  ':five': N('5.00'),
  ':six': N('6'),
  ':ten': N('1e1'),
  ':big': N('9007199254740993'),
  ':bigger': N('9007199254740994'),
  ':true': { BOOL: true },
  ':null': { NULL: true },
  ':prefix': { B: Buffer.from([1, 128]).toString('base64') },
  ':middle': { B: Buffer.from([128]).toString('base64') },
  ':high': { B: Buffer.from([1, 127, 255]).toString('base64') },
  ':x': { B: Buffer.from('x').toString('base64') },
  ':tagsOtherOrder': { SS: ['c', 'a', 'b'] },
  ':fewer': { SS: ['c', 'a'] },
  ':numbers': { NS: ['30', '1', '2.0'] },
  ':mapC': M({ c: N('3.0') }),
  ':a': S('a'),
  ':typeS': S('S'),
  ':typeN': S('N'),
  ':typeSS': S('SS'),
  ':typeM': S('M'),
  ':deepest': S('deepest'),
  ':dotted': S('dotted'),
};

let db: DynamoDbFixture;

beforeAll(() => {
  db = newFixture();
  db.createTable('items', ['id:S']);
  db.call('PutItem', { TableName: 'items', Item: ITEM });
});

/** Whether the item meets the condition, by way of a condition check that changes nothing. */
function holds(condition: string, names?: Record<string, string>): boolean {
  const used = Object.keys(VALUES).filter((name) => new RegExp(`${name}\\b`).test(condition));
  const check = {
    TableName: 'items',
    Key: { id: S('one') },
    ConditionExpression: condition,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues:
      used.length > 0 ? Object.fromEntries(used.map((name) => [name, VALUES[name]])) : undefined,
  };
  try {
    db.call('TransactWriteItems', { TransactItems: [{ ConditionCheck: check }] });
    return true;
  } catch (error) {
    expect((error as { code: string }).code).toBe('TransactionCanceledException');
    return false;
  }
}

describe('comparators', () => {
  test.each([
    ['#t = :text', true],
    ['#t <> :text', false],
    ['#t = :five', false],
    ['#t <> :five', true],
    ['#t < :zzz', true],
    ['#t > :hello', true],
    ['#c = :five', true],
    ['#c < :six', true],
    ['#c <= :five', true],
    ['#c >= :six', false],
    [':six > #c', true],
    ['#c < :zzz', false],
    ['#c > :zzz', false],
    ['big = :big', true],
    ['big < :bigger', true],
    ['#b > :high', true],
    ['yes = :true', true],
    ['nothing = :null', true],
    ['tags = :tagsOtherOrder', true],
    ['tags = :fewer', false],
    ['numbers = :numbers', true],
    ['#l[2] = :mapC', true],
    ['absent = :text', false],
    ['absent <> :text', true],
    ['absent = alsoAbsent', false],
    ['absent <> alsoAbsent', true],
    ['absent < :six', false],
    ['absent >= alsoAbsent', false],
    ['yes < #c', false],
    ['#c BETWEEN :one AND :six', true],
    ['#c BETWEEN :six AND :ten', false],
    ['#c between :five and :five', true],
    ['absent BETWEEN :one AND :six', false],
    [':five BETWEEN :one AND #c', true],
    ['#c IN (:one, :five)', true],
    ['#c in (:one, :text)', false],
    ['absent IN (:one)', false],
    ['#t IN (:hello, id, :text)', true],
  ])('%s is %s', (condition, expected) => {
    const names = { '#t': 'text', '#c': 'count', '#b': 'blob', '#l': 'list' };
    const used = Object.fromEntries(Object.entries(names).filter(([alias]) => condition.includes(alias)));
    expect(holds(condition, Object.keys(used).length > 0 ? used : undefined)).toBe(expected);
  });
});

describe('functions', () => {
  test.each([
    ['attribute_exists(yes)', true],
    ['attribute_exists(absent)', false],
    ['attribute_exists(nothing)', true],
    ['attribute_not_exists(absent)', true],
    ['attribute_not_exists(#map.a)', false],
    ['attribute_exists(#map.b[1].c)', true],
    ['attribute_exists(#map.b[2])', false],
    ['attribute_exists(#map.a.x)', false],
    ['attribute_exists(yes[0])', false],
    ['attribute_type(#text, :typeS)', true],
    ['attribute_type(#text, :typeN)', false],
    ['attribute_type(tags, :typeSS)', true],
    ['attribute_type(#map, :typeM)', true],
    ['attribute_type(absent, :typeS)', false],
    ['begins_with(#text, :hello)', true],
    ['begins_with(#text, :world)', false],
    ['begins_with(#blob, :prefix)', true],
    ['begins_with(#blob, :middle)', false],
    ['begins_with(tags, :a)', false],
    ['begins_with(absent, :a)', false],
    ['contains(#text, :world)', true],
    ['contains(#text, :five)', false],
    ['contains(tags, :a)', true],
    ['contains(tags, :zzz)', false],
    ['contains(numbers, :one)', true],
    ['contains(numbers, :a)', false],
    ['contains(blobs, :x)', true],
    ['contains(#blob, :middle)', true],
    ['contains(#list, :one)', true],
    ['contains(#list, :mapC)', true],
    ['contains(#map, :a)', false],
    ['contains(absent, :a)', false],
    ['size(tags) = :three', true],
    ['size(umlaut) = :three', true],
    ['size(#blob) = :three', true],
    ['size(#list) >= :three', true],
    ['size(#map) < :three', true],
    ['size(blobs) BETWEEN :one AND :three', true],
    ['size(yes) = :one', false],
    ['size(absent) <> :one', true],
    ['#map.b[1].c = :deepest', true],
    ['#map.#b[1].c = :deepest', true],
    ['#dotted = :dotted', true],
  ])('%s is %s', (condition, expected) => {
    const names = { '#text': 'text', '#map': 'map', '#blob': 'blob', '#list': 'list', '#b': 'b', '#dotted': 'a.b' };
    const used = Object.fromEntries(
      Object.entries(names).filter(([alias]) => new RegExp(`${alias}\\b`).test(condition)),
    );
    expect(holds(condition, Object.keys(used).length > 0 ? used : undefined)).toBe(expected);
  });

  it('does not mistake what JavaScript gives every object for an attribute', () => {
    expect(holds('attribute_not_exists(#constructor)', { '#constructor': 'constructor' })).toBe(true);
    expect(holds('attribute_not_exists(#proto)', { '#proto': '__proto__' })).toBe(true);
  });
});

describe('logic', () => {
  const T = 'attribute_exists(yes)';
  const F = 'attribute_exists(absent)';
  test.each([
    [`${T} AND ${T}`, true],
    [`${T} AND ${F}`, false],
    [`${F} OR ${T}`, true],
    [`${T} OR ${F} AND ${F}`, true],
    [`(${T} OR ${F}) AND ${F}`, false],
    [`NOT ${F}`, true],
    [`NOT ${F} AND ${F}`, false],
    [`NOT (${F} AND ${F})`, true],
    [`NOT NOT NOT ${F}`, true],
    [`${T} and not ${F} or ${F}`, true],
    ['(big) = :big', true],
    ['(big = :big)', true],
    ['((big = :big) AND (yes = :true))', true],
    ['big BETWEEN :one AND :bigger AND yes = :true', true],
    ['big\n=\t:big', true],
  ])('%s is %s', (condition, expected) => {
    expect(holds(condition)).toBe(expected);
  });

  type Tree = { readonly text: string; readonly value: boolean };
  const trees = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.boolean().map((value): Tree => ({ text: value ? T : F, value })),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]): Tree => ({
        text: `(${a.text} AND ${b.text}) `,
        value: a.value && b.value,
      })),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]): Tree => ({
        text: `(${a.text} OR ${b.text}) `,
        value: a.value || b.value,
      })),
      tie('tree').map((a): Tree => ({ text: `NOT ${a.text}`, value: !a.value })),
    ),
  })).tree;

  it('agrees with JavaScript on every combination', () => {
    fc.assert(fc.property(trees, ({ text, value }) => text.length > 4000 || holds(text) === value));
  });
});
