import { describe, expect, it } from '@jest/globals';
import { newRandom } from '../../../../local/kernel/random.ts';
import { evaluateIntrinsic, parseIntrinsic } from '../../../../local/stepfunctions/jsonpath/intrinsics.ts';
import { parsePath, readPath, writePath } from '../../../../local/stepfunctions/jsonpath/paths.ts';
import type { Json } from '../../../../local/stepfunctions/json.ts';
import { lambdaAnswer, lambdaError, newRunner, outputOf, seconds } from './machine-runner.ts';

const machine = (startAt: string, states: Record<string, object>): object => ({ StartAt: startAt, States: states });
const run = async (state: object, input: unknown = {}): Promise<unknown> =>
  outputOf(await newRunner().run(machine('A', { A: { End: true, ...state } }), input));

describe('paths', () => {
  const input: Json = { a: { b: [{ c: 1 }, { c: 2, d: { c: 3 } }] }, 'x y': 'z' };
  const scope = { input, context: () => ({ Execution: { Id: 'e' } }), variables: { v: { w: 5 } } };
  it.each([
    ['$', input],
    ['$.a.b[1].c', 2],
    ['$.a.b[-1].c', 2],
    ["$['x y']", 'z'],
    ['$.a.b[*].c', [1, 2]],
    ['$.a.b[0:1].c', [1]],
    ['$.a.b[0,1].c', [1, 2]],
    ['$..c', [1, 2, 3]],
    ['$.a.none', undefined],
    ['$$.Execution.Id', 'e'],
    ['$v.w', 5],
  ])('%s', (text, expected) => {
    expect(readPath(parsePath(text)!, scope)).toEqual(expected);
  });

  it.each(['a.b', '$.', '$.a[', '$[a]', '$.a b'])('%s is no path', (text) => {
    expect(parsePath(text)).toBeUndefined();
  });

  it('are written without touching the input', () => {
    expect(writePath(parsePath('$.a.new')!, { a: { old: 1 } }, 2)).toEqual({ a: { old: 1, new: 2 } });
    expect(writePath(parsePath('$.l[1].x')!, { l: [0, {}] }, 2)).toEqual({ l: [0, { x: 2 }] });
    expect(writePath(parsePath('$.a.b')!, { a: 'text' }, 2)).toBeUndefined();
  });
});

describe('intrinsic functions', () => {
  const read = (): Json => ({ a: 1, list: [1, 2, 2, 3] });
  const listed = (): Json => [1, 2, 2, 3];
  it.each<[string, Json, (() => Json)?]>([
    ["States.Format('{} is \\{{}\\}', 'a', 5)", 'a is {5}'],
    ["States.Format('it\\'s {}', null)", "it's null"],
    ["States.StringToJson('[1]')", [1]],
    ['States.JsonToString($.x)', '{"a":1,"list":[1,2,2,3]}'],
    ["States.Array(1, 'b', true, null, States.Array())", [1, 'b', true, null, []]],
    ['States.ArrayPartition($.x, 3)', [[1, 2, 2], [3]], listed],
    ['States.ArrayContains($.x, 3)', true, listed],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayGetItem($.x, 3)', 3, listed],
    ['States.ArrayLength($.x)', 4, listed],
    ['States.ArrayUnique($.x)', [1, 2, 3], listed],
    ["States.Base64Encode('abc')", 'YWJj'],
    ["States.Base64Decode('YWJj')", 'abc'],
    ["States.Hash('abc', 'MD5')", '900150983cd24fb0d6963f7d28e17f72'],
    ['States.JsonMerge($.x, $.y, false)', { a: 1, list: [1, 2, 2, 3] }],
    ['States.MathAdd(1, -3)', -2],
    ["States.StringSplit('a,b;c', ',;')", ['a', 'b', 'c']],
  ])('%s', (text, expected, source = read) => {
    expect(evaluateIntrinsic(parseIntrinsic(text)!, source, newRandom(1, 'x'))).toEqual(expected);
  });

  it('draw chance from the seed', () => {
    const draw = (text: string): Json => evaluateIntrinsic(parseIntrinsic(text)!, read, newRandom(1, 'x'));
    expect(draw('States.UUID()')).toBe(draw('States.UUID()'));
    expect(draw('States.MathRandom(1, 1000, 5)')).toBe(draw('States.MathRandom(1, 1000, 5)'));
  });

  it.each(['States.Nope()', "States.Format('a'", 'States.Array(1 2)'])('%s is refused', (text) => {
    expect(parseIntrinsic(text)).toBeUndefined();
  });

  it('fail with States.IntrinsicFailure', async () => {
    const A = { Type: 'Pass', Parameters: { 'x.$': 'States.ArrayGetItem($.list, 9)' }, End: true };
    expect(await newRunner().run(machine('A', { A }), { list: [] })).toMatchObject({
      error: 'States.IntrinsicFailure',
    });
  });
});

