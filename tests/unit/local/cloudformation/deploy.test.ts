import { describe, expect, it } from '@jest/globals';
import { newCloudFormation } from '../../../../local/cloudformation/service.ts';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { ROOT } from '../../../support/fake-cloud-context.ts';
import { getAtt, newRecordingCloud, ref, role } from './recording-cloud.ts';

const topic = (more: object = {}): object => ({ Type: 'AWS::SNS::Topic', ...more });
const ssm = (Value: unknown, more: object = {}): object => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Type: 'String', Value },
  ...more,
});

describe('the order of creation', () => {
  it('follows references and DependsOn, otherwise the template', async () => {
    const { deploy } = newRecordingCloud();
    const stack = await deploy({
      A: ssm({ 'Fn::Sub': '${C.TopicName}' }),
      B: ssm('b', { DependsOn: ['D'] }),
      C: topic(),
      D: ssm({ 'Fn::Join': ['', ['x', getAtt('C', 'TopicName')]] }, { DependsOn: 'A' }),
    });
    expect([...stack.resources.keys()]).toEqual(['C', 'A', 'D', 'B']);
  });

  it('names the circle when there is one', async () => {
    const { deploy, calls } = newRecordingCloud();
    const circle = { A: ssm(ref('B')), B: ssm(ref('C')), C: ssm('c', { DependsOn: 'B' }) };
    await expect(deploy(circle)).rejects.toThrow('Circular dependency between resources: [B, C]');
    expect(calls()).toEqual([]);
  });

  it('leaves out resources whose condition is false, and what only they need', async () => {
    const { deploy } = newRecordingCloud();
    const sections = { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } };
    const stack = await deploy(
      {
        A: topic({ Condition: 'Never' }),
        B: ssm({ 'Fn::If': ['Never', ref('A'), 'none'] }, { DependsOn: 'A' }),
      },
      { ...sections, Outputs: { A: { Value: ref('A'), Condition: 'Never' } } },
    );
    expect([...stack.resources.keys()]).toEqual(['B']);
    expect(stack.outputs.size).toBe(0);
    await expect(deploy({ A: topic({ Condition: 'Never' }), B: ssm(ref('A')) }, sections)).rejects.toThrow(
      'Unresolved resource dependencies [A]',
    );
  });
});

describe('names', () => {
  it('that are absent are generated, the same in every run, within the service’s limit', async () => {
    const names = async (): Promise<string[]> => {
      const { deploy } = newRecordingCloud();
      const stack = await deploy({
        Bucket: { Type: 'AWS::S3::Bucket' },
        AVeryLongLogicalIdThatGoesOnAndOnAndOnAndOnUntilItsEndIsNotInSight: role('lambda'),
        Fifo: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: 'true' } },
      });
      return [...stack.resources.values()].map(({ physicalId }) => physicalId);
    };
    const [bucket, roleName, queueUrl] = await names();
    expect(bucket).toMatch(/^swy-dev-bucket-[0-9a-f]{12}$/);
    expect(roleName).toMatch(/^swy-dev-AVeryLong.*-[0-9a-f]{12}$/);
    expect(roleName).toHaveLength(64);
    expect(queueUrl).toMatch(/\/swy-dev-Fifo-[0-9a-f]{12}\.fifo$/);
    expect(await names()).toEqual([bucket, roleName, queueUrl]);
  });
});

