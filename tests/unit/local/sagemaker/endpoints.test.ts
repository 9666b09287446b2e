/** The endpoint's status machine: slow, strict, and silent when it rolls back. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  describeEndpoint,
  type Laboratory,
  makeConfig,
  makeEndpoint,
  makeModel,
  MINUTE,
  newLaboratory,
} from './laboratory.ts';

const ARN = 'arn:aws:sagemaker:eu-central-1:111122223333:endpoint/demand';
const IN_PROGRESS = `Cannot update in-progress endpoint "${ARN}".`;

let lab: Laboratory;
beforeEach(() => {
  lab = newLaboratory();
});
afterEach(() => lab.close());

/** Adds green (m2, weight 0) beside blue by UpdateEndpoint. */
async function addGreen(more: object = { RetainAllVariantProperties: true }): Promise<void> {
  await makeConfig(lab, 'c2', [
    { name: 'blue', model: 'm1', weight: 1 },
    { name: 'green', model: 'm2', weight: 0 },
  ]);
  await lab.call('UpdateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c2', ...more });
}

async function shift(blue: number, green: number): Promise<void> {
  await lab.call('UpdateEndpointWeightsAndCapacities', {
    EndpointName: 'demand',
    DesiredWeightsAndCapacities: [
      { VariantName: 'blue', DesiredWeight: blue },
      { VariantName: 'green', DesiredWeight: green },
    ],
  });
}

const weights = async (): Promise<unknown> =>
  (await describeEndpoint(lab)).ProductionVariants.map((v: Record<string, unknown>) => [
    v['VariantName'],
    v['CurrentWeight'],
    v['DesiredWeight'],
  ]);

describe('creation', () => {
  it('takes minutes, then serves', async () => {
    await makeModel(lab, 'm1');
    await makeConfig(lab, 'c1', [{ name: 'blue', model: 'm1', weight: 1 }]);
    await lab.call('CreateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c1' });
    const creating = await describeEndpoint(lab);
    expect(creating.EndpointStatus).toBe('Creating');
    expect(creating.PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status).toBe('Creating');
    await lab.run(3 * MINUTE);
    expect((await describeEndpoint(lab)).EndpointStatus).toBe('Creating');
    await lab.run(8 * MINUTE);
    const served = await describeEndpoint(lab);
    expect(served).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c1', EndpointArn: ARN });
    expect(served.PendingDeploymentSummary).toBeUndefined();
    expect(served.ProductionVariants).toMatchObject([
      { VariantName: 'blue', CurrentWeight: 1, DesiredWeight: 1, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
    ]);
    expect(served.ProductionVariants[0].DeployedImages[0].ResolvedImage).toMatch(/server@sha256:[0-9a-f]{64}$/);
  });

  it('fails with a reason when the artifact is missing or the container never answers /ping', async () => {
    await makeModel(lab, 'm1');
    await makeModel(lab, 'm2');
    lab.objects.delete('models/m1/model.onnx');
    lab.ping = () => false;
    for (const model of ['m1', 'm2']) {
      await makeConfig(lab, `c-${model}`, [{ name: 'blue', model, weight: 1 }]);
      await lab.call('CreateEndpoint', { EndpointName: `e-${model}`, EndpointConfigName: `c-${model}` });
    }
    await lab.run(16 * MINUTE);
    const missing = await lab.call('DescribeEndpoint', { EndpointName: 'e-m1' });
    expect(missing.EndpointStatus).toBe('Failed');
    expect(missing.FailureReason).toContain(
      'Failed to download model data for container "container_1" from URL: "s3://models/m1/"',
    );
    const sick = await lab.call('DescribeEndpoint', { EndpointName: 'e-m2' });
    expect(sick.EndpointStatus).toBe('Failed');
    expect(sick.FailureReason).toContain('did not pass the ping health check');
    expect(
      (await lab.refusal('UpdateEndpoint', { EndpointName: 'e-m1', EndpointConfigName: 'c-m2' })).message,
    ).toContain('it can only be deleted');
    await lab.call('DeleteEndpoint', { EndpointName: 'e-m1' });
    await lab.run(4 * MINUTE);
    expect(await lab.refusal('DescribeEndpoint', { EndpointName: 'e-m1' })).toMatchObject({
      code: 'ValidationException',
      message: 'Could not find endpoint "arn:aws:sagemaker:eu-central-1:111122223333:endpoint/e-m1".',
    });
  });

  it('refuses unknown configurations, second endpoints of a name, guardrails and shadows', async () => {
    await makeEndpoint(lab);
    expect((await lab.refusal('CreateEndpoint', { EndpointName: 'x', EndpointConfigName: 'nope' })).message).toBe(
      'Could not find endpoint configuration "arn:aws:sagemaker:eu-central-1:111122223333:endpoint-config/nope".',
    );
    expect((await lab.refusal('CreateEndpoint', { EndpointName: 'Demand', EndpointConfigName: 'c1' })).message).toBe(
      `Cannot create already existing endpoint "${ARN}".`,
    );
    const guardrails = { EndpointName: 'demand', EndpointConfigName: 'c1', DeploymentConfig: {} };
    expect((await lab.refusal('UpdateEndpoint', guardrails)).code).toBe('UnsupportedFeature');
    const shadow = { EndpointConfigName: 's', ProductionVariants: [], ShadowProductionVariants: [] };
    expect((await lab.refusal('CreateEndpointConfig', shadow)).message).toContain('ShadowProductionVariants');
    const bad = await lab.refusal('CreateEndpoint', { EndpointName: '-x' });
    expect(bad.message).toMatch(
      /^2 validation errors detected: Value '-x' at 'endpointName' failed .* regular expression/,
    );
    expect(bad.message).toContain(
      "Value 'null' at 'endpointConfigName' failed to satisfy constraint: Member must not be null",
    );
  });
});

