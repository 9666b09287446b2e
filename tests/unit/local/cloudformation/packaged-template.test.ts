/** A reduced template with the shapes that `serverless package` (osls 4.3.1) writes, function by function. */
import { describe, expect, it } from '@jest/globals';
import { getAtt, newRecordingCloud, ref, role } from './recording-cloud.ts';

const join = (delimiter: string, ...parts: unknown[]): object => ({ 'Fn::Join': [delimiter, parts] });
const tags = [{ Key: 'team', Value: 'ml' }];

/** What osls writes for every service: its bucket, which needs TLS. */
function deploymentBucket(): object {
  const bucketArn = (suffix: string): object =>
    join('', 'arn:', ref('AWS::Partition'), ':s3:::', ref('ServerlessDeploymentBucket'), suffix);
  return {
    ServerlessDeploymentBucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      },
    },
    ServerlessDeploymentBucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref('ServerlessDeploymentBucket'),
        PolicyDocument: {
          Statement: [
            {
              Action: 's3:*',
              Effect: 'Deny',
              Principal: '*',
              Resource: [bucketArn('/*'), bucketArn('')],
              Condition: { Bool: { 'aws:SecureTransport': false } },
            },
          ],
        },
      },
    },
  };
}

/** What osls writes for a function with a role of its own, `eventBridge`, `sqs`, `stream` and `schedule` events. */
function onEventFunction(): object {
  const invoke = (Principal: string, SourceArn: unknown): object => ({
    Type: 'AWS::Lambda::Permission',
    Properties: {
      FunctionName: getAtt('OnEventLambdaFunction', 'Arn'),
      Action: 'lambda:InvokeFunction',
      Principal,
      SourceArn,
    },
  });
  return {
    OnEventLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: '/aws/lambda/swy-dev-onEvent', RetentionInDays: 14 },
    },
    OnEventLambdaFunction: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: {
          S3Bucket: ref('ServerlessDeploymentBucket'),
          S3Key: 'serverless/swy/dev/1767571200000-2026-01-05T00:00:00.000Z/onEvent.zip',
        },
        Handler: 'functions/on-event/main.handler',
        Runtime: 'nodejs22.x',
        FunctionName: 'swy-dev-onEvent',
        MemorySize: 512,
        Timeout: 10,
        Architectures: ['arm64'],
        Tags: tags,
        TracingConfig: { Mode: 'Active' },
        Environment: { Variables: { TABLE: ref('Table'), BUS: ref('Bus') } },
        Role: getAtt('OnEventRole', 'Arn'),
        ReservedConcurrentExecutions: 2,
      },
      DependsOn: ['OnEventLogGroup', 'OnEventRole'],
    },
    OnEventLambdaEvConf: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: ref('OnEventLambdaFunction'),
        DestinationConfig: { OnFailure: { Destination: getAtt('Dlq', 'Arn') } },
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds: 3600,
        MaximumRetryAttempts: 1,
      },
    },
    OnEventSchedulerSchedule1: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(5 minutes)',
        State: 'ENABLED',
        Target: { Arn: getAtt('OnEventLambdaFunction', 'Arn'), RoleArn: getAtt('OnEventRole', 'Arn') },
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpressionTimezone: 'Europe/Berlin',
      },
    },
    OnEventEventSourceMappingDynamodbTable: {
      Type: 'AWS::Lambda::EventSourceMapping',
      DependsOn: ['OnEventRole'],
      Properties: {
        BatchSize: 10,
        Enabled: true,
        EventSourceArn: getAtt('Table', 'StreamArn'),
        FunctionName: getAtt('OnEventLambdaFunction', 'Arn'),
        StartingPosition: 'LATEST',
        MaximumRetryAttempts: 3,
        BisectBatchOnFunctionError: true,
      },
    },
    OnEventEventSourceMappingSQSQueue: {
      Type: 'AWS::Lambda::EventSourceMapping',
      DependsOn: ['OnEventRole'],
      Properties: {
        BatchSize: 5,
        EventSourceArn: getAtt('Queue', 'Arn'),
        FunctionName: getAtt('OnEventLambdaFunction', 'Arn'),
        Enabled: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    SwydevonEventrule1EventBridgeRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventBusName: ref('Bus'),
        EventPattern: { source: ['swy'] },
        Name: 'swy-dev-onEvent-rule-1',
        State: 'ENABLED',
        Targets: [
          {
            Arn: getAtt('OnEventLambdaFunction', 'Arn'),
            Id: 'swy-dev-onEvent-rule-1-target',
            RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 3 },
            DeadLetterConfig: { Arn: getAtt('Dlq', 'Arn') },
          },
        ],
      },
    },
    OnEventEventBridgeLambdaPermission1: invoke(
      'events.amazonaws.com',
      join(
        ':',
        'arn',
        ref('AWS::Partition'),
        'events',
        ref('AWS::Region'),
        ref('AWS::AccountId'),
        join('/', 'rule', ref('Bus'), 'swy-dev-onEvent-rule-1'),
      ),
    ),
  };
}

