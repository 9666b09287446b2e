import { type Case, ACCOUNT, makeRole, refused, REGION, role, saved, type ServiceCases } from '../case.ts';

const arn = (path: string): string => `arn:aws:states:${REGION}:${ACCOUNT}:${path}`;
const roleArn = role('machine');
const stateMachineArn = arn('stateMachine:wait');
const machine = (States: object): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(States)[0], States });
const asks = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/asks`;
const ask = machine({
  Ask: {
    Type: 'Task',
    Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
    Arguments: { QueueUrl: asks, MessageBody: '{% $states.context.Task.Token %}' },
    TimeoutSeconds: 3600,
    HeartbeatSeconds: 600,
    End: true,
  },
});
const pass = machine({ Double: { Type: 'Pass', Output: '{% $states.input.n * 2 %}', End: true } });
const map = machine({
  Each: {
    Type: 'Map',
    Items: [1, 2],
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'One',
      States: { One: { Type: 'Pass', End: true } },
    },
    End: true,
  },
});
const waiting = (name: string): Case => ({
  operation: 'StartExecution',
  input: { stateMachineArn, name, input: '{"a":"größe"}' },
  answer: { executionArn: arn(`execution:wait:${name}`), startDate: Date },
});
const executionArn = arn('execution:wait:one');
/** The token that the machine has sent to the queue. */
const token: Case = {
  service: 'sqs',
  operation: 'ReceiveMessage',
  input: { QueueUrl: asks, WaitTimeSeconds: 5 },
  answer: { 'Messages.0.Body': /./ },
  save: { Token: 'Messages.0.Body' },
};

export const STEPFUNCTIONS: ServiceCases = {
  service: 'states',
  prepare: async (cloud) => {
    await makeRole(cloud, 'machine', 'states.amazonaws.com');
    await cloud.context.call('sqs', 'CreateQueue', { QueueName: 'asks' }, { kind: 'root' });
  },
  cases: [
    {
      operation: 'ValidateStateMachineDefinition',
      input: { definition: ask, type: 'STANDARD' },
      answer: { result: 'OK' },
    },
    {
      operation: 'CreateStateMachine',
      input: { name: 'wait', roleArn, definition: ask, tags: [{ key: 'stage', value: 'dev' }] },
      answer: { stateMachineArn, creationDate: Date },
    },
    {
      operation: 'CreateStateMachine',
      input: { name: 'map', roleArn, definition: map },
      answer: { stateMachineArn: arn('stateMachine:map') },
    },
    {
      operation: 'UpdateStateMachine',
      input: { stateMachineArn, definition: ask, roleArn },
      answer: { updateDate: Date },
    },
    {
      operation: 'DescribeStateMachine',
      input: { stateMachineArn },
      answer: { definition: ask, status: 'ACTIVE', creationDate: Date },
    },
    {
      operation: 'ListStateMachines',
      input: { maxResults: 1 },
      answer: { 'stateMachines.0.name': /map|wait/, nextToken: /./ },
    },
    {
      operation: 'TagResource',
      input: { resourceArn: stateMachineArn, tags: [{ key: 'team', value: 'ml' }] },
      answer: {},
    },
    { operation: 'UntagResource', input: { resourceArn: stateMachineArn, tagKeys: ['stage'] }, answer: {} },
    { operation: 'ListTagsForResource', input: { resourceArn: stateMachineArn }, answer: { 'tags.0.key': 'team' } },
    waiting('one'),
    {
      operation: 'DescribeExecution',
      afterMs: 1_000,
      input: { executionArn },
      answer: { status: 'RUNNING', startDate: Date, input: '{"a":"größe"}' },
    },
    token,
    { operation: 'SendTaskHeartbeat', input: { taskToken: saved('Token') }, answer: {} },
    { operation: 'SendTaskSuccess', input: { taskToken: saved('Token'), output: '{"ok":true}' }, answer: {} },
    {
      operation: 'DescribeExecution',
      afterMs: 1_000,
      input: { executionArn },
      answer: { status: 'SUCCEEDED', output: '{"ok":true}', stopDate: Date },
    },
    {
      operation: 'GetExecutionHistory',
      input: { executionArn, maxResults: 5 },
      answer: { 'events.0.type': 'ExecutionStarted', 'events.0.timestamp': Date, nextToken: /./ },
    },
    {
      operation: 'DescribeStateMachineForExecution',
      input: { executionArn },
      answer: { stateMachineArn, definition: ask },
    },
    waiting('two'),
    token,
    {
      operation: 'SendTaskFailure',
      input: { taskToken: saved('Token'), error: 'Refused', cause: 'a human' },
      answer: {},
    },
    {
      operation: 'DescribeExecution',
      afterMs: 1_000,
      input: { executionArn: arn('execution:wait:two') },
      answer: { status: 'FAILED', error: 'Refused', cause: 'a human' },
    },
    waiting('three'),
    {
      operation: 'StopExecution',
      input: { executionArn: arn('execution:wait:three'), error: 'Operator', cause: 'stop' },
      answer: { stopDate: Date },
    },
    {
      operation: 'ListExecutions',
      input: { stateMachineArn, statusFilter: 'ABORTED' },
      answer: { 'executions.0.name': 'three', 'executions.0.startDate': Date },
    },
    refused(
      'RedriveExecution',
      { executionArn, clientToken: 'again-1' },
      'UnsupportedFeature',
      501,
      /RedriveExecution/,
    ),
    {
      operation: 'StartExecution',
      input: { stateMachineArn: arn('stateMachine:map'), name: 'four' },
      answer: { executionArn: arn('execution:map:four') },
    },
    {
      operation: 'ListMapRuns',
      afterMs: 10_000,
      input: { executionArn: arn('execution:map:four') },
      answer: { 'mapRuns.0.mapRunArn': /mapRun/, 'mapRuns.0.startDate': Date },
      save: { MapRun: 'mapRuns.0.mapRunArn' },
    },
    {
      operation: 'DescribeMapRun',
      input: { mapRunArn: saved('MapRun') },
      answer: { status: 'SUCCEEDED', 'itemCounts.succeeded': 2 },
    },
    {
      operation: 'TestState',
      input: {
        definition: JSON.stringify({
          QueryLanguage: 'JSONata',
          Type: 'Pass',
          Output: '{% $states.input.n * 2 %}',
          End: true,
        }),
        roleArn,
        input: '{"n":4}',
      },
      answer: { status: 'SUCCEEDED', output: '8' },
    },
    refused(
      'CreateStateMachine',
      { name: 'bad', roleArn, definition: '{}' },
      'InvalidDefinition',
      400,
      /Invalid State Machine Definition/,
    ),
    refused(
      'StartExecution',
      { stateMachineArn: arn('stateMachine:none') },
      'StateMachineDoesNotExist',
      400,
      /State Machine Does Not Exist/,
    ),
    refused('SendTaskSuccess', { taskToken: 'garbage', output: '{}' }, 'InvalidToken', 400, /Invalid Token/),
    { operation: 'DeleteStateMachine', input: { stateMachineArn }, answer: {} },
    {
      operation: 'ValidateStateMachineDefinition',
      input: { definition: pass.replace('"End":true', '"Next":"None"') },
      answer: { result: 'FAIL', 'diagnostics.0.severity': 'ERROR' },
    },
  ],
};
