import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { VirtualClock } from '../../../../local/kernel/clock.ts';
import { newRandom } from '../../../../local/kernel/random.ts';
import { FALLBACK, compileFast } from '../../../../local/stepfunctions/jsonata/fast-path.ts';
import { registerFunctions } from '../../../../local/stepfunctions/jsonata/functions.ts';
import { toJson } from '../../../../local/stepfunctions/json.ts';

const world = { clock: new VirtualClock(Date.UTC(2026, 0, 5)), random: newRandom(1, 'test') };

/** Variables of every kind; without a prototype, as the interpreter makes them. */
const bindings = (): Record<string, unknown> =>
  Object.assign(Object.create(null) as Record<string, unknown>, {
    n: 3,
    zero: 0,
    f: 0.1,
    s: 'text',
    e: '',
    t: true,
    nil: null,
    list: [1, 2, 3],
    empty: [],
    words: ['a', 'b'],
    nested: [[1], [2, 3]],
    o: { x: 1, s: 'y', nil: null, list: [4, 5], one: [9], rows: [{ v: 1 }, { v: 2 }], in: { deep: { x: 'z' } } },
    count: 7,
    states: { input: { id: 'abc', n: 1, items: [{ p: 2 }, { p: 3 }] }, context: { State: { Name: 'A' } } },
  });

async function slow(text: string): Promise<unknown> {
  const expression = jsonata(text);
  registerFunctions(expression, world);
  try {
    const value: unknown = await (expression.evaluate(undefined, bindings()) as Promise<unknown>);
    return value === undefined ? 'nothing' : { value: toJson(value) };
  } catch {
    return 'error';
  }
}

/** 'fallback' when JSONata itself would be asked. */
function fast(text: string): unknown {
  const evaluate = compileFast(jsonata(text).ast(), world);
  if (!evaluate) return 'fallback';
  try {
    const value = evaluate(bindings());
    return value === undefined ? 'nothing' : { value };
  } catch (thrown) {
    if (thrown === FALLBACK) return 'fallback';
    throw thrown;
  }
}

describe('the synchronous evaluator', () => {
  it.each([
    '$states.input.id',
    '$states.input.n + 1',
    "$states.input.id & '-' & 'x'",
    '$states.input.missing.deeper',
    '$o.nil.x',
    '$o.list',
    '$o.one',
    '$empty',
    '[$list, 4, $o.one]',
    '[[1, 2], [$list]]',
    '[]',
    '{}',
    '{"a": $n, "b": $o.none, "c": {"d": [$s]}}',
    '$n > 2 and $t',
    '$o.none or $t',
    '$n = 3 ? "yes" : "no"',
    '$n = 4 ? "yes"',
    '$s in $words',
    "'a' in $words",
    '$nil = null',
    '$o.none = 1',
    '$o.none != 1',
    '1 != 2',
    '-$n',
    '7 % 4 - 2 * 3 / 4',
    '($x := $n * 2; $y := $x + 1; {"x": $x, "y": $y})',
    '$exists($o.none)',
    '$not($t)',
    '$count($list)',
    '$sum($list)',
    '$merge([$o, {"x": 2}])',
    '$append($list, $words)',
    '$uppercase($s) & $lowercase("ABC")',
    '$length("añ😀")',
    '$contains($s, "ex")',
    '$join($words, ", ")',
    '$string(5) & $string(true)',
    '$millis()',
    '$now()',
    '"" & 0.1',
    '$e & $nil',
  ])('%s is what JSONata says', async (text) => {
    const quick = fast(text);
    expect(['fallback', await slow(text)]).toContainEqual(quick);
  });

  it('takes the plain expressions of state machines', () => {
    const plain = [
      '$states.input.id',
      '$states.input.n + 1',
      '$n > 2 and $t',
      '{"a": [$o.list, 1]}',
      '$exists($o.none) ? 1 : 2',
      '$states.context.State.Name',
    ];
    for (const text of plain) expect(fast(text)).not.toBe('fallback');
  });

  it.each([
    '$states.input.items.p',
    '$list[0]',
    '$list[$ > 1]',
    '$map($list, function($v) { $v + 1 })',
    '$o.*',
    '$n + $s',
    '1 / 0',
    '$sum',
    '$list ~> $sum',
    '$states.input.items[p > 2]',
    '$count($list) + 1 & ""',
  ])('leaves %s to JSONata where it must', async (text) => {
    const quick = fast(text);
    expect(['fallback', await slow(text)]).toContainEqual(quick);
  });

  it('agrees with JSONata on random expressions', async () => {
    const leaf = fc.constantFrom(
      '$n',
      '$zero',
      '$f',
      '$s',
      '$e',
      '$t',
      '$nil',
      '$list',
      '$empty',
      '$o',
      '$o.x',
      '$o.list',
      '$o.one',
      '$o.rows.v',
      '$o.in.deep.x',
      '$none',
      '$o.none',
      '1',
      '2.5',
      '"q"',
      'true',
      'null',
      '$count',
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => {
      const sub = tie('expression');
      return {
        expression: fc.oneof(
          { maxDepth: 4, depthSize: 'small' },
          leaf,
          fc
            .tuple(
              sub,
              fc.constantFrom('+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', 'and', 'or', 'in'),
              sub,
            )
            .map(([a, op, b]) => `(${a} ${op} ${b})`),
          fc.tuple(sub, sub, sub).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
          fc.array(sub, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
          fc.tuple(sub, sub).map(([a, b]) => `{"a": ${a}, "b": ${b}}`),
          fc.tuple(sub, sub).map(([a, b]) => `($v := ${a}; [$v, ${b}])`),
          fc
            .tuple(fc.constantFrom('exists', 'not', 'count', 'string', 'sum', 'length', 'uppercase'), sub)
            .map(([f, a]) => `$${f}(${a})`),
        ),
      };
    });
    await fc.assert(
      fc.asyncProperty(expression, async (text) => {
        const quick = fast(text);
        if (quick !== 'fallback') expect({ text, outcome: quick }).toEqual({ text, outcome: await slow(text) });
      }),
      { numRuns: 400, seed: 15 },
    );
  });
});
