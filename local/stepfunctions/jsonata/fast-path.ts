/**
 * A synchronous evaluator for the plain part of JSONata: variables, paths through objects, arithmetic, comparisons,
 * constructors and a few functions. JSONata itself awaits at each node of an expression, which costs tens of microseconds.
 * Whatever is not plain (arrays inside a path, mixed types, errors) is handed to JSONata by throwing FALLBACK, so results
 * and messages are JSONata's own; tests/unit/local/stepfunctions/fast-path.test.ts compares both on the same expressions.
 */
import type jsonata from 'jsonata';
import { isoTime } from '../json.ts';
import type { ExpressionWorld } from './functions.ts';

/** Tells that JSONata itself must be asked; one object for all, for making an Error costs more than the evaluation. */
class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** Thrown when an expression turns out not to be plain while it is evaluated. */
export const FALLBACK = new NotPlain('the values of this expression are not plain');

type Scope = Record<string, unknown>;
type Evaluate = (scope: Scope) => unknown;
export type FastExpression = Evaluate;

/** An AST node of jsonata 2.0.6, as far as it is read here. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly lhs?: Node | readonly (readonly [Node, Node])[];
  readonly rhs?: Node;
  readonly expression?: Node;
  readonly expressions?: readonly Node[];
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  readonly procedure?: Node;
  readonly arguments?: readonly Node[];
}

const PLAIN_KEYS = new Set(
  'type value position steps lhs rhs expression expressions condition then else procedure arguments thunk consarray'.split(
    ' ',
  ),
);

/** Thrown while compiling when a node is not plain; never leaves this file. */
const NOT_PLAIN = new NotPlain('this expression is not plain');

/** Compiles an AST, or returns undefined when the expression has parts that only JSONata itself evaluates. */
export function compileFast(ast: jsonata.ExprNode, world: ExpressionWorld): FastExpression | undefined {
  try {
    return compile(ast as Node, world);
  } catch (thrown) {
    if (thrown === NOT_PLAIN) return undefined;
    throw thrown;
  }
}

function compile(node: Node, world: ExpressionWorld): Evaluate {
  // Predicates, stages, groups, focus and index variables, keepArray: each shows as a further key of the node.
  if (!isPlain(node)) throw NOT_PLAIN;
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value': {
      const { value } = node;
      return () => value;
    }
    case 'variable':
      return compileVariable(node.value as string);
    case 'path':
      return compilePath(node.steps!, world);
    case 'binary':
      return compileBinary(node, world);
    case 'unary':
      return compileUnary(node, world);
    case 'condition':
      return compileCondition(node, world);
    case 'block':
      return compileBlock(node.expressions!, world);
    case 'bind':
      return compileBind(node, world);
    case 'function':
      return compileCall(node, world);
    default:
      throw NOT_PLAIN;
  }
}

function isPlain(node: Node): boolean {
  return Object.entries(node).every(([key, value]) => value === undefined || PLAIN_KEYS.has(key));
}

function compileVariable(name: string): Evaluate {
  if (name === '' || name === '$') throw NOT_PLAIN;
  return (scope) => {
    const value = scope[name];
    // A built-in function is a value too, which only JSONata knows.
    if (value === undefined) throw FALLBACK;
    return value;
  };
}

function compilePath(steps: readonly Node[], world: ExpressionWorld): Evaluate {
  const [first, ...rest] = steps;
  if (first?.type !== 'variable') throw NOT_PLAIN;
  const start = compile(first, world);
  const names = rest.map((step) => {
    if (step.type !== 'name' || !isPlain(step)) throw NOT_PLAIN;
    return step.value as string;
  });
  return (scope) => {
    let value = start(scope);
    for (const name of names) {
      if (typeof value !== 'object' || value === null) return undefined;
      if (Array.isArray(value)) throw FALLBACK;
      if (!Object.hasOwn(value, name)) return undefined;
      value = (value as Scope)[name];
    }
    return value;
  };
}

function compileBinary(node: Node, world: ExpressionWorld): Evaluate {
  const left = compile(node.lhs as Node, world);
  const right = compile(node.rhs!, world);
  const operator = node.value as string;
  switch (operator) {
    case 'and':
      return (scope) => truth(left(scope)) && truth(right(scope));
    case 'or':
      return (scope) => truth(left(scope)) || truth(right(scope));
    case '&':
      return (scope) => text(left(scope)) + text(right(scope));
    case '=':
      return (scope) => equal(left(scope), right(scope));
    case '!=': {
      return (scope) => {
        const a = left(scope);
        const b = right(scope);
        return a === undefined || b === undefined ? false : !equal(a, b);
      };
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (scope) => compare(operator, left(scope), right(scope));
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return (scope) => calculate(operator, left(scope), right(scope));
    case 'in':
      return (scope) => {
        const a = left(scope);
        const b = right(scope);
        if (a === undefined || b === undefined) return false;
        return Array.isArray(b) ? b.includes(a) : a === b;
      };
    default:
      throw NOT_PLAIN;
  }
}

function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === undefined) return false;
  throw FALLBACK;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  // Beyond 15 digits JSONata rounds.
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e15) return (value + 0).toFixed(0);
  throw FALLBACK;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) throw FALLBACK;
  return a === b;
}

