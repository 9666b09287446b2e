import { describe, expect, it } from '@jest/globals';
import { RESOURCE_TYPES } from '../../../../local/cloudformation/resource-types.ts';
import { rolePrincipal } from '../../../../local/kernel/service.ts';
import { getAtt, newRecordingCloud, ref, role } from './recording-cloud.ts';

const ACCOUNT = '111122223333';
const arn = (service: string, resource: string): string => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${resource}`;
const LAMBDA_ROLE = { Role: role('lambda') };
const policy = (Action: string, Resource: unknown = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});

/** Deploys one resource of this type and gives its calls, its Ref and its attributes. */
async function made(type: string, properties: object, others: object = {}) {
  const recording = newRecordingCloud();
  const stack = await recording.deploy({ ...others, X: { Type: type, Properties: properties } });
  const { physicalId, attributes } = stack.resources.get('X')!;
  return { ...recording, physicalId, attributes };
}

describe('IAM', () => {
  it('roles and policies are enforced from then on', async () => {
    const { iam, deploy } = newRecordingCloud();
    const judge = {
      ...role('lambda'),
      Properties: {
        ...(role('lambda') as { Properties: object }).Properties,
        RoleName: 'judge',
        Path: '/app/',
        Policies: [{ PolicyName: 'read', PolicyDocument: policy('dynamodb:GetItem', getAtt('Table', 'Arn')) }],
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess'],
        MaxSessionDuration: 7200,
        Tags: [{ Key: 'team', Value: 'ml' }],
      },
    };
    const stack = await deploy({
      Judge: judge,
      Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'rollouts' } },
      More: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'more', PolicyDocument: policy('sqs:SendMessage'), Roles: [ref('Judge')] },
      },
    });
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/app/judge`;
    expect(stack.resources.get('Judge')).toMatchObject({ physicalId: 'judge', attributes: { Arn: roleArn } });
    const may = (action: string, resource: string) => () =>
      iam.authorize(rolePrincipal(roleArn), [{ action, resource }], {});
    expect(may('dynamodb:GetItem', arn('dynamodb', 'table/rollouts'))).not.toThrow();
    expect(may('sqs:SendMessage', arn('sqs', 'q'))).not.toThrow();
    expect(may('xray:PutTraceSegments', '*')).not.toThrow();
    expect(may('dynamodb:PutItem', arn('dynamodb', 'table/rollouts'))).toThrow('not authorized');
  });

  it('a role’s name is used once', async () => {
    const named = (): object => ({
      Type: 'AWS::IAM::Role',
      Properties: { ...(role('lambda') as { Properties: object }).Properties, RoleName: 'judge' },
    });
    await expect(newRecordingCloud().deploy({ A: named(), B: named() })).rejects.toThrow(
      'Role with name judge already exists.',
    );
  });

  it.each<[string, object, string]>([
    ['AWS::Lambda::Function', { Role: getAtt('Wrong', 'Arn') }, 'cannot be assumed by Lambda'],
    [
      'AWS::StepFunctions::StateMachine',
      { RoleArn: getAtt('Wrong', 'Arn'), Definition: {} },
      'Neither the global service principal states.amazonaws.com',
    ],
    [
      'AWS::Scheduler::Schedule',
      { Target: { RoleArn: getAtt('Wrong', 'Arn') } },
      'must allow AWS EventBridge Scheduler',
    ],
    [
      'AWS::Events::Rule',
      { Targets: [{ Id: 'a', Arn: 'b', RoleArn: getAtt('Wrong', 'Arn') }] },
      "cannot be assumed by principal 'events.amazonaws.com'",
    ],
    [
      'AWS::SageMaker::Pipeline',
      { RoleArn: getAtt('Wrong', 'Arn'), PipelineDefinition: { PipelineDefinitionBody: '{}' } },
      "principal 'sagemaker.amazonaws.com'",
    ],
  ])('%s needs a role that trusts its service', async (Type, Properties, message) => {
    const { deploy } = newRecordingCloud();
    await expect(deploy({ Wrong: role('ec2'), X: { Type, Properties } })).rejects.toThrow(message);
  });
});

