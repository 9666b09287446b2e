/** What moves the flow along: events, executions, tokens, the dead man's switch. */
import { type Colour } from '../domain/rollout/weights.ts';
import { type StopSignal } from './rollout-store.ts';

export interface EventPublisher {
  /** @throws EventsNotAccepted naming those that the bus refused */
  publish(
    events: readonly { readonly source: string; readonly detailType: string; readonly detail: unknown }[],
  ): Promise<void>;
}

export interface Executions {
  /** Starts a state machine under a deterministic name; a second start with the same input finds the first. @throws ExecutionConflict */
  start(
    machine: string,
    name: string,
    input: unknown,
  ): Promise<{ readonly executionArn: string; readonly started: boolean }>;
  isRunning(executionArn: string): Promise<boolean>;
}

export interface Tokens {
  /** Resumes a waiting state. False when the token has been used or has expired. */
  resume(token: string, output: unknown): Promise<boolean>;
  /** Says that the work behind a waiting state is alive. False when nobody waits any more. */
  heartbeat(token: string): Promise<boolean>;
}

/** Enough to give the champion all traffic back with every table down. */
export interface DeadManOrder {
  readonly model: string;
  readonly rolloutId: string;
  readonly endpoint: string;
  readonly championVariant: Colour;
  readonly challengerVariant: Colour;
  readonly epoch: number;
}

/** A one-shot rollback that fires unless somebody keeps postponing it. */
export interface DeadMansSwitch {
  arm(order: DeadManOrder, fireAtMs: number): Promise<void>;
  postpone(order: DeadManOrder, fireAtMs: number): Promise<void>;
  /** Fine when it is not armed. */
  disarm(rolloutId: string): Promise<void>;
}

/** What was done, or asked for, while the table was down. */
export interface SpooledEntry {
  readonly model: string;
  /** Absent when only the endpoint's labels were at hand: it is about whatever is under way for the model. */
  readonly rolloutId?: string;
  /** The signal that could not be stored. */
  readonly stop?: StopSignal;
  readonly detail: string;
}

/** Keeps what could not be recorded because a table was down, until it can be. */
export interface Spool {
  keep(entry: SpooledEntry): Promise<void>;
  /** Hands the entries that wait to `apply`, some at a time; one that is applied is forgotten, one that throws stays. */
  drain(apply: (entry: SpooledEntry) => Promise<void>): Promise<number>;
}
