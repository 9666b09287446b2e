/** `$states` and the context object, for expressions and for `$$` paths. */
import { type Json, type JsonObject, isoTime } from '../json.ts';
import type { Frame } from '../workflow.ts';
import type { Bindings } from './expressions.ts';

/** The context object as AWS documents it. RetryCount, Task and Map are there only where they mean something. */
export function contextObject(frame: Frame): JsonObject {
  const { execution, mapItem } = frame.thread;
  const { name, type } = frame.state;
  const state: JsonObject = { EnteredTime: isoTime(frame.enteredMs), Name: name };
  if (type === 'Task' || type === 'Parallel' || type === 'Map') state['RetryCount'] = frame.retryCount;
  const context: JsonObject = {
    Execution: execution.contextExecution,
    State: state,
    StateMachine: execution.contextStateMachine,
  };
  if (frame.taskToken !== undefined) context['Task'] = { Token: frame.taskToken };
  if (mapItem) context['Map'] = { Item: { ...mapItem } };
  return frame.context ? { ...context, ...frame.context } : context;
}

/**
 * What an expression can read: `$states` and the variables.
 * @param extra further members of `$states`: `result` after the work, `errorOutput` in a catcher; `context` may be replaced
 */
export function bindings(frame: Frame, extra?: Readonly<Record<string, Json | undefined>>): Bindings {
  const bound = Object.create(null) as Bindings;
  const variables = frame.thread.variables.visible;
  for (const name in variables) bound[name] = variables[name];
  bound['states'] = { input: frame.input, context: contextObject(frame), ...extra };
  return bound;
}
