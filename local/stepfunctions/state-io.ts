/** What a query language does for a state: make its effective input, and its output and variables from a result. */
import type { Json, JsonObject } from './json.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Frame } from './workflow.ts';

export interface Completion {
  readonly output: Json;
  readonly assign: JsonObject | undefined;
}

/** A field that may be a literal, an expression or (JSONPath) come from a `...Path` field; undefined when it is not there. */
export type Field = (
  frame: Frame,
  extra?: Readonly<Record<string, Json | undefined>>,
) => MaybePromise<Json | undefined>;

export interface StateIo {
  /** JSONata: Arguments, or the input. JSONPath: InputPath, then Parameters. */
  effectiveInput(frame: Frame): MaybePromise<Json>;
  /**
   * Output and Assign, or ResultSelector, ResultPath, OutputPath and Assign.
   * @param effective what effectiveInput gave; @param result what the state's work gave
   */
  complete(frame: Frame, effective: Json, result: Json): MaybePromise<Completion>;
}