describe('UpdateEndpoint', () => {
  it('adds a variant while the old one serves, and refuses every other change meanwhile', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(MINUTE);
    const updating = await describeEndpoint(lab);
    expect(updating).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'c1' });
    expect(updating.PendingDeploymentSummary).toMatchObject({
      EndpointConfigName: 'c2',
      ProductionVariants: [
        { VariantName: 'blue', VariantStatus: [{ Status: 'Updating' }] },
        { VariantName: 'green', VariantStatus: [{ Status: 'Creating' }] },
      ],
    });
    for (const [operation, input] of [
      ['UpdateEndpoint', { EndpointConfigName: 'c1' }],
      [
        'UpdateEndpointWeightsAndCapacities',
        { DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 1 }] },
      ],
      ['DeleteEndpoint', {}],
    ] as const) {
      const refusal = await lab.refusal(operation, { EndpointName: 'demand', ...input });
      expect(refusal).toMatchObject({ code: 'ValidationException', statusCode: 400, message: IN_PROGRESS });
    }
    const [answer] = await lab.sagemaker.sendTraffic('demand', [{ body: Buffer.from('{"a":1}') }]);
    expect(answer).toMatchObject({ statusCode: 200, variantName: 'blue', modelName: 'm1' });
    await lab.run(10 * MINUTE);
    expect(await describeEndpoint(lab)).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c2' });
    expect(await weights()).toEqual([
      ['blue', 1, 1],
      ['green', 0, 0],
    ]);
  });

  it('keeps live weights and counts with RetainAllVariantProperties, resets them without', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(11 * MINUTE);
    await shift(0.25, 0.75);
    await lab.run(6 * MINUTE);
    const both = [
      { name: 'blue', model: 'm1', weight: 1 },
      { name: 'green', model: 'm2', weight: 0 },
    ];
    await makeConfig(lab, 'c3', both);
    await lab.call('UpdateEndpoint', {
      EndpointName: 'demand',
      EndpointConfigName: 'c3',
      RetainAllVariantProperties: true,
    });
    await lab.run(11 * MINUTE);
    expect(await weights()).toEqual([
      ['blue', 0.25, 0.25],
      ['green', 0.75, 0.75],
    ]);
    await makeConfig(lab, 'c4', both);
    await lab.call('UpdateEndpoint', {
      EndpointName: 'demand',
      EndpointConfigName: 'c4',
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' }],
    });
    expect(await weights()).toEqual([
      ['blue', 0.25, 1],
      ['green', 0.75, 0],
    ]);
    await lab.run(11 * MINUTE);
    expect(await weights()).toEqual([
      ['blue', 1, 1],
      ['green', 0, 0],
    ]);
    await shift(0.25, 0.75);
    await lab.run(6 * MINUTE);
    await makeConfig(lab, 'c5', both);
    await lab.call('UpdateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c5' });
    await lab.run(11 * MINUTE);
    expect(await weights()).toEqual([
      ['blue', 1, 1],
      ['green', 0, 0],
    ]);
  });

  it.each(['failsToStart', 'ping', 'artifact'] as const)(
    'rolls back silently when the container fails (%s)',
    async (how) => {
      await makeEndpoint(lab);
      if (how === 'failsToStart') {
        lab.cloud.faults.inject('dead', {
          container: ({ variantName }) => (variantName === 'green' ? { failsToStart: true } : undefined),
        });
      }
      if (how === 'ping') lab.ping = (environment) => environment['MODEL'] !== 'm2';
      if (how === 'artifact') lab.objects.delete('models/m2/model.onnx');
      await lab.run(MINUTE);
      lab.cloud.events.length = 0;
      await addGreen();
      await lab.run(9.5 * MINUTE);
      expect((await describeEndpoint(lab)).EndpointStatus).toBe('Updating');
      await lab.run(6 * MINUTE);
      const back = await describeEndpoint(lab);
      expect(back).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c1' });
      expect(back.FailureReason).toBeUndefined();
      expect(back.PendingDeploymentSummary).toBeUndefined();
      expect(await weights()).toEqual([['blue', 1, 1]]);
      expect(lab.details('SageMaker Endpoint State Change')).toMatchObject([
        { EndpointStatus: 'UPDATING', EndpointConfigName: 'c1' },
        { EndpointStatus: 'IN_SERVICE', EndpointConfigName: 'c1' },
      ]);
    },
  );

  it.each(['c1', 'c2'])('fails and rolls back when configuration %s is deleted too early', async (deleted) => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.call('DeleteEndpointConfig', { EndpointConfigName: deleted });
    await lab.run(11 * MINUTE);
    const back = await describeEndpoint(lab);
    expect(back).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c1' });
    expect(back.FailureReason).toContain(
      `Could not find endpoint configuration "arn:aws:sagemaker:eu-central-1:111122223333:endpoint-config/${deleted}"`,
    );
    if (deleted === 'c1') {
      const input = {
        EndpointName: 'demand',
        DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 2 }],
      };
      expect((await lab.refusal('UpdateEndpointWeightsAndCapacities', input)).message).toContain(
        'Could not find endpoint configuration',
      );
    }
  });

  it('refuses the configuration that it already has, and unknown ones', async () => {
    await makeEndpoint(lab);
    expect((await lab.refusal('UpdateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c1' })).code).toBe(
      'ValidationException',
    );
    expect(
      (await lab.refusal('UpdateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c9' })).message,
    ).toContain('Could not find');
  });

  /** Sends a request a second while an update removes blue. */
  async function failuresWhileBlueLeaves(retain: boolean): Promise<string[]> {
    await makeConfig(lab, 'c3', [{ name: 'green', model: 'm2', weight: 1 }]);
    await lab.call('UpdateEndpoint', {
      EndpointName: 'demand',
      EndpointConfigName: 'c3',
      RetainAllVariantProperties: retain,
    });
    const failures: string[] = [];
    for (let second = 0; second < 500; second++) {
      await lab.run(1000);
      const [answer] = await lab.sagemaker.sendTraffic('demand', [{ body: Buffer.from('{}') }]);
      if (answer!.statusCode !== 200) failures.push(`${answer!.statusCode} ${answer!.variantName}`);
    }
    expect(await describeEndpoint(lab)).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c3' });
    return failures;
  }

  it('removes a variant without weight unnoticed', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(11 * MINUTE);
    await shift(0, 1);
    await lab.run(6 * MINUTE);
    expect(await failuresWhileBlueLeaves(true)).toEqual([]);
  });

  it('fails requests when a variant is removed that still has weight', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(11 * MINUTE);
    const failures = await failuresWhileBlueLeaves(false);
    expect(failures.length).toBeGreaterThan(10);
    expect(new Set(failures)).toEqual(new Set(['503 blue']));
  });
});