describe('Lambda', () => {
  it('functions have their environment as text and their concurrency set', async () => {
    const { calls, physicalId, attributes } = await made(
      'AWS::Lambda::Function',
      {
        FunctionName: 'swy-dev-judge',
        Handler: 'functions/judge/main.handler',
        Runtime: 'nodejs22.x',
        Role: getAtt('Role', 'Arn'),
        Code: { S3Bucket: 'deployment', S3Key: 'judge.zip' },
        Timeout: '30',
        MemorySize: 512,
        Environment: { Variables: { LIMIT: 5, DRY_RUN: false } },
        ReservedConcurrentExecutions: 2,
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        EphemeralStorage: { Size: 1024 },
        Tags: [{ Key: 'a', Value: 'b' }],
      },
      LAMBDA_ROLE,
    );
    expect(calls()).toEqual([
      [
        'lambda:CreateFunction',
        {
          FunctionName: 'swy-dev-judge',
          Handler: 'functions/judge/main.handler',
          Runtime: 'nodejs22.x',
          Role: expect.stringMatching(/^arn:aws:iam::111122223333:role\/swy-dev-Role-[0-9a-f]{12}$/),
          Code: { S3Bucket: 'deployment', S3Key: 'judge.zip' },
          Timeout: 30,
          MemorySize: 512,
          Environment: { Variables: { LIMIT: '5', DRY_RUN: 'false' } },
          Architectures: ['arm64'],
          TracingConfig: { Mode: 'Active' },
          Tags: { a: 'b' },
        },
      ],
      ['lambda:PutFunctionConcurrency', { FunctionName: 'swy-dev-judge', ReservedConcurrentExecutions: 2 }],
    ]);
    expect(physicalId).toBe('swy-dev-judge');
    expect(attributes).toEqual({ Arn: arn('lambda', 'function:swy-dev-judge') });
  });

  it('functions are waited for until they are Active, in virtual time', async () => {
    let asked = 0;
    const { cloud, deploy } = newRecordingCloud({
      'lambda:CreateFunction': () => ({ State: 'Pending' }),
      'lambda:GetFunctionConfiguration': () => ({ State: ++asked < 3 ? 'Pending' : 'Active' }),
    });
    const startMs = cloud.kernel.clock.now();
    await deploy({ ...LAMBDA_ROLE, F: { Type: 'AWS::Lambda::Function', Properties: { Role: getAtt('Role', 'Arn') } } });
    expect(cloud.kernel.clock.now() - startMs).toBe(3000);
  });

  it('permissions, mappings, invoke configurations and versions become calls', async () => {
    const { deploy, calls } = newRecordingCloud();
    const stack = await deploy({
      P: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: 'f',
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: 'arn:x',
        },
      },
      M: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: 'f',
          EventSourceArn: arn('sqs', 'q'),
          BatchSize: '5',
          Enabled: 'true',
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          FilterCriteria: { Filters: [{ Pattern: '{}' }] },
        },
      },
      I: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: 'f',
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: arn('sqs', 'dlq') } },
        },
      },
      V: { Type: 'AWS::Lambda::Version', DeletionPolicy: 'Retain', Properties: { FunctionName: 'f', CodeSha256: 'x' } },
    });
    expect(calls()).toEqual([
      [
        'lambda:AddPermission',
        {
          FunctionName: 'f',
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: 'arn:x',
          StatementId: expect.stringMatching(/^swy-dev-P-[0-9a-f]{12}$/),
        },
      ],
      [
        'lambda:CreateEventSourceMapping',
        {
          FunctionName: 'f',
          EventSourceArn: arn('sqs', 'q'),
          BatchSize: 5,
          Enabled: true,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          FilterCriteria: { Filters: [{ Pattern: '{}' }] },
        },
      ],
      [
        'lambda:PutFunctionEventInvokeConfig',
        {
          FunctionName: 'f',
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: arn('sqs', 'dlq') } },
        },
      ],
      ['lambda:PublishVersion', { FunctionName: 'f' }],
    ]);
    expect(stack.resources.get('M')!.physicalId).toBe('mapping-1');
    expect(stack.resources.get('V')!.physicalId).toBe(arn('lambda', 'function:f:1'));
  });
});