function compare(operator: '<' | '<=' | '>' | '>=', a: unknown, b: unknown): boolean {
  const comparable =
    (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string');
  if (!comparable) throw FALLBACK;
  const x = a;
  const y = b;
  switch (operator) {
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    case '>=':
      return x >= y;
  }
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', a: unknown, b: unknown): number {
  if (typeof a !== 'number' || typeof b !== 'number') throw FALLBACK;
  const result = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[operator];
  if (!Number.isFinite(result)) throw FALLBACK;
  return result;
}

function compileUnary(node: Node, world: ExpressionWorld): Evaluate {
  switch (node.value) {
    case '-': {
      const operand = compile(node.expression!, world);
      return (scope) => {
        const value = operand(scope);
        if (typeof value !== 'number') throw FALLBACK;
        return -value;
      };
    }
    case '[':
      return compileArray(node.expressions!, world);
    case '{':
      return compileObject(node.lhs as readonly (readonly [Node, Node])[], world);
    default:
      throw NOT_PLAIN;
  }
}

function compileArray(expressions: readonly Node[], world: ExpressionWorld): Evaluate {
  const items = expressions.map((item) => ({ nested: item.value === '[', evaluate: compile(item, world) }));
  return (scope) => {
    const array: unknown[] = [];
    for (const item of items) {
      const value = item.evaluate(scope);
      if (value === undefined) continue;
      if (!item.nested && Array.isArray(value)) for (const element of value) array.push(element);
      else array.push(value);
    }
    return array;
  };
}

function compileObject(pairs: readonly (readonly [Node, Node])[], world: ExpressionWorld): Evaluate {
  const members = pairs.map(([key, value]) => ({ key: compile(key, world), value: compile(value, world) }));
  return (scope) => {
    const object: Scope = {};
    const seen = new Set<unknown>();
    for (const member of members) {
      const key = member.key(scope);
      if (typeof key !== 'string' || seen.has(key)) throw FALLBACK;
      seen.add(key);
      const value = member.value(scope);
      if (value !== undefined) object[key] = value;
    }
    return object;
  };
}

function compileCondition(node: Node, world: ExpressionWorld): Evaluate {
  const condition = compile(node.condition!, world);
  const then = compile(node.then!, world);
  const otherwise = node.else ? compile(node.else, world) : () => undefined;
  return (scope) => (truth(condition(scope)) ? then(scope) : otherwise(scope));
}

function compileBlock(expressions: readonly Node[], world: ExpressionWorld): Evaluate {
  const steps = expressions.map((expression) => compile(expression, world));
  return (scope) => {
    const inner = Object.create(scope) as Scope;
    let value: unknown;
    for (const step of steps) value = step(inner);
    return value;
  };
}

function compileBind(node: Node, world: ExpressionWorld): Evaluate {
  const target = (node.lhs as Node).value as string;
  const source = compile(node.rhs!, world);
  return (scope) => {
    // The caller's bindings are shared by further expressions; only a block's own scope may be written.
    if (Object.getPrototypeOf(scope) === null) throw FALLBACK;
    const value = source(scope);
    if (value === undefined) throw FALLBACK;
    scope[target] = value;
    return value;
  };
}

type PlainFunction = (args: readonly unknown[]) => unknown;

function strings(args: readonly unknown[]): readonly string[] {
  for (const arg of args) if (typeof arg !== 'string') throw FALLBACK;
  return args as readonly string[];
}

function arrayOf<T>(arg: unknown, type: 'string' | 'number' | 'object'): readonly T[] {
  if (!Array.isArray(arg)) throw FALLBACK;
  for (const item of arg) {
    if (typeof item !== type || item === null || Array.isArray(item)) throw FALLBACK;
  }
  return arg as readonly T[];
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw FALLBACK;
  return value;
}

/** Name/arity -> implementation for arguments of exactly the expected types. */
function plainFunctions(world: ExpressionWorld): Readonly<Record<string, PlainFunction>> {
  return {
    'exists/1': ([value]) => value !== undefined,
    'not/1': ([value]) => {
      if (typeof value !== 'boolean') throw FALLBACK;
      return !value;
    },
    'count/1': ([value]) => (value === undefined ? 0 : arrayLength(value)),
    'string/1': ([value]) => {
      if (value === undefined) throw FALLBACK;
      return text(value);
    },
    'length/1': (args) => [...strings(args)[0]!].length,
    'uppercase/1': (args) => strings(args)[0]!.toUpperCase(),
    'lowercase/1': (args) => strings(args)[0]!.toLowerCase(),
    'contains/2': (args) => strings(args)[0]!.includes(strings(args)[1]!),
    'join/2': ([items, separator]) => arrayOf<string>(items, 'string').join(strings([separator])[0]),
    'sum/1': ([items]) => finite(arrayOf<number>(items, 'number').reduce((total, item) => total + item, 0)),
    'merge/1': ([items]) => Object.assign({}, ...arrayOf<object>(items, 'object')) as unknown,
    'append/2': ([a, b]) => {
      if (!Array.isArray(a) || !Array.isArray(b)) throw FALLBACK;
      return [...(a as unknown[]), ...(b as unknown[])];
    },
    'millis/0': () => world.clock.now(),
    'now/0': () => isoTime(world.clock.now()),
    'uuid/0': () => world.random.uuid(),
    'random/0': () => world.random.next(),
  };
}

function arrayLength(value: unknown): number {
  if (!Array.isArray(value)) throw FALLBACK;
  return value.length;
}

function compileCall(node: Node, world: ExpressionWorld): Evaluate {
  const procedure = node.procedure!;
  if (procedure.type !== 'variable') throw NOT_PLAIN;
  const name = procedure.value as string;
  const parameters = node.arguments ?? [];
  const call = plainFunctions(world)[`${name}/${parameters.length}`];
  if (!call) throw NOT_PLAIN;
  const args = parameters.map((parameter) => compileArgument(parameter, world));
  return (scope) => {
    // A variable of the same name hides the function.
    if (scope[name] !== undefined) throw FALLBACK;
    return call(args.map((arg) => arg(scope)));
  };
}

function compileArgument(node: Node, world: ExpressionWorld): Evaluate {
  if (node.type === '?') throw NOT_PLAIN;
  return compile(node, world);
}
