/** Succeed: ends the workflow, or the branch, with its output. */
import { chain } from '../maybe-promise.ts';
import type { StateIo } from '../state-io.ts';
import type { State } from '../workflow.ts';

export function succeedRun(io: StateIo): State['run'] {
  return (frame) =>
    chain(io.effectiveInput(frame), (effective) =>
      chain(io.complete(frame, effective, effective), ({ output }) => ({ output, next: undefined })),
    );
}
