/** One execution of a state machine: its status, its history, and who waits for its end. */
import { type Cancelled, runtimeError } from './errors.ts';
import { type DetailKind, HISTORY_LIMIT_EVENTS, type HistoryRecord } from './history.ts';
import { type Json, type JsonObject, isoTime } from './json.ts';
import { Scope } from './scope.ts';
import type { Thread } from './workflow.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** How an execution ended. */
export type ExecutionEnd =
  | { readonly status: 'SUCCEEDED'; readonly output: Json }
  | { readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED'; readonly error?: string; readonly cause?: string };

export interface ExecutionOptions {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly stateMachineName: string;
  readonly roleArn: string;
  readonly inputText: string;
  readonly input: Json;
  readonly traceHeader?: string | undefined;
  /** Only for child executions of a Distributed Map. */
  readonly mapRunArn?: string;
  readonly itemCount?: number;
  readonly now: () => number;
  /** Called for each event as it is recorded; for logging. */
  readonly onEvent?: ((record: HistoryRecord, id: number) => void) | undefined;
}

export class Execution {
  readonly options: ExecutionOptions;
  readonly arn: string;
  readonly startMs: number;
  readonly history: HistoryRecord[] = [];
  readonly scope = new Scope();
  /** The constant part of the context object. */
  readonly contextExecution: JsonObject;
  readonly contextStateMachine: JsonObject;
  /** StateEntered events, which is what AWS bills. */
  transitions = 0;
  status: ExecutionStatus = 'RUNNING';
  stopMs: number | undefined;
  end: ExecutionEnd | undefined;
  readonly #now: () => number;
  #waiters: (() => void)[] = [];

  constructor(options: ExecutionOptions) {
    this.options = options;
    this.arn = options.arn;
    this.#now = options.now;
    this.startMs = options.now();
    this.contextExecution = {
      Id: options.arn,
      Input: options.input,
      Name: options.name,
      RoleArn: options.roleArn,
      StartTime: isoTime(this.startMs),
      RedriveCount: 0,
    };
    this.contextStateMachine = { Id: options.stateMachineArn, Name: options.stateMachineName };
  }

  /**
   * Adds an event after the thread's last one and makes it the thread's last. Returns its id.
   * @throws StateError States.Runtime when the history is full (one place stays for the final event)
   */
  record(
    thread: Thread,
    type: string,
    kind: DetailKind = 'none',
    name = '',
    data: unknown = undefined,
    assign?: JsonObject,
  ): number {
    if (this.history.length >= HISTORY_LIMIT_EVENTS - 1) {
      throw runtimeError(`The execution reached the maximum number of history events (${HISTORY_LIMIT_EVENTS}).`);
    }
    const id = this.#append(type, thread.previousEventId, kind, name, data, assign);
    thread.previousEventId = id;
    return id;
  }

  /** Adds an event about a failure; when the history is full it is left out, for the execution is ending anyway. */
  recordFailure(thread: Thread, type: string, kind: DetailKind = 'none', name = '', data: unknown = undefined): void {
    if (this.history.length < HISTORY_LIMIT_EVENTS - 1) this.record(thread, type, kind, name, data);
  }

  /** Adds an event that tells about the thread without becoming its last one, as AWS does for ...StateSucceeded. */
  recordAside(thread: Thread, type: string, name = '', data: unknown = undefined): void {
    const before = thread.previousEventId;
    this.recordFailure(thread, type, name === '' ? 'none' : 'fields', name, data);
    thread.previousEventId = before;
  }

  recordStart(): void {
    this.#append('ExecutionStarted', 0, 'fields', 'executionStartedEventDetails', {
      input: this.options.input,
      roleArn: this.options.roleArn,
    });
  }

  /** Ends the execution; a second end has no effect. @returns whether this call ended it */
  finish(end: ExecutionEnd, previousEventId: number, reason: Cancelled): boolean {
    if (this.end) return false;
    const data = end.status === 'SUCCEEDED' ? { output: end.output } : { error: end.error, cause: end.cause };
    const suffix = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted' }[end.status];
    this.#append(`Execution${suffix}`, previousEventId, 'fields', `execution${suffix}EventDetails`, data);
    this.end = end;
    this.status = end.status;
    this.stopMs = this.#now();
    this.scope.cancel(reason);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
    return true;
  }

  /** Calls back once when the execution is over (at once if it is already). */
  whenFinished(wake: () => void): void {
    if (this.end) wake();
    else this.#waiters.push(wake);
  }

  get lastEventId(): number {
    return this.history.length;
  }

  #append(
    type: string,
    previousEventId: number,
    kind: DetailKind,
    name: string,
    data: unknown,
    assign?: JsonObject,
  ): number {
    const record: HistoryRecord = { previousEventId, atMs: this.#now(), type, kind, name, data, assign };
    const id = this.history.push(record);
    this.options.onEvent?.(record, id);
    return id;
  }
}
