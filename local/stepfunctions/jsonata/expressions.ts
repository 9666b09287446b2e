/** Compiled JSONata expressions, cached by their text: compiling costs more than evaluating. */
import jsonata from 'jsonata';
import { queryEvaluationError } from '../errors.ts';
import { type Json, NotJson, toJson } from '../json.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { FALLBACK, type FastExpression, compileFast } from './fast-path.ts';
import { type ExpressionWorld, registerFunctions } from './functions.ts';

/** `states` and the variables; has no prototype, so that a variable may have any name. */
export type Bindings = Record<string, unknown>;

export interface Expression {
  /**
   * @param field where the expression stands, for the error: `Output/total`
   * @throws StateError States.QueryEvaluationError
   */
  evaluate(bindings: Bindings, field: string): MaybePromise<Json>;
}

/** An expression is the whole string from `{%` to `%}`; anything around it makes it an ordinary string. */
export function expressionText(value: string): string | undefined {
  return value.startsWith('{%') && value.endsWith('%}') && value.length >= 4 ? value.slice(2, -2).trim() : undefined;
}

/** The message of a syntax error, or undefined if the expression compiles. */
export function syntaxError(text: string): string | undefined {
  try {
    jsonata(text);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

export class Expressions {
  readonly #world: ExpressionWorld;
  readonly #compiled = new Map<string, Expression>();

  constructor(world: ExpressionWorld) {
    this.#world = world;
  }

  compile(text: string): Expression {
    let compiled = this.#compiled.get(text);
    if (!compiled) {
      compiled = newExpression(text, this.#world);
      this.#compiled.set(text, compiled);
    }
    return compiled;
  }
}

function newExpression(text: string, world: ExpressionWorld): Expression {
  const compiled = jsonata(text);
  registerFunctions(compiled, world);
  const fast: FastExpression | undefined = compileFast(compiled.ast(), world);
  const slowly = async (bindings: Bindings, field: string): Promise<Json> => {
    let value: unknown;
    try {
      value = await (compiled.evaluate(undefined, bindings) as Promise<unknown>);
    } catch (error) {
      throw evaluationFailed(text, field, error);
    }
    return clean(text, field, value);
  };
  if (!fast) return { evaluate: slowly };
  return {
    evaluate: (bindings, field) => {
      try {
        const value = fast(bindings);
        if (value !== undefined) return value as Json;
      } catch (thrown) {
        if (thrown !== FALLBACK) throw thrown;
        return slowly(bindings, field);
      }
      throw nothing(text, field);
    },
  };
}

function clean(text: string, field: string, value: unknown): Json {
  if (value === undefined) throw nothing(text, field);
  try {
    return toJson(value);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw queryEvaluationError(
      `The JSONata expression '${text}' specified for the field '${field}' returned an unsupported result type.`,
      field,
    );
  }
}

function nothing(text: string, field: string): Error {
  return queryEvaluationError(
    `The JSONata expression '${text}' specified for the field '${field}' returned nothing (undefined).`,
    field,
  );
}

function evaluationFailed(text: string, field: string, error: unknown): Error {
  return queryEvaluationError(
    `The JSONata expression '${text}' specified for the field '${field}' threw an error during evaluation. ${errorMessage(error)}`,
    field,
  );
}

/** JSONata throws plain objects with `code` and `message`. */
function errorMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return typeof code === 'string' ? `${code}: ${text}` : text;
}
