/** A compiled workflow: what the interpreter runs. Definitions are compiled once, when a state machine is created. */
import type { Random } from '../kernel/random.ts';
import type { CloudContext, Principal } from '../kernel/service.ts';
import type { StateError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { Json, JsonObject } from './json.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Retrier } from './retry.ts';
import type { Scope } from './scope.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { Variables } from './variables.ts';

export type StateType = 'Task' | 'Pass' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

/** What a finished state hands on. */
export interface Outcome {
  readonly output: Json;
  /** The next state's name; undefined at the end of the workflow. */
  readonly next: string | undefined;
  readonly assign?: JsonObject | undefined;
}

/** A catcher that decides where a failed state goes on. */
export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  /** Output and variables after the error. */
  complete(frame: Frame, errorOutput: JsonObject): MaybePromise<{ output: Json; assign: JsonObject | undefined }>;
}

export interface State {
  readonly name: string;
  readonly type: StateType;
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  readonly retriers: readonly Retrier[];
  readonly catchers: readonly Catcher[];
  /** Runs the state once. @throws StateError (or a rejected promise) when it fails, Cancelled when its scope ends */
  run(frame: Frame): MaybePromise<Outcome>;
}

export interface Workflow {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export interface MapItem {
  readonly Index: number;
  readonly Value: Json;
  readonly Key?: string;
}

/** One line of execution: the workflow itself, a branch of a Parallel state, or an iteration of a Map state. */
export interface Thread {
  readonly execution: Execution;
  readonly scope: Scope;
  readonly variables: Variables;
  /** The last event of this line; the first state of an execution has none. */
  previousEventId: number;
  /** The item that the enclosing Map works on. */
  readonly mapItem: MapItem | undefined;
  /** The state in progress, for the events of an abort. */
  current: State | undefined;
}

/** A state in progress. */
export interface Frame {
  readonly thread: Thread;
  readonly state: State;
  readonly input: Json;
  readonly enteredMs: number;
  readonly enteredEventId: number;
  retryCount: number;
  taskToken: string | undefined;
  readonly engine: Engine;
  /** Filled in by TestState, which asks for what happened between input and output. */
  readonly inspection?: Inspection;
  /** Members that TestState puts into the context object. */
  readonly context?: JsonObject;
}

/** What TestState shows at inspection level DEBUG, by the name of the API's member. */
export type Inspection = Record<string, Json | undefined>;

/** Replaces the work of one state in TestState. */
export interface Mock {
  readonly result?: Json;
  readonly error?: StateError;
}

/** What running states ask of the service around them. */
export interface Engine {
  readonly cloud: CloudContext;
  readonly tokens: TaskTokens;
  readonly jitter: Random;
  readonly ids: Random;
  readonly mapRuns: MapRuns;
  principal(execution: Execution): Principal;
  /** An execution of this account, by its ARN. */
  execution(arn: string): Execution | undefined;
  /** Answers instead of the state's work, in TestState only. */
  readonly mock?: Mock;
}

/** Starts child executions of Distributed Map states. */
export interface MapRuns {
  start(run: MapRunRequest): MapRunHandle;
}

export interface MapRunRequest {
  readonly parent: Execution;
  readonly label: string;
  readonly workflow: Workflow;
  readonly childType: 'STANDARD' | 'EXPRESS';
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
}

export interface MapRunHandle {
  readonly arn: string;
  /** Begins one child execution. */
  startChild(index: number, input: Json, itemCount: number): Execution;
  /** Tells how many items and children there will be. */
  expect(children: number, items: number): void;
  resultsWritten(): void;
  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void;
}