describe('what is not known', () => {
  it.each<[string, object, object, string]>([
    ['type', { Api: { Type: 'AWS::ApiGatewayV2::Api' } }, {}, "Api: resource type 'AWS::ApiGatewayV2::Api'"],
    ['type with a remedy', { E: { Type: 'AWS::SageMaker::Endpoint' } }, {}, 'rollouts make models and endpoints'],
    ['property', { T: topic({ Properties: { Colour: 'red' } }) }, {}, 'property T (AWS::SNS::Topic).Colour'],
    [
      'nested property',
      { B: { Type: 'AWS::S3::Bucket', Properties: { NotificationConfiguration: { LambdaConfigurations: [] } } } },
      {},
      'property B (AWS::S3::Bucket).NotificationConfiguration.LambdaConfigurations',
    ],
    [
      'value',
      { P: ssm('x'), L: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupClass: 'DELIVERY' } } },
      {},
      'L (AWS::Logs::LogGroup).LogGroupClass = "DELIVERY"',
    ],
    [
      'resource attribute',
      { T: topic({ UpdatePolicy: {} }) },
      {},
      "T (AWS::SNS::Topic): resource attribute 'UpdatePolicy'",
    ],
    ['section', { T: topic() }, { Transform: 'AWS::Serverless-2016-10-31' }, "template section 'Transform'"],
    [
      'parameter type',
      { T: topic() },
      { Parameters: { P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: 'x' } } },
      'parameter P of type',
    ],
  ])('is refused: %s', async (_, resources, sections, message) => {
    const { deploy } = newRecordingCloud();
    await expect(deploy(resources, sections)).rejects.toMatchObject({
      code: 'UnsupportedFeature',
      message: expect.stringContaining(message),
    });
  });

  it('is refused before anything is made', async () => {
    const { deploy, calls } = newRecordingCloud();
    await expect(deploy({ T: topic(), Api: { Type: 'AWS::Lambda::Url' } })).rejects.toThrow('AWS::Lambda::Url');
    await expect(deploy({ T: topic(), U: topic({ Properties: { Colour: 1 } }) })).rejects.toThrow('Colour');
    expect(calls()).toEqual([]);
  });
});

describe('a failure', () => {
  it('of a service names the resource and keeps the cause', async () => {
    const { deploy } = newRecordingCloud({
      'sns:CreateTopic': () => {
        throw new AwsError('InvalidParameter', 'Invalid parameter: Topic Name');
      },
    });
    await expect(deploy({ Alerts: topic() })).rejects.toMatchObject({
      name: 'ResourceCreationFailed',
      logicalId: 'Alerts',
      message: 'CREATE_FAILED Alerts (AWS::SNS::Topic): InvalidParameter: Invalid parameter: Topic Name',
      cause: { code: 'InvalidParameter' },
    });
  });
});

describe('the operator’s view', () => {
  it('lists stacks, resources and outputs', async () => {
    const { cloud, iam } = newRecordingCloud();
    const service = newCloudFormation(cloud, iam);
    const template = {
      Description: 'test',
      Parameters: { Stage: { Type: 'String', Default: 'dev' }, Token: { Type: 'String', NoEcho: true } },
      Resources: { T: topic({ Properties: { TopicName: 'alerts' } }) },
      Outputs: { Name: { Value: getAtt('T', 'TopicName'), Export: { Name: { 'Fn::Sub': '${AWS::StackName}-t' } } } },
    };
    await service.deploy(template, { stackName: 'swy', parameters: { Token: 'secret' } });
    expect(await service.operations.DescribeStacks!({ StackName: 'swy' }, ROOT)).toMatchObject({
      Stacks: [
        {
          StackName: 'swy',
          StackStatus: 'CREATE_COMPLETE',
          Parameters: [
            { ParameterKey: 'Stage', ParameterValue: 'dev' },
            { ParameterKey: 'Token', ParameterValue: '****' },
          ],
          Outputs: [{ OutputKey: 'Name', OutputValue: 'alerts', ExportName: 'swy-t' }],
        },
      ],
    });
    expect(await service.operations.ListStackResources!({ StackName: 'swy' }, ROOT)).toMatchObject({
      StackResourceSummaries: [
        { LogicalResourceId: 'T', PhysicalResourceId: 'arn:aws:sns:eu-central-1:111122223333:alerts' },
      ],
    });
    expect(() => service.operations.DescribeStacks!({ StackName: 'x' }, ROOT)).toThrow(
      'Stack with id x does not exist',
    );
    await expect(service.deploy(template, { stackName: 'swy' })).rejects.toMatchObject({
      code: 'AlreadyExistsException',
    });
    expect(cloud.calls.map(({ principal }) => principal)).toEqual([
      { kind: 'service', name: 'cloudformation.amazonaws.com' },
    ]);
  });
});
