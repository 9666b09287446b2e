/** Input and output of states in the JSONata query language. */
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { type MaybePromise, chain } from '../maybe-promise.ts';
import type { Completion, Field, StateIo } from '../state-io.ts';
import type { Catcher, Frame } from '../workflow.ts';
import type { Expressions } from './expressions.ts';
import { type Template, compileTemplate, evaluateTemplate } from './templates.ts';

type Extra = Readonly<Record<string, Json | undefined>>;

/** @param resultIsOutput without Output, Task, Parallel and Map hand on their result; the other states their input */
export function jsonataIo(definition: JsonObject, expressions: Expressions, resultIsOutput: boolean): StateIo {
  const args = field(definition, 'Arguments', expressions);
  const finish = compileCompletion(definition, '', expressions);
  return {
    effectiveInput: (frame) =>
      chain(args ? evaluateTemplate(args, frame) : frame.input, (effective) => {
        if (frame.inspection) frame.inspection['afterArguments'] = effective;
        return effective;
      }),
    complete: (frame, _effective, result) => {
      if (!resultIsOutput) return finish(frame, undefined, frame.input);
      if (frame.inspection) frame.inspection['result'] = result;
      return finish(frame, { result }, result);
    },
  };
}

/**
 * Output and Assign of a state, a choice rule or a catcher. Both are evaluated with the variables as they were, so neither sees
 * what the other yields.
 */
export function compileCompletion(
  definition: JsonObject,
  prefix: string,
  expressions: Expressions,
): (frame: Frame, extra: Extra | undefined, fallback: Json) => MaybePromise<Completion> {
  const output = field(definition, 'Output', expressions, prefix);
  const assign = field(definition, 'Assign', expressions, prefix);
  if (!output && !assign) return (_frame, _extra, fallback) => ({ output: fallback, assign: undefined });
  return (frame, extra, fallback) =>
    chain(assign ? evaluateTemplate(assign, frame, extra) : undefined, (variables) =>
      chain(output ? evaluateTemplate(output, frame, extra) : fallback, (value) => ({
        output: value,
        assign: isJsonObject(variables) ? variables : undefined,
      })),
    );
}

/** A catcher: `$states.errorOutput` is there, and is the output unless Output says otherwise. */
export function jsonataCatcher(definition: JsonObject, index: number, expressions: Expressions): Catcher {
  const finish = compileCompletion(definition, `Catch[${index}]/`, expressions);
  return {
    errorEquals: definition['ErrorEquals'] as string[],
    next: definition['Next'] as string,
    complete: (frame, errorOutput) => finish(frame, { errorOutput }, errorOutput),
  };
}

/** A field such as TimeoutSeconds: a literal or an expression. */
export function jsonataField(definition: JsonObject, name: string, expressions: Expressions): Field {
  const template = field(definition, name, expressions);
  return (frame, extra) => (template ? evaluateTemplate(template, frame, extra) : undefined);
}

function field(definition: JsonObject, name: string, expressions: Expressions, prefix = ''): Template | undefined {
  const value = definition[name];
  return value === undefined ? undefined : compileTemplate(value, prefix + name, expressions);
}