describe('DynamoDB', () => {
  it('tables get their stream and time to live once they are ACTIVE', async () => {
    let status = 'CREATING';
    const { cloud, deploy, calls } = newRecordingCloud({
      'dynamodb:CreateTable': (input) => ({ TableDescription: { TableName: input.TableName, TableStatus: status } }),
      'dynamodb:DescribeTable': (input) => ({
        Table: { TableName: input.TableName, TableStatus: (status = 'ACTIVE'), LatestStreamArn: 'arn:stream' },
      }),
    });
    const startMs = cloud.kernel.clock.now();
    const stack = await deploy({
      T: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'rollouts',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true },
        },
      },
    });
    expect(calls()).toEqual([
      [
        'dynamodb:CreateTable',
        {
          TableName: 'rollouts',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
          SSESpecification: { Enabled: true },
        },
      ],
      ['dynamodb:DescribeTable', { TableName: 'rollouts' }],
      [
        'dynamodb:UpdateTimeToLive',
        { TableName: 'rollouts', TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true } },
      ],
      [
        'dynamodb:UpdateContinuousBackups',
        { TableName: 'rollouts', PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
      ],
    ]);
    expect(cloud.kernel.clock.now() - startMs).toBe(1000);
    expect(stack.resources.get('T')!.attributes).toEqual({
      Arn: arn('dynamodb', 'table/rollouts'),
      StreamArn: 'arn:stream',
    });
  });
});

describe('EventBridge and Scheduler', () => {
  it('a rule on a custom bus has its pattern as text and its targets', async () => {
    const { calls, physicalId, attributes } = await made(
      'AWS::Events::Rule',
      {
        Name: 'on-registered',
        EventBusName: ref('Bus'),
        EventPattern: { source: ['aws.sagemaker'] },
        State: 'ENABLED',
        Targets: [
          {
            Id: 't',
            Arn: arn('lambda', 'function:f'),
            RetryPolicy: { MaximumRetryAttempts: '3', MaximumEventAgeInSeconds: 3600 },
            DeadLetterConfig: { Arn: arn('sqs', 'dlq') },
          },
        ],
      },
      { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'swy' } } },
    );
    expect(calls()).toEqual([
      ['events:CreateEventBus', { Name: 'swy' }],
      [
        'events:PutRule',
        { Name: 'on-registered', EventBusName: 'swy', EventPattern: '{"source":["aws.sagemaker"]}', State: 'ENABLED' },
      ],
      [
        'events:PutTargets',
        {
          Rule: 'on-registered',
          EventBusName: 'swy',
          Targets: [
            {
              Id: 't',
              Arn: arn('lambda', 'function:f'),
              RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600 },
              DeadLetterConfig: { Arn: arn('sqs', 'dlq') },
            },
          ],
        },
      ],
    ]);
    expect(physicalId).toBe('swy|on-registered');
    expect(attributes).toEqual({ Arn: arn('events', 'rule/swy/on-registered') });
  });

  it('a target that EventBridge refuses fails the stack', async () => {
    const { deploy } = newRecordingCloud({
      'events:PutTargets': () => ({
        FailedEntryCount: 1,
        FailedEntries: [{ TargetId: 't', ErrorCode: 'ManagedRuleException', ErrorMessage: 'no' }],
      }),
    });
    const rule = { Type: 'AWS::Events::Rule', Properties: { Targets: [{ Id: 't', Arn: 'arn:x' }] } };
    await expect(deploy({ Rule: rule })).rejects.toThrow(
      'CREATE_FAILED Rule (AWS::Events::Rule): ManagedRuleException: no',
    );
  });

  it('a bus policy is a permission', async () => {
    const Statement = { Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: '*' };
    const { calls } = await made('AWS::Events::EventBusPolicy', { EventBusName: 'swy', StatementId: 'all', Statement });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'all', ...Statement }] });
    expect(calls()).toEqual([['events:PutPermission', { EventBusName: 'swy', Policy }]]);
  });

  it('schedules name their group', async () => {
    const { inputsOf, attributes } = await made(
      'AWS::Scheduler::Schedule',
      {
        Name: 'sweep',
        GroupName: ref('Group'),
        ScheduleExpression: 'rate(1 minutes)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: arn('lambda', 'function:f'), RoleArn: getAtt('Role', 'Arn'), Input: '{}' },
      },
      { Role: role('scheduler'), Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'swy' } } },
    );
    expect(inputsOf('scheduler:CreateSchedule')).toMatchObject([{ Name: 'sweep', GroupName: 'swy' }]);
    expect(attributes).toEqual({ Arn: arn('scheduler', 'schedule/swy/sweep') });
  });
});

