/** Choice rules of the JSONPath query language: comparisons of a variable, and And, Or, Not. */
import { runtimeError } from '../errors.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { chain } from '../maybe-promise.ts';
import type { StateIo } from '../state-io.ts';
import type { Choice } from '../states/choice.ts';
import type { Frame } from '../workflow.ts';
import { type Path, type PathScope, parsePath, readPath } from './paths.ts';
import { compilePayloadTemplate, mustRead } from './payload-template.ts';
import { jsonPathIo, pathScope } from './state-io.ts';

type Test = (scope: PathScope) => boolean;
type Comparison = (value: Json, operand: Json) => boolean;

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const isTimestamp = (value: Json): value is string => typeof value === 'string' && TIMESTAMP.test(value);

const ORDER: Readonly<Record<string, (difference: number) => boolean>> = {
  Equals: (difference) => difference === 0,
  LessThan: (difference) => difference < 0,
  GreaterThan: (difference) => difference > 0,
  LessThanEquals: (difference) => difference <= 0,
  GreaterThanEquals: (difference) => difference >= 0,
};

const TYPED: Readonly<Record<string, (value: Json, operand: Json) => number | undefined>> = {
  String: (a, b) => (typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : undefined),
  Numeric: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : undefined),
  Timestamp: (a, b) => (isTimestamp(a) && isTimestamp(b) ? Date.parse(a) - Date.parse(b) : undefined),
};

const IS: Readonly<Record<string, (value: Json) => boolean>> = {
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => isTimestamp(value),
};

/** Every comparison operator, with its `...Path` form. */
export const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ...Object.entries(TYPED).flatMap(([type, compare]) =>
    Object.entries(ORDER).map(([order, holds]): [string, Comparison] => [
      type + order,
      (value, operand) => {
        const difference = compare(value, operand);
        return difference !== undefined && holds(difference);
      },
    ]),
  ),
  ['BooleanEquals', (value, operand) => typeof value === 'boolean' && value === operand] as [string, Comparison],
  ['StringMatches', (value, operand) => typeof value === 'string' && matches(value, operand as string)] as [
    string,
    Comparison,
  ],
  ...Object.entries(IS).map(([name, is]): [string, Comparison] => [name, (value, operand) => is(value) === operand]),
]);

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function matches(value: string, pattern: string): boolean {
  const source = pattern.replace(/\\([*\\])|(\*)|([^])/g, (_match, escaped?: string, star?: string, other?: string) =>
    star === undefined ? (escaped ?? other ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') : '[^]*',
  );
  return new RegExp(`^${source}$`).test(value);
}

export function jsonPathChoice(definition: JsonObject): Choice {
  const { Assign: _, ...withoutAssign } = definition;
  const filter = jsonPathIo(withoutAssign, false);
  const whole = jsonPathIo(definition, false);
  const rules = (definition['Choices'] as JsonObject[]).map((rule) => {
    const test = compileTest(rule);
    return {
      next: rule['Next'] as string,
      holds: (frame: Frame, effective: Json) => test(pathScope(frame, effective)),
      complete: completion(rule, filter),
    };
  });
  const next = definition['Default'] as string | undefined;
  return {
    effectiveInput: (frame) => filter.effectiveInput(frame),
    rules,
    otherwise:
      next === undefined
        ? undefined
        : { next, complete: (frame, effective) => whole.complete(frame, effective, effective) },
  };
}

/** A rule that holds sets its own variables; the state's Assign belongs to Default. */
function completion(rule: JsonObject, filter: StateIo): Choice['rules'][number]['complete'] {
  const assign = rule['Assign'] === undefined ? undefined : compilePayloadTemplate(rule['Assign']);
  return (frame, effective) =>
    chain(filter.complete(frame, effective, effective), ({ output }) => {
      const variables = assign?.(pathScope(frame, effective), frame.engine.ids);
      return { output, assign: isJsonObject(variables) ? variables : undefined };
    });
}

function compileTest(rule: JsonObject): Test {
  if (Array.isArray(rule['And'])) {
    const tests = (rule['And'] as JsonObject[]).map(compileTest);
    return (scope) => tests.every((test) => test(scope));
  }
  if (Array.isArray(rule['Or'])) {
    const tests = (rule['Or'] as JsonObject[]).map(compileTest);
    return (scope) => tests.some((test) => test(scope));
  }
  if (isJsonObject(rule['Not'])) {
    const test = compileTest(rule['Not']);
    return (scope) => !test(scope);
  }
  const path = parsePath(rule['Variable'] as string)!;
  if (rule['IsPresent'] !== undefined) return (scope) => isPresent(path, scope) === rule['IsPresent'];
  return compileComparison(rule, path);
}

function compileComparison(rule: JsonObject, path: Path): Test {
  const operator = Object.keys(rule).find((key) => COMPARISONS.has(key.replace(/Path$/, '')))!;
  const compare = COMPARISONS.get(operator.replace(/Path$/, ''))!;
  const operandPath = operator.endsWith('Path') ? parsePath(rule[operator] as string)! : undefined;
  return (scope) => {
    const value = readPath(path, scope);
    if (value === undefined) {
      throw runtimeError(`Invalid path '${path.text}': The choice state's condition path references an invalid value.`);
    }
    const operand = operandPath ? mustRead(operandPath, scope, operator, 'States.Runtime') : rule[operator]!;
    return compare(value, operand);
  };
}

function isPresent(path: Path, scope: PathScope): boolean {
  const value = readPath(path, scope);
  return value !== undefined && (path.definite || (value as Json[]).length > 0);
}
