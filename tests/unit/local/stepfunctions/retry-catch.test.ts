import { describe, expect, it } from '@jest/globals';
import { StateError } from '../../../../local/stepfunctions/errors.ts';
import { compileRetrier, matchesError, retryDelayMs } from '../../../../local/stepfunctions/retry.ts';
import { newRandom } from '../../../../local/kernel/random.ts';
import {
  type Runner,
  invoke,
  jsonata,
  lambdaAnswer,
  lambdaError,
  newRunner,
  outputOf,
  seconds,
} from './machine-runner.ts';

/** Answers the first calls with an error, then with success. */
function failing(runner: Runner, times: number, errorType = 'Busy'): void {
  let calls = 0;
  runner.cloud.answer = () => (calls++ < times ? lambdaError(errorType) : lambdaAnswer({ done: calls }));
}

describe('which names stand for which errors', () => {
  const timeout = new StateError('States.Timeout');
  const heartbeat = new StateError('States.Timeout', undefined, { heartbeat: true });
  const tooLarge = new StateError('States.DataLimitExceeded');
  const runtime = new StateError('States.Runtime');
  const own = new StateError('Busy');
  it.each([
    ['States.ALL', own, true],
    ['States.ALL', timeout, true],
    ['States.ALL', tooLarge, false],
    ['States.ALL', runtime, false],
    ['States.TaskFailed', own, true],
    ['States.TaskFailed', timeout, false],
    ['States.TaskFailed', heartbeat, false],
    ['States.TaskFailed', tooLarge, false],
    ['States.Timeout', heartbeat, true],
    ['States.HeartbeatTimeout', heartbeat, true],
    ['States.HeartbeatTimeout', timeout, false],
    ['States.DataLimitExceeded', tooLarge, true],
    ['States.Runtime', runtime, false],
    ['Busy', own, true],
    ['Idle', own, false],
  ])('%s for %p: %p', (name, error, expected) => {
    expect(matchesError([name], error)).toBe(expected);
  });
});

describe('Retry', () => {
  it('waits interval x rate^n of virtual time, at most MaxDelaySeconds', async () => {
    const runner = newRunner();
    failing(runner, 4);
    const Retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 10, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 60 }];
    const ended = await runner.run(jsonata('T', { T: invoke({ Retry }) }));
    expect(outputOf(ended)).toEqual({ done: 5 });
    expect(seconds(ended)).toBe(10 + 30 + 60 + 60);
  });

  it('has AWS defaults: 1 s, doubled, three attempts', async () => {
    const runner = newRunner();
    failing(runner, 9);
    const ended = await runner.run(jsonata('T', { T: invoke({ Retry: [{ ErrorEquals: ['States.ALL'] }] }) }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Busy' });
    expect(seconds(ended)).toBe(1 + 2 + 4);
    expect(runner.cloud.calls).toHaveLength(4);
  });

  it('counts the attempts of each retrier on its own, and tells them in RetryCount', async () => {
    const runner = newRunner();
    const errors = ['A', 'B', 'A', 'B'];
    runner.cloud.answer = () => (errors.length > 0 ? lambdaError(errors.shift()!) : lambdaAnswer('ok'));
    const Retry = ['A', 'B'].map((name) => ({
      ErrorEquals: [name],
      IntervalSeconds: 1,
      BackoffRate: 1,
      MaxAttempts: 2,
    }));
    const Output = '{% $states.context.State.RetryCount %}';
    const ended = await runner.run(jsonata('T', { T: invoke({ Retry, Output }) }));
    expect(outputOf(ended)).toBe(4);
  });

  it('does not retry with MaxAttempts 0', async () => {
    const runner = newRunner();
    failing(runner, 1);
    const Retry = [{ ErrorEquals: ['Busy'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    const ended = await runner.run(jsonata('T', { T: invoke({ Retry }) }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Busy' });
  });

  it('draws a full jitter between 0 and the delay, by seed', async () => {
    const machine = jsonata('T', {
      T: invoke({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 100, MaxAttempts: 3, JitterStrategy: 'FULL' }] }),
    });
    const durationOf = async (seed: number): Promise<number> => {
      const runner = newRunner(seed);
      failing(runner, 3);
      return seconds(await runner.run(machine));
    };
    const first = await durationOf(7);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(700);
    expect(await durationOf(7)).toBe(first);
    expect(await durationOf(8)).not.toBe(first);
  });

  it('spreads jittered delays evenly', () => {
    const retrier = compileRetrier({ ErrorEquals: ['x'], IntervalSeconds: 10, JitterStrategy: 'FULL' });
    const random = newRandom(1, 'jitter');
    const delays = Array.from({ length: 2000 }, () => retryDelayMs(retrier, 0, random));
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
    expect(Math.abs(mean - 5000)).toBeLessThan(300);
  });
});

describe('Catch', () => {
  it('goes on with the error output', async () => {
    const runner = newRunner();
    failing(runner, 1, 'Refused');
    const Catch = [
      { ErrorEquals: ['Other'], Next: 'No' },
      {
        ErrorEquals: ['Refused'],
        Next: 'Yes',
        Output: { name: '{% $states.errorOutput.Error %}', input: '{% $states.input %}' },
        Assign: { cause: '{% $parse($states.errorOutput.Cause).errorMessage %}' },
      },
    ];
    const ended = await runner.run(
      jsonata('T', {
        T: invoke({ Catch }),
        No: { Type: 'Fail' },
        Yes: { Type: 'Succeed', Output: { in: '{% $states.input %}', cause: '{% $cause %}' } },
      }),
      { a: 1 },
    );
    expect(outputOf(ended)).toEqual({ in: { name: 'Refused', input: { a: 1 } }, cause: 'it failed' });
  });

  it('hands the plain error output on without Output', async () => {
    const runner = newRunner();
    failing(runner, 1, 'Refused');
    const ended = await runner.run(
      jsonata('T', { T: invoke({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Yes' }] }), Yes: { Type: 'Succeed' } }),
    );
    expect(outputOf(ended)).toEqual({ Error: 'Refused', Cause: '{"errorType":"Refused","errorMessage":"it failed"}' });
  });

  it('catches errors of expressions, also of those evaluated after the work', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer({});
    const Catch = [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Yes', Output: 'caught' }];
    const machine = jsonata('T', {
      T: invoke({ Output: '{% $states.result.none %}', Catch }),
      Yes: { Type: 'Succeed' },
    });
    expect(outputOf(await runner.run(machine))).toBe('caught');
  });

  it('fails the execution when an expression of the catcher fails', async () => {
    const runner = newRunner();
    failing(runner, 1);
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Yes', Output: '{% $nothing %}' }];
    const ended = await runner.run(jsonata('T', { T: invoke({ Catch }), Yes: { Type: 'Succeed' } }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(ended.cause).toContain("'Catch[0]/Output'");
  });

  it('never catches what the laptop cloud refuses to do', async () => {
    const runner = newRunner();
    const { UnsupportedFeature } = await import('../../../../local/kernel/errors.ts');
    runner.cloud.answer = () => {
      throw new UnsupportedFeature('lambda:Invoke of layers');
    };
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Yes' }];
    const ended = await runner.run(jsonata('T', { T: invoke({ Catch }), Yes: { Type: 'Succeed' } }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'UnsupportedFeature' });
  });
});
