/** Least privilege, read from the packaged template. */
import { describe, expect, it } from '@jest/globals';
import { packagedTemplate } from '../support/packaged-template.ts';
import {
  at,
  type Named,
  references,
  resourcesOf,
  rolesThatMay,
  statements,
  target,
  textOf,
  trustedService,
} from './reading.ts';

const template = packagedTemplate();
const roles = resourcesOf(template, 'AWS::IAM::Role');
const functions = resourcesOf(template, 'AWS::Lambda::Function');
const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
const allowed = statements(template);
const functionRole = (room: string): string =>
  `${room.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase())}Role`;

/** Actions for which IAM knows no resource (Service Authorization Reference), and those whose tokens name none. */
const KNOW_NO_RESOURCE = new Set([
  'cloudwatch:GetMetricData',
  'cloudwatch:PutMetricData',
  'ecr:GetAuthorizationToken',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'sagemaker:ListEndpointConfigs',
  'sagemaker:ListModels',
  'states:SendTaskHeartbeat',
  'states:SendTaskSuccess',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

describe('roles', () => {
  it('are all there', () => {
    expect(functions.length).toBeGreaterThanOrEqual(31);
    expect(machines).toHaveLength(3);
    expect(roles.length).toBeGreaterThanOrEqual(functions.length + machines.length);
  });

  /** Who acts under a role: functions and machines by name; a service by what hands the role over. */
  function usersOf(role: Named): string[] {
    const service = trustedService(role);
    if (service === 'lambda.amazonaws.com')
      return functions.filter(({ Properties }) => target(Properties['Role']) === role.id).map(({ id }) => id);
    if (service === 'states.amazonaws.com')
      return machines.filter(({ Properties }) => target(Properties['RoleArn']) === role.id).map(({ id }) => id);
    const others = Object.entries(template.Resources).filter(([id]) => id !== role.id);
    return others.some(([, resource]) => references(resource.Properties).has(role.id)) ? [service] : [];
  }

  it.each(roles.map((role) => [role.id, role] as const))('%s has exactly one user', (_id, role) => {
    expect(usersOf(role)).toHaveLength(1);
    expect(role.Properties['ManagedPolicyArns']).toBeUndefined();
  });

  it("are the functions' own", () => {
    for (const { id, Properties } of functions)
      expect(target(Properties['Role'])).toBe(id.replace(/LambdaFunction$/, 'Role'));
  });
});

describe('permissions', () => {
  it('name every action', () => {
    expect(allowed.length).toBeGreaterThan(100);
    expect(
      allowed.filter(({ actions }) => actions.length === 0 || actions.some((action) => action.includes('*'))),
    ).toEqual([]);
    expect(new Set(allowed.map(({ effect }) => effect))).toEqual(new Set(['Allow']));
  });

  it('name every resource where IAM knows one', () => {
    const everywhere = allowed.filter(({ resources }) => resources.includes('*'));
    const loose = everywhere.flatMap(({ role, actions }) => actions.map((action) => `${role} ${action}`));
    expect(loose.filter((each) => !KNOW_NO_RESOURCE.has(each.split(' ')[1]!))).toEqual([]);
    for (const { resources } of everywhere) expect(resources).toEqual(['*']);
  });

  it("stay within our own names: no bare '*' segment in the middle of an ARN", () => {
    const arns = allowed.flatMap(({ role, resources }) => resources.map((resource) => ({ role, resource })));
    const loose = arns.filter(({ role, resource }) => {
      const [, path = ''] = /:\$\{AWS::AccountId\}:(.*)$/.exec(resource) ?? [];
      // Jobs of a pipeline get their names from SageMaker, containers their log groups.
      return role !== 'TrainingRole' && role !== 'ServingRole' && /^[a-z-]+[:/]\*/.test(path);
    });
    expect(loose).toEqual([]);
  });

  it('let each function log and trace', () => {
    for (const { Properties } of functions) {
      const role = target(Properties['Role'])!;
      const own = allowed.filter((each) => each.role === role);
      const logs = own.find(({ actions }) => actions.includes('logs:PutLogEvents'));
      expect(logs?.actions).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
      expect(logs?.resources.join()).toContain(`:log-group:/aws/lambda/${String(Properties['FunctionName'])}:*`);
      expect(own.flatMap(({ actions }) => actions)).toEqual(
        expect.arrayContaining(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']),
      );
      expect(at(Properties['TracingConfig'], 'Mode')).toBe('Active');
    }
  });

  it('hand a role over to its own service only', () => {
    const passing = allowed.filter(({ actions }) => actions.includes('iam:PassRole'));
    expect(passing.length).toBeGreaterThanOrEqual(5);
    for (const { actions, resources, condition, role } of passing) {
      expect(actions).toEqual(['iam:PassRole']);
      expect(resources).toHaveLength(1);
      const passed = roles.find(
        ({ id, Properties }) =>
          resources[0] === `${id}.Arn` || resources[0]!.endsWith(`:role/${String(Properties['RoleName'])}`),
      );
      expect([role, passed?.id]).toEqual([role, expect.any(String)]);
      expect(condition).toEqual({ StringEquals: { 'iam:PassedToService': trustedService(passed!) } });
    }
  });
});

describe('only the right ones', () => {
  it.each<[action: string, rooms: readonly string[]]>([
    ['states:SendTaskSuccess', ['resume-wait']],
    ['states:SendTaskFailure', []],
    ['states:SendTaskHeartbeat', ['judge-rollout']],
    ['sagemaker:UpdateEndpoint', ['add-challenger', 'reconcile-endpoints', 'remove-challenger']],
    [
      'sagemaker:UpdateEndpointWeightsAndCapacities',
      [
        'fire-dead-man',
        'handle-guard-alarm',
        'reconcile-endpoints',
        'restore-champion',
        'shift-traffic',
        'stop-rollout',
        'sweep-rollouts',
      ],
    ],
    ['sagemaker:CreateEndpoint', ['add-challenger', 'deploy-staging']],
    ['sagemaker:DeleteEndpoint', ['deploy-staging', 'remove-staging', 'restore-champion', 'sweep-rollouts']],
    ['scheduler:CreateSchedule', ['judge-rollout', 'shift-traffic']],
    ['sagemaker:InvokeEndpoint', ['smoke-challenger', 'test-staging']],
    ['sagemaker:StartPipelineExecution', ['request-retraining']],
    ['sns:Publish', ['send-alert']],
    // Records expire or stay: nobody takes one away.
    ['dynamodb:DeleteItem', []],
    ['s3:DeleteObject', []],
    ['sagemaker:DeleteModelPackage', []],
  ])('may %s', (action, rooms) => {
    expect(rolesThatMay(template, action)).toEqual(rooms.map(functionRole).sort());
  });

  it('start executions: of the machine that they are for', () => {
    const starts = allowed.filter(({ actions }) => actions.includes('states:StartExecution'));
    expect(Object.fromEntries(starts.map(({ role, resources }) => [role, resources]))).toEqual({
      ModelReleaseRole: ['CanaryBlueGreenMachine'],
      StartReleaseRole: ['ModelReleaseMachine'],
      StartRollbackRole: ['RollbackModelMachine'],
    });
  });

  it('invoke functions: machines those that they call, schedules their own', () => {
    const resourcesFor = (role: string): string[] =>
      allowed
        .filter((each) => each.role === role && each.actions.includes('lambda:InvokeFunction'))
        .flatMap(({ resources }) => resources)
        .sort();
    for (const { id, Properties } of machines) {
      const called = Object.values(Properties['DefinitionSubstitutions'] as object).filter(
        (value) => at(value, 'Fn::GetAtt') !== undefined,
      );
      expect(resourcesFor(id.replace(/Machine$/, 'Role'))).toEqual(
        called.map((value) => `${target(value)}.Arn`).sort(),
      );
    }
    expect(resourcesFor('DeadManScheduleRole')).toEqual(['FireDeadManLambdaFunction.Arn']);
    expect(resourcesFor('RetrainingScheduleRole')).toEqual(['RequestRetrainingLambdaFunction.Arn']);
  });

  it('keep away from production endpoints when they work on staging', () => {
    const endpoints = ['RemoveStagingRole', 'DeployStagingRole'].flatMap((role) =>
      allowed
        .filter((each) => each.role === role && each.actions.some((action) => /(Create|Delete)Endpoint/.test(action)))
        .flatMap(({ resources }) => resources.map((resource) => `${role} ${resource.replace(/^.*AccountId\}:/, '')}`)),
    );
    expect(endpoints.length).toBeGreaterThan(2);
    expect(endpoints.filter((each) => !/-\*-staging(-\*)?$/.test(each))).toEqual([]);
  });
});

describe('a statement', () => {
  it('is read with its intrinsics', () => {
    const role = {
      Type: 'AWS::IAM::Role',
      Properties: {
        Policies: [
          {
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 's3:*', Resource: '*' },
                { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: { 'Fn::GetAtt': ['Dlq', 'Arn'] } },
                { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [{ 'Fn::Sub': '${Bucket.Arn}/raw/*' }] },
              ],
            },
          },
        ],
      },
    };
    const read = statements({ Resources: { LooseRole: role } });
    expect(read.map(({ actions, resources }) => [actions, resources])).toEqual([
      [['s3:*'], ['*']],
      [['sqs:SendMessage'], ['Dlq.Arn']],
      [['s3:GetObject'], ['${Bucket.Arn}/raw/*']],
    ]);
    expect([...references(role)]).toEqual(['Dlq', 'Bucket']);
    expect(() => textOf({ 'Fn::Join': [] })).toThrow('is no text');
  });
});
