/** The model registry: versions, approval, metadata rules, events, and what may be deployed from it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IMAGE, type Laboratory, MINUTE, newLaboratory, ROLE } from './laboratory.ts';

const GROUP = 'demand-forecast';
const ARN = `arn:aws:sagemaker:eu-central-1:111122223333:model-package/${GROUP}`;
const SPECIFICATION = {
  Containers: [
    {
      Image: IMAGE,
      ModelDataSource: { S3DataSource: { S3Uri: 's3://models/v1/', S3DataType: 'S3Prefix', CompressionType: 'None' } },
      Environment: { LEVEL: '1' },
    },
  ],
  SupportedContentTypes: ['application/jsonlines'],
};

let lab: Laboratory;
beforeEach(async () => {
  lab = newLaboratory();
  await lab.call('CreateModelPackageGroup', { ModelPackageGroupName: GROUP });
});
afterEach(() => lab.close());

const register = (more: object = {}) =>
  lab.call('CreateModelPackage', { ModelPackageGroupName: GROUP, InferenceSpecification: SPECIFICATION, ...more });
const describePackage = (version: number) =>
  lab.call('DescribeModelPackage', { ModelPackageName: `${ARN}/${version}` });

describe('versions', () => {
  it('numbers packages, pending by default, and never gives a number twice', async () => {
    expect(await register()).toEqual({ ModelPackageArn: `${ARN}/1` });
    await register({ ModelApprovalStatus: 'Approved' });
    await lab.call('DeleteModelPackage', { ModelPackageName: `${ARN}/2` });
    expect(await register()).toEqual({ ModelPackageArn: `${ARN}/3` });
    expect(await describePackage(1)).toMatchObject({
      ModelPackageGroupName: GROUP,
      ModelPackageVersion: 1,
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: 'PendingManualApproval',
      InferenceSpecification: SPECIFICATION,
    });
    expect((await lab.refusal('DescribeModelPackage', { ModelPackageName: `${ARN}/2` })).message).toBe(
      `ModelPackage ${ARN}/2 does not exist.`,
    );
  });

  it('makes one package per ClientToken, and refuses the token with other parameters', async () => {
    const first = await register({ ClientToken: 'token-1' });
    expect(await register({ ClientToken: 'token-1' })).toEqual(first);
    const refused = await lab.refusal('CreateModelPackage', { ModelPackageGroupName: GROUP, ClientToken: 'token-1' });
    expect(refused.message).toContain("'token-1'");
    expect(
      (await lab.call('ListModelPackages', { ModelPackageGroupName: GROUP })).ModelPackageSummaryList,
    ).toHaveLength(1);
  });

  it('lists by group, status and order', async () => {
    for (const status of ['Approved', 'Rejected', 'Approved']) {
      await register({ ModelApprovalStatus: status });
      await lab.run(1000);
    }
    const versions = async (input: object) =>
      (await lab.call('ListModelPackages', { ModelPackageGroupName: GROUP, ...input })).ModelPackageSummaryList.map(
        (item: { ModelPackageVersion: number }) => item.ModelPackageVersion,
      );
    expect(await versions({})).toEqual([1, 2, 3]);
    expect(await versions({ ModelApprovalStatus: 'Approved', SortOrder: 'Descending' })).toEqual([3, 1]);
    expect(await versions({ CreationTimeAfter: Date.UTC(2026, 0, 5) / 1000 + 0.5, MaxResults: 1 })).toEqual([2]);
    expect((await lab.call('ListModelPackages', {})).ModelPackageSummaryList).toEqual([]);
  });

  it('refuses to delete a group with versions, an unknown group and a second group of a name', async () => {
    await register();
    expect((await lab.refusal('DeleteModelPackageGroup', { ModelPackageGroupName: GROUP })).code).toBe(
      'ConflictException',
    );
    expect((await lab.refusal('CreateModelPackageGroup', { ModelPackageGroupName: GROUP })).message).toContain(
      'already exists',
    );
    expect((await lab.refusal('CreateModelPackage', { ModelPackageGroupName: 'nope' })).message).toBe(
      'ModelPackageGroup arn:aws:sagemaker:eu-central-1:111122223333:model-package-group/nope does not exist.',
    );
    await lab.call('DeleteModelPackage', { ModelPackageName: `${GROUP}/1` });
    await lab.call('DeleteModelPackageGroup', { ModelPackageGroupName: GROUP });
    expect((await lab.call('ListModelPackageGroups', {})).ModelPackageGroupSummaryList).toEqual([]);
  });
});

describe('metadata', () => {
  it.each([
    ['a comma', { k: 'a,b' }],
    ['JSON', { k: '{"a":1}' }],
    ['an empty value', { k: '' }],
    ['257 characters', { k: 'x'.repeat(257) }],
    ['a long key', { ['x'.repeat(129)]: 'v' }],
    ['51 keys', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']))],
  ])('refuses %s in CustomerMetadataProperties', async (_what, properties) => {
    const refused = await lab.refusal('CreateModelPackage', {
      ModelPackageGroupName: GROUP,
      CustomerMetadataProperties: properties,
    });
    expect(refused.code).toBe('ValidationException');
    expect(refused.message).toContain("at 'customerMetadataProperties");
  });

  it('merges and removes customer metadata', async () => {
    await register({ CustomerMetadataProperties: { data: 's3://b/k', digest: 'sha256:ab', old: 'x y_z' } });
    await lab.call('UpdateModelPackage', {
      ModelPackageArn: `${ARN}/1`,
      CustomerMetadataProperties: { digest: 'sha256:cd', rollout: 'r-1' },
      CustomerMetadataPropertiesToRemove: ['old'],
    });
    expect((await describePackage(1)).CustomerMetadataProperties).toEqual({
      data: 's3://b/k',
      digest: 'sha256:cd',
      rollout: 'r-1',
    });
  });

  it('refuses stages with blanks or underscores, tags on versions, and S3 prefixes without a slash', async () => {
    const refusal = async (more: object) =>
      (await lab.refusal('CreateModelPackage', { ModelPackageGroupName: GROUP, ...more })).message;
    expect(await refusal({ ModelLifeCycle: { Stage: 'in canary', StageStatus: 'Active' } })).toContain(
      "'modelLifeCycle.stage'",
    );
    expect(await refusal({ ModelLifeCycle: { Stage: 'Canary' } })).toContain("'modelLifeCycle.stageStatus'");
    expect(await refusal({ Tags: [{ Key: 'a', Value: 'b' }] })).toContain('Tags cannot be set');
    const source = { S3DataSource: { S3Uri: 's3://models/v1', S3DataType: 'S3Prefix', CompressionType: 'None' } };
    const specification = { Containers: [{ Image: IMAGE, ModelDataSource: source }] };
    expect(await refusal({ InferenceSpecification: specification })).toContain('must end with a forward slash');
    expect(await refusal({ ModelMetrics: { Fairness: {} } })).toContain(
      'UnsupportedFeature: CreateModelPackage.ModelMetrics.Fairness',
    );
  });
});

describe('events', () => {
  it('has no UpdatedModelPackageFields on creation and names the changed fields on updates', async () => {
    const generatedBy = 'arn:aws:sagemaker:eu-central-1:111122223333:pipeline/p/execution/abc';
    await register({ MetadataProperties: { GeneratedBy: generatedBy } });
    await lab.run(MINUTE);
    await lab.call('UpdateModelPackage', {
      ModelPackageArn: `${ARN}/1`,
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'ada: better on holidays',
    });
    await lab.run(MINUTE);
    await lab.call('UpdateModelPackage', {
      ModelPackageArn: `${ARN}/1`,
      ModelLifeCycle: { Stage: 'Canary', StageStatus: 'Running' },
      CustomerMetadataProperties: { rollout: 'r-1' },
    });
    await lab.run(MINUTE);
    const [created, approved, annotated] = lab.cloud.events;
    expect(created).toMatchObject({
      source: 'aws.sagemaker',
      detailType: 'SageMaker Model Package State Change',
      resources: [`${ARN}/1`],
      detail: {
        ModelPackageGroupName: GROUP,
        ModelPackageVersion: 1,
        ModelPackageArn: `${ARN}/1`,
        CreationTime: '2026-01-05T00:00:00Z',
        ModelPackageStatus: 'Completed',
        ModelApprovalStatus: 'PendingManualApproval',
        CertifyForMarketplace: false,
        MetadataProperties: { GeneratedBy: generatedBy },
        InferenceSpecification: SPECIFICATION,
      },
    });
    expect(created!.detail).not.toHaveProperty('UpdatedModelPackageFields');
    expect(approved!.detail).toMatchObject({
      ModelApprovalStatus: 'Approved',
      UpdatedModelPackageFields: ['ModelApprovalStatus', 'ApprovalDescription'],
      LastModifiedTime: '2026-01-05T00:01:00Z',
    });
    expect(annotated!.detail).toMatchObject({
      ModelApprovalStatus: 'Approved',
      UpdatedModelPackageFields: ['CustomerMetadataProperties', 'ModelLifeCycle'],
      ModelLifeCycle: { Stage: 'Canary', StageStatus: 'Running' },
    });
  });
});

describe('deployment', () => {
  const createModel = {
    ModelName: 'm',
    ExecutionRoleArn: ROLE,
    PrimaryContainer: { ModelPackageName: `${ARN}/1`, Environment: { EXTRA: '2' } },
  };

  it('makes a model of an approved package only', async () => {
    await register();
    const refused = await lab.refusal('CreateModel', createModel);
    expect(refused.code).toBe('ValidationException');
    expect(refused.message).toContain('approval status is PendingManualApproval');
    await lab.call('UpdateModelPackage', { ModelPackageArn: `${ARN}/1`, ModelApprovalStatus: 'Approved' });
    await lab.call('CreateModel', createModel);
    expect(await lab.call('DescribeModel', { ModelName: 'm' })).toMatchObject({
      PrimaryContainer: { ModelPackageName: `${ARN}/1` },
    });
    lab.objects.set('models/v1/model.onnx', 'weights');
    await lab.call('CreateEndpointConfig', {
      EndpointConfigName: 'c',
      ProductionVariants: [
        { VariantName: 'blue', ModelName: 'm', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' },
      ],
    });
    await lab.call('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'c' });
    await lab.run(11 * MINUTE);
    await lab.sagemaker.sendTraffic('e', [{ body: Buffer.from('{}') }]);
    expect(lab.invocations[0]?.environment).toEqual({ LEVEL: '1', EXTRA: '2' });
    const fetched = lab.cloud.calls.find((call) => call.operation === 'GetObject');
    expect(fetched?.principal).toMatchObject({ kind: 'role', arn: ROLE, roleName: 'sagemaker-execution' });
  });

  it('refuses multi-model containers, chains of containers and models without a role', async () => {
    const base = { ModelName: 'x', ExecutionRoleArn: ROLE };
    expect(
      (await lab.refusal('CreateModel', { ...base, PrimaryContainer: { Image: IMAGE, Mode: 'MultiModel' } })).code,
    ).toBe('UnsupportedFeature');
    expect((await lab.refusal('CreateModel', { ...base, Containers: [{ Image: IMAGE }, { Image: IMAGE }] })).code).toBe(
      'UnsupportedFeature',
    );
    expect(
      (await lab.refusal('CreateModel', { ModelName: 'x', PrimaryContainer: { Image: IMAGE } })).message,
    ).toContain('ExecutionRoleArn');
  });
});