describe('Step Functions', () => {
  const machine = (properties: object) =>
    made(
      'AWS::StepFunctions::StateMachine',
      { StateMachineName: 'release', RoleArn: getAtt('Role', 'Arn'), ...properties },
      { Role: role('states'), Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts' } } },
    );

  it('the tokens of a definition are replaced, and configuration gets the API’s names', async () => {
    const { inputsOf, physicalId, attributes } = await machine({
      Definition: { States: { A: { Resource: '${TopicArn}', Comment: 'to ${TopicArn} at ${Stage}', Timeout: 5 } } },
      DefinitionSubstitutions: { TopicArn: ref('Topic'), Stage: 'dev' },
      LoggingConfiguration: {
        Level: 'ALL',
        IncludeExecutionData: true,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'arn:log' } }],
      },
      TracingConfiguration: { Enabled: true },
    });
    const topic = arn('sns', 'alerts');
    const [input] = inputsOf('states:CreateStateMachine');
    expect(input).toMatchObject({
      name: 'release',
      roleArn: expect.stringContaining(':role/'),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: 'arn:log' } }],
      },
      tracingConfiguration: { enabled: true },
    });
    expect(JSON.parse(input!.definition as string)).toEqual({
      States: { A: { Resource: topic, Comment: `to ${topic} at dev`, Timeout: 5 } },
    });
    expect(physicalId).toBe(arn('states', 'stateMachine:release'));
    expect(attributes).toMatchObject({ Arn: physicalId, Name: 'release' });
  });

  it('the tokens of a text are replaced anywhere, numbers too', async () => {
    const { inputsOf } = await machine({
      DefinitionString: '{"TimeoutSeconds": ${Seconds}}',
      DefinitionSubstitutions: { Seconds: 60 },
    });
    expect(inputsOf('states:CreateStateMachine')[0]!.definition).toBe('{"TimeoutSeconds": 60}');
  });

  it('a token without a substitution is refused', async () => {
    await expect(machine({ Definition: { Comment: '${Nobody}' }, DefinitionSubstitutions: {} })).rejects.toThrow(
      "the definition has '${Nobody}', but DefinitionSubstitutions has no 'Nobody'",
    );
  });
});

describe('SQS and SNS', () => {
  it('queues have text attributes, and policies are attributes', async () => {
    const { calls, attributes } = await made(
      'AWS::SQS::Queue',
      {
        QueueName: 'q',
        VisibilityTimeout: 60,
        RedrivePolicy: { deadLetterTargetArn: getAtt('Dlq', 'Arn'), maxReceiveCount: 3 },
        SqsManagedSseEnabled: true,
      },
      { Dlq: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dlq' } } },
    );
    expect(calls()[1]).toEqual([
      'sqs:CreateQueue',
      {
        QueueName: 'q',
        Attributes: {
          VisibilityTimeout: '60',
          SqsManagedSseEnabled: 'true',
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('sqs', 'dlq'), maxReceiveCount: 3 }),
        },
      },
    ]);
    const QueueUrl = `https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/q`;
    expect(attributes).toEqual({ Arn: arn('sqs', 'q'), QueueName: 'q', QueueUrl });
    const forPolicy = await made('AWS::SQS::QueuePolicy', {
      Queues: [QueueUrl],
      PolicyDocument: policy('sqs:SendMessage'),
    });
    expect(forPolicy.calls()).toEqual([
      ['sqs:SetQueueAttributes', { QueueUrl, Attributes: { Policy: JSON.stringify(policy('sqs:SendMessage')) } }],
    ]);
  });

  it('topics, subscriptions and topic policies become calls', async () => {
    const { deploy, calls } = newRecordingCloud();
    const stack = await deploy({
      T: {
        Type: 'AWS::SNS::Topic',
        Properties: { TopicName: 't', DisplayName: 'Alerts', Subscription: [{ Protocol: 'email', Endpoint: 'a@b.c' }] },
      },
      S: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: ref('T'),
          Protocol: 'lambda',
          Endpoint: 'arn:f',
          FilterPolicy: { a: ['b'] },
          RawMessageDelivery: true,
        },
      },
      P: { Type: 'AWS::SNS::TopicPolicy', Properties: { Topics: [ref('T')], PolicyDocument: policy('sns:Publish') } },
    });
    const TopicArn = arn('sns', 't');
    expect(calls()).toEqual([
      ['sns:CreateTopic', { Name: 't', Attributes: { DisplayName: 'Alerts' } }],
      ['sns:Subscribe', { TopicArn, Protocol: 'email', Endpoint: 'a@b.c', ReturnSubscriptionArn: true }],
      [
        'sns:Subscribe',
        {
          TopicArn,
          Protocol: 'lambda',
          Endpoint: 'arn:f',
          Attributes: { FilterPolicy: '{"a":["b"]}', RawMessageDelivery: 'true' },
          ReturnSubscriptionArn: true,
        },
      ],
      [
        'sns:SetTopicAttributes',
        { TopicArn, AttributeName: 'Policy', AttributeValue: JSON.stringify(policy('sns:Publish')) },
      ],
    ]);
    expect(stack.resources.get('S')!.physicalId).toBe(`${TopicArn}:subscription-1`);
  });
});

