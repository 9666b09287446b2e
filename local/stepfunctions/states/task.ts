/** Task: work outside of the state machine, with a time limit and, for callbacks, heartbeats. */
import { Cancelled, StateError, dataLimitExceeded, queryEvaluationError } from '../errors.ts';
import { asStateError } from '../interpreter.ts';
import { type Json, exceedsDataLimit } from '../json.ts';
import { Scope } from '../scope.ts';
import type { Field, StateIo } from '../state-io.ts';
import type { Callback } from '../task-tokens.ts';
import { callSdk } from '../tasks/call.ts';
import { taskEvents } from '../tasks/events.ts';
import { callFunction } from '../tasks/lambda.ts';
import { callIntegration } from '../tasks/optimised.ts';
import type { Resource } from '../tasks/resource.ts';
import { waitForJob } from '../tasks/sync-jobs.ts';
import type { Frame, State } from '../workflow.ts';

export interface TaskDefinition {
  readonly io: StateIo;
  readonly next: string | undefined;
  readonly resource: Resource;
  readonly timeoutSeconds: Field;
  readonly heartbeatSeconds: Field;
}

interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

export function taskRun(task: TaskDefinition): State['run'] {
  const withToken = task.resource.kind === 'integration' && task.resource.pattern === 'token';
  return async (frame) => {
    const { tokens, mock } = frame.engine;
    // A retry gets a token of its own; a test of a single state may bring its token in the context.
    if (withToken) frame.taskToken = tokens.mint();
    try {
      const args = await task.io.effectiveInput(frame);
      const limits = {
        timeoutSeconds: asSeconds(await task.timeoutSeconds(frame), 'TimeoutSeconds'),
        heartbeatSeconds: asSeconds(await task.heartbeatSeconds(frame), 'HeartbeatSeconds'),
      };
      if (mock?.error) throw mock.error;
      const result = mock ? mock.result! : await attempt(frame, task.resource, args, limits);
      const { output, assign } = await task.io.complete(frame, args, result);
      return { output, next: task.next, assign };
    } finally {
      if (frame.taskToken !== undefined) tokens.close(frame.taskToken);
    }
  };
}

function asSeconds(value: Json | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 99_999_999) return value;
  throw queryEvaluationError(
    `The field '${field}' must be an integer between 1 and 99999999 but was ${JSON.stringify(value)}`,
    field,
  );
}

async function attempt(frame: Frame, resource: Resource, args: Json, limits: Limits): Promise<Json> {
  const events = taskEvents(frame, resource);
  const scope = new Scope(frame.thread.scope);
  const { clock } = frame.engine.cloud.kernel;
  events.scheduled(args, limits.timeoutSeconds, limits.heartbeatSeconds);
  const timeout =
    limits.timeoutSeconds === undefined
      ? undefined
      : clock.after(limits.timeoutSeconds * 1000, `timeout of ${frame.state.name}`, () =>
          scope.cancel(new StateError('States.Timeout')),
        );
  try {
    const result = await perform(frame, resource, args, limits, scope, (output) => events.submitted(output));
    if (exceedsDataLimit(result)) {
      throw dataLimitExceeded(resource.kind === 'function' ? resource.arn : resource.service);
    }
    events.succeeded(result);
    return result;
  } catch (thrown) {
    if (thrown instanceof Cancelled) throw thrown;
    const error = asStateError(thrown);
    if (scope.cancelled || error.heartbeat) events.timedOut(error);
    else events.failed(error);
    throw error;
  } finally {
    timeout?.cancel();
    scope.close();
  }
}

async function perform(
  frame: Frame,
  resource: Resource,
  args: Json,
  limits: Limits,
  scope: Scope,
  submitted: (output: Json) => void,
): Promise<Json> {
  if (resource.kind === 'function') return scope.race(callFunction(frame, resource.arn, args));
  const { service, action, pattern } = resource;
  const call = resource.sdk ? callSdk(frame, service, action, args) : callIntegration(frame, service, action, args);
  const answer = await scope.race(call);
  if (pattern === 'response') return answer;
  submitted(answer);
  if (pattern === 'token') return callbackResult(await waitForCallback(frame, scope, limits.heartbeatSeconds));
  return waitForJob(frame, scope, { service, action, parse: pattern === 'sync:2' }, args, answer);
}

function waitForCallback(frame: Frame, scope: Scope, heartbeatSeconds: number | undefined): Promise<Callback> {
  const { clock } = frame.engine.cloud.kernel;
  return scope.wait<Callback>((resolve, reject) => {
    let timer: { cancel(): void } | undefined;
    const arm = (): void => {
      if (heartbeatSeconds === undefined) return;
      timer?.cancel();
      timer = clock.after(heartbeatSeconds * 1000, `heartbeat of ${frame.state.name}`, () =>
        reject(new StateError('States.Timeout', undefined, { heartbeat: true })),
      );
    };
    arm();
    frame.engine.tokens.listen(frame.taskToken!, { complete: resolve, heartbeat: arm });
    return () => timer?.cancel();
  });
}

function callbackResult(callback: Callback): Json {
  if (callback.kind === 'success') return JSON.parse(callback.outputText) as Json;
  throw new StateError(callback.error ?? 'States.TaskFailed', callback.cause);
}
