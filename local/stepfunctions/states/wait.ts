/** Wait: lets virtual time pass, for a number of seconds or until a timestamp. */
import { queryEvaluationError, runtimeError } from '../errors.ts';
import { pause } from '../interpreter.ts';
import type { Json } from '../json.ts';
import type { Field, StateIo } from '../state-io.ts';
import type { Frame, State } from '../workflow.ts';

const MAX_SECONDS = 99_999_999;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** @param seconds and timestamp: exactly one of them yields a value */
export function waitRun(io: StateIo, next: string | undefined, seconds: Field, timestamp: Field): State['run'] {
  return async (frame) => {
    const effective = await io.effectiveInput(frame);
    const delayMs = delay(frame, await seconds(frame), await timestamp(frame));
    if (delayMs > 0) await pause(frame, delayMs, `Wait state ${frame.state.name}`);
    const { output, assign } = await io.complete(frame, effective, effective);
    return { output, next, assign };
  };
}

function delay(frame: Frame, seconds: Json | undefined, timestamp: Json | undefined): number {
  if (seconds !== undefined) {
    if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0 || seconds > MAX_SECONDS) {
      throw queryEvaluationError(
        `The field 'Seconds' must be an integer between 0 and ${MAX_SECONDS} but was ${JSON.stringify(seconds)}`,
        'Seconds',
      );
    }
    return seconds * 1000;
  }
  if (typeof timestamp !== 'string' || !RFC_3339.test(timestamp)) {
    throw runtimeError(`The Timestamp ${JSON.stringify(timestamp)} is not a timestamp such as 2026-01-31T14:00:00Z`);
  }
  return Date.parse(timestamp) - frame.engine.cloud.kernel.clock.now();
}