describe('S3', () => {
  it('a bucket’s configuration becomes one call each, with the API’s names', async () => {
    const { calls, attributes } = await made('AWS::S3::Bucket', {
      BucketName: 'audit',
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: { BlockPublicAcls: 'true' },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'old',
            Status: 'Enabled',
            Prefix: 'capture/',
            ExpirationInDays: '30',
            NoncurrentVersionExpirationInDays: 7,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            Transitions: [{ StorageClass: 'GLACIER', TransitionInDays: 10 }],
          },
        ],
      },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
      NotificationConfiguration: { EventBridgeConfiguration: {} },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    const Bucket = 'audit';
    expect(calls()).toEqual([
      [
        's3:CreateBucket',
        { Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' }, ObjectLockEnabledForBucket: true },
      ],
      ['s3:PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } }],
      [
        's3:PutBucketEncryption',
        {
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
        },
      ],
      ['s3:PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }],
      [
        's3:PutBucketLifecycleConfiguration',
        {
          Bucket,
          LifecycleConfiguration: {
            Rules: [
              {
                ID: 'old',
                Status: 'Enabled',
                Filter: { Prefix: 'capture/' },
                Expiration: { Days: 30 },
                NoncurrentVersionExpiration: { NoncurrentDays: 7 },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
                Transitions: [{ StorageClass: 'GLACIER', Days: 10 }],
              },
            ],
          },
        },
      ],
      [
        's3:PutObjectLockConfiguration',
        {
          Bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
          },
        },
      ],
      [
        's3:PutBucketNotificationConfiguration',
        { Bucket, NotificationConfiguration: { EventBridgeConfiguration: {} } },
      ],
    ]);
    expect(attributes).toMatchObject({
      Arn: 'arn:aws:s3:::audit',
      RegionalDomainName: 'audit.s3.eu-central-1.amazonaws.com',
    });
  });
});

describe('CloudWatch', () => {
  it('alarms, composites and dashboards become calls', async () => {
    const { deploy, calls } = newRecordingCloud();
    const stack = await deploy({
      A: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: 'errors',
          EvaluationPeriods: '3',
          Threshold: '0.5',
          ComparisonOperator: 'GreaterThanThreshold',
          Metrics: [
            { Id: 'rate', Expression: 'e / n', ReturnData: 'true' },
            {
              Id: 'e',
              ReturnData: false,
              MetricStat: {
                Metric: { Namespace: 'S', MetricName: 'E', Dimensions: [{ Name: 'model', Value: 'a' }] },
                Period: '60',
                Stat: 'Sum',
              },
            },
          ],
        },
      },
      C: {
        Type: 'AWS::CloudWatch::CompositeAlarm',
        Properties: { AlarmName: 'any', AlarmRule: { 'Fn::Sub': 'ALARM("${A}")' }, AlarmActions: ['arn:x'] },
      },
      D: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: { DashboardName: 'fleet', DashboardBody: '{"widgets":[]}' },
      },
    });
    expect(calls()).toEqual([
      [
        'monitoring:PutMetricAlarm',
        {
          AlarmName: 'errors',
          EvaluationPeriods: 3,
          Threshold: 0.5,
          ComparisonOperator: 'GreaterThanThreshold',
          Metrics: [
            { Id: 'rate', Expression: 'e / n', ReturnData: true },
            {
              Id: 'e',
              ReturnData: false,
              MetricStat: {
                Metric: { Namespace: 'S', MetricName: 'E', Dimensions: [{ Name: 'model', Value: 'a' }] },
                Period: 60,
                Stat: 'Sum',
              },
            },
          ],
        },
      ],
      ['monitoring:PutCompositeAlarm', { AlarmName: 'any', AlarmRule: 'ALARM("errors")', AlarmActions: ['arn:x'] }],
      ['monitoring:PutDashboard', { DashboardName: 'fleet', DashboardBody: '{"widgets":[]}' }],
    ]);
    expect(stack.resources.get('A')!.attributes).toEqual({ Arn: arn('cloudwatch', 'alarm:errors') });
  });
});

