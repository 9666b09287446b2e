/** CreateTable and what else concerns whole tables: descriptions, tags, time to live, backups. */
import { type Kernel } from '../kernel/kernel.ts';
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { isPresent, readFlag, readInteger } from './request.ts';
import { type TableRecord, type TableRegistry } from './table-registry.ts';
import { type IndexSchema, type KeySchema, readTableSchema } from './table-schema.ts';

const NOT_CREATABLE = [
  'ProvisionedThroughput',
  'WarmThroughput',
  'ResourcePolicy',
  'OnDemandThroughput',
  'GlobalTableSourceArn',
  'GlobalTableSettingsReplicationMode',
];

function describeKey(key: KeySchema): object[] {
  const hash = { AttributeName: key.hash.name, KeyType: 'HASH' };
  return key.range ? [hash, { AttributeName: key.range.name, KeyType: 'RANGE' }] : [hash];
}

const NO_THROUGHPUT = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

function describeIndex(record: TableRecord, index: IndexSchema): object {
  const usage = record.table.indexUsage(index);
  return {
    IndexName: index.name,
    KeySchema: describeKey(index.key),
    Projection: {
      ProjectionType: index.projectionType,
      NonKeyAttributes: index.nonKeyAttributes.length > 0 ? index.nonKeyAttributes : undefined,
    },
    ...(index.kind === 'global' ? { IndexStatus: 'ACTIVE', ProvisionedThroughput: NO_THROUGHPUT } : {}),
    IndexSizeBytes: usage.sizeBytes,
    ItemCount: usage.itemCount,
    IndexArn: `${record.arn}/index/${index.name}`,
  };
}

function describeIndexes(record: TableRecord, kind: IndexSchema['kind']): object[] | undefined {
  const indexes = record.table.schema.indexes.filter((index) => index.kind === kind);
  return indexes.length > 0 ? indexes.map((index) => describeIndex(record, index)) : undefined;
}

/** The TableDescription. Counts and sizes are live (AWS refreshes them every six hours). */
export function describeTable(record: TableRecord, status: 'CREATING' | 'ACTIVE' | 'DELETING'): object {
  const { schema } = record.table;
  return {
    AttributeDefinitions: schema.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    TableName: schema.name,
    KeySchema: describeKey(schema.key),
    TableStatus: status,
    CreationDateTime: new Date(record.createdAtMs),
    ProvisionedThroughput: NO_THROUGHPUT,
    TableSizeBytes: record.table.sizeBytes,
    ItemCount: record.table.itemCount,
    TableArn: record.arn,
    TableId: record.id,
    BillingModeSummary: {
      BillingMode: 'PAY_PER_REQUEST',
      LastUpdateToPayPerRequestDateTime: new Date(record.createdAtMs),
    },
    LocalSecondaryIndexes: describeIndexes(record, 'local'),
    GlobalSecondaryIndexes: describeIndexes(record, 'global'),
    DeletionProtectionEnabled: record.deletionProtected,
    ...record.declared,
  };
}

function describeEncryption(wire: WireInput | undefined): object | undefined {
  if (!wire || wire.Enabled !== true) return undefined;
  return {
    Status: 'ENABLED',
    SSEType: (wire.SSEType as string | undefined) ?? 'KMS',
    KMSMasterKeyArn: wire.KMSMasterKeyId as string | undefined,
  };
}

function readTags(wire: unknown): Map<string, string> {
  const tags = (wire ?? []) as readonly WireInput[];
  return new Map(tags.map((tag) => [String(tag.Key), String(tag.Value)]));
}

function refuseUnsupportedTables(input: WireInput): void {
  if (input.BillingMode !== 'PAY_PER_REQUEST') {
    throw new UnsupportedFeature(
      `DynamoDB BillingMode ${String(input.BillingMode ?? 'PROVISIONED')}`,
      'use PAY_PER_REQUEST',
    );
  }
  for (const member of NOT_CREATABLE) {
    if (isPresent(input[member])) throw new UnsupportedFeature(`DynamoDB CreateTable ${member}`);
  }
  const stream = input.StreamSpecification as WireInput | undefined;
  if (stream && readFlag(stream, 'StreamEnabled')) {
    throw new UnsupportedFeature('DynamoDB Streams', 'set StreamEnabled to false');
  }
}

function createTable(registry: TableRegistry, input: WireInput): object {
  registry.nameIn(input);
  if (String(input.TableName).startsWith('arn:')) throw validationError('TableName must be a name, not an ARN');
  refuseUnsupportedTables(input);
  const record = registry.create(readTableSchema(input), {
    tags: readTags(input.Tags),
    deletionProtected: readFlag(input, 'DeletionProtectionEnabled'),
    declared: {
      SSEDescription: describeEncryption(input.SSESpecification as WireInput | undefined),
      TableClassSummary: isPresent(input.TableClass) ? { TableClass: input.TableClass as string } : undefined,
    },
  });
  return { TableDescription: describeTable(record, 'CREATING') };
}

