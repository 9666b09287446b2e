/** A cloud whose services answer CloudFormation's calls with the least that AWS would, and a way to deploy into it. */
import { type DeployedStack, deployTemplate } from '../../../../local/cloudformation/deploy.ts';
import { type Iam, newIam } from '../../../../local/iam/service.ts';
import { type WireInput } from '../../../../local/kernel/service.ts';
import { type FakeCloudContext, newFakeCloudContext } from '../../../support/fake-cloud-context.ts';

const arn = (service: string, resource: string): string => `arn:aws:${service}:eu-central-1:111122223333:${resource}`;

type Answer = (input: WireInput) => object;

const ANSWERS: Readonly<Record<string, Answer>> = {
  'dynamodb:CreateTable': (input) => ({
    TableDescription: {
      TableName: input.TableName,
      TableStatus: 'ACTIVE',
      TableArn: arn('dynamodb', `table/${input.TableName}`),
      LatestStreamArn: arn('dynamodb', `table/${input.TableName}/stream/2026-01-05T00:00:00.000`),
    },
  }),
  'events:CreateEventBus': (input) => ({ EventBusArn: arn('events', `event-bus/${input.Name}`) }),
  'events:PutTargets': () => ({ FailedEntryCount: 0, FailedEntries: [] }),
  'kms:CreateKey': () => ({ KeyMetadata: { KeyId: 'key-1', Arn: arn('kms', 'key/key-1') } }),
  'lambda:CreateFunction': (input) => ({
    FunctionArn: arn('lambda', `function:${input.FunctionName}`),
    State: 'Active',
  }),
  'lambda:CreateEventSourceMapping': () => ({
    UUID: 'mapping-1',
    EventSourceMappingArn: arn('lambda', 'event-source-mapping:mapping-1'),
  }),
  'lambda:PublishVersion': (input) => ({
    Version: '1',
    FunctionArn: arn('lambda', `function:${input.FunctionName}:1`),
  }),
  'sagemaker:CreateModelPackageGroup': (input) => ({
    ModelPackageGroupArn: arn('sagemaker', `model-package-group/${input.ModelPackageGroupName}`),
  }),
  'scheduler:CreateSchedule': (input) => ({
    ScheduleArn: arn('scheduler', `schedule/${input.GroupName ?? 'default'}/${input.Name}`),
  }),
  'scheduler:CreateScheduleGroup': (input) => ({ ScheduleGroupArn: arn('scheduler', `schedule-group/${input.Name}`) }),
  'secretsmanager:CreateSecret': (input) => ({ ARN: arn('secretsmanager', `secret:${input.Name}-AbCdEf`) }),
  'sns:CreateTopic': (input) => ({ TopicArn: arn('sns', String(input.Name)) }),
  'sns:Subscribe': (input) => ({ SubscriptionArn: `${input.TopicArn}:subscription-1` }),
  'sqs:CreateQueue': (input) => ({
    QueueUrl: `https://sqs.eu-central-1.amazonaws.com/111122223333/${input.QueueName}`,
  }),
  'states:CreateStateMachine': (input) => ({ stateMachineArn: arn('states', `stateMachine:${input.name}`) }),
};

export interface RecordingCloud {
  readonly cloud: FakeCloudContext;
  readonly iam: Iam;
  /** Deploys these resources (and other sections) as stack `swy-dev`. */
  readonly deploy: (
    resources: object,
    sections?: object,
    parameters?: Record<string, string>,
  ) => Promise<DeployedStack>;
  /** The calls so far, as `service:Operation` and input. */
  readonly calls: () => [string, WireInput][];
  /** The inputs of the calls of one operation. */
  readonly inputsOf: (call: string) => WireInput[];
}

/** @param answers take the place of the usual ones, by `service:Operation` */
export function newRecordingCloud(answers: Readonly<Record<string, Answer>> = {}): RecordingCloud {
  const cloud = newFakeCloudContext();
  cloud.answer = (service, operation, input) =>
    (answers[`${service}:${operation}`] ?? ANSWERS[`${service}:${operation}`] ?? (() => ({})))(input);
  const iam = newIam(cloud);
  const calls = (): [string, WireInput][] =>
    cloud.calls.map(({ service, operation, input }) => [`${service}:${operation}`, input]);
  return {
    cloud,
    iam,
    calls,
    inputsOf: (call) => calls().flatMap(([name, input]) => (name === call ? [input] : [])),
    deploy: (resources, sections = {}, parameters = {}) =>
      cloud.kernel.settle(
        deployTemplate(cloud, { Resources: resources, ...sections }, { stackName: 'swy-dev', parameters, iam }),
      ),
  };
}

export const ref = (name: string): object => ({ Ref: name });
export const getAtt = (id: string, attribute: string): object => ({ 'Fn::GetAtt': [id, attribute] });

/** A role that these services may assume. */
export function role(...services: string[]): object {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: services.map((name) => `${name}.amazonaws.com`) },
            Action: ['sts:AssumeRole'],
          },
        ],
      },
    },
  };
}
