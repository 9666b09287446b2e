import { beforeEach, describe, expect, it, test } from '@jest/globals';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, L, M, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
  db.createTable('leases', ['id:S']);
  db.createTable('audit', ['model:S', 'seq:N']);
});

const execute = (Statement: string, Parameters?: WireInput[], more: WireInput = {}): WireInput =>
  db.call('ExecuteStatement', { Statement, Parameters, ...more });

describe('INSERT', () => {
  it('writes an item from parameters and literals of all kinds', () => {
    execute(
      `INSERT INTO "leases" VALUE {'id': ?, 'n': 1.50, 'it''s': 'O''Hara', 'yes': true, 'no': FALSE, 'nothing': null,
        'list': [1, ?, 'x'], 'map': {'a': {'b': ?}}, 'set': <<'a', 'b'>>, 'numbers': <<1, 2.0>>}`,
      [S('one'), N(2), { BOOL: true }],
    );
    expect(db.call('GetItem', { TableName: 'leases', Key: { id: S('one') } }).Item).toEqual({
      id: S('one'),
      n: N('1.5'),
      "it's": S("O'Hara"),
      yes: { BOOL: true },
      no: { BOOL: false },
      nothing: { NULL: true },
      list: L(N(1), N(2), S('x')),
      map: M({ a: M({ b: { BOOL: true } }) }),
      set: { SS: ['a', 'b'] },
      numbers: { NS: ['1', '2'] },
    });
  });

  it('refuses a key that is taken', () => {
    execute("insert into leases value {'id': 'a', 'v': 1};");
    expect(db.failure('ExecuteStatement', { Statement: "INSERT INTO leases VALUE {'id': 'a', 'v': 2}" })).toBe(
      'DuplicateItemException: Duplicate primary key exists in table',
    );
    expect(db.call('GetItem', { TableName: 'leases', Key: { id: S('a') } }).Item).toEqual({ id: S('a'), v: N(1) });
  });

  it('checks keys like PutItem', () => {
    expect(db.failure('ExecuteStatement', { Statement: "INSERT INTO leases VALUE {'id': 1}" })).toBe(
      'ValidationException: One or more parameter values were invalid: Type mismatch for key id expected: S actual: N',
    );
  });
});

describe('SELECT', () => {
  beforeEach(() => {
    for (let seq = 0; seq < 5; seq++) {
      execute("INSERT INTO \"audit\" VALUE {'model': ?, 'seq': ?}", [S('m'), N(seq)]);
    }
  });

  it('reads by key, whole or hash alone', () => {
    expect(execute('SELECT * FROM "audit" WHERE model = ? AND "seq" = 3', [S('m')]).Items).toEqual([
      { model: S('m'), seq: N(3) },
    ]);
    expect(execute("SELECT * FROM audit WHERE model = 'm'").Items).toHaveLength(5);
    expect(execute("SELECT * FROM audit WHERE model = 'none'").Items).toEqual([]);
  });

  it('pages with NextToken', () => {
    const Statement = 'SELECT * FROM audit WHERE model = ?';
    const first = execute(Statement, [S('m')], { Limit: 3 });
    const second = execute(Statement, [S('m')], { NextToken: first.NextToken as unknown });
    expect(
      [...(first.Items as WireInput[]), ...(second.Items as WireInput[])].map((item) => item.seq as unknown),
    ).toEqual([0, 1, 2, 3, 4].map(N));
    expect(second.NextToken).toBeUndefined();
    expect(db.failure('ExecuteStatement', { Statement, Parameters: [S('m')], NextToken: 'x' })).toContain(
      "ValidationException: The NextToken 'x' is invalid",
    );
  });
});

