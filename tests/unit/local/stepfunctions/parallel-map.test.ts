import { describe, expect, it } from '@jest/globals';
import {
  invoke,
  jsonata,
  lambdaAnswer,
  lambdaError,
  newRunner,
  outputOf,
  payloadOf,
  seconds,
  waitForToken,
} from './machine-runner.ts';

const single = (state: object): object => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });
const branch = (name: string, state: object): object => ({
  StartAt: name,
  States: { [name]: { End: true, ...state } },
});

describe('Parallel', () => {
  it('runs branches side by side and joins their outputs in order', async () => {
    const P = {
      Type: 'Parallel',
      Arguments: { n: '{% $states.input.n * 10 %}' },
      Branches: [
        branch('Slow', { Type: 'Wait', Seconds: 60 }),
        branch('Quick', { Type: 'Pass', Output: '{% $states.input.n + 1 %}' }),
      ],
      Output: { all: '{% $states.result %}', input: '{% $states.input %}' },
      End: true,
    };
    const ended = await newRunner().run(jsonata('P', { P }), { n: 1 });
    expect(outputOf(ended)).toEqual({ all: [{ n: 10 }, 11], input: { n: 1 } });
    expect(seconds(ended)).toBe(60);
  });

  it('fails with the error of the first branch that fails, and stops the others', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer(null);
    const P = {
      Type: 'Parallel',
      Branches: [
        branch('Asks', waitForToken()),
        {
          StartAt: 'Waits',
          States: {
            Waits: { Type: 'Wait', Seconds: 5, Next: 'Fails' },
            Fails: { Type: 'Fail', Error: 'Broken', Cause: 'c' },
          },
        },
        branch('Long', { Type: 'Wait', Seconds: 1000 }),
      ],
      Catch: [{ ErrorEquals: ['Broken'], Next: 'Caught' }],
      End: true,
    };
    const ended = await runner.run(jsonata('P', { P, Caught: { Type: 'Succeed' } }));
    expect(outputOf(ended)).toEqual({ Error: 'Broken', Cause: 'c' });
    expect(seconds(ended)).toBe(5);
    const types = (await runner.history(ended.executionArn)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['TaskStateAborted', 'WaitStateAborted', 'ParallelStateFailed']));
    expect(types.indexOf('ParallelStateFailed')).toBeGreaterThan(types.indexOf('WaitStateAborted'));
    const token = payloadOf(runner.cloud, 0)['token'];
    await expect(runner.call('SendTaskSuccess', { taskToken: token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
    expect(runner.cloud.kernel.clock.pending).toBe(0);
  });

  it('is retried as a whole', async () => {
    const runner = newRunner();
    let calls = 0;
    runner.cloud.answer = () => (++calls <= 2 ? lambdaError('Busy') : lambdaAnswer(calls));
    const P = { Type: 'Parallel', Branches: [branch('T', invoke())], Retry: [{ ErrorEquals: ['Busy'] }], End: true };
    const ended = await runner.run(jsonata('P', { P }));
    expect(outputOf(ended)).toEqual([3]);
    expect(seconds(ended)).toBe(1 + 2);
  });
});

describe('Map', () => {
  it('runs its processor for each item, with the item in the context', async () => {
    const M = {
      Type: 'Map',
      Items: '{% $states.input.list %}',
      ItemSelector: {
        item: '{% $states.context.Map.Item.Value %}',
        i: '{% $states.context.Map.Item.Index %}',
        all: '{% $count($states.input.list) %}',
      },
      ItemProcessor: single({
        Type: 'Pass',
        Output: '{% $states.input.item & $string($states.context.Map.Item.Index) & "/" & $string($states.input.all) %}',
      }),
      End: true,
    };
    expect(outputOf(await newRunner().run(jsonata('M', { M }), { list: ['a', 'b', 'c'] }))).toEqual([
      'a0/3',
      'b1/3',
      'c2/3',
    ]);
  });

  it('takes its input as the items, and makes members of an object to items', async () => {
    const M = { Type: 'Map', ItemProcessor: single({ Type: 'Pass' }), End: true };
    expect(outputOf(await newRunner().run(jsonata('M', { M }), [1, 2]))).toEqual([1, 2]);
    expect(outputOf(await newRunner().run(jsonata('M', { M }), { a: 1 }))).toEqual([{ Key: 'a', Value: 1 }]);
    expect(outputOf(await newRunner().run(jsonata('M', { M }), []))).toEqual([]);
    expect(await newRunner().run(jsonata('M', { M }), 'x')).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  it.each([
    // An inline Map runs at most 40 iterations at a time.
    [0, 20],
    [1, 500],
    [7, 80],
    ['{% 25 %}', 20],
  ])('with MaxConcurrency %p takes %p s for 50 items of 10 s', async (MaxConcurrency, expected) => {
    const M = {
      Type: 'Map',
      Items: '{% [1..50] %}',
      MaxConcurrency,
      ItemProcessor: single({ Type: 'Wait', Seconds: 10 }),
      End: true,
    };
    expect(seconds(await newRunner().run(jsonata('M', { M })))).toBe(expected);
  });

  it('fails with the first iteration that fails, stops the others and starts no more', async () => {
    const runner = newRunner();
    const M = {
      Type: 'Map',
      Items: [30, 10, 20, 5],
      MaxConcurrency: 2,
      ItemProcessor: {
        StartAt: 'W',
        States: {
          W: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'C' },
          C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input = 10 %}', Next: 'F' }], Default: 'S' },
          F: { Type: 'Fail', Error: 'Ten' },
          S: { Type: 'Succeed' },
        },
      },
      End: true,
    };
    const ended = await runner.run(jsonata('M', { M }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Ten' });
    expect(seconds(ended)).toBe(10);
    const events = await runner.history(ended.executionArn);
    expect(events.filter(({ type }) => type === 'MapIterationStarted')).toHaveLength(2);
    expect(events.find(({ type }) => type === 'MapIterationFailed')?.['mapIterationFailedEventDetails']).toEqual({
      name: 'M',
      index: 1,
    });
    expect(events.find(({ type }) => type === 'MapIterationAborted')?.['mapIterationAbortedEventDetails']).toEqual({
      name: 'M',
      index: 0,
    });
    expect(events.at(-2)?.type).toBe('MapStateFailed');
  });
});
