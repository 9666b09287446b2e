import { describe, expect, it } from '@jest/globals';
import { ROLE, type Runner, jsonata, newRunner, outputOf, seconds } from './machine-runner.ts';

const WAIT = jsonata('W', { W: { Type: 'Wait', Seconds: 10, End: true } });
const start = (runner: Runner, input: object): Promise<{ executionArn: string; startDate: Date }> =>
  runner.call('StartExecution', input);

describe('StartExecution', () => {
  it('is idempotent by name and input while the execution runs, and refuses the name afterwards', async () => {
    const runner = newRunner();
    const stateMachineArn = await runner.create(WAIT);
    const request = { stateMachineArn, name: 'run-1', input: '{"a":1}' };
    const first = await start(runner, request);
    await runner.cloud.kernel.runFor(5000);
    expect(await start(runner, request)).toEqual(first);
    await expect(start(runner, { ...request, input: '{"a":2}' })).rejects.toMatchObject({
      code: 'ExecutionAlreadyExists',
    });
    await runner.cloud.kernel.runFor(5000);
    await expect(start(runner, request)).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    expect(first.executionArn).toBe('arn:aws:states:eu-central-1:111122223333:execution:machine-1:run-1');
  });

  it('makes up names from the seed', async () => {
    const nameOf = async (seed: number): Promise<string> => {
      const runner = newRunner(seed);
      return (await start(runner, { stateMachineArn: await runner.create(WAIT) })).executionArn;
    };
    expect(await nameOf(1)).toBe(await nameOf(1));
    expect(await nameOf(1)).not.toBe(await nameOf(2));
  });

  it.each([
    [{ name: 'has space' }, 'InvalidName'],
    [{ name: 'x'.repeat(81) }, 'InvalidName'],
    [{ input: '{' }, 'InvalidExecutionInput'],
    [{ input: `"${'x'.repeat(262_143)}"` }, 'ValidationException'],
    [{ stateMachineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:none' }, 'StateMachineDoesNotExist'],
    [{ stateMachineArn: 'none' }, 'InvalidArn'],
  ])('refuses %j', async (wrong, code) => {
    const runner = newRunner();
    const stateMachineArn = await runner.create(WAIT);
    await expect(start(runner, { stateMachineArn, ...wrong })).rejects.toMatchObject({ code });
  });
});

describe('executions', () => {
  it('are listed newest first, by status', async () => {
    const runner = newRunner();
    const stateMachineArn = await runner.create(WAIT);
    for (const name of ['a', 'b', 'c']) await start(runner, { stateMachineArn, name });
    await runner.call('StopExecution', {
      executionArn: 'arn:aws:states:eu-central-1:111122223333:execution:machine-1:b',
    });
    const list = async (extra: object): Promise<string[]> => {
      const { executions } = await runner.call<{ executions: { name: string }[] }>('ListExecutions', {
        stateMachineArn,
        ...extra,
      });
      return executions.map(({ name }) => name);
    };
    expect(await list({})).toEqual(['c', 'b', 'a']);
    expect(await list({ statusFilter: 'ABORTED' })).toEqual(['b']);
    expect(await list({ statusFilter: 'RUNNING', maxResults: 1 })).toEqual(['c']);
  });

  it('time out with the TimeoutSeconds of the machine', async () => {
    const runner = newRunner();
    const ended = await runner.run({ ...WAIT, TimeoutSeconds: 4 });
    expect(ended).toMatchObject({ status: 'TIMED_OUT' });
    expect(seconds(ended)).toBe(4);
    expect((await runner.history(ended.executionArn)).at(-1)?.type).toBe('ExecutionTimedOut');
    expect(runner.cloud.kernel.clock.pending).toBe(0);
  });

  it('keep the revision with which they began', async () => {
    const runner = newRunner();
    const stateMachineArn = await runner.create(WAIT);
    const { executionArn } = await start(runner, { stateMachineArn, input: '"old"' });
    await runner.cloud.kernel.quiesce();
    const definition = JSON.stringify(jsonata('P', { P: { Type: 'Pass', Output: 'new', End: true } }));
    await runner.call('UpdateStateMachine', { stateMachineArn, definition });
    await runner.cloud.kernel.runFor(10_000);
    expect(outputOf(await runner.describe(executionArn))).toBe('old');
    const described = await runner.call('DescribeStateMachineForExecution', { executionArn });
    expect(described['definition']).toBe(JSON.stringify(WAIT));
    const second = await start(runner, { stateMachineArn });
    await runner.cloud.kernel.quiesce();
    expect(outputOf(await runner.describe(second.executionArn))).toBe('new');
  });

  it('emit events and metrics', async () => {
    const runner = newRunner();
    const ended = await runner.run(WAIT, { a: 1 });
    expect(runner.cloud.events.map(({ source, detail }) => [source, detail['status']])).toEqual([
      ['aws.states', 'RUNNING'],
      ['aws.states', 'SUCCEEDED'],
    ]);
    expect(runner.cloud.events[1]).toMatchObject({
      detailType: 'Step Functions Execution Status Change',
      resources: [ended.executionArn],
      detail: {
        name: expect.any(String),
        input: '{"a":1}',
        output: '{"a":1}',
        stopDate: Date.UTC(2026, 0, 5, 0, 0, 10),
      },
    });
    expect(runner.cloud.metrics.map(({ name, values }) => [name, values[0]])).toEqual([
      ['ExecutionsStarted', 1],
      ['ExecutionsSucceeded', 1],
      ['ExecutionTime', 10_000],
    ]);
    expect(runner.cloud.metrics[0]).toMatchObject({
      namespace: 'AWS/States',
      dimensions: { StateMachineArn: expect.stringContaining(':stateMachine:machine-1') },
    });
  });

  it('are logged when the machine says so', async () => {
    const runner = newRunner();
    const logGroupArn = 'arn:aws:logs:eu-central-1:111122223333:log-group:/machines/one:*';
    const loggingConfiguration = {
      level: 'ALL',
      includeExecutionData: true,
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
    };
    const stateMachineArn = await runner.create(WAIT, { loggingConfiguration });
    await start(runner, { stateMachineArn });
    await runner.cloud.kernel.runFor(10_000);
    expect(runner.cloud.logs.map(({ message }) => (JSON.parse(message) as { type: string }).type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateExited',
      'ExecutionSucceeded',
    ]);
    expect(runner.cloud.logs[0]).toMatchObject({
      logGroup: '/machines/one',
      logStream: 'states/machine-1/2026-01-05-00-00',
    });
    expect(await runner.call('DescribeStateMachine', { stateMachineArn })).toMatchObject({ loggingConfiguration });
  });
});

describe('state machines', () => {
  it('are created once, described, listed, tagged and deleted', async () => {
    const runner = newRunner();
    const stateMachineArn = await runner.create(WAIT, { name: 'one', tags: [{ key: 'k', value: 'v' }] });
    expect(await runner.create(WAIT, { name: 'one' })).toBe(stateMachineArn);
    const other = jsonata('P', { P: { Type: 'Pass', End: true } });
    await expect(runner.create(other, { name: 'one' })).rejects.toMatchObject({ code: 'StateMachineAlreadyExists' });
    expect(await runner.call('DescribeStateMachine', { stateMachineArn })).toMatchObject({
      name: 'one',
      status: 'ACTIVE',
      type: 'STANDARD',
      roleArn: ROLE,
    });
    expect(await runner.call('ListStateMachines', {})).toMatchObject({
      stateMachines: [{ stateMachineArn, name: 'one' }],
    });
    await runner.call('TagResource', { resourceArn: stateMachineArn, tags: [{ key: 'x', value: 'y' }] });
    await runner.call('UntagResource', { resourceArn: stateMachineArn, tagKeys: ['k'] });
    expect(await runner.call('ListTagsForResource', { resourceArn: stateMachineArn })).toEqual({
      tags: [{ key: 'x', value: 'y' }],
    });
    await runner.call('DeleteStateMachine', { stateMachineArn });
    await expect(runner.call('DescribeStateMachine', { stateMachineArn })).rejects.toMatchObject({
      code: 'StateMachineDoesNotExist',
    });
  });

  it.each([
    ['EXPRESS machines', { type: 'EXPRESS' }],
    ['versions', { publish: true }],
    ['customer keys', { encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY' } }],
  ])('refuse %s', async (_what, extra) => {
    await expect(newRunner().create(WAIT, extra)).rejects.toMatchObject({ code: 'UnsupportedFeature' });
  });
});

describe('access', () => {
  const { service } = newRunner();
  it.each([
    ['StartExecution', { stateMachineArn: 'm' }, [{ action: 'states:StartExecution', resource: 'm' }]],
    ['DescribeExecution', { executionArn: 'e' }, [{ action: 'states:DescribeExecution', resource: 'e' }]],
    ['SendTaskSuccess', { taskToken: 't' }, [{ action: 'states:SendTaskSuccess', resource: '*' }]],
    [
      'CreateStateMachine',
      { name: 'n', roleArn: ROLE },
      [
        { action: 'states:CreateStateMachine', resource: 'arn:aws:states:eu-central-1:111122223333:stateMachine:n' },
        { action: 'iam:PassRole', resource: ROLE, conditionKeys: { 'iam:PassedToService': 'states.amazonaws.com' } },
      ],
    ],
    ['UpdateStateMachine', { stateMachineArn: 'm' }, [{ action: 'states:UpdateStateMachine', resource: 'm' }]],
  ])('%s', (operation, input, expected) => {
    expect(service.access(operation, input)).toEqual(expected);
  });

  it('covers every operation', () => {
    for (const operation of Object.keys(service.operations))
      expect(service.access(operation, {})[0]?.action).toBe(`states:${operation}`);
  });
});