describe('input and output', () => {
  it('go through InputPath, Parameters, ResultSelector, ResultPath and OutputPath', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer({ value: 7 });
    const A = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      InputPath: '$.in',
      Parameters: {
        FunctionName: 'f',
        Payload: { 'n.$': '$.n', 'name.$': '$$.State.Name', 'text.$': "States.Format('n{}', $.n)" },
      },
      ResultSelector: { 'v.$': '$.Payload.value' },
      ResultPath: '$.out.deep',
      OutputPath: '$.out',
      End: true,
    };
    expect(outputOf(await runner.run(machine('A', { A }), { in: { n: 1 } }))).toEqual({ deep: { v: 7 } });
    const sent = Buffer.from(runner.cloud.calls[0]!.input['Payload'] as Uint8Array).toString();
    expect(JSON.parse(sent)).toEqual({ n: 1, name: 'A', text: 'n1' });
  });

  it.each([
    [{ Type: 'Pass', Result: { r: 1 } }, { r: 1 }],
    [
      { Type: 'Pass', Result: 5, ResultPath: '$.r' },
      { a: 1, r: 5 },
    ],
    [{ Type: 'Pass', Result: 5, ResultPath: null }, { a: 1 }],
    [{ Type: 'Pass', InputPath: null }, {}],
    [{ Type: 'Pass', OutputPath: null }, {}],
    [
      { Type: 'Pass', Parameters: { 'b.$': '$.a', list: [{ 'c.$': '$.a' }] } },
      { b: 1, list: [{ c: 1 }] },
    ],
  ])('%j', async (state, expected) => {
    expect(await run(state, { a: 1 })).toEqual(expected);
  });

  it.each([
    [{ Type: 'Pass', InputPath: '$.none' }, 'States.Runtime'],
    [{ Type: 'Pass', Parameters: { 'x.$': '$.none' } }, 'States.ParameterPathFailure'],
    [{ Type: 'Pass', Result: 1, ResultPath: '$.a.b' }, 'States.ResultPathMatchFailure'],
  ])('%j fails with %s', async (state, error) => {
    expect(await newRunner().run(machine('A', { A: { End: true, ...state } }), { a: 1 })).toMatchObject({
      status: 'FAILED',
      error,
    });
  });

  it('has variables', async () => {
    const states = {
      A: { Type: 'Pass', Assign: { 'x.$': '$.n', y: 'const' }, Next: 'B' },
      B: { Type: 'Pass', Parameters: { 'x.$': '$x', 'y.$': "States.Format('{}!', $y)" }, End: true },
    };
    expect(outputOf(await newRunner().run(machine('A', states), { n: 3 }))).toEqual({ x: 3, y: 'const!' });
  });

  it('places caught errors by ResultPath', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaError('Bad');
    const A = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'f' },
      Catch: [{ ErrorEquals: ['Bad'], ResultPath: '$.error', Next: 'B' }],
      End: true,
    };
    expect(outputOf(await runner.run(machine('A', { A, B: { Type: 'Succeed' } }), { a: 1 }))).toMatchObject({
      a: 1,
      error: { Error: 'Bad' },
    });
  });

  it('waits by path, maps by path, fails by path', async () => {
    const W = { Type: 'Wait', SecondsPath: '$.s', End: true };
    expect(seconds(await newRunner().run(machine('W', { W }), { s: 5 }))).toBe(5);
    const M = {
      Type: 'Map',
      ItemsPath: '$.list',
      ItemSelector: { 'v.$': '$$.Map.Item.Value', 'n.$': '$.n' },
      ItemProcessor: machine('I', { I: { Type: 'Pass', End: true } }),
      ResultPath: '$.done',
      End: true,
    };
    expect(outputOf(await newRunner().run(machine('M', { M }), { list: [1], n: 2 }))).toEqual({
      list: [1],
      n: 2,
      done: [{ v: 1, n: 2 }],
    });
    const F = { Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('c{}', 1)" };
    expect(await newRunner().run(machine('F', { F }), { e: 'X' })).toMatchObject({ error: 'X', cause: 'c1' });
  });
});