describe('SageMaker', () => {
  it('a pipeline’s definition is its body', async () => {
    const { inputsOf, physicalId } = await made(
      'AWS::SageMaker::Pipeline',
      {
        PipelineName: 'train',
        RoleArn: getAtt('Role', 'Arn'),
        PipelineDefinition: { PipelineDefinitionBody: { 'Fn::Sub': '{"Steps":[],"Region":"${AWS::Region}"}' } },
      },
      { Role: role('sagemaker') },
    );
    expect(inputsOf('sagemaker:CreatePipeline')).toEqual([
      {
        PipelineName: 'train',
        RoleArn: expect.stringContaining(':role/'),
        PipelineDefinition: '{"Steps":[],"Region":"eu-central-1"}',
        ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
    expect(physicalId).toBe('train');
  });

  it('a model package group is referred to by its ARN', async () => {
    const { calls, physicalId } = await made('AWS::SageMaker::ModelPackageGroup', {
      ModelPackageGroupName: 'demand',
      Tags: [{ Key: 'stage', Value: 'dev' }],
    });
    expect(calls()).toEqual([
      [
        'sagemaker:CreateModelPackageGroup',
        { ModelPackageGroupName: 'demand', Tags: [{ Key: 'stage', Value: 'dev' }] },
      ],
    ]);
    expect(physicalId).toBe(arn('sagemaker', 'model-package-group/demand'));
  });
});

describe('keys, parameters, secrets, logs', () => {
  it('become calls', async () => {
    const { deploy, calls } = newRecordingCloud();
    const stack = await deploy({
      K: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', Enabled: false } },
      A: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/sign', TargetKeyId: ref('K') } },
      P: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/swy/p', Type: 'String', Value: getAtt('K', 'Arn') } },
      L: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/x', RetentionInDays: 14 } },
      S: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 's', SecretString: 'x' } },
      B: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: 'b', PolicyDocument: { Version: '2012-10-17' } } },
    });
    expect(calls()).toEqual([
      ['kms:CreateKey', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }],
      ['kms:DisableKey', { KeyId: 'key-1' }],
      ['kms:CreateAlias', { AliasName: 'alias/sign', TargetKeyId: 'key-1' }],
      ['ssm:PutParameter', { Name: '/swy/p', Type: 'String', Value: arn('kms', 'key/key-1') }],
      ['logs:CreateLogGroup', { logGroupName: '/aws/x' }],
      ['logs:PutRetentionPolicy', { logGroupName: '/aws/x', retentionInDays: 14 }],
      ['secretsmanager:CreateSecret', { Name: 's', SecretString: 'x' }],
      ['s3:PutBucketPolicy', { Bucket: 'b', Policy: '{"Version":"2012-10-17"}' }],
    ]);
    expect(stack.resources.get('L')!.attributes).toEqual({ Arn: arn('logs', 'log-group:/aws/x:*') });
    expect(stack.resources.get('S')!.physicalId).toBe(arn('secretsmanager', 'secret:s-AbCdEf'));
  });

  it('a generated secret follows its rules and is the same in every run', async () => {
    const value = async (): Promise<string> => {
      const GenerateSecretString = {
        PasswordLength: 40,
        ExcludePunctuation: true,
        ExcludeCharacters: 'abc',
        SecretStringTemplate: '{"user":"slack"}',
        GenerateStringKey: 'token',
      };
      const { inputsOf } = await made('AWS::SecretsManager::Secret', { GenerateSecretString });
      return String(inputsOf('secretsmanager:CreateSecret')[0]!.SecretString);
    };
    const secret = JSON.parse(await value()) as { user: string; token: string };
    expect(secret.user).toBe('slack');
    expect(secret.token).toMatch(/^(?=.*[d-z])(?=.*[A-Z])(?=.*[0-9])[d-zA-Z0-9]{40}$/);
    expect(await value()).toBe(JSON.stringify(secret));
  });
});

