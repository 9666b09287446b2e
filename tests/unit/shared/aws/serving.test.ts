/** SageMaker as the serving platform: its errors by name, absolute weights, kept properties. */
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListModelsCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, ModelError } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from '@jest/globals';
import { newSageMakerServing } from '../../../../shared/aws/sagemaker-serving.ts';
import { awsError, clients, mockClient } from './mocked.ts';

const NOT_FOUND = awsError('ValidationException', 'Could not find endpoint "arn:aws:sagemaker:x:1:endpoint/e".');
const IN_PROGRESS = awsError(
  'ValidationException',
  'Cannot update in-progress endpoint "arn:aws:sagemaker:x:1:endpoint/e".',
);
const DENIED = awsError('AccessDeniedException', 'not authorized');

function serving() {
  const control = clients.sageMaker();
  const runtime = clients.sageMakerRuntime();
  const options = { accountId: '1', region: 'eu-central-1', executionRoleArn: 'arn:role' };
  return {
    platform: newSageMakerServing({ control, runtime }, options),
    control: mockClient(control),
    runtime: mockClient(runtime),
  };
}

const servable = { name: 'dev-m-v7', version: 'arn:package/7' };
const spec = { configuration: 'dev-m-e2-both', variants: [], capturePercent: 5, captureUri: 's3://x' };

describe('changing an endpoint', () => {
  it('a change of configuration always keeps live weights and counts', async () => {
    const { platform, control } = serving();
    control.on(UpdateEndpointCommand).resolves({});
    await platform.changeConfiguration('e', 'c');
    expect(control.commandCalls(UpdateEndpointCommand).map((call) => call.args[0].input)).toEqual([
      { EndpointName: 'e', EndpointConfigName: 'c', RetainAllVariantProperties: true },
    ]);
  });

  it('weights are absolute', async () => {
    const { platform, control } = serving();
    control.on(UpdateEndpointWeightsAndCapacitiesCommand).resolves({});
    await platform.setWeights('e', { blue: 95, green: 5 });
    const [call] = control.commandCalls(UpdateEndpointWeightsAndCapacitiesCommand);
    expect(call?.args[0].input).toEqual({
      EndpointName: 'e',
      DesiredWeightsAndCapacities: [
        { VariantName: 'blue', DesiredWeight: 95 },
        { VariantName: 'green', DesiredWeight: 5 },
      ],
    });
  });

  it('an endpoint in progress is busy', async () => {
    const { platform, control } = serving();
    control.on(UpdateEndpointCommand).rejects(IN_PROGRESS);
    control.on(UpdateEndpointWeightsAndCapacitiesCommand).rejects(IN_PROGRESS);
    control.on(DescribeEndpointCommand).resolves({ EndpointStatus: 'Updating' });
    control.on(DeleteEndpointCommand).rejects(IN_PROGRESS);
    const calls = [
      () => platform.changeConfiguration('e', 'c'),
      () => platform.setWeights('e', { blue: 1 }),
      () => platform.deleteEndpoint('e'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ name: 'EndpointBusy', retryable: true });
  });

  it.each([
    ['another validation error', awsError('ValidationException', 'Variant green does not exist.')],
    ['no permission', DENIED],
    ['a throttle', awsError('ThrottlingException')],
  ])('%s stays what it is', async (_name, error) => {
    const { platform, control } = serving();
    control.on(UpdateEndpointWeightsAndCapacitiesCommand).rejects(error);
    await expect(platform.setWeights('e', { green: 1 })).rejects.toMatchObject({ name: error.name });
  });
});

