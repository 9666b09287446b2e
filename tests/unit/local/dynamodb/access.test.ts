import { beforeAll, describe, expect, it, test } from '@jest/globals';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, index, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeAll(() => {
  db = newFixture();
  db.createTable('leases', ['id:S']);
  db.createTable('audit', ['seq:N', 'owner:S'], {
    KeySchema: [{ AttributeName: 'seq', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [index('byOwner', ['owner:S'])],
  });
});

const LEASES = 'arn:aws:dynamodb:eu-central-1:111122223333:table/leases';
const AUDIT = 'arn:aws:dynamodb:eu-central-1:111122223333:table/audit';
const leading = (...keys: string[]): WireInput => ({ conditionKeys: { 'dynamodb:LeadingKeys': keys } });
const TableName = 'leases';
const Key = { id: S('a') };

describe('access', () => {
  test.each<[string, WireInput, WireInput[]]>([
    ['ListTables', {}, [{ action: 'dynamodb:ListTables', resource: '*' }]],
    [
      'CreateTable',
      { TableName: 'other' },
      [{ action: 'dynamodb:CreateTable', resource: LEASES.replace('leases', 'other') }],
    ],
    ['DescribeTable', { TableName: LEASES }, [{ action: 'dynamodb:DescribeTable', resource: LEASES }]],
    ['TagResource', { ResourceArn: LEASES }, [{ action: 'dynamodb:TagResource', resource: LEASES }]],
    ['PutItem', { TableName, Item: Key }, [{ action: 'dynamodb:PutItem', resource: LEASES, ...leading('a') }]],
    ['GetItem', { TableName, Key }, [{ action: 'dynamodb:GetItem', resource: LEASES, ...leading('a') }]],
    [
      'UpdateItem',
      { TableName: 'audit', Key: { seq: N(1) } },
      [{ action: 'dynamodb:UpdateItem', resource: AUDIT, ...leading('1') }],
    ],
    [
      'DeleteItem',
      { TableName: 'unknown', Key },
      [{ action: 'dynamodb:DeleteItem', resource: LEASES.replace('leases', 'unknown') }],
    ],
    ['Scan', { TableName }, [{ action: 'dynamodb:Scan', resource: LEASES }]],
    [
      'Scan',
      { TableName: 'audit', IndexName: 'byOwner' },
      [{ action: 'dynamodb:Scan', resource: `${AUDIT}/index/byOwner` }],
    ],
    [
      'Query',
      {
        TableName: 'audit',
        IndexName: 'byOwner',
        KeyConditionExpression: '#o = :o',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':o': S('me') },
      },
      [{ action: 'dynamodb:Query', resource: `${AUDIT}/index/byOwner`, ...leading('me') }],
    ],
    [
      'BatchGetItem',
      { RequestItems: { leases: { Keys: [Key, { id: S('b') }] }, audit: { Keys: [{ seq: N(1) }] } } },
      [
        { action: 'dynamodb:BatchGetItem', resource: LEASES, ...leading('a', 'b') },
        { action: 'dynamodb:BatchGetItem', resource: AUDIT, ...leading('1') },
      ],
    ],
    [
      'BatchWriteItem',
      { RequestItems: { leases: [{ PutRequest: { Item: Key } }, { DeleteRequest: { Key: { id: S('b') } } }] } },
      [{ action: 'dynamodb:BatchWriteItem', resource: LEASES, ...leading('a', 'b') }],
    ],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName, Item: { id: S('a') } } },
          { Update: { TableName, Key: { id: S('b') } } },
          { Delete: { TableName, Key: { id: S('c') } } },
          { ConditionCheck: { TableName, Key: { id: S('d') } } },
        ],
      },
      [
        { action: 'dynamodb:PutItem', resource: LEASES, ...leading('a') },
        { action: 'dynamodb:UpdateItem', resource: LEASES, ...leading('b') },
        { action: 'dynamodb:DeleteItem', resource: LEASES, ...leading('c') },
        { action: 'dynamodb:ConditionCheckItem', resource: LEASES, ...leading('d') },
      ],
    ],
    [
      'TransactGetItems',
      { TransactItems: [{ Get: { TableName, Key } }] },
      [{ action: 'dynamodb:GetItem', resource: LEASES, ...leading('a') }],
    ],
    [
      'ExecuteStatement',
      { Statement: "INSERT INTO leases VALUE {'id': ?}", Parameters: [S('a')] },
      [{ action: 'dynamodb:PartiQLInsert', resource: LEASES, ...leading('a') }],
    ],
    [
      'ExecuteTransaction',
      { TransactStatements: [{ Statement: 'SELECT * FROM audit WHERE seq = 7' }] },
      [{ action: 'dynamodb:PartiQLSelect', resource: AUDIT, ...leading('7') }],
    ],
  ])('%s %j', (operation, input, expected) => {
    expect(db.access(operation, input)).toEqual(expected);
  });

  it("can't be told without a table", () => {
    expect(() => db.access('PutItem', {})).toThrow("The parameter 'TableName' is required");
  });
});