describe('refusals', () => {
  test.each([
    ["UPDATE leases SET v = 1 WHERE id = 'a'", 'PartiQL UPDATE'],
    ["DELETE FROM leases WHERE id = 'a'", 'PartiQL DELETE'],
    ['SELECT id FROM leases WHERE id = 1', 'PartiQL SELECT of single attributes'],
    ['SELECT * FROM leases', 'PartiQL SELECT without WHERE'],
    ['SELECT * FROM leases WHERE v = 1', "PartiQL condition on 'v', which is no key"],
    ['SELECT * FROM audit WHERE seq = 1', 'PartiQL SELECT without the partition key'],
    ["SELECT * FROM leases WHERE id > 'a'", 'PartiQL conditions other than key = value'],
    ["SELECT * FROM leases WHERE id = 'a' ORDER BY id", "PartiQL clause 'ORDER'"],
    ['SELECT * FROM leases."byOwner" WHERE id = 1', 'PartiQL SELECT from an index'],
  ])('%s is not supported', (Statement, expected) => {
    const error = db.error('ExecuteStatement', { Statement });
    expect([error.code, error.message]).toEqual(['UnsupportedFeature', expect.stringContaining(expected)]);
  });

  test.each([
    ['', 'Member must have length between 1 and 8192'],
    ['DROP TABLE leases', "Statement wasn't well formed, can't be processed: it begins with 'DROP'"],
    ["INSERT INTO leases VALUE {'id' 'a'}", "Statement wasn't well formed, can't be processed: ':' expected, got 'a'"],
    [
      'INSERT INTO leases VALUE {id: 1}',
      "Statement wasn't well formed, can't be processed: a name in single quotes expected, got 'id'",
    ],
    ["INSERT INTO leases VALUE 'a'", 'INSERT needs a map of attributes as its VALUE'],
    ["INSERT INTO leases VALUE {'id': ?}", "Number of parameters in request and statement don't match."],
    [
      "INSERT INTO leases VALUE {'id': 'a', 'set': <<1, 'b'>>}",
      'A set must have distinct strings, numbers or blobs of one type',
    ],
    [
      "INSERT INTO leases VALUE {'id': 'a'",
      "Statement wasn't well formed, can't be processed: '}' expected, got 'end of statement'",
    ],
    [
      "INSERT INTO leases VALUE {'id': @}",
      "Statement wasn't well formed, can't be processed: unexpected character '@'",
    ],
  ])('%s is refused', (Statement, expected) => {
    const error = db.error('ExecuteStatement', { Statement });
    expect([error.code, error.message]).toEqual(['ValidationException', expect.stringContaining(expected)]);
  });

  it('an unknown table is not found', () => {
    expect(db.failure('ExecuteStatement', { Statement: "INSERT INTO nothing VALUE {'id': 'a'}" })).toBe(
      'ResourceNotFoundException: Requested resource not found',
    );
  });
});

describe('ExecuteTransaction', () => {
  const insert = (id: string): WireInput => ({ Statement: "INSERT INTO leases VALUE {'id': ?}", Parameters: [S(id)] });
  const transact = (TransactStatements: WireInput[], more: WireInput = {}): WireInput =>
    db.call('ExecuteTransaction', { TransactStatements, ...more });

  it('inserts all or nothing', () => {
    transact([insert('a'), insert('b')]);
    const error = db.error('ExecuteTransaction', { TransactStatements: [insert('c'), insert('a')] });
    expect([error.code, error.message]).toEqual([
      'TransactionCanceledException',
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem]',
    ]);
    expect(error.fields.CancellationReasons).toEqual([
      { Code: 'None' },
      { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' },
    ]);
    expect(db.call('Scan', { TableName: 'leases' }).Count).toBe(2);
  });

  it('is idempotent with a token', () => {
    transact([insert('a')], { ClientRequestToken: 't' });
    expect(transact([insert('a')], { ClientRequestToken: 't' })).toEqual({ Responses: [{}] });
    expect(db.error('ExecuteTransaction', { TransactStatements: [insert('b')], ClientRequestToken: 't' }).code).toBe(
      'IdempotentParameterMismatchException',
    );
  });

  it('reads by whole keys', () => {
    transact([insert('a')]);
    const Statement = 'SELECT * FROM leases WHERE id = ?';
    const { Responses } = transact([
      { Statement, Parameters: [S('a')] },
      { Statement, Parameters: [S('none')] },
    ]);
    expect(Responses).toEqual([{ Item: { id: S('a') } }, {}]);
  });

  it('does not mix reads and writes, or two writes of one item', () => {
    const select = { Statement: "SELECT * FROM leases WHERE id = 'x'" };
    expect(db.failure('ExecuteTransaction', { TransactStatements: [insert('a'), select] })).toBe(
      'ValidationException: A transaction has either read statements or write statements, not both',
    );
    expect(db.failure('ExecuteTransaction', { TransactStatements: [insert('a'), insert('a')] })).toBe(
      'ValidationException: Transaction request cannot include multiple operations on one item',
    );
  });
});