/** What the `resources:` files add by hand, last in the template, so that order must come from references. */
function ownResources(): object {
  return {
    OnEventRole: role('lambda', 'scheduler'),
    MachineRole: role('states'),
    Table: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      },
    },
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'swy-dev-bus' } },
    Dlq: { Type: 'AWS::SQS::Queue' },
    Queue: { Type: 'AWS::SQS::Queue' },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'swy-dev-release',
        RoleArn: getAtt('MachineRole', 'Arn'),
        Definition: {
          QueryLanguage: 'JSONata',
          StartAt: 'Ask',
          States: { Ask: { Type: 'Task', Resource: '${OnEventArn}', TimeoutSeconds: 60, End: true } },
        },
        DefinitionSubstitutions: { OnEventArn: getAtt('OnEventLambdaFunction', 'Arn') },
      },
    },
  };
}

const OUTPUTS = {
  AWSTemplateFormatVersion: '2010-09-09',
  Description: 'The AWS CloudFormation template for this Serverless application',
  Outputs: {
    ServerlessDeploymentBucketName: {
      Value: ref('ServerlessDeploymentBucket'),
      Export: { Name: 'sls-swy-dev-ServerlessDeploymentBucketName' },
    },
    MachineArn: { Description: 'release', Value: ref('Machine') },
  },
};

async function deployed() {
  const recording = newRecordingCloud();
  const resources = { ...deploymentBucket(), ...onEventFunction(), ...ownResources() };
  const stack = await recording.deploy(resources, OUTPUTS);
  return { ...recording, stack, resources };
}

const LAMBDA_ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:swy-dev-onEvent';

describe('a packaged template', () => {
  it('is made completely, each resource after what it needs', async () => {
    const { stack, resources } = await deployed();
    const order = [...stack.resources.keys()];
    expect(new Set(order)).toEqual(new Set(Object.keys(resources)));
    const position = (id: string): number => order.indexOf(id);
    for (const need of ['OnEventLogGroup', 'OnEventRole', 'Table', 'Bus', 'ServerlessDeploymentBucket']) {
      expect(position(need)).toBeLessThan(position('OnEventLambdaFunction'));
    }
    expect(position('Dlq')).toBeLessThan(position('SwydevonEventrule1EventBridgeRule'));
    expect(position('OnEventLambdaFunction')).toBeLessThan(position('Machine'));
  });

  it('reaches the services with every reference resolved', async () => {
    const { stack, calls, inputsOf } = await deployed();
    expect(JSON.stringify(calls())).not.toMatch(/"Ref":|Fn::|\$\{/);
    const name = (id: string): string => stack.resources.get(id)!.physicalId;
    expect(inputsOf('lambda:CreateFunction')).toMatchObject([
      {
        Role: `arn:aws:iam::111122223333:role/${name('OnEventRole')}`,
        Code: { S3Bucket: name('ServerlessDeploymentBucket') },
        Environment: { Variables: { TABLE: name('Table'), BUS: 'swy-dev-bus' } },
      },
    ]);
    expect(inputsOf('lambda:AddPermission')).toMatchObject([
      { SourceArn: 'arn:aws:events:eu-central-1:111122223333:rule/swy-dev-bus/swy-dev-onEvent-rule-1' },
    ]);
    expect(inputsOf('lambda:CreateEventSourceMapping').map((input) => input.EventSourceArn)).toEqual([
      `arn:aws:dynamodb:eu-central-1:111122223333:table/${name('Table')}/stream/2026-01-05T00:00:00.000`,
      expect.stringMatching(/^arn:aws:sqs:eu-central-1:111122223333:swy-dev-Queue-[0-9a-f]{12}$/),
    ]);
    const [machine] = inputsOf('states:CreateStateMachine');
    expect(JSON.parse(machine!.definition as string)).toMatchObject({ States: { Ask: { Resource: LAMBDA_ARN } } });
  });

  it('gives its outputs', async () => {
    const { stack } = await deployed();
    expect(stack.outputs.get('MachineArn')).toEqual({
      value: 'arn:aws:states:eu-central-1:111122223333:stateMachine:swy-dev-release',
      description: 'release',
    });
    expect(stack.outputs.get('ServerlessDeploymentBucketName')).toEqual({
      value: stack.resources.get('ServerlessDeploymentBucket')!.physicalId,
      exportName: 'sls-swy-dev-ServerlessDeploymentBucketName',
    });
  });

  it('makes the same calls and the same trace at every run', async () => {
    const [first, second] = [await deployed(), await deployed()];
    expect(second.calls()).toEqual(first.calls());
    expect(second.cloud.kernel.traceDigest()).toEqual(first.cloud.kernel.traceDigest());
  });
});
