import { describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { type Runner, jsonata, newRunner, outputOf, seconds } from './machine-runner.ts';

const TRAIN = 'arn:aws:states:::sagemaker:createTrainingJob.sync';
const train = (extra: object = {}): object => ({
  Type: 'Task',
  Resource: TRAIN,
  Arguments: { TrainingJobName: 'job' },
  End: true,
  ...extra,
});

/** A job that ends after some time. */
function job(runner: Runner, afterMs: number, status: string): void {
  const { clock } = runner.cloud.kernel;
  let startedMs = 0;
  runner.cloud.answer = (_service, operation) => {
    if (operation === 'CreateTrainingJob') {
      startedMs = clock.now();
      return { TrainingJobArn: 'arn' };
    }
    if (operation === 'StopTrainingJob') return {};
    const over = clock.now() - startedMs >= afterMs;
    return {
      TrainingJobName: 'job',
      TrainingJobStatus: over ? status : 'InProgress',
      CreationTime: new Date(startedMs),
    };
  };
}

describe('.sync of SageMaker jobs', () => {
  it('waits for the end of the job and answers with its description', async () => {
    const runner = newRunner();
    job(runner, 100_000, 'Completed');
    const ended = await runner.run(jsonata('T', { T: train() }));
    expect(outputOf(ended)).toEqual({
      TrainingJobName: 'job',
      TrainingJobStatus: 'Completed',
      CreationTime: Date.UTC(2026, 0, 5),
    });
    expect(seconds(ended)).toBe(120);
    const types = (await runner.history(ended.executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Task'))).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  it.each(['Failed', 'Stopped'])('fails with States.TaskFailed when the job is %s', async (status) => {
    const runner = newRunner();
    job(runner, 0, status);
    const ended = await runner.run(jsonata('T', { T: train() }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(JSON.parse(ended.cause!)).toMatchObject({ TrainingJobStatus: status });
  });

  it('polls on while the service throttles', async () => {
    const runner = newRunner();
    job(runner, 30_000, 'Completed');
    const answer = runner.cloud.answer;
    let throttled = 0;
    runner.cloud.answer = (service, operation, input, principal) => {
      if (operation === 'DescribeTrainingJob' && throttled++ < 2)
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      return answer(service, operation, input, principal);
    };
    expect(seconds(await runner.run(jsonata('T', { T: train() })))).toBe(60);
  });

  it('stops the job when the task times out', async () => {
    const runner = newRunner();
    job(runner, 1e9, 'Completed');
    const ended = await runner.run(jsonata('T', { T: train({ TimeoutSeconds: 100 }) }));
    expect(ended.error).toBe('States.Timeout');
    await runner.cloud.kernel.quiesce();
    expect(runner.cloud.calls.at(-1)).toMatchObject({
      operation: 'StopTrainingJob',
      input: { TrainingJobName: 'job' },
    });
  });
});

describe('states:startExecution', () => {
  const inner = (fail: boolean): object =>
    jsonata('W', {
      W: { Type: 'Wait', Seconds: 40, Next: fail ? 'F' : 'S' },
      ...(fail
        ? { F: { Type: 'Fail', Error: 'Inner', Cause: 'deep' } }
        : { S: { Type: 'Succeed', Output: { got: '{% $states.input.n %}' } } }),
    });

  async function outer(suffix: string, fail: boolean): Promise<{ runner: Runner; machine: object }> {
    const runner = newRunner();
    runner.cloud.answer = (_service, operation, input) => runner.call(operation, input);
    const StateMachineArn = await runner.create(inner(fail));
    const T = {
      Type: 'Task',
      Resource: `arn:aws:states:::states:startExecution${suffix}`,
      Arguments: { StateMachineArn, Input: { n: '{% $states.input.n %}' } },
      End: true,
    };
    return { runner, machine: jsonata('T', { T }) };
  }

  it('answers at once without .sync', async () => {
    const { runner, machine } = await outer('', false);
    const ended = await runner.run(machine, { n: 3 });
    expect(seconds(ended)).toBe(0);
    expect(outputOf(ended)).toEqual({
      ExecutionArn: expect.stringContaining(':execution:machine-1:'),
      StartDate: Date.UTC(2026, 0, 5),
    });
  });

  it.each([
    ['.sync', '{"got":3}', '{"n":3}'],
    ['.sync:2', { got: 3 }, { n: 3 }],
  ])('with %s waits and answers with the description', async (suffix, Output, Input) => {
    const { runner, machine } = await outer(suffix, false);
    const ended = await runner.run(machine, { n: 3 });
    expect(seconds(ended)).toBe(40);
    expect(outputOf(ended)).toMatchObject({ Status: 'SUCCEEDED', Output, Input, StartDate: Date.UTC(2026, 0, 5) });
  });

  it('fails with States.TaskFailed when the nested execution fails', async () => {
    const { runner, machine } = await outer('.sync:2', true);
    const ended = await runner.run(machine, { n: 3 });
    expect(ended.error).toBe('States.TaskFailed');
    expect(JSON.parse(ended.cause!)).toMatchObject({ Status: 'FAILED', Error: 'Inner', Cause: 'deep' });
  });

  it('stops the nested execution when the outer one is stopped', async () => {
    const { runner, machine } = await outer('.sync:2', false);
    const executionArn = await runner.start(machine, { n: 3 });
    await runner.cloud.kernel.runFor(10_000);
    await runner.call('StopExecution', { executionArn });
    await runner.cloud.kernel.quiesce();
    const stopped = runner.cloud.events.filter(({ detail }) => detail['status'] === 'ABORTED');
    expect(stopped).toHaveLength(2);
  });
});
