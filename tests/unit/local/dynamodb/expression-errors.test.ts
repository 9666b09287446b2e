import { beforeAll, describe, expect, it, test } from '@jest/globals';
import { LruCache } from '../../../../local/dynamodb/lru-cache.ts';
import { isReservedWord, RESERVED_WORD_COUNT } from '../../../../local/dynamodb/reserved-words.ts';
import { type DynamoDbFixture, M, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeAll(() => {
  db = newFixture();
  db.createTable('items', ['id:S']);
});

const VALUES = { ':s': S('x'), ':n': N(1), ':b': { BOOL: true }, ':l': { L: [] }, ':ss': { SS: ['a'] }, ':m': M({}) };

/** The message for a condition or update; only the values that it names are sent. */
function message(parameter: 'ConditionExpression' | 'UpdateExpression', text: string): string {
  const used = Object.entries(VALUES).filter(([name]) => new RegExp(`${name}\\b`).test(text));
  return db.failure('UpdateItem', {
    TableName: 'items',
    Key: { id: S('1') },
    [parameter]: text,
    ExpressionAttributeValues: used.length > 0 ? Object.fromEntries(used) : undefined,
  });
}

describe('conditions', () => {
  test.each([
    ['', 'The expression can not be empty;'],
    ['a', 'Syntax error; token: "<EOF>", near: "a"'],
    ['a = ', 'Syntax error; token: "<EOF>", near: "= "'],
    ['a b :s', 'Syntax error; token: "b", near: "a b :s"'],
    ['a = 5', 'Syntax error; token: "5", near: "= 5"'],
    ['a = :s)', 'Syntax error; token: ")", near: ":s)"'],
    ['(a = :s', 'Syntax error; token: "<EOF>", near: ":s"'],
    ['a! = :s', 'Syntax error; token: "!", near: "a! ="'],
    ['((a = :s))', 'The expression has redundant parentheses;'],
    ['status = :s', 'Attribute name is a reserved keyword; reserved keyword: status'],
    ['a.Name = :s', 'Attribute name is a reserved keyword; reserved keyword: Name'],
    ['#a = :s', 'An expression attribute name used in the document path is not defined; attribute name: #a'],
    ['a = :t', 'An expression attribute value used in expression is not defined; attribute value: :t'],
    ['exists(a)', 'Invalid function name; function: exists'],
    [
      'begins_with(a)',
      'Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1',
    ],
    ['attribute_exists(:s)', 'Operator or function requires a document path; operator or function: attribute_exists'],
    ['size(a)', 'The function is not allowed to be used this way in an expression; function: size'],
    [
      'attribute_exists(a) = :s',
      'The function is not allowed to be used this way in an expression; function: attribute_exists',
    ],
    ['a < :b', 'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL'],
    [
      'a BETWEEN :l AND :l',
      'Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: L',
    ],
    [
      'begins_with(a, :n)',
      'Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
    ['size(:n) = :n', 'Incorrect operand type for operator or function; operator or function: size, operand type: N'],
    [
      'attribute_type(a, :s)',
      'Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
    ],
    [
      'a.b = a.b',
      'The first operand must be distinct from the remaining operands for this operator or function; ' +
        'operator: =, first operand: [a, b]',
    ],
    [
      'a BETWEEN :n AND :s',
      'The BETWEEN operator requires same data type for lower and upper bounds; ' +
        'lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}',
    ],
  ])('%s', (text, expected) => {
    expect(message('ConditionExpression', text)).toBe(`ValidationException: Invalid ConditionExpression: ${expected}`);
  });
});

describe('updates', () => {
  test.each([
    ['', 'The expression can not be empty;'],
    ['a = :s', 'Syntax error; token: "a", near: "a ="'],
    ['SET a = :s,', 'Syntax error; token: "<EOF>", near: ","'],
    ['SET a = :s SET c = :n', 'The "SET" section can only be used once in an update expression;'],
    ['SET count = :n', 'Attribute name is a reserved keyword; reserved keyword: count'],
    ['ADD a b', 'Syntax error; token: "b", near: "a b"'],
    [
      'SET a = :s, a = :n',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; ' +
        'path one: [a], path two: [a]',
    ],
    [
      'SET a.b = :s REMOVE a',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; ' +
        'path one: [a, b], path two: [a]',
    ],
    [
      'SET a.b = :s REMOVE a[0]',
      'Two document paths conflict with each other; must remove or rewrite one of these paths; ' +
        'path one: [a, b], path two: [a, [0]]',
    ],
    ['SET a = c + :s', 'Incorrect operand type for operator or function; operator or function: +, operand type: S'],
    [
      'SET a = list_append(a, :s)',
      'Incorrect operand type for operator or function; operator or function: list_append, operand type: S',
    ],
    [
      'SET a = if_not_exists(:s, :n)',
      'Operator or function requires a document path; operator or function: if_not_exists',
    ],
    ['SET a = size(c)', 'Invalid function name; function: size'],
    ['ADD a :s', 'Incorrect operand type for operator or function; operator: ADD, operand type: STRING'],
    ['DELETE a :n', 'Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER'],
  ])('%s', (text, expected) => {
    expect(message('UpdateExpression', text)).toBe(`ValidationException: Invalid UpdateExpression: ${expected}`);
  });
});

describe('names and values', () => {
  const update = { TableName: 'items', Key: { id: S('1') }, UpdateExpression: 'SET a = :s' };
  test.each([
    [
      { ...update, ExpressionAttributeValues: { ':s': S('x'), ':t': S('y') } },
      'Value provided in ExpressionAttributeValues unused in expressions: keys: {:t}',
    ],
    [
      { ...update, ExpressionAttributeValues: { ':s': S('x') }, ExpressionAttributeNames: { '#a': 'a', '#b': 'b' } },
      'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}',
    ],
    [{ ...update, ExpressionAttributeValues: {} }, 'ExpressionAttributeValues must not be empty'],
    [
      { ...update, ExpressionAttributeValues: { s: S('x') } },
      'ExpressionAttributeValues contains invalid key: Syntax error; key: "s"',
    ],
    [
      { ...update, ExpressionAttributeValues: { ':s': { SS: [] } } },
      'ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: ' +
        'An string set  may not be empty for key :s',
    ],
    [
      { ...update, UpdateExpression: undefined, ExpressionAttributeValues: { ':s': S('x') } },
      'ExpressionAttributeValues can only be specified when using expressions: ' +
        'UpdateExpression and ConditionExpression are null',
    ],
    [
      { ...update, UpdateExpression: undefined, ExpressionAttributeNames: { '#a': 'a' } },
      'ExpressionAttributeNames can only be specified when using expressions',
    ],
    [
      { ...update, ExpressionAttributeNames: { a: 'a' } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
    ],
  ])('%j', (input, expected) => {
    expect(db.failure('UpdateItem', input)).toBe(`ValidationException: ${expected}`);
  });

  it('must be strings', () => {
    expect(
      db.failure('UpdateItem', { ...update, UpdateExpression: 'REMOVE #a', ExpressionAttributeNames: { '#a': 7 } }),
    ).toBe('SerializationException: NUMBER_VALUE cannot be converted to String');
  });

  it('counts a value as used even where evaluation stops short of it', () => {
    db.call('UpdateItem', {
      ...update,
      ConditionExpression: 'attribute_not_exists(b) OR b = :never',
      ExpressionAttributeValues: { ':s': S('x'), ':never': S('y') },
    });
    expect(db.call('GetItem', { TableName: 'items', Key: { id: S('1') } }).Item).toEqual({ id: S('1'), a: S('x') });
  });
});

test('all 573 reserved words are refused, whatever their case', () => {
  expect(RESERVED_WORD_COUNT).toBe(573);
  expect(['Status', 'name', 'TTL', 'timestamp', 'abort', 'Zone'].every(isReservedWord)).toBe(true);
  expect(['epoch', 'version', 'champion'].some(isReservedWord)).toBe(false);
});

test('the cache forgets the least recently used first', () => {
  const computed: string[] = [];
  const cache = new LruCache(2, (text) => {
    computed.push(text);
    return text.length;
  });
  for (const text of ['a', 'bb', 'a', 'ccc', 'a', 'bb']) expect(cache.get(text)).toBe(text.length);
  expect(computed).toEqual(['a', 'bb', 'ccc', 'bb']);
  expect(cache.size).toBe(2);
});
