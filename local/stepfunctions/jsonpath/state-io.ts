/** Input and output of states in the JSONPath query language. */
import type { Random } from '../../kernel/random.ts';
import { StateError } from '../errors.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { contextObject } from '../jsonata/context.ts';
import type { Field, StateIo } from '../state-io.ts';
import type { Catcher, Frame } from '../workflow.ts';
import { type PathScope, parsePath, writePath } from './paths.ts';
import { type Compute, compilePayloadTemplate, compileReference, mustRead } from './payload-template.ts';

/** What paths of a frame can read, with a root of the caller's choice. */
export function pathScope(frame: Frame, input: Json): PathScope {
  return { input, context: () => contextObject(frame), variables: frame.thread.variables.visible };
}

const randomOf = (frame: Frame): Random => frame.engine.ids;

/** @param hasResult Pass, Task, Parallel and Map have a result to place; the others only filter their input */
export function jsonPathIo(definition: JsonObject, hasResult: boolean): StateIo {
  const inputPath = compileFilter(definition, 'InputPath');
  const parameters = compileOptional(definition['Parameters']);
  const resultSelector = compileOptional(definition['ResultSelector']);
  const placeResult = compileResultPath(definition);
  const outputPath = compileFilter(definition, 'OutputPath');
  const assign = compileOptional(definition['Assign']);
  return {
    effectiveInput: (frame) => {
      const filtered = inputPath(frame, frame.input);
      const effective = parameters ? parameters(pathScope(frame, filtered), randomOf(frame)) : filtered;
      if (frame.inspection) Object.assign(frame.inspection, { afterInputPath: filtered, afterParameters: effective });
      return effective;
    },
    complete: (frame, effective, result) => {
      const variables = assign?.(pathScope(frame, hasResult ? result : effective), randomOf(frame));
      const selected = resultSelector ? resultSelector(pathScope(frame, result), randomOf(frame)) : result;
      const combined = hasResult ? placeResult(frame.input, selected) : effective;
      if (frame.inspection && hasResult) {
        Object.assign(frame.inspection, { result, afterResultSelector: selected, afterResultPath: combined });
      }
      return { output: outputPath(frame, combined), assign: isJsonObject(variables) ? variables : undefined };
    },
  };
}

/** InputPath only, for fields and choices that look at the filtered input. */
export function filteredInput(definition: JsonObject): (frame: Frame) => Json {
  const inputPath = compileFilter(definition, 'InputPath');
  return (frame) => inputPath(frame, frame.input);
}

function compileOptional(template: Json | undefined): Compute | undefined {
  return template === undefined ? undefined : compilePayloadTemplate(template);
}

function compileFilter(definition: JsonObject, field: string): (frame: Frame, value: Json) => Json {
  const text = definition[field];
  if (text === null) return () => ({});
  if (text === undefined || text === '$') return (_frame, value) => value;
  const path = parsePath(text as string)!;
  return (frame, value) => mustRead(path, pathScope(frame, value), field, 'States.Runtime');
}

function compileResultPath(definition: JsonObject): (input: Json, result: Json) => Json {
  const text = definition['ResultPath'];
  if (text === null) return (input) => input;
  if (text === undefined || text === '$') return (_input, result) => result;
  const path = parsePath(text as string)!;
  return (input, result) => {
    const combined = writePath(path, input, result);
    if (combined !== undefined) return combined;
    throw new StateError(
      'States.ResultPathMatchFailure',
      `Unable to apply ReferencePath ${path.text} to input ${JSON.stringify(input).slice(0, 1000)}`,
    );
  };
}

/** A catcher: the error output is placed by ResultPath into the state's input. */
export function jsonPathCatcher(definition: JsonObject): Catcher {
  const place = compileResultPath(definition);
  const assign = compileOptional(definition['Assign']);
  return {
    errorEquals: definition['ErrorEquals'] as string[],
    next: definition['Next'] as string,
    complete: (frame, errorOutput) => {
      const variables = assign?.(pathScope(frame, errorOutput), randomOf(frame));
      return { output: place(frame.input, errorOutput), assign: isJsonObject(variables) ? variables : undefined };
    },
  };
}

/** A field with a literal form (`TimeoutSeconds`) and a path form (`TimeoutSecondsPath`). */
export function jsonPathField(definition: JsonObject, name: string): Field {
  const literal = definition[name];
  const reference = definition[`${name}Path`];
  if (typeof reference !== 'string') return () => literal;
  const input = filteredInput(definition);
  const compute = compileReference(reference, `${name}Path`)!;
  return (frame) => compute(pathScope(frame, input(frame)), randomOf(frame));
}

/** ItemsPath: where the array to iterate over stands in the effective input. */
export function itemsPath(definition: JsonObject): (frame: Frame, effective: Json) => Json {
  const text = definition['ItemsPath'];
  if (typeof text !== 'string' || text === '$') return (_frame, effective) => effective;
  const path = parsePath(text)!;
  return (frame, effective) => mustRead(path, pathScope(frame, effective), 'ItemsPath', 'States.Runtime');
}