describe('choice rules', () => {
  it.each<[object, unknown, boolean]>([
    [{ Variable: '$.a', StringEquals: 'x' }, { a: 'x' }, true],
    [{ Variable: '$.a', StringEquals: 'x' }, { a: 1 }, false],
    [{ Variable: '$.a', StringLessThan: 'b' }, { a: 'a' }, true],
    [{ Variable: '$.a', StringMatches: 'log-*.txt' }, { a: 'log-1.txt' }, true],
    [{ Variable: '$.a', StringMatches: 'a\\*b' }, { a: 'axb' }, false],
    [{ Variable: '$.a', NumericEquals: 1 }, { a: 1 }, true],
    [{ Variable: '$.a', NumericGreaterThanEquals: 2 }, { a: 1 }, false],
    [{ Variable: '$.a', NumericLessThanPath: '$.b' }, { a: 1, b: 2 }, true],
    [{ Variable: '$.a', BooleanEquals: false }, { a: false }, true],
    [{ Variable: '$.a', TimestampLessThan: '2026-01-01T00:00:00Z' }, { a: '2025-12-31T23:59:59Z' }, true],
    [{ Variable: '$.a', IsNull: true }, { a: null }, true],
    [{ Variable: '$.a', IsPresent: false }, {}, true],
    [{ Variable: '$.a', IsNumeric: true }, { a: '1' }, false],
    [{ Variable: '$.a', IsTimestamp: true }, { a: '2026-01-01T00:00:00Z' }, true],
    [
      {
        And: [
          { Variable: '$.a', IsPresent: true },
          { Variable: '$.a', NumericEquals: 1 },
        ],
      },
      {},
      false,
    ],
    [
      {
        Or: [
          { Variable: '$.a', IsString: true },
          { Variable: '$.a', IsBoolean: true },
        ],
      },
      { a: true },
      true,
    ],
    [{ Not: { Variable: '$.a', IsNull: true } }, { a: 1 }, true],
  ])('%j of %j: %p', async (rule, input, holds) => {
    const C = { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' };
    const result = (Result: boolean): object => ({ Type: 'Pass', Result, End: true });
    expect(outputOf(await newRunner().run(machine('C', { C, Yes: result(true), No: result(false) }), input))).toBe(
      holds,
    );
  });

  it('fail the execution for a variable that is not there', async () => {
    const C = { Type: 'Choice', Choices: [{ Variable: '$.none', NumericEquals: 1, Next: 'Y' }], Default: 'Y' };
    expect(await newRunner().run(machine('C', { C, Y: { Type: 'Succeed' } }))).toMatchObject({
      error: 'States.Runtime',
    });
  });
});
