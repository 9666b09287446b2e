import { describe, expect, it } from '@jest/globals';
import { jsonata, newRunner, outputOf } from './machine-runner.ts';

const evaluate = async (expression: string, input: unknown = {}, seed = 1): Promise<unknown> =>
  outputOf(
    await newRunner(seed).run(jsonata('A', { A: { Type: 'Pass', Output: `{% ${expression} %}`, End: true } }), input),
  );

const fails = async (expression: string, input: unknown = {}): Promise<string> => {
  const ended = await newRunner().run(
    jsonata('A', { A: { Type: 'Pass', Output: `{% ${expression} %}`, End: true } }),
    input,
  );
  expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  return ended.cause!;
};

describe('functions that AWS adds', () => {
  it.each([
    ['$partition([1,2,3,4,5], 2)', [[1, 2], [3, 4], [5]]],
    ['$range(1, 10, 3)', [1, 4, 7, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ["$hash('abc', 'MD5')", '900150983cd24fb0d6963f7d28e17f72'],
    ["$hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["$hash('abc', 'SHA-256')", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ["$length($hash('abc', 'SHA-384'))", 96],
    ["$length($hash('abc', 'SHA-512'))", 128],
    ['$parse(\'{"a":[1]}\')', { a: [1] }],
    ['$random(7) = $random(7)', true],
    ['$random(7) = $random(8)', false],
  ])('%s', async (expression, expected) => {
    expect(await evaluate(expression)).toEqual(expected);
  });

  it('draw chance from the seed of the run', async () => {
    for (const expression of ['$random()', '$uuid()', '$shuffle([1..20])']) {
      expect(await evaluate(expression, {}, 1)).toEqual(await evaluate(expression, {}, 1));
      expect(await evaluate(expression, {}, 1)).not.toEqual(await evaluate(expression, {}, 2));
    }
    expect(await evaluate('$uuid()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await evaluate('$sort($shuffle([1..5]))')).toEqual([1, 2, 3, 4, 5]);
  });

  it('take the time from the virtual clock', async () => {
    expect(await evaluate('[$millis(), $now()]')).toEqual([Date.UTC(2026, 0, 5), '2026-01-05T00:00:00.000Z']);
    expect(await evaluate("$now('[Y0001]-[M01]-[D01]')")).toBe('2026-01-05');
    expect(await evaluate("$now('[H01]:[m01] [z]', '+0200')")).toBe('02:00 GMT+02:00');
  });

  it.each(["$eval('1')", '$range(1, 2, 0)', "$hash('a', 'CRC')", "$parse('{')", "1 + 'a'", '$range(1, 5000, 1)'])(
    '%s is an error',
    async (expression) => {
      expect(await fails(expression)).toContain('threw an error during evaluation');
    },
  );
});

describe('results', () => {
  it('have no trace of sequences', async () => {
    const input = {
      rows: [
        { id: 1, v: 5 },
        { id: 2, v: 9 },
        { id: 3, v: 9 },
      ],
    };
    expect(await evaluate('$states.input.rows[v > 8].id', input)).toEqual([2, 3]);
    // One element of a sequence is that element, as JSONata has it.
    expect(await evaluate('$states.input.rows[v < 8].id', input)).toBe(1);
    expect(await evaluate('$states.input.rows[v < 8].id[]', input)).toEqual([1]);
  });

  it('must be something, and JSON', async () => {
    expect(await fails('$states.input.rows[v > 8]', { rows: [] })).toContain('returned nothing (undefined)');
    expect(await fails('function($x) { $x }')).toContain('unsupported result type');
    expect(await fails('$sum')).toContain('unsupported result type');
  });

  it('may be larger expressions with functions, groups and the context', async () => {
    const input = {
      rows: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
      ],
    };
    expect(await evaluate('$states.input.rows{k: $sum(v)}', input)).toEqual({ a: 4, b: 2 });
    expect(await evaluate('$map($states.input.rows, function($r, $i) { $i * $r.v })', input)).toEqual([0, 2, 6]);
    expect(await evaluate('$states.context.Execution.Input.rows[0].k', input)).toBe('a');
    expect(await evaluate('$states.context.StateMachine.Name')).toBe('machine-1');
  });
});

describe('determinism', () => {
  it('gives the same history, to the byte, for the same seed', async () => {
    const machine = jsonata('A', {
      A: { Type: 'Pass', Output: { u: '{% $uuid() %}', r: '{% $random() %}' }, Next: 'M' },
      M: {
        Type: 'Map',
        Items: '{% $shuffle([1..9]) %}',
        ItemProcessor: { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } } },
        End: true,
      },
    });
    const historyOf = async (): Promise<string> => {
      const runner = newRunner(4);
      const ended = await runner.run(machine);
      return JSON.stringify(await runner.history(ended.executionArn));
    };
    expect(await historyOf()).toBe(await historyOf());
  });
});
