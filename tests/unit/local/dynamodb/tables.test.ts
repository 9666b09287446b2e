import { beforeEach, describe, expect, it, test } from '@jest/globals';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type DynamoDbFixture, index, keySchema, N, newFixture, S } from './dynamodb-fixture.ts';

let db: DynamoDbFixture;

beforeEach(() => {
  db = newFixture();
});

const ARN = 'arn:aws:dynamodb:eu-central-1:111122223333:table/leases';
const table = (more: WireInput = {}): WireInput => ({
  TableName: 'leases',
  BillingMode: 'PAY_PER_REQUEST',
  ...keySchema(['id:S']),
  ...more,
});

describe('CreateTable', () => {
  it('makes a table that is described as AWS does', () => {
    const definition = table({
      ...keySchema(['id:S', 'epoch:N', 'owner:S']),
      KeySchema: keySchema(['id:S', 'epoch:N']).KeySchema as unknown,
      GlobalSecondaryIndexes: [index('byOwner', ['owner:S'], { ProjectionType: 'INCLUDE', NonKeyAttributes: ['v'] })],
      StreamSpecification: { StreamEnabled: false },
      SSESpecification: { Enabled: true, KMSMasterKeyId: 'alias/x' },
      TableClass: 'STANDARD',
    });
    const created = db.call('CreateTable', definition).TableDescription as WireInput;
    expect(created.TableStatus).toBe('CREATING');
    db.call('PutItem', { TableName: 'leases', Item: { id: S('a'), epoch: N(1), owner: S('me') } });
    db.call('PutItem', { TableName: 'leases', Item: { id: S('a'), epoch: N(2) } });
    expect(db.call('DescribeTable', { TableName: 'leases' }).Table).toEqual({
      TableName: 'leases',
      TableArn: ARN,
      TableId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      TableStatus: 'ACTIVE',
      CreationDateTime: new Date('2026-01-05T00:00:00Z'),
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'epoch', AttributeType: 'N' },
        { AttributeName: 'owner', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'epoch', KeyType: 'RANGE' },
      ],
      BillingModeSummary: {
        BillingMode: 'PAY_PER_REQUEST',
        LastUpdateToPayPerRequestDateTime: new Date('2026-01-05T00:00:00Z'),
      },
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      ItemCount: 2,
      TableSizeBytes: 27,
      DeletionProtectionEnabled: false,
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOwner',
          IndexArn: `${ARN}/index/byOwner`,
          IndexStatus: 'ACTIVE',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['v'] },
          ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
          IndexSizeBytes: 17,
          ItemCount: 1,
        },
      ],
      SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: 'alias/x' },
      TableClassSummary: { TableClass: 'STANDARD' },
    });
  });

  it('refuses a name that is taken', () => {
    db.call('CreateTable', table());
    expect(db.failure('CreateTable', table())).toBe('ResourceInUseException: Table already exists: leases');
  });

  test.each<[WireInput, string]>([
    [{ BillingMode: undefined }, 'DynamoDB BillingMode PROVISIONED'],
    [{ StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }, 'DynamoDB Streams'],
    [{ ResourcePolicy: '{}' }, 'DynamoDB CreateTable ResourcePolicy'],
    [{ OnDemandThroughput: { MaxReadRequestUnits: 1 } }, 'DynamoDB CreateTable OnDemandThroughput'],
  ])('does not support %j', (more, expected) => {
    const error = db.error('CreateTable', table(more));
    expect([error.code, error.message]).toEqual(['UnsupportedFeature', expect.stringContaining(expected)]);
  });

  const gsi = (...indexes: WireInput[]): WireInput => ({ GlobalSecondaryIndexes: indexes });
  test.each<[WireInput, string]>([
    [{ TableName: 'ab' }, 'TableName must be at least 3 characters long and at most 255 characters long'],
    [{ TableName: 'a b c' }, "Value 'a b c' at 'tableName' failed to satisfy constraint"],
    [
      keySchema(['id:S', 'other:S', 'third:S']),
      'One or more parameter values were invalid: KeySchema must have one or two elements, got 3',
    ],
    [
      { AttributeDefinitions: keySchema(['x:S']).AttributeDefinitions as unknown },
      'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. ' +
        'Keys: [id], AttributeDefinitions: [x]',
    ],
    [
      { AttributeDefinitions: keySchema(['id:S', 'x:S']).AttributeDefinitions as unknown },
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of ' +
        'attributes defined in AttributeDefinitions',
    ],
    [keySchema(['id:BOOL']), "Value 'BOOL' at 'attributeDefinitions.1.member.attributeType'"],
    [
      { KeySchema: [{ AttributeName: 'id', KeyType: 'RANGE' }] },
      'Invalid KeySchema: The first KeySchemaElement is not a HASH key type',
    ],
    [keySchema(['id:S', 'id:S']), 'Both the Hash Key and the Range Key element in the KeySchema have the same name'],
    [gsi(), 'One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty'],
    [
      gsi(index('one', ['id:S']), index('one', ['id:S'])),
      'One or more parameter values were invalid: Duplicate index name: one',
    ],
    [gsi(index('one', ['id:S'], {})), 'One or more parameter values were invalid: Unknown ProjectionType: null'],
    [
      gsi(index('one', ['id:S'], { ProjectionType: 'ALL', NonKeyAttributes: ['a'] })),
      'One or more parameter values were invalid: ProjectionType is ALL, but NonKeyAttributes is specified',
    ],
    [
      { LocalSecondaryIndexes: [index('one', ['id:S', 'id:S'])] },
      'One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when ' +
        'specifying a LocalSecondaryIndex',
    ],
  ])('refuses %j', (more, expected) => {
    const error = db.error('CreateTable', table(more));
    expect([error.code, error.message]).toEqual(['ValidationException', expect.stringContaining(expected)]);
    expect(db.call('ListTables', {}).TableNames).toEqual([]);
  });
});