describe('observing', () => {
  it.each([
    ['InService', 'IN_SERVICE'],
    ['Creating', 'CHANGING'],
    ['Updating', 'CHANGING'],
    ['SystemUpdating', 'CHANGING'],
    ['RollingBack', 'CHANGING'],
    ['OutOfService', 'FAILED'],
    ['Failed', 'FAILED'],
    ['UpdateRollbackFailed', 'FAILED'],
    ['Deleting', 'DELETING'],
  ] as const)('%s is %s', async (EndpointStatus, status) => {
    const { platform, control } = serving();
    control.on(DescribeEndpointCommand).resolves({ EndpointStatus, EndpointConfigName: 'c' });
    control.on(DescribeEndpointConfigCommand).resolves({});
    expect(await platform.observe('e')).toMatchObject({ status, rawStatus: EndpointStatus, changePending: false });
  });

  it('tells weights, servables, a pending change and the reason of a failure', async () => {
    const { platform, control } = serving();
    control.on(DescribeEndpointCommand).resolves({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'c',
      FailureReason: 'no capacity',
      PendingDeploymentSummary: { EndpointConfigName: 'next' },
      ProductionVariants: [
        { VariantName: 'blue', CurrentWeight: 95, DesiredWeight: 90, CurrentInstanceCount: 2, DesiredInstanceCount: 3 },
        { VariantName: 'green', CurrentWeight: 5 },
      ],
    });
    control
      .on(DescribeEndpointConfigCommand)
      .resolves({ ProductionVariants: [{ VariantName: 'blue', ModelName: 'dev-m-v6' }] });
    expect(await platform.observe('e')).toEqual({
      endpoint: 'e',
      status: 'CHANGING',
      rawStatus: 'Updating',
      configuration: 'c',
      changePending: true,
      failureReason: 'no capacity',
      variants: [
        {
          variant: 'blue',
          servable: 'dev-m-v6',
          currentWeight: 95,
          desiredWeight: 90,
          currentInstances: 2,
          desiredInstances: 3,
        },
        {
          variant: 'green',
          servable: '',
          currentWeight: 5,
          desiredWeight: 5,
          currentInstances: 0,
          desiredInstances: 0,
        },
      ],
    });
  });

  it('an endpoint that is not there is undefined; any other error is an error', async () => {
    const { platform, control } = serving();
    control.on(DescribeEndpointCommand).rejects(NOT_FOUND);
    expect(await platform.observe('e')).toBeUndefined();
    control.on(DescribeEndpointCommand).rejects(DENIED);
    await expect(platform.observe('e')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('making things', () => {
  it('finds what is there', async () => {
    const { platform, control } = serving();
    control.on(DescribeModelCommand).resolves({});
    control.on(DescribeEndpointConfigCommand).resolves({});
    control.on(DescribeEndpointCommand).resolves({ EndpointStatus: 'InService' });
    await platform.prepare(servable);
    await platform.configure(spec);
    await platform.createEndpoint('e', 'c', {});
    for (const command of [CreateModelCommand, CreateEndpointConfigCommand, CreateEndpointCommand])
      expect(control.commandCalls(command as never)).toEqual([]);
  });

  it('makes what is not, with capture and tags', async () => {
    const { platform, control } = serving();
    control.on(DescribeModelCommand).rejects(NOT_FOUND);
    control.on(DescribeEndpointConfigCommand).rejects(NOT_FOUND);
    control.on(DescribeEndpointCommand).rejects(NOT_FOUND);
    control.on(CreateModelCommand).resolves({}).on(CreateEndpointConfigCommand).resolves({});
    control.on(CreateEndpointCommand).resolves({});
    await platform.prepare(servable);
    await platform.configure(spec);
    await platform.configure({ ...spec, capturePercent: 0 });
    await platform.createEndpoint('e', 'c', { a: 'b' });
    expect(control.commandCalls(CreateModelCommand)[0]?.args[0].input).toMatchObject({
      ModelName: 'dev-m-v7',
      Containers: [{ ModelPackageName: 'arn:package/7' }],
    });
    const [captured, uncaptured] = control.commandCalls(CreateEndpointConfigCommand);
    expect(captured?.args[0].input.DataCaptureConfig).toMatchObject({ InitialSamplingPercentage: 5 });
    expect(uncaptured?.args[0].input).not.toHaveProperty('DataCaptureConfig');
    expect(control.commandCalls(CreateEndpointCommand)[0]?.args[0].input.Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  });

  it('a version that is not approved can not be deployed', async () => {
    const { platform, control } = serving();
    control.on(DescribeModelCommand).rejects(NOT_FOUND);
    control.on(CreateModelCommand).rejects(awsError('ValidationException', 'Cannot deploy unapproved model package'));
    await expect(platform.prepare(servable)).rejects.toMatchObject({
      name: 'VersionNotDeployable',
      message: expect.stringContaining('unapproved'),
    });
    control.on(CreateModelCommand).rejects(DENIED);
    await expect(platform.prepare(servable)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  // The SDK repeats a request whose answer was lost; SageMaker has done it already and says so as an error.
  it.each([
    ['model', DescribeModelCommand, CreateModelCommand, (p: Serving) => p.prepare(servable)],
    ['configuration', DescribeEndpointConfigCommand, CreateEndpointConfigCommand, (p: Serving) => p.configure(spec)],
    ['endpoint', DescribeEndpointCommand, CreateEndpointCommand, (p: Serving) => p.createEndpoint('e', 'c', {})],
  ] as const)('a %s that the first attempt made is found by the second', async (what, describeIt, createIt, make) => {
    const { platform, control } = serving();
    control
      .on(describeIt as never)
      .rejectsOnce(NOT_FOUND)
      .resolves({});
    control
      .on(createIt as never)
      .rejects(awsError('ValidationException', `Cannot create already existing ${what} "x".`));
    await expect(make(platform)).resolves.toBeUndefined();
  });
});

type Serving = ReturnType<typeof newSageMakerServing>;

describe('deleting', () => {
  it('what is not there is fine', async () => {
    const { platform, control } = serving();
    control.on(DescribeEndpointCommand).rejects(NOT_FOUND);
    control.on(DeleteEndpointConfigCommand).rejects(NOT_FOUND).on(DeleteModelCommand).rejects(NOT_FOUND);
    await platform.deleteEndpoint('e');
    await platform.deleteConfiguration('c');
    await platform.deleteServable('m');
    expect(control.commandCalls(DeleteEndpointCommand)).toEqual([]);
  });

  it('an endpoint that is being deleted is left to it, one that vanishes meanwhile is fine', async () => {
    const { platform, control } = serving();
    control
      .on(DescribeEndpointCommand)
      .resolvesOnce({ EndpointStatus: 'Deleting' })
      .resolves({ EndpointStatus: 'Failed' });
    control.on(DeleteEndpointCommand).rejects(NOT_FOUND);
    await platform.deleteEndpoint('e');
    expect(control.commandCalls(DeleteEndpointCommand)).toEqual([]);
    await platform.deleteEndpoint('e');
    expect(control.commandCalls(DeleteEndpointCommand)).toHaveLength(1);
  });

  it('lists what was made for this endpoint, and nothing of one whose name begins alike', async () => {
    const { platform, control } = serving();
    control.on(ListEndpointConfigsCommand).resolves({
      EndpointConfigs: ['dev-demand-e1-first', 'dev-demand-forecast-e3-both', 'dev-demand-staging-v7'].map(
        (EndpointConfigName) => ({ EndpointConfigName }) as never,
      ),
    });
    control.on(ListModelsCommand).resolves({
      Models: ['dev-demand-v7', 'dev-demand-forecast-v7', 'prod-dev-demand-v1'].map(
        (ModelName) => ({ ModelName }) as never,
      ),
    });
    const { configurations, servables } = await platform.inventory('dev-demand');
    expect(configurations).toEqual(['dev-demand-e1-first', 'dev-demand-staging-v7']);
    expect(servables).toEqual(['dev-demand-v7']);
  });
});

describe('asking a variant', () => {
  it('names it, and gives its answer', async () => {
    const { platform, runtime } = serving();
    runtime
      .on(InvokeEndpointCommand)
      .resolves({ Body: Buffer.from('{"prediction":1}') as never, InvokedProductionVariant: 'green' });
    expect(await platform.ask('e', 'green', '{}', 'application/json')).toEqual({
      statusCode: 200,
      body: '{"prediction":1}',
      variant: 'green',
    });
    expect(runtime.commandCalls(InvokeEndpointCommand)[0]?.args[0].input).toMatchObject({
      TargetVariant: 'green',
      ContentType: 'application/json',
    });
  });

  it("a container's error is its answer, anything else an error", async () => {
    const { platform, runtime } = serving();
    const refusal = { OriginalStatusCode: 400, OriginalMessage: 'no field', message: 'x', $metadata: {} };
    runtime.on(InvokeEndpointCommand).rejects(new ModelError(refusal));
    expect(await platform.ask('e', 'green', '{}', 'application/json')).toEqual({
      statusCode: 400,
      body: 'no field',
      variant: 'green',
    });
    runtime.on(InvokeEndpointCommand).rejects(awsError('ServiceUnavailable'));
    await expect(platform.ask('e', 'green', '{}', 'application/json')).rejects.toMatchObject({
      name: 'ServiceUnavailable',
    });
  });
});
