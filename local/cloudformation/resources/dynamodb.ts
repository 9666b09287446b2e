/** AWS::DynamoDB::Table. */
import { type ResourceContext, type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, list, noEffect, number, object, tagList, text } from '../shape.ts';

const keySchema = list(object({ AttributeName: text, KeyType: text }));
const projection = object({ ProjectionType: text, NonKeyAttributes: list(text) });
const throughput = object({ ReadCapacityUnits: number, WriteCapacityUnits: number });

const table = resourceType(
  {
    TableName: text,
    AttributeDefinitions: list(object({ AttributeName: text, AttributeType: text })),
    KeySchema: keySchema,
    BillingMode: text,
    ProvisionedThroughput: throughput,
    GlobalSecondaryIndexes: list(
      object({ IndexName: text, KeySchema: keySchema, Projection: projection, ProvisionedThroughput: throughput }),
    ),
    LocalSecondaryIndexes: list(object({ IndexName: text, KeySchema: keySchema, Projection: projection })),
    StreamSpecification: object({ StreamViewType: text }),
    TimeToLiveSpecification: object({ AttributeName: text, Enabled: boolean }),
    DeletionProtectionEnabled: boolean,
    SSESpecification: object({ SSEEnabled: boolean, SSEType: text, KMSMasterKeyId: text }),
    PointInTimeRecoverySpecification: object({ PointInTimeRecoveryEnabled: boolean, RecoveryPeriodInDays: number }),
    TableClass: text,
    ContributorInsightsSpecification: noEffect('there is no Contributor Insights'),
    OnDemandThroughput: noEffect('on-demand tables are never throttled unless a fault says so'),
    WarmThroughput: noEffect('on-demand tables are never throttled unless a fault says so'),
    Tags: tagList,
  },
  async (properties, context) => {
    const {
      StreamSpecification: stream,
      TimeToLiveSpecification: ttl,
      PointInTimeRecoverySpecification: recovery,
      SSESpecification: encryption,
      ...rest
    } = properties;
    const TableName = rest.TableName ?? context.generatedName(255);
    const created = await context.call('dynamodb', 'CreateTable', {
      ...rest,
      TableName,
      ...(stream ? { StreamSpecification: { StreamEnabled: true, ...stream } } : {}),
      ...(encryption ? { SSESpecification: toEncryption(encryption) } : {}),
    });
    const described = await untilActive(created.TableDescription, context);
    if (ttl) await context.call('dynamodb', 'UpdateTimeToLive', { TableName, TimeToLiveSpecification: ttl });
    if (recovery) {
      const input = { TableName, PointInTimeRecoverySpecification: recovery };
      await context.call('dynamodb', 'UpdateContinuousBackups', input);
    }
    return {
      physicalId: TableName,
      attributes: {
        Arn: described.TableArn ?? context.arn('dynamodb', `table/${TableName}`),
        ...(stream ? { StreamArn: described.LatestStreamArn } : {}),
      },
    };
  },
);

function toEncryption(encryption: {
  readonly SSEEnabled?: boolean | undefined;
  readonly SSEType?: string | undefined;
  readonly KMSMasterKeyId?: string | undefined;
}): object {
  const { SSEEnabled: Enabled, ...rest } = encryption;
  return { Enabled, ...rest };
}

interface TableDescription {
  readonly TableName: string;
  readonly TableStatus?: string;
  readonly TableArn?: string;
  readonly LatestStreamArn?: string;
}

const ACTIVE_WAIT_SECONDS_MAX = 600;

/** A table has time to live and streams only once it is ACTIVE. */
async function untilActive(created: TableDescription, context: ResourceContext): Promise<TableDescription> {
  let table = created;
  for (let seconds = 0; table.TableStatus === 'CREATING'; seconds++) {
    if (seconds >= ACTIVE_WAIT_SECONDS_MAX) {
      throw new Error(`table ${table.TableName} was not ACTIVE within ${ACTIVE_WAIT_SECONDS_MAX} s`);
    }
    await context.kernel.clock.sleep(1000, `cloudformation waits for table ${table.TableName}`);
    const described = await context.call('dynamodb', 'DescribeTable', { TableName: table.TableName });
    table = described.Table as TableDescription;
  }
  return table;
}

export const dynamoDbTypes: Readonly<Record<string, ResourceType>> = { 'AWS::DynamoDB::Table': table };
