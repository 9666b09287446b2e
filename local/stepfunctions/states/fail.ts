/** Fail: ends the execution with an error of the author's. */
import { StateError, queryEvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import { chain } from '../maybe-promise.ts';
import type { Field } from '../state-io.ts';
import type { Outcome, State } from '../workflow.ts';

/** @param error and cause: literals or expressions; both may be absent */
export function failRun(error: Field, cause: Field): State['run'] {
  return (frame) =>
    chain(error(frame), (name) =>
      chain(cause(frame), (text): Outcome => {
        throw new StateError(asText(name, 'Error') ?? '', asText(text, 'Cause'));
      }),
    );
}

function asText(value: Json | undefined, field: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw queryEvaluationError(
    `The JSONata expression specified for the field '${field}' returned an unsupported result type.`,
    field,
  );
}