function deleteTable(registry: TableRegistry, input: WireInput): object {
  const record = registry.record(input);
  if (record.deletionProtected) {
    throw validationError(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  }
  registry.delete(record);
  return { TableDescription: describeTable(record, 'DELETING') };
}

function updateTable(registry: TableRegistry, input: WireInput): object {
  const record = registry.record(input);
  for (const member of Object.keys(input)) {
    if (member === 'TableName' || member === 'DeletionProtectionEnabled' || !isPresent(input[member])) continue;
    throw new UnsupportedFeature(`DynamoDB UpdateTable ${member}`, 'only DeletionProtectionEnabled can be changed');
  }
  record.deletionProtected = readFlag(input, 'DeletionProtectionEnabled', record.deletionProtected);
  return { TableDescription: describeTable(record, 'ACTIVE') };
}

function listTables(registry: TableRegistry, input: WireInput): object {
  const limit = Math.min(readInteger(input, 'Limit', 1) ?? 100, 100);
  const after = input.ExclusiveStartTableName as string | undefined;
  const names = registry.names().filter((name) => after === undefined || name > after);
  const TableNames = names.slice(0, limit);
  return { TableNames, LastEvaluatedTableName: names.length > limit ? TableNames.at(-1) : undefined };
}

function updateTimeToLive(registry: TableRegistry, input: WireInput): object {
  const { timeToLive } = registry.record(input);
  const specification = (input.TimeToLiveSpecification ?? {}) as WireInput;
  const attribute = specification.AttributeName as string | undefined;
  if (typeof attribute !== 'string' || attribute.length === 0 || attribute.length > 255) {
    throw validationError(
      `1 validation error detected: Value '${String(attribute ?? null)}' at 'timeToLiveSpecification.attributeName' ` +
        'failed to satisfy constraint: Member must have length between 1 and 255',
    );
  }
  const enabled = readFlag(specification, 'Enabled');
  if (enabled && timeToLive.attribute === attribute) throw validationError('TimeToLive is already enabled');
  if (timeToLive.attribute !== undefined && timeToLive.attribute !== attribute) {
    throw validationError(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive.attribute}`,
    );
  }
  if (!enabled && timeToLive.attribute === undefined) throw validationError('TimeToLive is already disabled');
  if (enabled) timeToLive.enable(attribute);
  else timeToLive.disable();
  return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: attribute } };
}

function describeTimeToLive(registry: TableRegistry, input: WireInput): object {
  const { attribute } = registry.record(input).timeToLive;
  return {
    TimeToLiveDescription:
      attribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute },
  };
}

const DAY_MS = 86_400_000;

function describeBackups(record: TableRecord, nowMs: number): object {
  const { recovery } = record;
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: recovery
        ? {
            PointInTimeRecoveryStatus: 'ENABLED',
            RecoveryPeriodInDays: recovery.days,
            EarliestRestorableDateTime: new Date(Math.max(recovery.sinceMs, nowMs - recovery.days * DAY_MS)),
            LatestRestorableDateTime: new Date(Math.max(recovery.sinceMs, nowMs - 300_000)),
          }
        : { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  };
}

/** The table of a backup operation, which has an error of its own. */
function backedUpTable(registry: TableRegistry, input: WireInput): TableRecord {
  const name = registry.nameIn(input);
  const record = registry.find(name);
  if (record) return record;
  throw new AwsError('TableNotFoundException', `Table not found: ${name}`);
}

function updateBackups(registry: TableRegistry, kernel: Kernel, input: WireInput): object {
  const record = backedUpTable(registry, input);
  const specification = (input.PointInTimeRecoverySpecification ?? {}) as WireInput;
  const days = readInteger(specification, 'RecoveryPeriodInDays', 1) ?? 35;
  if (days > 35) throw validationError(`RecoveryPeriodInDays must be between 1 and 35, got ${days}`);
  const nowMs = kernel.clock.now();
  record.recovery = readFlag(specification, 'PointInTimeRecoveryEnabled')
    ? { sinceMs: record.recovery?.sinceMs ?? nowMs, days }
    : undefined;
  return describeBackups(record, nowMs);
}

function taggedTable(registry: TableRegistry, input: WireInput): TableRecord {
  const arn: unknown = input.ResourceArn;
  if (typeof arn !== 'string') throw validationError('Invalid TableArn');
  if (!/^arn:aws:dynamodb:.+:\d+:table\/[^/]{3,}$/.test(arn)) {
    throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
  }
  const record = registry.find(registry.nameOf(arn));
  if (record) return record;
  throw new AwsError('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`);
}

function tagResource(registry: TableRegistry, input: WireInput): void {
  const record = taggedTable(registry, input);
  const tags = readTags(input.Tags);
  if (tags.size === 0) throw validationError('Atleast one Tag needs to be provided as Input.');
  for (const [key, value] of tags) record.tags.set(key, value);
}

function untagResource(registry: TableRegistry, input: WireInput): void {
  const record = taggedTable(registry, input);
  const keys = (input.TagKeys ?? []) as readonly string[];
  if (keys.length === 0) throw validationError('Atleast one Tag Key needs to be provided as Input.');
  for (const key of keys) record.tags.delete(key);
}

/** The operations on whole tables. A new table is usable at once, although CreateTable answers CREATING as AWS does. */
export function tableOperations(registry: TableRegistry, kernel: Kernel): Record<string, Operation> {
  return {
    CreateTable: (input) => createTable(registry, input),
    DescribeTable: (input) => ({ Table: describeTable(registry.record(input), 'ACTIVE') }),
    UpdateTable: (input) => updateTable(registry, input),
    DeleteTable: (input) => deleteTable(registry, input),
    ListTables: (input) => listTables(registry, input),
    UpdateTimeToLive: (input) => updateTimeToLive(registry, input),
    DescribeTimeToLive: (input) => describeTimeToLive(registry, input),
    UpdateContinuousBackups: (input) => updateBackups(registry, kernel, input),
    DescribeContinuousBackups: (input) => describeBackups(backedUpTable(registry, input), kernel.clock.now()),
    TagResource: (input) => tagResource(registry, input),
    UntagResource: (input) => untagResource(registry, input),
    ListTagsOfResource: (input) => ({
      Tags: [...taggedTable(registry, input).tags].map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}
