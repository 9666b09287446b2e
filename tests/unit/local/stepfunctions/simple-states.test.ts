import { describe, expect, it } from '@jest/globals';
import { jsonata, newRunner, outputOf, seconds } from './machine-runner.ts';

describe('Pass', () => {
  it('hands its input on when it has no Output', async () => {
    const ended = await newRunner().run(jsonata('A', { A: { Type: 'Pass', End: true } }), { a: [1, { b: null }] });
    expect(outputOf(ended)).toEqual({ a: [1, { b: null }] });
  });

  it('evaluates expressions inside of Output and keeps what only looks like one', async () => {
    const Output = {
      n: '{% $states.input.n * 2 %}',
      list: ['{% $states.input.n %}', ' {% $x %} ', 3],
      constant: '$.n',
    };
    const ended = await newRunner().run(jsonata('A', { A: { Type: 'Pass', Output, End: true } }), { n: 21 });
    expect(outputOf(ended)).toEqual({ n: 42, list: [21, ' {% $x %} ', 3], constant: '$.n' });
  });

  it('fails the execution when an expression yields nothing', async () => {
    const runner = newRunner();
    const ended = await runner.run(
      jsonata('A', { A: { Type: 'Pass', Output: { v: '{% $states.input.none %}' }, End: true } }),
    );
    expect(ended).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause:
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Output/v' returned nothing (undefined).",
    });
    const failed = (await runner.history(ended.executionArn)).find(({ type }) => type === 'EvaluationFailed');
    expect(failed?.['evaluationFailedEventDetails']).toMatchObject({ location: 'Output/v', state: 'A' });
  });
});

describe('Succeed and Fail', () => {
  it('ends with the Output of Succeed', async () => {
    const ended = await newRunner().run(jsonata('S', { S: { Type: 'Succeed', Output: '{% $states.input.a %}' } }), {
      a: 'x',
    });
    expect(outputOf(ended)).toBe('x');
  });

  it('ends with the Error and Cause of Fail, which may be expressions', async () => {
    const Fail = { Type: 'Fail', Error: '{% $states.input.code %}', Cause: 'because' };
    const ended = await newRunner().run(jsonata('F', { F: Fail }), { code: 'Refused' });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'because' });
  });
});

describe('Choice', () => {
  const machine = jsonata('C', {
    C: {
      Type: 'Choice',
      Choices: [
        {
          Condition: '{% $states.input.n > 10 %}',
          Next: 'Big',
          Output: { was: '{% $states.input.n %}' },
          Assign: { size: 'big' },
        },
        { Condition: '{% $states.input.n = 5 %}', Next: 'Five' },
      ],
      Default: 'Other',
      Output: 'default output',
    },
    Big: { Type: 'Succeed', Output: { from: '{% $states.input %}', size: '{% $size %}' } },
    Five: { Type: 'Succeed' },
    Other: { Type: 'Succeed' },
  });

  it('takes the first rule that holds, with the Output and Assign of that rule', async () => {
    expect(outputOf(await newRunner().run(machine, { n: 11 }))).toEqual({ from: { was: 11 }, size: 'big' });
    expect(outputOf(await newRunner().run(machine, { n: 5 }))).toEqual({ n: 5 });
  });

  it('takes Default with the Output of the state', async () => {
    expect(outputOf(await newRunner().run(machine, { n: 1 }))).toBe('default output');
  });

  it('fails with States.NoChoiceMatched without a Default', async () => {
    const C = { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'S' }] };
    const ended = await newRunner().run(jsonata('C', { C, S: { Type: 'Succeed' } }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('refuses a condition that is no boolean', async () => {
    const C = { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'S' }], Default: 'S' };
    const ended = await newRunner().run(jsonata('C', { C, S: { Type: 'Succeed' } }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

describe('Wait', () => {
  it('lets exactly the seconds pass', async () => {
    const ended = await newRunner().run(
      jsonata('W', { W: { Type: 'Wait', Seconds: '{% $states.input.s %}', End: true } }),
      { s: 259_200 },
    );
    expect(seconds(ended)).toBe(259_200);
    expect(outputOf(ended)).toEqual({ s: 259_200 });
  });

  it('waits until a timestamp, and not at all for one that is past', async () => {
    const machine = jsonata('W', { W: { Type: 'Wait', Timestamp: '{% $states.input %}', End: true } });
    expect(seconds(await newRunner().run(machine, '2026-01-05T01:00:00Z'))).toBe(3600);
    expect(seconds(await newRunner().run(machine, '2025-01-05T01:00:00+01:00'))).toBe(0);
  });

  it.each([[-1], [1.5], ['soon']])('refuses %p seconds', async (value) => {
    const ended = await newRunner().run(
      jsonata('W', { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } }),
      value,
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

describe('long executions', () => {
  const loop = jsonata('Add', {
    Add: { Type: 'Pass', Output: { n: '{% $states.input.n + 1 %}' }, Next: 'More?' },
    'More?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.n < $states.context.Execution.Input.max %}', Next: 'Again' }],
      Default: 'Done',
    },
    Again: { Type: 'Pass', Output: { n: '{% $states.input.n %}' }, Next: 'Add' },
    Done: { Type: 'Succeed' },
  });

  it('walks thousands of states without a deep stack', async () => {
    const runner = newRunner();
    const ended = await runner.run(loop, { n: 0, max: 4000 });
    expect(outputOf(ended)).toEqual({ n: 4000 });
    expect(runner.service.transitions(ended.executionArn)).toBe(4000 * 3);
  });

  it('fails when the history reaches 25,000 events', async () => {
    const ended = await newRunner().run(loop, { n: 0, max: 100_000 });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(ended.cause).toContain('maximum number of history events (25000)');
  });
});

describe('data limit', () => {
  it('ends an execution whose state hands on more than 262,144 bytes', async () => {
    const A = { Type: 'Pass', Output: "{% $pad('x', 262143) %}", End: true };
    expect(await newRunner().run(jsonata('A', { A }))).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
    const small = { Type: 'Pass', Output: "{% $pad('x', 262142) %}", End: true };
    expect(await newRunner().run(jsonata('A', { A: small }))).toMatchObject({ status: 'SUCCEEDED' });
  });
});
