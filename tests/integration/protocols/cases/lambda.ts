import { ACCOUNT, bytes, makeRole, refused, REGION, role, saved, type ServiceCases } from '../case.ts';

const functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:look`;
const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:jobs`;
const FunctionName = 'look';
const UUID = saved('UUID');

export const LAMBDA: ServiceCases = {
  service: 'lambda',
  prepare: async (cloud) => {
    await makeRole(cloud, 'function', 'lambda.amazonaws.com');
    await cloud.context.call('sqs', 'CreateQueue', { QueueName: 'jobs' }, { kind: 'root' });
  },
  cases: [
    {
      operation: 'CreateFunction',
      input: {
        FunctionName,
        Role: role('function'),
        Runtime: 'nodejs22.x',
        Handler: 'functions/look/main.handler',
        Code: { ZipFile: bytes('PK') },
        Environment: { Variables: { STAGE: 'dev' } },
        Timeout: 10,
        MemorySize: 256,
        Tags: { stage: 'dev' },
      },
      answer: {
        FunctionArn: functionArn,
        'Environment.Variables.STAGE': 'dev',
        LastModified: /^2026-01-05T/,
        Timeout: 10,
      },
    },
    {
      operation: 'GetFunction',
      afterMs: 60_000,
      input: { FunctionName },
      answer: { 'Configuration.FunctionName': FunctionName, 'Tags.stage': 'dev' },
    },
    { operation: 'GetFunctionConfiguration', input: { FunctionName }, answer: { MemorySize: 256, State: 'Active' } },
    { operation: 'ListFunctions', input: { MaxItems: 5 }, answer: { 'Functions.0.FunctionName': FunctionName } },
    {
      operation: 'UpdateFunctionConfiguration',
      input: { FunctionName, Timeout: 20, Environment: { Variables: { STAGE: 'prod' } } },
      answer: { Timeout: 20, 'Environment.Variables.STAGE': 'prod' },
    },
    { operation: 'TagResource', input: { Resource: functionArn, Tags: { team: 'ml' } }, answer: {} },
    { operation: 'ListTags', input: { Resource: functionArn }, answer: { 'Tags.team': 'ml' } },
    {
      operation: 'PutFunctionEventInvokeConfig',
      input: {
        FunctionName,
        MaximumRetryAttempts: 1,
        MaximumEventAgeInSeconds: 600,
        DestinationConfig: { OnFailure: { Destination: queueArn } },
      },
      answer: { MaximumRetryAttempts: 1, LastModified: Date },
    },
    {
      operation: 'GetFunctionEventInvokeConfig',
      input: { FunctionName },
      answer: { MaximumEventAgeInSeconds: 600, 'DestinationConfig.OnFailure.Destination': queueArn },
    },
    { operation: 'DeleteFunctionEventInvokeConfig', input: { FunctionName }, answer: {} },
    {
      operation: 'PutFunctionConcurrency',
      input: { FunctionName, ReservedConcurrentExecutions: 3 },
      answer: { ReservedConcurrentExecutions: 3 },
    },
    { operation: 'GetFunctionConcurrency', input: { FunctionName }, answer: { ReservedConcurrentExecutions: 3 } },
    { operation: 'DeleteFunctionConcurrency', input: { FunctionName }, answer: {} },
    {
      operation: 'AddPermission',
      input: {
        FunctionName,
        StatementId: 'events',
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/big`,
      },
      answer: { Statement: /"Sid":"events"/ },
    },
    { operation: 'GetPolicy', input: { FunctionName }, answer: { Policy: /events\.amazonaws\.com/ } },
    { operation: 'RemovePermission', input: { FunctionName, StatementId: 'events' }, answer: {} },
    {
      operation: 'Invoke',
      input: { FunctionName, Payload: bytes('{"n":1}'), LogType: 'Tail' },
      answer: { StatusCode: 200, Payload: Uint8Array, LogResult: /^[\w+/]+=*$/, ExecutedVersion: '$LATEST' },
    },
    {
      operation: 'Invoke',
      input: { FunctionName: functionArn, InvocationType: 'Event', Payload: bytes('{"n":1}') },
      answer: { StatusCode: 202 },
    },
    { operation: 'Invoke', input: { FunctionName, InvocationType: 'DryRun' }, answer: { StatusCode: 204 } },
    {
      operation: 'Invoke',
      input: { FunctionName, Payload: bytes('{"fail":true}') },
      answer: { StatusCode: 200, FunctionError: 'Unhandled' },
    },
    {
      operation: 'CreateEventSourceMapping',
      input: {
        FunctionName,
        EventSourceArn: queueArn,
        BatchSize: 5,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
      answer: { UUID: /-/, FunctionArn: functionArn, LastModified: Date },
      save: { UUID: 'UUID' },
    },
    {
      operation: 'GetEventSourceMapping',
      afterMs: 60_000,
      input: { UUID },
      answer: { State: 'Enabled', BatchSize: 5 },
    },
    {
      operation: 'ListEventSourceMappings',
      input: { EventSourceArn: queueArn, FunctionName },
      answer: { 'EventSourceMappings.0.EventSourceArn': queueArn },
    },
    { operation: 'UpdateEventSourceMapping', input: { UUID, BatchSize: 7 }, answer: { BatchSize: 7 } },
    { operation: 'DeleteEventSourceMapping', input: { UUID }, answer: { UUID: /-/ } },
    refused(
      'CreateFunction',
      { FunctionName, Role: role('function'), Runtime: 'nodejs22.x', Handler: 'a.b', Code: { ZipFile: bytes('PK') } },
      'ResourceConflictException',
      409,
      /Function already exist: look/,
    ),
    { operation: 'DeleteFunction', input: { FunctionName }, answer: {} },
    refused('GetFunction', { FunctionName }, 'ResourceNotFoundException', 404, /Function not found: arn:aws:lambda/),
    refused('Invoke', { FunctionName, Payload: bytes('{}') }, 'ResourceNotFoundException', 404, /Function not found/),
  ],
};