describe('UpdateEndpointWeightsAndCapacities', () => {
  it('shows the desired weight at once and moves the traffic only when it lands', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(11 * MINUTE);
    await shift(3, 1);
    expect(await weights()).toEqual([
      ['blue', 1, 3],
      ['green', 0, 1],
    ]);
    const updating = await describeEndpoint(lab);
    expect(updating.EndpointStatus).toBe('Updating');
    expect(updating.PendingDeploymentSummary).toBeUndefined();
    expect(
      (
        await lab.refusal('UpdateEndpointWeightsAndCapacities', {
          EndpointName: 'demand',
          DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 1 }],
        })
      ).message,
    ).toBe(IN_PROGRESS);
    const requests = Array.from({ length: 50 }, () => ({ body: Buffer.from('{}') }));
    const before = await lab.sagemaker.sendTraffic('demand', requests);
    expect(before.every((result) => result.variantName === 'blue')).toBe(true);
    await lab.run(50_000);
    expect((await describeEndpoint(lab)).EndpointStatus).toBe('Updating');
    await lab.run(5 * MINUTE);
    expect(await weights()).toEqual([
      ['blue', 3, 3],
      ['green', 1, 1],
    ]);
    // The configuration itself never changes.
    expect(
      (await lab.call('DescribeEndpointConfig', { EndpointConfigName: 'c2' })).ProductionVariants[1]
        .InitialVariantWeight,
    ).toBe(0);
  });

  it('refuses unknown variants and the capacity of two variants', async () => {
    await makeEndpoint(lab);
    await addGreen();
    await lab.run(11 * MINUTE);
    const change = (...changes: object[]) =>
      lab.refusal('UpdateEndpointWeightsAndCapacities', {
        EndpointName: 'demand',
        DesiredWeightsAndCapacities: changes,
      });
    expect((await change({ VariantName: 'red', DesiredWeight: 1 })).message).toContain('"red"');
    const two = [
      { VariantName: 'blue', DesiredInstanceCount: 2 },
      { VariantName: 'green', DesiredInstanceCount: 2 },
    ];
    expect((await change(...two)).message).toContain('only one variant');
  });

  it('provisions more instances more slowly than it changes weights', async () => {
    await makeEndpoint(lab);
    await lab.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'demand',
      DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredInstanceCount: 3 }],
    });
    await lab.run(3.9 * MINUTE);
    expect((await describeEndpoint(lab)).ProductionVariants[0]).toMatchObject({
      CurrentInstanceCount: 1,
      DesiredInstanceCount: 3,
    });
    await lab.run(7 * MINUTE);
    expect((await describeEndpoint(lab)).ProductionVariants[0]).toMatchObject({
      CurrentInstanceCount: 3,
      DesiredInstanceCount: 3,
    });
  });
});

