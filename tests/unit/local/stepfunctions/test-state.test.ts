import { describe, expect, it } from '@jest/globals';
import { ROLE, invoke, jsonata, lambdaAnswer, lambdaError, newRunner, waitForToken } from './machine-runner.ts';

const test = (state: object, input: object = {}, runner = newRunner()): Promise<Record<string, unknown>> =>
  runner.call('TestState', {
    definition: JSON.stringify({ QueryLanguage: 'JSONata', ...state }),
    roleArn: ROLE,
    ...input,
  });

describe('TestState', () => {
  it('runs a single state with input, variables and context', async () => {
    const Pass = {
      Type: 'Pass',
      Assign: { x: '{% $x + 1 %}' },
      Output: { n: '{% $states.input.n * $x %}', e: '{% $states.context.Execution.Name %}' },
      Next: 'Later',
    };
    const input = {
      input: '{"n":4}',
      variables: '{"x":2}',
      context: '{"Execution":{"Name":"mine"}}',
      inspectionLevel: 'DEBUG',
    };
    expect(await test(Pass, input)).toEqual({
      status: 'SUCCEEDED',
      output: '{"n":8,"e":"mine"}',
      nextState: 'Later',
      inspectionData: { input: '{"n":4}', afterArguments: '{"n":4}', variables: '{"x":3}' },
    });
  });

  it('calls the service of a task', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer([1]);
    expect(await test(invoke(), { input: '7', inspectionLevel: 'DEBUG' }, runner)).toMatchObject({
      status: 'SUCCEEDED',
      output: '[1]',
      inspectionData: {
        afterArguments: '{"FunctionName":"work","Payload":7}',
        result: '{"ExecutedVersion":"$LATEST","Payload":[1],"StatusCode":200}',
      },
    });
    expect(runner.cloud.events).toEqual([]);
  });

  it('tells which retrier or catcher handles an error', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaError('Busy');
    const state = invoke({
      Retry: [{ ErrorEquals: ['Other'] }, { ErrorEquals: ['Busy'], IntervalSeconds: 3, MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught', Output: '{% $states.errorOutput.Error %}' }],
    });
    const retried = await test(
      state,
      { stateConfiguration: { retrierRetryCount: 1 }, inspectionLevel: 'DEBUG' },
      runner,
    );
    expect(retried).toMatchObject({
      status: 'RETRIABLE',
      error: 'Busy',
      inspectionData: { errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 6 } },
    });
    const caught = await test(
      state,
      { stateConfiguration: { retrierRetryCount: 2 }, inspectionLevel: 'DEBUG' },
      runner,
    );
    expect(caught).toMatchObject({
      status: 'CAUGHT_ERROR',
      nextState: 'Caught',
      output: '"Busy"',
      inspectionData: { errorDetails: { catchIndex: 0 } },
    });
    expect(await test(invoke(), {}, runner)).toMatchObject({ status: 'FAILED', error: 'Busy' });
  });

  it.each<[string, object]>([
    ['a callback', waitForToken()],
    [
      'a job',
      { Type: 'Task', Resource: 'arn:aws:states:::sagemaker:createTrainingJob.sync', Arguments: {}, End: true },
    ],
    ['a Map', { Type: 'Map', ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }, End: true }],
    [
      'a Parallel',
      { Type: 'Parallel', Branches: [{ StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }], End: true },
    ],
  ])('tests %s only with a mock', async (_what, state) => {
    await expect(test(state)).rejects.toMatchObject({ code: 'ValidationException' });
    const good = await test(
      { ...state, Output: '{% $states.result.ok %}' },
      { input: '[]', mock: { result: '{"ok":1}' } },
    );
    expect(good).toMatchObject({ status: 'SUCCEEDED', output: '1' });
    const bad = await test(state, { input: '[]', mock: { errorOutput: { error: 'E', cause: 'c' } } });
    expect(bad).toMatchObject({ status: 'FAILED', error: 'E', cause: 'c' });
  });

  it('finds a state by its name, also inside of a Map', async () => {
    const machine = jsonata('M', {
      M: {
        Type: 'Map',
        ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Output: '{% $states.input %}', End: true } } },
        End: true,
      },
    });
    expect(await test(machine, { stateName: 'I', input: '5' })).toEqual({
      status: 'SUCCEEDED',
      output: '5',
      nextState: undefined,
    });
    await expect(test(machine, { stateName: 'X' })).rejects.toMatchObject({ code: 'ValidationException' });
  });

  it('refuses a wrong definition', async () => {
    await expect(test({ Type: 'Pass', Nope: 1, End: true })).rejects.toMatchObject({ code: 'InvalidDefinition' });
    await expect(newRunner().call('TestState', { definition: '{' })).rejects.toMatchObject({
      code: 'InvalidDefinition',
    });
  });
});
