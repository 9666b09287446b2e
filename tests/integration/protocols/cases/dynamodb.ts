import { ACCOUNT, bytes, refused, REGION, type ServiceCases } from '../case.ts';

const tableArn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/rollouts`;
const key = (id: string) => ({ id: { S: id } });

export const DYNAMODB: ServiceCases = {
  service: 'dynamodb',
  cases: [
    {
      operation: 'CreateTable',
      input: {
        TableName: 'rollouts',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'model', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'by-model',
            KeySchema: [{ AttributeName: 'model', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        Tags: [{ Key: 'stage', Value: 'dev' }],
      },
      answer: {
        'TableDescription.TableArn': tableArn,
        'TableDescription.CreationDateTime': Date,
        'TableDescription.KeySchema.0.AttributeName': 'id',
      },
    },
    {
      operation: 'DescribeTable',
      afterMs: 60_000,
      input: { TableName: 'rollouts' },
      answer: {
        'Table.TableStatus': 'ACTIVE',
        'Table.ItemCount': 0,
        'Table.GlobalSecondaryIndexes.0.IndexName': 'by-model',
      },
    },
    {
      operation: 'UpdateTable',
      input: { TableName: 'rollouts', DeletionProtectionEnabled: false },
      answer: { 'TableDescription.TableName': 'rollouts' },
    },
    { operation: 'ListTables', input: { Limit: 10 }, answer: { 'TableNames.0': 'rollouts' } },
    {
      operation: 'UpdateTimeToLive',
      input: { TableName: 'rollouts', TimeToLiveSpecification: { Enabled: true, AttributeName: 'expiresAt' } },
      answer: { 'TimeToLiveSpecification.Enabled': true },
    },
    {
      operation: 'DescribeTimeToLive',
      input: { TableName: 'rollouts' },
      answer: { 'TimeToLiveDescription.AttributeName': 'expiresAt' },
    },
    {
      operation: 'UpdateContinuousBackups',
      input: { TableName: 'rollouts', PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
      answer: { 'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus': 'ENABLED' },
    },
    {
      operation: 'DescribeContinuousBackups',
      input: { TableName: 'rollouts' },
      answer: { 'ContinuousBackupsDescription.ContinuousBackupsStatus': 'ENABLED' },
    },
    { operation: 'TagResource', input: { ResourceArn: tableArn, Tags: [{ Key: 'team', Value: 'ml' }] }, answer: {} },
    { operation: 'UntagResource', input: { ResourceArn: tableArn, TagKeys: ['stage'] }, answer: {} },
    { operation: 'ListTagsOfResource', input: { ResourceArn: tableArn }, answer: { 'Tags.0.Key': 'team' } },
    {
      operation: 'PutItem',
      input: {
        TableName: 'rollouts',
        Item: {
          ...key('a'),
          model: { S: 'demand' },
          step: { N: '12345678901234567890.5' },
          raw: { B: bytes('bytes of a') },
          seen: { SS: ['x', 'y'] },
          nested: { M: { list: { L: [{ NULL: true }, { BOOL: false }] } } },
        },
        ReturnConsumedCapacity: 'TOTAL',
      },
      answer: { 'ConsumedCapacity.TableName': 'rollouts' },
    },
    {
      operation: 'GetItem',
      input: { TableName: 'rollouts', Key: key('a'), ConsistentRead: true },
      answer: {
        'Item.step.N': '12345678901234567890.5',
        'Item.raw.B': Uint8Array,
        'Item.nested.M.list.L.1.BOOL': false,
        'Item.seen.SS.1': 'y',
      },
    },
    {
      operation: 'UpdateItem',
      input: {
        TableName: 'rollouts',
        Key: key('a'),
        UpdateExpression: 'SET #s = :s ADD looks :one',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':s': { S: 'größer <&>' }, ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      },
      answer: { 'Attributes.status.S': 'größer <&>', 'Attributes.looks.N': '1' },
    },
    {
      operation: 'Query',
      input: {
        TableName: 'rollouts',
        IndexName: 'by-model',
        KeyConditionExpression: 'model = :m',
        ExpressionAttributeValues: { ':m': { S: 'demand' } },
      },
      answer: { Count: 1, 'Items.0.id.S': 'a' },
    },
    {
      operation: 'BatchWriteItem',
      input: {
        RequestItems: { rollouts: [{ PutRequest: { Item: { ...key('b'), model: { S: 'demand' } } } }] },
      },
      answer: {},
    },
    {
      operation: 'BatchGetItem',
      input: { RequestItems: { rollouts: { Keys: [key('b')] } } },
      answer: { 'Responses.rollouts.0.id.S': 'b' },
    },
    {
      operation: 'Scan',
      input: { TableName: 'rollouts', Limit: 1 },
      answer: { Count: 1, 'LastEvaluatedKey.id.S': /^[ab]$/ },
    },
    {
      operation: 'TransactWriteItems',
      input: {
        TransactItems: [
          { Put: { TableName: 'rollouts', Item: key('c'), ConditionExpression: 'attribute_not_exists(id)' } },
          { Delete: { TableName: 'rollouts', Key: key('b') } },
        ],
        ClientRequestToken: 'transaction-1',
      },
      answer: {},
    },
    {
      operation: 'TransactGetItems',
      input: { TransactItems: [{ Get: { TableName: 'rollouts', Key: key('c') } }] },
      answer: { 'Responses.0.Item.id.S': 'c' },
    },
    {
      operation: 'ExecuteStatement',
      input: { Statement: `SELECT * FROM "rollouts" WHERE id = ?`, Parameters: [{ S: 'c' }] },
      answer: { 'Items.0.id.S': 'c' },
    },
    {
      operation: 'ExecuteTransaction',
      input: {
        TransactStatements: [
          { Statement: `INSERT INTO "rollouts" VALUE {'id': ?, 'model': ?}`, Parameters: [{ S: 'd' }, { S: 'm' }] },
        ],
        ClientRequestToken: 'transaction-2',
      },
      answer: {},
    },
    {
      operation: 'DeleteItem',
      input: { TableName: 'rollouts', Key: key('d'), ReturnValues: 'ALL_OLD' },
      answer: { 'Attributes.model.S': 'm' },
    },
    refused(
      'PutItem',
      { TableName: 'rollouts', Item: key('a'), ConditionExpression: 'attribute_not_exists(id)' },
      'ConditionalCheckFailedException',
      400,
      /^The conditional request failed$/,
    ),
    refused(
      'TransactWriteItems',
      {
        TransactItems: [
          { ConditionCheck: { TableName: 'rollouts', Key: key('z'), ConditionExpression: 'attribute_exists(id)' } },
        ],
      },
      'TransactionCanceledException',
      400,
      /\[ConditionalCheckFailed\]/,
    ),
    refused(
      'GetItem',
      { TableName: 'none', Key: key('a') },
      'ResourceNotFoundException',
      400,
      /^Requested resource not found/,
    ),
    {
      operation: 'DeleteTable',
      input: { TableName: 'rollouts' },
      answer: { 'TableDescription.TableName': 'rollouts' },
    },
  ],
};
