/** Pass: hands its input on, reshaped by Output (JSONata) or by Parameters and Result (JSONPath). */
import type { Json } from '../json.ts';
import { chain } from '../maybe-promise.ts';
import type { StateIo } from '../state-io.ts';
import type { State } from '../workflow.ts';

/** @param result JSONPath's Result, a literal that takes the place of the input */
export function passRun(io: StateIo, next: string | undefined, result: Json | undefined): State['run'] {
  return (frame) =>
    chain(io.effectiveInput(frame), (effective) =>
      chain(io.complete(frame, effective, result === undefined ? effective : result), ({ output, assign }) => ({
        output,
        next,
        assign,
      })),
    );
}