describe('tables', () => {
  it('are listed in pages', () => {
    for (const name of ['ccc', 'aaa', 'bbb']) db.createTable(name, ['id:S']);
    expect(db.call('ListTables', { Limit: 2 })).toEqual({ TableNames: ['aaa', 'bbb'], LastEvaluatedTableName: 'bbb' });
    expect(db.call('ListTables', { ExclusiveStartTableName: 'bbb' }).TableNames).toEqual(['ccc']);
  });

  it('are deleted with all they hold, unless they are protected', () => {
    db.call('CreateTable', table({ DeletionProtectionEnabled: true }));
    db.call('PutItem', { TableName: 'leases', Item: { id: S('a') } });
    expect(db.failure('DeleteTable', { TableName: 'leases' })).toContain('currently protected against deletion');
    db.call('UpdateTable', { TableName: 'leases', DeletionProtectionEnabled: false });
    const deleted = db.call('DeleteTable', { TableName: 'leases' }).TableDescription as WireInput;
    expect(deleted.TableStatus).toBe('DELETING');
    expect(db.failure('DescribeTable', { TableName: 'leases' })).toBe(
      'ResourceNotFoundException: Requested resource not found: Table: leases not found',
    );
    db.call('CreateTable', table());
    expect(db.call('Scan', { TableName: 'leases' }).Count).toBe(0);
  });

  it('can be changed in nothing else', () => {
    db.call('CreateTable', table());
    expect(db.error('UpdateTable', { TableName: 'leases', BillingMode: 'PROVISIONED' }).code).toBe(
      'UnsupportedFeature',
    );
  });

  it('have tags', () => {
    db.call('CreateTable', table({ Tags: [{ Key: 'a', Value: '1' }] }));
    db.call('TagResource', { ResourceArn: ARN, Tags: [{ Key: 'b', Value: '2' }] });
    db.call('UntagResource', { ResourceArn: ARN, TagKeys: ['a'] });
    expect(db.call('ListTagsOfResource', { ResourceArn: ARN }).Tags).toEqual([{ Key: 'b', Value: '2' }]);
    expect(db.failure('TagResource', { ResourceArn: ARN, Tags: [] })).toContain('Atleast one Tag');
    expect(db.error('ListTagsOfResource', { ResourceArn: `${ARN}x` }).code).toBe('ResourceNotFoundException');
    expect(db.failure('ListTagsOfResource', { ResourceArn: 'leases' })).toContain('Invalid TableArn');
  });

  it('have continuous backups that can be switched on', async () => {
    db.call('CreateTable', table());
    const describeIt = (): unknown =>
      (db.call('DescribeContinuousBackups', { TableName: 'leases' }).ContinuousBackupsDescription as WireInput)
        .PointInTimeRecoveryDescription;
    expect(describeIt()).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
    db.call('UpdateContinuousBackups', {
      TableName: 'leases',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 2 },
    });
    await db.cloud.kernel.runFor(3 * 86_400_000);
    expect(describeIt()).toEqual({
      PointInTimeRecoveryStatus: 'ENABLED',
      RecoveryPeriodInDays: 2,
      EarliestRestorableDateTime: new Date('2026-01-06T00:00:00Z'),
      LatestRestorableDateTime: new Date('2026-01-07T23:55:00Z'),
    });
    expect(db.error('DescribeContinuousBackups', { TableName: 'nothing' }).code).toBe('TableNotFoundException');
  });
});