describe('events and listings', () => {
  it('sends Endpoint State Change in upper snake case with epoch milliseconds and a map of tags', async () => {
    await makeModel(lab, 'm1');
    await makeConfig(lab, 'c1', [{ name: 'blue', model: 'm1', weight: 1 }]);
    await lab.call('CreateEndpoint', {
      EndpointName: 'Demand',
      EndpointConfigName: 'c1',
      Tags: [{ Key: 'team', Value: 'rides' }],
    });
    await lab.run(11 * MINUTE);
    const events = lab.cloud.events.filter((event) => event.detailType === 'SageMaker Endpoint State Change');
    expect(events.map((event) => event.detail['EndpointStatus'])).toEqual(['CREATING', 'IN_SERVICE']);
    expect(events[1]).toEqual({
      source: 'aws.sagemaker',
      detailType: 'SageMaker Endpoint State Change',
      resources: [ARN],
      detail: {
        EndpointName: 'Demand',
        EndpointArn: ARN,
        EndpointConfigName: 'c1',
        ProductionVariants: [
          { VariantName: 'blue', CurrentWeight: 1, DesiredWeight: 1, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
        ],
        EndpointStatus: 'IN_SERVICE',
        CreationTime: Date.UTC(2026, 0, 5),
        LastModifiedTime: expect.any(Number),
        Tags: { team: 'rides' },
      },
    });
    await lab.call('DeleteEndpoint', { EndpointName: 'Demand' });
    await lab.run(5 * MINUTE);
    const statuses = lab.details('SageMaker Endpoint State Change').map((detail) => detail['EndpointStatus']);
    expect(statuses).toEqual(['CREATING', 'IN_SERVICE', 'DELETING']);
  });

  it('lists newest first, filters by status and name, and pages', async () => {
    await makeModel(lab, 'm1');
    await makeConfig(lab, 'c1', [{ name: 'blue', model: 'm1', weight: 1 }]);
    for (const name of ['a-one', 'b-two', 'a-three']) {
      await lab.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: 'c1' });
      await lab.run(11 * MINUTE);
    }
    const names = (answer: { Endpoints: { EndpointName: string }[] }) =>
      answer.Endpoints.map((item) => item.EndpointName);
    expect(names(await lab.call('ListEndpoints', {}))).toEqual(['a-three', 'b-two', 'a-one']);
    expect(
      names(await lab.call('ListEndpoints', { NameContains: 'a-', SortBy: 'Name', SortOrder: 'Ascending' })),
    ).toEqual(['a-one', 'a-three']);
    expect(names(await lab.call('ListEndpoints', { StatusEquals: 'Creating' }))).toEqual([]);
    const first = await lab.call('ListEndpoints', { MaxResults: 2 });
    expect(names(await lab.call('ListEndpoints', { MaxResults: 2, NextToken: first.NextToken }))).toEqual(['a-one']);
  });

  it('adds, lists and deletes tags of known resources only', async () => {
    await makeEndpoint(lab);
    await lab.call('AddTags', {
      ResourceArn: ARN,
      Tags: [
        { Key: 'epoch', Value: '7' },
        { Key: 'team', Value: 'x' },
      ],
    });
    await lab.call('DeleteTags', { ResourceArn: ARN, TagKeys: ['team'] });
    expect(await lab.call('ListTags', { ResourceArn: ARN })).toEqual({ Tags: [{ Key: 'epoch', Value: '7' }] });
    expect((await lab.refusal('ListTags', { ResourceArn: `${ARN}x` })).code).toBe('ValidationException');
  });
});

