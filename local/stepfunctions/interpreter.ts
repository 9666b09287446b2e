/** Runs workflows: enters states, hands on their output, retries and catches their errors. */
import { AwsError } from '../kernel/errors.ts';
import { StateError, dataLimitExceeded } from './errors.ts';
import { type Json, type JsonObject, exceedsDataLimit } from './json.ts';
import { type Retrier, matchesError, retryDelayMs } from './retry.ts';
import type { Engine, Frame, Outcome, State, Thread, Workflow } from './workflow.ts';

/**
 * Runs a workflow to its end and returns its output. A state that has nothing to wait for costs no turn of the micro-task
 * queue, and a loop (not recursion) walks the states, so that long executions need no deep stack.
 * @throws StateError when a state fails and nothing catches it, Cancelled when the thread's scope ends
 */
export async function runWorkflow(engine: Engine, thread: Thread, workflow: Workflow, input: Json): Promise<Json> {
  let state = workflow.states.get(workflow.startAt)!;
  let value = input;
  for (;;) {
    thread.scope.throwIfCancelled();
    const frame = enterState(engine, thread, state, value);
    let outcome: Outcome;
    try {
      const running = state.run(frame);
      outcome = accept(frame, running instanceof Promise ? await running : running);
    } catch (thrown) {
      outcome = await recover(frame, thrown);
    }
    thread.scope.throwIfCancelled();
    thread.execution.record(thread, state.exitedEvent, 'exited', state.name, outcome.output, outcome.assign);
    value = outcome.output;
    if (outcome.next === undefined) return value;
    state = workflow.states.get(outcome.next)!;
  }
}

/** Records that a state is entered. */
export function enterState(engine: Engine, thread: Thread, state: State, input: Json): Frame {
  const execution = thread.execution;
  execution.transitions++;
  thread.current = state;
  const enteredEventId = execution.record(thread, state.enteredEvent, 'entered', state.name, input);
  const enteredMs = engine.cloud.kernel.clock.now();
  return { thread, state, input, enteredMs, enteredEventId, retryCount: 0, taskToken: undefined, engine };
}

/** Checks and applies what a state hands on. Variables are set only here, when every expression has succeeded. */
export function accept(frame: Frame, outcome: Outcome): Outcome {
  if (outcome.output !== frame.input && exceedsDataLimit(outcome.output)) throw dataLimitExceeded(frame.state.name);
  if (outcome.assign) frame.thread.variables.assign(outcome.assign);
  return outcome;
}

/** Turns what a state threw into what Retry and Catch see; a defect of the laptop cloud itself travels on. */
export function asStateError(thrown: unknown): StateError {
  if (thrown instanceof StateError) return thrown;
  if (thrown instanceof AwsError && thrown.code === 'UnsupportedFeature') {
    return new StateError('UnsupportedFeature', thrown.message, { terminal: true });
  }
  throw thrown;
}

async function recover(frame: Frame, thrown: unknown): Promise<Outcome> {
  const granted = new Map<Retrier, number>();
  let failure = fail(frame, thrown);
  for (;;) {
    const error = failure;
    const retrier = frame.state.retriers.find(({ errorEquals }) => matchesError(errorEquals, error));
    const attempts = retrier ? (granted.get(retrier) ?? 0) : 0;
    if (!retrier || attempts >= retrier.maxAttempts) return catchError(frame, error);
    granted.set(retrier, attempts + 1);
    await pause(frame, retryDelayMs(retrier, attempts, frame.engine.jitter), `retry of ${frame.state.name}`);
    frame.retryCount++;
    frame.taskToken = undefined;
    try {
      return accept(frame, await frame.state.run(frame));
    } catch (next) {
      failure = fail(frame, next);
    }
  }
}

function fail(frame: Frame, thrown: unknown): StateError {
  const failure = asStateError(thrown);
  if (failure.location !== undefined) {
    frame.thread.execution.recordFailure(frame.thread, 'EvaluationFailed', 'fields', 'evaluationFailedEventDetails', {
      error: failure.error,
      cause: failure.causeText,
      location: failure.location,
      state: frame.state.name,
    });
  }
  return failure;
}

async function catchError(frame: Frame, failure: StateError): Promise<Outcome> {
  const catcher = frame.state.catchers.find(({ errorEquals }) => matchesError(errorEquals, failure));
  if (!catcher) throw uncaught(frame, failure);
  try {
    const completion = await catcher.complete(frame, errorOutput(failure));
    return accept(frame, { output: completion.output, next: catcher.next, assign: completion.assign });
  } catch (thrown) {
    throw uncaught(frame, fail(frame, thrown));
  }
}

/** AWS names the state in the cause of errors that the workflow itself made (not of those of its tasks). */
function uncaught(frame: Frame, failure: StateError): StateError {
  if (failure.location === undefined && failure.error !== 'States.Runtime') return failure;
  const prefix = `An error occurred while executing the state '${frame.state.name}' (entered at the event id #${frame.enteredEventId}). `;
  const cause = failure.causeText ?? '';
  return new StateError(failure.error, cause.startsWith('An error occurred') ? cause : prefix + cause, {
    terminal: failure.terminal,
  });
}

/** `$states.errorOutput`: a task that failed without a cause has an empty one. */
export function errorOutput(failure: StateError): JsonObject {
  return { Error: failure.error, Cause: failure.causeText ?? '' };
}

/** Waits a virtual duration, unless the thread ends meanwhile. */
export function pause(frame: Frame, delayMs: number, label: string): Promise<void> {
  return frame.thread.scope.wait<void>((resolve) => {
    const timer = frame.engine.cloud.kernel.clock.after(delayMs, label, () => resolve());
    return () => timer.cancel();
  });
}

/** Records that a line of execution was cut short by its execution's or its sibling's end. */
export function recordAborted(thread: Thread): void {
  const type = thread.current?.type;
  if (type === 'Task' || type === 'Wait' || type === 'Parallel' || type === 'Map') {
    thread.execution.recordFailure(thread, `${type}StateAborted`);
  }
}
