/** JSON values with JSONata expressions inside, as Arguments, Output, Assign and the like have them. */
import { type Json, isJsonObject } from '../json.ts';
import { type MaybePromise, chain } from '../maybe-promise.ts';
import type { Frame } from '../workflow.ts';
import { type Bindings, type Expressions, expressionText } from './expressions.ts';
import { bindings } from './context.ts';

/** A field's value, computed when the state runs. */
export interface Template {
  /** The value, when it holds no expression at all. */
  readonly constant: Json | undefined;
  evaluate(bindings: Bindings): MaybePromise<Json>;
}

/** @param field where the template stands in the state, for instance `Output`; members are told apart as `Output/a[0]` */
export function compileTemplate(value: Json, field: string, expressions: Expressions): Template {
  const evaluate = compileNode(value, field, expressions);
  return evaluate ? { constant: undefined, evaluate } : { constant: value, evaluate: () => value };
}

/** Evaluates a template for a frame; constants need no bindings. */
export function evaluateTemplate(
  template: Template,
  frame: Frame,
  extra?: Readonly<Record<string, Json | undefined>>,
): MaybePromise<Json> {
  return template.constant !== undefined ? template.constant : template.evaluate(bindings(frame, extra));
}

type Evaluate = (bindings: Bindings) => MaybePromise<Json>;

function compileNode(value: Json, field: string, expressions: Expressions): Evaluate | undefined {
  if (typeof value === 'string') {
    const text = expressionText(value);
    if (text === undefined) return undefined;
    const expression = expressions.compile(text);
    return (bound) => expression.evaluate(bound, field);
  }
  if (Array.isArray(value)) {
    const items = value.map((item, i) => compileNode(item, `${field}[${i}]`, expressions));
    if (items.every((item) => item === undefined)) return undefined;
    return (bound) => evaluateAll(items, value, bound);
  }
  if (!isJsonObject(value)) return undefined;
  const keys = Object.keys(value);
  const constants = Object.values(value);
  const members = keys.map((key) => compileNode(value[key]!, `${field}/${key}`, expressions));
  if (members.every((member) => member === undefined)) return undefined;
  const assemble = (values: readonly Json[]): Json => {
    const object: Record<string, Json> = {};
    for (let i = 0; i < keys.length; i++) object[keys[i]!] = values[i]!;
    return object;
  };
  return (bound) => chain(evaluateAll(members, constants, bound), assemble);
}

/** Evaluates all parts; @param constants the values of the parts that hold no expression */
function evaluateAll(
  parts: readonly (Evaluate | undefined)[],
  constants: readonly Json[],
  bound: Bindings,
): MaybePromise<Json[]> {
  const values: MaybePromise<Json>[] = [];
  let pending = false;
  try {
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const value = part ? part(bound) : constants[i]!;
      pending ||= value instanceof Promise;
      values.push(value);
    }
  } catch (error) {
    // The first failure is the one that is reported; those still on their way must not count as unhandled.
    for (const value of values) if (value instanceof Promise) value.catch(() => undefined);
    throw error;
  }
  return pending ? Promise.all(values.map((value) => Promise.resolve(value))) : (values as Json[]);
}