describe('tags', () => {
  it('reach each service in the form of its API', async () => {
    const Tags = [{ Key: 'team', Value: 'ml' }];
    const { deploy, calls } = newRecordingCloud();
    const types: Record<string, object> = {
      'AWS::DynamoDB::Table': { TableName: 't' },
      'AWS::Events::EventBus': { Name: 'b' },
      'AWS::Events::Rule': { Name: 'r' },
      'AWS::KMS::Key': {},
      'AWS::Lambda::EventSourceMapping': {},
      'AWS::Lambda::Function': { Role: getAtt('Role', 'Arn') },
      'AWS::Logs::LogGroup': {},
      'AWS::S3::Bucket': { BucketName: 'b' },
      'AWS::Scheduler::ScheduleGroup': { Name: 'g' },
      'AWS::SecretsManager::Secret': { Name: 's' },
      'AWS::SNS::Topic': { TopicName: 't' },
      'AWS::SQS::Queue': { QueueName: 'q' },
      'AWS::StepFunctions::StateMachine': { RoleArn: getAtt('Role', 'Arn'), Definition: {} },
      'AWS::CloudWatch::Alarm': { AlarmName: 'a' },
      'AWS::CloudWatch::CompositeAlarm': { AlarmName: 'c' },
    };
    const resources = Object.entries(types).map(([Type, more], i) => [
      `R${i}`,
      { Type, Properties: { ...more, Tags } },
    ]);
    const parameter = { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x', Tags: { team: 'ml' } } };
    await deploy({ ...Object.fromEntries(resources), P: parameter, Role: role('lambda', 'states') });
    const tagsOf = ([name, input]: [string, Record<string, unknown>]): unknown[] => {
      const tagging = input.Tagging as { TagSet: unknown } | undefined;
      const tags = input.Tags ?? input.tags ?? tagging?.TagSet;
      return tags === undefined ? [] : [[name, tags]];
    };
    expect(calls().flatMap(tagsOf)).toEqual([
      ['dynamodb:CreateTable', Tags],
      ['events:CreateEventBus', Tags],
      ['events:PutRule', Tags],
      ['kms:CreateKey', [{ TagKey: 'team', TagValue: 'ml' }]],
      ['lambda:CreateEventSourceMapping', { team: 'ml' }],
      ['lambda:CreateFunction', { team: 'ml' }],
      ['logs:CreateLogGroup', { team: 'ml' }],
      ['s3:PutBucketTagging', Tags],
      ['scheduler:CreateScheduleGroup', Tags],
      ['secretsmanager:CreateSecret', Tags],
      ['sns:CreateTopic', Tags],
      ['sqs:CreateQueue', { team: 'ml' }],
      ['states:CreateStateMachine', [{ key: 'team', value: 'ml' }]],
      ['monitoring:PutMetricAlarm', Tags],
      ['monitoring:PutCompositeAlarm', Tags],
      ['ssm:PutParameter', Tags],
    ]);
  });
});

describe('properties without effect', () => {
  it('are a short list, each with its reason', () => {
    const listed = Object.entries(RESOURCE_TYPES).flatMap(([type, { withoutEffect }]) =>
      Object.keys(withoutEffect).map((name) => `${type.replace('AWS::', '')}.${name}`),
    );
    expect(listed).toEqual([
      'DynamoDB::Table.ContributorInsightsSpecification',
      'DynamoDB::Table.OnDemandThroughput',
      'DynamoDB::Table.WarmThroughput',
      'Events::EventBus.KmsKeyIdentifier',
      'KMS::Key.EnableKeyRotation',
      'KMS::Key.RotationPeriodInDays',
      'KMS::Key.PendingWindowInDays',
      'Lambda::Function.EphemeralStorage',
      'Lambda::Function.KmsKeyArn',
      'Lambda::EventSourceMapping.KmsKeyArn',
      'Lambda::Version.CodeSha256',
      'Logs::LogGroup.KmsKeyId',
      'Scheduler::Schedule.KmsKeyArn',
      'SecretsManager::Secret.KmsKeyId',
      'SNS::Topic.SignatureVersion',
      'SNS::Topic.TracingConfig',
      'SSM::Parameter.Tier',
      'StepFunctions::StateMachine.EncryptionConfiguration',
    ]);
  });
});
