import { describe, expect, it } from '@jest/globals';
import { jsonata, newRunner, outputOf } from './machine-runner.ts';

const one = (name: string, state: object): object => ({ StartAt: name, States: { [name]: { End: true, ...state } } });

describe('Assign', () => {
  it('sets all variables at once: neither Assign nor Output sees the new values', async () => {
    const ended = await newRunner().run(
      jsonata('A', {
        A: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'B' },
        B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% [$x, $y] %}', Next: 'C' },
        C: { Type: 'Pass', Output: { then: '{% $states.input %}', now: '{% [$x, $y] %}' }, End: true },
      }),
    );
    expect(outputOf(ended)).toEqual({ then: [1, 2], now: [2, 1] });
  });

  it('lets branches and iterations read outer variables, and forgets theirs', async () => {
    const ended = await newRunner().run(
      jsonata('A', {
        A: { Type: 'Pass', Assign: { outer: 10 }, Next: 'P' },
        P: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'P1',
              States: {
                P1: { Type: 'Pass', Assign: { inner: '{% $outer + 1 %}' }, Next: 'P2' },
                P2: { Type: 'Pass', Output: '{% $inner + $outer %}', End: true },
              },
            },
            one('P3', { Type: 'Pass', Output: '{% $exists($inner) %}' }),
          ],
          Assign: { sum: '{% $states.result[0] %}' },
          Next: 'M',
        },
        M: {
          Type: 'Map',
          Items: [1, 2],
          ItemProcessor: {
            StartAt: 'M1',
            States: {
              M1: { Type: 'Pass', Assign: { mine: '{% $states.input * $outer %}' }, Next: 'M2' },
              M2: { Type: 'Pass', Output: '{% $mine %}', End: true },
            },
          },
          Output: { results: '{% $states.result %}', sum: '{% $sum %}', input: '{% $states.input %}' },
          Next: 'Z',
        },
        Z: {
          Type: 'Pass',
          Output: { in: '{% $states.input %}', inner: '{% $exists($inner) %}', mine: '{% $exists($mine) %}' },
          End: true,
        },
      }),
    );
    expect(outputOf(ended)).toEqual({
      in: { results: [10, 20], sum: 21, input: [21, false] },
      inner: false,
      mine: false,
    });
  });

  it('refuses a branch that sets an outer variable, when the machine is made', async () => {
    const machine = jsonata('A', {
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'P' },
      P: { Type: 'Parallel', Branches: [one('B', { Type: 'Pass', Assign: { x: 2 } })], End: true },
    });
    await expect(newRunner().create(machine)).rejects.toMatchObject({ code: 'InvalidDefinition' });
  });

  it.each(['states', '1x', 'a-b'])('refuses the name %p', async (name) => {
    const machine = jsonata('A', { A: { Type: 'Pass', Assign: { [name]: 1 }, End: true } });
    await expect(newRunner().create(machine)).rejects.toThrow(/variable name/);
  });

  it('tells assigned variables in the history', async () => {
    const runner = newRunner();
    const ended = await runner.run(
      jsonata('A', { A: { Type: 'Pass', Assign: { x: { a: 1 }, s: 'text' }, End: true } }),
    );
    const exited = (await runner.history(ended.executionArn)).find(({ type }) => type === 'PassStateExited');
    expect(exited?.['stateExitedEventDetails']).toMatchObject({
      assignedVariables: { x: '{"a":1}', s: '"text"' },
      assignedVariablesDetails: { truncated: false },
    });
  });
});
