/** What people and callers may do: public doors only. The rehearsal works through this, and through nothing else. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  ListEndpointConfigsCommand,
  ListModelPackagesCommand,
  ListModelsCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type OutgoingEvent } from '../../events/contract.ts';
import { endpointName, packageGroupName } from '../../shared/catalog/names.ts';
import { type ChampionRecord } from '../../shared/ports/endpoint-store.ts';
import { type ReleaseRecord } from '../../shared/ports/release-store.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { championKey } from '../../shared/aws/keys.ts';
import { REGION, STAGE, type World } from './world.ts';

export const MODEL = 'demand-forecast';
export const ENDPOINT = endpointName(STAGE, MODEL);
const SCOPE = { region: REGION, stage: STAGE };

export interface Version {
  readonly arn: string;
  readonly number: number;
  readonly approval: string;
}

export class Operator {
  readonly #world: World;
  readonly #events: EventBridgeClient;
  readonly #sagemaker: SageMakerClient;
  readonly #runtime: SageMakerRuntimeClient;
  readonly #dynamodb: DynamoDBClient;
  readonly #s3: S3Client;
  readonly #states: SFNClient;
  readonly cloudwatch: CloudWatchClient;

  constructor(world: World) {
    this.#world = world;
    const options = {
      region: REGION,
      requestHandler: world.cloud.requestHandler as never,
      credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
      maxAttempts: 1,
    };
    this.#events = new EventBridgeClient(options);
    this.#sagemaker = new SageMakerClient(options);
    this.#runtime = new SageMakerRuntimeClient(options);
    this.#dynamodb = new DynamoDBClient(options);
    this.#s3 = new S3Client(options);
    this.#states = new SFNClient(options);
    this.cloudwatch = new CloudWatchClient(options);
  }

  /** Puts an event on Switchyard's bus. */
  async put(event: OutgoingEvent): Promise<void> {
    const entry = {
      EventBusName: this.#world.resource('EventBus'),
      Source: event.source,
      DetailType: event.detailType,
      Detail: JSON.stringify(event.detail),
    };
    const output = await this.#events.send(new PutEventsCommand({ Entries: [entry] }));
    if (output.FailedEntryCount)
      throw new Error(`the bus refused ${event.detailType}: ${output.Entries?.[0]?.ErrorMessage ?? ''}`);
  }

  /** Versions in the registry, newest first. */
  async versions(): Promise<Version[]> {
    const input = {
      ModelPackageGroupName: packageGroupName(STAGE, MODEL),
      SortBy: 'CreationTime' as const,
      SortOrder: 'Descending' as const,
    };
    const { ModelPackageSummaryList } = await this.#sagemaker.send(new ListModelPackagesCommand(input));
    return (ModelPackageSummaryList ?? []).map((version) => ({
      arn: version.ModelPackageArn ?? '',
      number: version.ModelPackageVersion ?? 0,
      approval: version.ModelApprovalStatus ?? '',
    }));
  }

  /** A person approves in the registry. */
  async approve(version: string, by: string): Promise<void> {
    const input = {
      ModelPackageArn: version,
      ModelApprovalStatus: 'Approved' as const,
      ApprovalDescription: `approved by ${by}`,
    };
    await this.#sagemaker.send(new UpdateModelPackageCommand(input));
  }

  async endpoint(): Promise<DescribeEndpointCommandOutput | undefined> {
    try {
      return await this.#sagemaker.send(new DescribeEndpointCommand({ EndpointName: ENDPOINT }));
    } catch (error) {
      if (error instanceof Error && error.name === 'ValidationException') return undefined;
      throw error;
    }
  }

  /** Names of what stands in SageMaker for this model. */
  async inventory(): Promise<{ configurations: string[]; servables: string[] }> {
    const { EndpointConfigs } = await this.#sagemaker.send(new ListEndpointConfigsCommand({ NameContains: ENDPOINT }));
    const { Models } = await this.#sagemaker.send(new ListModelsCommand({ NameContains: ENDPOINT }));
    return {
      configurations: (EndpointConfigs ?? []).map((each) => each.EndpointConfigName ?? '').sort(),
      servables: (Models ?? []).map((each) => each.ModelName ?? '').sort(),
    };
  }

  /** One request as a caller sends it. Returns the status code that the caller sees. */
  async invoke(body: Uint8Array, inferenceId: string): Promise<number> {
    const input = { EndpointName: ENDPOINT, ContentType: 'application/json', InferenceId: inferenceId, Body: body };
    try {
      await this.#runtime.send(new InvokeEndpointCommand(input));
      return 200;
    } catch (error) {
      return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
    }
  }

  /** Records are read, never written. */
  async #read<R>(key: { pk: string; sk: string }): Promise<R | undefined> {
    const Key = { pk: { S: key.pk }, sk: { S: key.sk } };
    const { Item } = await this.#dynamodb.send(
      new GetItemCommand({ TableName: this.#world.resource('RecordsTable'), Key, ConsistentRead: true }),
    );
    return Item ? (JSON.parse(unmarshall(Item)['record'] as string) as R) : undefined;
  }

  async #list<R>(prefix: string): Promise<R[]> {
    const { Items } = await this.#dynamodb.send(
      new QueryCommand({
        TableName: this.#world.resource('RecordsTable'),
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: `${REGION}#${STAGE}#${MODEL}` }, ':prefix': { S: prefix } },
      }),
    );
    return (Items ?? []).map((item) => JSON.parse(unmarshall(item)['record'] as string) as R);
  }

  champion(): Promise<ChampionRecord | undefined> {
    return this.#read<ChampionRecord>(championKey(SCOPE, MODEL));
  }

  async rollouts(): Promise<RolloutRecord[]> {
    const records = await this.#list<RolloutRecord>('ROLLOUT#');
    return records.sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  async releases(): Promise<ReleaseRecord[]> {
    const records = await this.#list<ReleaseRecord>('RELEASE#');
    return records.sort((a, b) => a.requestedAtMs - b.requestedAtMs);
  }

  async document(key: string): Promise<string> {
    const { Body } = await this.#s3.send(
      new GetObjectCommand({ Bucket: this.#world.resource('DataBucket'), Key: key }),
    );
    return (await Body?.transformToString('utf-8')) ?? '';
  }

  /** ARNs of all executions of Switchyard's machines so far. */
  async executions(): Promise<string[]> {
    const arns: string[] = [];
    for (const machine of ['ModelReleaseMachine', 'CanaryBlueGreenMachine', 'RollbackModelMachine']) {
      const { executions } = await this.#states.send(
        new ListExecutionsCommand({ stateMachineArn: this.#world.resource(machine), maxResults: 1000 }),
      );
      arns.push(...(executions ?? []).map((execution) => execution.executionArn ?? ''));
    }
    return arns;
  }
}
