/** Errors that a running state machine sees (not those of the API: these are AwsError). */

export interface StateErrorOptions {
  /** Expired by HeartbeatSeconds: reported as States.Timeout, and also caught as States.HeartbeatTimeout. */
  readonly heartbeat?: boolean;
  /** Where a JSONata expression failed, for the EvaluationFailed event, for instance `Output/total`. */
  readonly location?: string;
  /** Neither Retry nor Catch may handle it (States.Runtime, and the laptop cloud's own refusals). */
  readonly terminal?: boolean;
}

/** An error as Retry and Catch see it: a name such as `States.Timeout` and an optional cause. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly error: string;
  readonly causeText: string | undefined;
  readonly heartbeat: boolean;
  readonly location: string | undefined;
  readonly terminal: boolean;

  constructor(error: string, causeText?: string, options: StateErrorOptions = {}) {
    super(causeText === undefined ? error : `${error}: ${causeText}`);
    this.error = error;
    this.causeText = causeText;
    this.heartbeat = options.heartbeat ?? false;
    this.location = options.location;
    this.terminal = options.terminal ?? error === 'States.Runtime';
  }
}

/** A JSONata expression failed, yielded nothing, or yielded what the field can't take. */
export function queryEvaluationError(cause: string, location: string): StateError {
  return new StateError('States.QueryEvaluationError', cause, { location });
}

/** An error that always ends the execution. */
export function runtimeError(cause: string): StateError {
  return new StateError('States.Runtime', cause);
}

/** A payload above 262,144 bytes. @param producer the state or task as AWS names it in the cause */
export function dataLimitExceeded(producer: string): StateError {
  return new StateError(
    'States.DataLimitExceeded',
    `The state/task '${producer}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}

/** Unwinds a branch whose execution was stopped, timed out, or whose sibling failed. Never seen by Retry or Catch. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
