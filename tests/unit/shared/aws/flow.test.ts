/** Bus, state machines, Scheduler, CloudWatch, S3, registry: what their errors mean. */
import { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  DescribeModelPackageCommand,
  StartPipelineExecutionCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { CreateScheduleCommand, DeleteScheduleCommand, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import {
  DescribeExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, it } from '@jest/globals';
import { newCloudWatchMetrics } from '../../../../shared/aws/cloudwatch-metrics.ts';
import { newEventPublisher } from '../../../../shared/aws/eventbridge-publisher.ts';
import { newS3Documents, parseS3Uri } from '../../../../shared/aws/s3-documents.ts';
import { newS3LabelledRows } from '../../../../shared/aws/s3-labelled-rows.ts';
import { newS3TrainingData } from '../../../../shared/aws/s3-training-data.ts';
import { newSageMakerPipelines } from '../../../../shared/aws/sagemaker-pipelines.ts';
import { newSageMakerRegistry } from '../../../../shared/aws/sagemaker-registry.ts';
import { newDeadMansSwitch } from '../../../../shared/aws/scheduler-dead-man.ts';
import { newExecutions, newTokens } from '../../../../shared/aws/step-functions.ts';
import { ENDPOINT, MODEL, RELEASE_MACHINE } from '../../../support/in-memory/world.ts';
import { START_MS } from '../../../support/in-memory/test-clock.ts';
import { REF } from '../../../support/builders/scenes.ts';
import { awsError, clients, mockClient } from './mocked.ts';

describe('putting events', () => {
  const event = (detailType: string) => ({ source: 'switchyard', detailType, detail: { a: 1 } });
  function bus() {
    const client = clients.eventBridge();
    return { publisher: newEventPublisher(client, 'bus'), mock: mockClient(client) };
  }

  it('goes in batches of ten', async () => {
    const { publisher, mock } = bus();
    mock.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await publisher.publish(Array.from({ length: 23 }, (_each, index) => event(`e${index}`)));
    expect(mock.commandCalls(PutEventsCommand).map((call) => call.args[0].input.Entries?.length)).toEqual([10, 10, 3]);
    await publisher.publish([]);
    expect(mock.commandCalls(PutEventsCommand)).toHaveLength(3);
  });

  it('names those that the bus refused', async () => {
    const { publisher, mock } = bus();
    mock.on(PutEventsCommand).resolves({
      FailedEntryCount: 1,
      Entries: [{ EventId: '1' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'too fast' }],
    });
    await expect(publisher.publish([event('good.v1'), event('bad.v1')])).rejects.toMatchObject({
      name: 'EventsNotAccepted',
      retryable: true,
      message: 'The bus refused "bad.v1": too fast. Put them again.',
    });
  });

  it('a bus that fails as a whole has accepted nothing', async () => {
    const { publisher, mock } = bus();
    mock.on(PutEventsCommand).rejects(awsError('InternalException', 'try later'));
    await expect(publisher.publish([event('a.v1')])).rejects.toMatchObject({ name: 'EventsNotAccepted' });
  });
});

describe('executions', () => {
  function machine() {
    const client = clients.stepFunctions();
    return { executions: newExecutions(client), tokens: newTokens(client), mock: mockClient(client) };
  }
  const arn = 'arn:aws:states:eu-central-1:111122223333:execution:model-release:v7';

  it('start once a name', async () => {
    const { executions, mock } = machine();
    mock.on(StartExecutionCommand).resolves({ executionArn: arn });
    expect(await executions.start(RELEASE_MACHINE, 'v7', { a: 1 })).toEqual({ executionArn: arn, started: true });
    mock.on(StartExecutionCommand).rejects(awsError('ExecutionAlreadyExists'));
    mock.on(DescribeExecutionCommand, { executionArn: arn }).resolves({ input: '{"a":1}' });
    expect(await executions.start(RELEASE_MACHINE, 'v7', { a: 1 })).toEqual({ executionArn: arn, started: false });
    await expect(executions.start(RELEASE_MACHINE, 'v7', { a: 2 })).rejects.toMatchObject({
      name: 'ExecutionConflict',
    });
  });

  it('other errors stay what they are', async () => {
    const { executions, mock } = machine();
    mock.on(StartExecutionCommand).rejects(awsError('StateMachineDoesNotExist'));
    await expect(executions.start(RELEASE_MACHINE, 'v7', {})).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });

  it.each([
    ['RUNNING', true],
    ['PENDING_REDRIVE', true],
    ['SUCCEEDED', false],
    ['FAILED', false],
    ['ABORTED', false],
    ['TIMED_OUT', false],
  ] as const)('%s runs: %s', async (status, running) => {
    const { executions, mock } = machine();
    mock.on(DescribeExecutionCommand).resolves({ status });
    expect(await executions.isRunning(arn)).toBe(running);
  });

  it('one that does not exist does not run; one that can not be asked about is an error', async () => {
    const { executions, mock } = machine();
    mock.on(DescribeExecutionCommand).rejects(awsError('ExecutionDoesNotExist'));
    expect(await executions.isRunning(arn)).toBe(false);
    expect(await executions.isRunning('reconcile-endpoints')).toBe(false);
    mock.on(DescribeExecutionCommand).rejects(awsError('ThrottlingException'));
    await expect(executions.isRunning(arn)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('tokens that are spent are no error', async () => {
    for (const name of ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']) {
      const { tokens, mock } = machine();
      mock.onAnyCommand().rejects(awsError(name));
      expect(await tokens.resume('t', {})).toBe(false);
      expect(await tokens.heartbeat('t')).toBe(false);
    }
    const { tokens, mock } = machine();
    mock.on(SendTaskSuccessCommand).resolves({}).on(SendTaskHeartbeatCommand).rejects(awsError('ThrottlingException'));
    expect(await tokens.resume('t', { a: 1 })).toBe(true);
    expect(mock.commandCalls(SendTaskSuccessCommand)[0]?.args[0].input).toEqual({ taskToken: 't', output: '{"a":1}' });
    await expect(tokens.heartbeat('t')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

describe("the dead man's schedule", () => {
  const order = {
    ...REF,
    endpoint: ENDPOINT,
    epoch: 2,
    championVariant: 'blue' as const,
    challengerVariant: 'green' as const,
  };
  function scheduler() {
    const client = clients.scheduler();
    const options = { groupName: 'g', functionArn: 'arn:f', roleArn: 'arn:r' };
    return { deadMan: newDeadMansSwitch(client, options), mock: mockClient(client) };
  }

  it('holds all that is needed with every table down, and vanishes when it has fired', async () => {
    const { deadMan, mock } = scheduler();
    mock.on(CreateScheduleCommand).resolves({});
    await deadMan.arm(order, START_MS + 999);
    const input = mock.commandCalls(CreateScheduleCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      Name: `dead-man-${REF.rolloutId}`,
      ScheduleExpression: 'at(2026-01-05T02:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
    });
    expect(JSON.parse(input?.Target?.Input ?? '')).toEqual(order);
  });

  it('that is armed already is moved; one that is gone is armed again', async () => {
    const { deadMan, mock } = scheduler();
    mock.on(CreateScheduleCommand).rejectsOnce(awsError('ConflictException')).resolves({});
    mock.on(UpdateScheduleCommand).resolvesOnce({}).rejects(awsError('ResourceNotFoundException'));
    await deadMan.arm(order, START_MS);
    expect(mock.commandCalls(UpdateScheduleCommand)).toHaveLength(1);
    await deadMan.postpone(order, START_MS);
    expect(mock.commandCalls(CreateScheduleCommand)).toHaveLength(2);
  });

  it('two looks that arm it again at once both succeed', async () => {
    const { deadMan, mock } = scheduler();
    mock.on(UpdateScheduleCommand).rejectsOnce(awsError('ResourceNotFoundException')).resolves({});
    mock.on(CreateScheduleCommand).rejects(awsError('ConflictException'));
    await expect(deadMan.postpone(order, START_MS)).resolves.toBeUndefined();
  });

  it('that is not there is disarmed', async () => {
    const { deadMan, mock } = scheduler();
    mock.on(DeleteScheduleCommand).rejects(awsError('ResourceNotFoundException'));
    await expect(deadMan.disarm('r')).resolves.toBeUndefined();
    mock.on(DeleteScheduleCommand).rejects(awsError('ThrottlingException'));
    await expect(deadMan.disarm('r')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('other errors stay what they are', async () => {
    const { deadMan, mock } = scheduler();
    mock.onAnyCommand().rejects(awsError('ThrottlingException'));
    await expect(deadMan.arm(order, START_MS)).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(deadMan.postpone(order, START_MS)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

describe('metrics', () => {
  const query = {
    endpoint: 'e',
    challengerVariant: 'green',
    championVariant: 'blue',
    fromMinute: 100,
    untilMinute: 103,
    latencyLimitMs: 50,
  };
  function cloudWatch() {
    const client = clients.cloudWatch();
    return { metrics: newCloudWatchMetrics(client), mock: mockClient(client) };
  }
  const series = (Id: string, values: Record<number, number>) => ({
    Id,
    Timestamps: Object.keys(values).map((minute) => new Date(Number(minute) * 60_000)),
    Values: Object.values(values),
  });

  it('are sums per arm and minute; a minute without requests, or half readable, is left out', async () => {
    const { metrics, mock } = cloudWatch();
    mock
      .on(GetMetricDataCommand)
      .resolvesOnce({ MetricDataResults: [series('challenger_invocations', { 100: 10, 101: 11 })], NextToken: 'more' })
      .resolvesOnce({
        MetricDataResults: [
          series('challenger_slow', { 100: 1 }),
          series('challenger_p99', { 100: 80_000 }),
          series('challenger_errors5xx', { 100: 2 }),
          series('champion_invocations', { 102: 90 }),
          series('champion_slow', { 102: 0 }),
        ],
      });
    expect(await metrics.minutes(query)).toEqual([
      {
        minute: 100,
        challenger: { invocations: 10, errors5xx: 2, errors4xx: 0, slow: 1, p99LatencyMs: 80 },
        champion: undefined,
      },
      { minute: 102, challenger: undefined, champion: { invocations: 90, errors5xx: 0, errors4xx: 0, slow: 0 } },
    ]);
    const queries = mock.commandCalls(GetMetricDataCommand)[0]?.args[0].input.MetricDataQueries;
    expect(queries?.find((each) => each.Id === 'champion_slow')?.MetricStat?.Stat).toBe('TC(50000:)');
    expect(mock.commandCalls(GetMetricDataCommand)[1]?.args[0].input.NextToken).toBe('more');
  });

  it('after 100 % ask for one arm only, and for no empty span', async () => {
    const { metrics, mock } = cloudWatch();
    mock.on(GetMetricDataCommand).resolves({});
    const { championVariant: _none, ...alone } = query;
    await metrics.minutes(alone);
    expect(mock.commandCalls(GetMetricDataCommand)[0]?.args[0].input.MetricDataQueries).toHaveLength(5);
    expect(await metrics.minutes({ ...query, untilMinute: 100 })).toEqual([]);
    expect(mock.commandCalls(GetMetricDataCommand)).toHaveLength(1);
  });

  it('that can not be read are neither good nor bad', async () => {
    const { metrics, mock } = cloudWatch();
    mock.on(GetMetricDataCommand).rejects(awsError('Throttling', 'Rate exceeded'));
    await expect(metrics.minutes(query)).rejects.toMatchObject({
      name: 'MetricsUnreadable',
      message: expect.stringContaining('Rate exceeded'),
    });
    await expect(metrics.history({ ...query, variant: 'blue' })).rejects.toMatchObject({ name: 'MetricsUnreadable' });
  });

  it('of a day are summed', async () => {
    const { metrics, mock } = cloudWatch();
    const MetricDataResults = [series('arm_invocations', { 60: 100, 120: 50 }), series('arm_errors5xx', { 60: 1 })];
    mock.on(GetMetricDataCommand).resolves({ MetricDataResults });
    expect(await metrics.history({ ...query, variant: 'blue' })).toEqual({
      invocations: 150,
      errors5xx: 1,
      errors4xx: 0,
      slow: 0,
    });
  });

  it('alarms: those in ALARM now; none are asked for without names', async () => {
    const { metrics, mock } = cloudWatch();
    mock.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [{ AlarmName: 'a' }] });
    expect(await metrics.raised(['a', 'b'])).toEqual(['a']);
    expect(mock.commandCalls(DescribeAlarmsCommand)[0]?.args[0].input).toEqual({
      AlarmNames: ['a', 'b'],
      StateValue: 'ALARM',
    });
    expect(await metrics.raised([])).toEqual([]);
    expect(mock.commandCalls(DescribeAlarmsCommand)).toHaveLength(1);
  });
});

describe('the registry', () => {
  function registry() {
    const client = clients.sageMaker();
    return {
      registry: newSageMakerRegistry(client),
      pipelines: newSageMakerPipelines(client),
      mock: mockClient(client),
    };
  }

  it.each([
    ['Approved', 'APPROVED'],
    ['Rejected', 'REJECTED'],
    ['PendingManualApproval', 'PENDING'],
    [undefined, 'PENDING'],
  ] as const)('%s is %s', async (ModelApprovalStatus, approval) => {
    const all = registry();
    all.mock.on(DescribeModelPackageCommand).resolves({ ...(ModelApprovalStatus ? { ModelApprovalStatus } : {}) });
    expect(await all.registry.describe('v')).toMatchObject({ approval, complete: false });
  });

  it('a version that is not there is named; other errors stay what they are', async () => {
    const all = registry();
    all.mock.on(DescribeModelPackageCommand).rejects(awsError('ValidationException', 'ModelPackage v does not exist'));
    await expect(all.registry.describe('v')).rejects.toMatchObject({ name: 'UnknownVersion' });
    all.mock.on(DescribeModelPackageCommand).rejects(awsError('ValidationException', 'malformed ARN'));
    await expect(all.registry.describe('v')).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('marks the life cycle and never the approval', async () => {
    const all = registry();
    all.mock.on(UpdateModelPackageCommand).resolves({});
    await all.registry.markStage('v', 'Canary', 'x'.repeat(2_000));
    const input = all.mock.commandCalls(UpdateModelPackageCommand)[0]?.args[0].input;
    expect(input).not.toHaveProperty('ModelApprovalStatus');
    expect(input?.ModelLifeCycle?.StageDescription).toHaveLength(1_024);
  });

  it('a pipeline that is not deployed is named', async () => {
    const all = registry();
    const run = { pipeline: 'p', parameters: { A: '1' }, requestToken: 't'.repeat(32), displayName: 'd' };
    all.mock
      .on(StartPipelineExecutionCommand)
      .rejectsOnce(awsError('ResourceNotFound'))
      .resolves({ PipelineExecutionArn: 'arn' });
    await expect(all.pipelines.start(run)).rejects.toMatchObject({ name: 'UnknownPipeline' });
    expect(await all.pipelines.start(run)).toEqual({ executionArn: 'arn' });
    expect(all.mock.commandCalls(StartPipelineExecutionCommand)[1]?.args[0].input).toMatchObject({
      ClientRequestToken: run.requestToken,
      PipelineParameters: [{ Name: 'A', Value: '1' }],
    });
  });
});

describe('documents', () => {
  const body = (text: string) => ({ Body: { transformToString: async () => text } }) as never;
  function storage(texts: Record<string, string>) {
    const client = clients.s3();
    const mock = mockClient(client);
    mock.on(GetObjectCommand).rejects(awsError('NoSuchKey'));
    for (const [Key, text] of Object.entries(texts)) mock.on(GetObjectCommand, { Key }).resolves(body(text));
    mock.on(ListObjectsV2Command).callsFake(({ Prefix }: { Prefix: string }) => ({
      Contents: Object.keys(texts)
        .filter((Key) => Key.startsWith(Prefix))
        .map((Key) => ({ Key })),
    }));
    return { client, mock };
  }

  it('that are not there, and addresses that are none, are named', async () => {
    const documents = newS3Documents(storage({}).client, 'b');
    await expect(documents.readText('s3://b/none')).rejects.toMatchObject({ name: 'DocumentMissing' });
    for (const uri of ['', 'https://b/k', 's3://b', 's3://b/'])
      expect(() => parseS3Uri(uri)).toThrow(expect.objectContaining({ name: 'DocumentMissing' }));
    expect(parseS3Uri('s3://b/a/b.json')).toEqual({ Bucket: 'b', Key: 'a/b.json' });
  });

  it('a manifest of training data holds texts only', async () => {
    const good = newS3TrainingData(storage({ 'raw/m/latest.json': '{"From":"2024"}' }).client, 'b');
    expect(await good.latest('m')).toEqual({ From: '2024' });
    await expect(good.latest('other')).rejects.toMatchObject({ name: 'DocumentMissing' });
    const bad = newS3TrainingData(storage({ 'raw/m/latest.json': '{"From":2024}' }).client, 'b');
    await expect(bad.latest('m')).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('2024'),
    });
  });

  it('labels meet captured requests by inference id: the newest first, equal requests once, at most as many as asked', async () => {
    const capture = (id: string, data: string, encoding = 'JSON') =>
      JSON.stringify({ captureData: { endpointInput: { data, encoding } }, eventMetadata: { inferenceId: id } });
    const label = (inferenceId: string, truth: unknown) => JSON.stringify({ inferenceId, truth });
    const root = `capture/${MODEL}/${ENDPOINT}`;
    const { client } = storage({
      [`labels/${MODEL}/dt=2026-01-04/a.jsonl`]: [label('a', 1), label('b', 2), label('c', 3), label('bad', null)].join(
        '\n',
      ),
      [`labels/${MODEL}/dt=2020-01-01/old.jsonl`]: label('old', 9),
      [`${root}/blue/2026/01/03/10/x.jsonl`]: [capture('a', '{"h":1}'), capture('old', '{"h":9}')].join('\n'),
      [`${root}/green/2026/01/04/10/x.jsonl`]: [
        capture('b', Buffer.from('{"h":2}').toString('base64'), 'BASE64'),
        capture('c', '{"h":2}'),
        capture('unlabelled', '{"h":5}'),
        capture('bad', '{"h":6}'),
      ].join('\n'),
    });
    const labelled = newS3LabelledRows(client, 'b');
    const span = { model: MODEL, endpoint: ENDPOINT, fromMs: START_MS - 30 * 86_400_000, untilMs: START_MS };
    expect(await labelled.recent({ ...span, limit: 10 })).toEqual([
      { inferenceId: 'b', request: '{"h":2}', truth: 2 },
      { inferenceId: 'a', request: '{"h":1}', truth: 1 },
    ]);
    expect(await labelled.recent({ ...span, limit: 1 })).toHaveLength(1);
    expect(await labelled.recent({ ...span, model: 'other', limit: 1 })).toEqual([]);
  });
});
