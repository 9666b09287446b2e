/** The two tables behind the SDK's DynamoDB client: ours in process with IAM on, dynalite on a loopback port of this process. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { type LaptopCloud, newCloud } from '../../../local/cloud.ts';
import { type Round, type Side } from '../harness/measure.ts';
import { TABLE, type WriteCase } from './write-cases.ts';

const REGION = 'eu-central-1';
const ACCOUNT_ID = '111122223333';
const OPERATOR = { accessKeyId: 'operator', secretAccessKey: 'secret' };

/** Our table as deployed code sees it: a role whose policy IAM evaluates at each call. */
export function newOwnSide(name: string, writes: WriteCase): Side {
  return {
    name,
    open: async () => {
      const scratchDirectory = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
      const cloud = newEmptyCloud(scratchDirectory);
      const operator = newClient({ requestHandler: cloud.requestHandler, credentials: OPERATOR });
      await createTable(operator);
      // A new table is CREATING for some virtual seconds.
      await cloud.kernel.runFor(60_000);
      await requireActive(operator);
      operator.destroy();
      const client = newClient({ requestHandler: cloud.requestHandler, credentials: writerCredentials(cloud) });
      await requireIam(client);
      return newRound(client, writes, async () => rmSync(scratchDirectory, { recursive: true, force: true }));
    },
  };
}

function newEmptyCloud(scratchDirectory: string): LaptopCloud {
  const noCode = (): never => {
    throw new Error('the bench deploys neither functions nor containers');
  };
  return newCloud({
    seed: 1,
    startMs: Date.UTC(2026, 0, 5),
    region: REGION,
    accountId: ACCOUNT_ID,
    scratchDirectory,
    lambdaRuntime: () => ({ start: noCode }),
    containerHost: { startServer: noCode, runJob: noCode },
  });
}

/** A role that may write and read the table, and nothing else. */
function writerCredentials(cloud: LaptopCloud): NonNullable<DynamoDBClientConfig['credentials']> {
  const arn = `arn:aws:iam::${ACCOUNT_ID}:role/bench-writer`;
  const statement = (Action: readonly string[], Resource: string): object => ({ Effect: 'Allow', Action, Resource });
  cloud.services.iam.putRole({
    roleName: 'bench-writer',
    arn,
    assumeRolePolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
    },
    policies: [
      {
        name: 'write-records',
        document: {
          Version: '2012-10-17',
          Statement: [
            statement(
              ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query'],
              `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${TABLE}`,
            ),
          ],
        },
      },
    ],
  });
  return cloud.services.iam.credentialsFor(arn);
}

/** @throws Error unless IAM refuses what the writer's policy leaves out */
async function requireIam(client: DynamoDBClient): Promise<void> {
  const refusal: unknown = await client
    .send(new DeleteTableCommand({ TableName: TABLE }))
    .catch((error: unknown) => error);
  if (refusal instanceof Error && refusal.name === 'AccessDeniedException') return;
  throw new Error('IAM let the writer delete its table: the bench would measure a cloud without IAM', {
    cause: refusal,
  });
}

/** dynalite 4 in this process, with its tables in memory. */
export function newPeerSide(name: string, writes: WriteCase): Side {
  return {
    name,
    open: async () => {
      const server = dynalite({ createTableMs: 0 });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const client = newClient({ endpoint: `http://127.0.0.1:${port}`, credentials: OPERATOR });
      await createTable(client);
      await requireActive(client);
      return newRound(client, writes, () => new Promise((resolve) => server.close(() => resolve())));
    },
  };
}

/** Errors must show, so nothing is tried twice. */
function newClient(configuration: DynamoDBClientConfig): DynamoDBClient {
  return new DynamoDBClient({ region: REGION, maxAttempts: 1, ...configuration });
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
}

async function requireActive(client: DynamoDBClient): Promise<void> {
  // dynalite makes a table active on a timer of 0 ms: a few reads are enough.
  for (let attempt = 0; attempt < 20; attempt++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLE }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
  throw new Error(`the table '${TABLE}' did not become ACTIVE`);
}

function newRound(client: DynamoDBClient, writes: WriteCase, release: () => Promise<void>): Round {
  let works = 0;
  const partition = (): string => `work#${works}`;
  return {
    work: async () => {
      works++;
      await writes.write(client, partition());
    },
    outcome: async () => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: TABLE,
          KeyConditionExpression: '#pk = :pk',
          ExpressionAttributeNames: { '#pk': 'pk' },
          ExpressionAttributeValues: { ':pk': { S: partition() } },
          ConsistentRead: true,
        }),
      );
      return Items.map(({ pk: _pk, ...item }) => item);
    },
    close: async () => {
      client.destroy();
      await release();
    },
  };
}