describe('IAM', () => {
  it('names actions, lower-case ARNs, tags and passed roles', () => {
    const access = (operation: string, input: object) => lab.sagemaker.access(operation, input);
    expect(access('UpdateEndpoint', { EndpointName: 'Demand', EndpointConfigName: 'C2' })).toEqual([
      { action: 'sagemaker:UpdateEndpoint', resource: ARN },
      {
        action: 'sagemaker:UpdateEndpoint',
        resource: 'arn:aws:sagemaker:eu-central-1:111122223333:endpoint-config/c2',
      },
    ]);
    const role = 'arn:aws:iam::111122223333:role/x';
    expect(access('CreateModel', { ModelName: 'm', ExecutionRoleArn: role, Tags: [{ Key: 'a', Value: 'b' }] })).toEqual(
      [
        { action: 'sagemaker:CreateModel', resource: 'arn:aws:sagemaker:eu-central-1:111122223333:model/m' },
        { action: 'sagemaker:AddTags', resource: 'arn:aws:sagemaker:eu-central-1:111122223333:model/m' },
        { action: 'iam:PassRole', resource: role, conditionKeys: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      ],
    );
    expect(access('ListEndpoints', {})).toEqual([{ action: 'sagemaker:ListEndpoints', resource: '*' }]);
  });
});
