/**
 * Base of every error that the product throws on purpose. `name` is a literal (minifiers mangle class names) because
 * state machines catch by it; `retryable` tells a caller whether the same request may succeed later.
 */
export abstract class DomainError extends Error {
  abstract override readonly name: string;
  abstract readonly retryable: boolean;
}

/** A value that can never be accepted: the message quotes it and tells the remedy. */
export class InvalidInput extends DomainError {
  override readonly name = 'InvalidInput';
  readonly retryable = false;
  /** Where the value sits, e.g. `policy.steps[2].sharePercent`. */
  readonly path: string;

  constructor(path: string, value: unknown, problem: string, remedy: string) {
    super(`${path} is ${quote(value)}: ${problem}. ${remedy}.`);
    this.path = path;
  }
}

/** A model name that the catalog does not hold. */
export class UnknownModel extends DomainError {
  override readonly name = 'UnknownModel';
  readonly retryable = false;
  readonly model: string;

  constructor(model: string, known: readonly string[]) {
    super(`Model ${quote(model)} is not in the catalog. Use one of: ${known.join(', ')}.`);
    this.model = model;
  }
}

/** A version that belongs to another model's package group. */
export class WrongVersion extends DomainError {
  override readonly name = 'WrongVersion';
  readonly retryable = false;

  constructor(model: string, version: string, problem: string) {
    super(`Version ${quote(version)} cannot serve model ${quote(model)}: ${problem}. Name a version of this model.`);
  }
}

/** A rollout that nobody has started, or whose record has expired. */
export class UnknownRollout extends DomainError {
  override readonly name = 'UnknownRollout';
  readonly retryable = false;

  constructor(rolloutId: string) {
    super(`There is no rollout ${quote(rolloutId)}. List the model's rollouts and name one of them.`);
  }
}

/** An event for a rollout that has reached its outcome. */
export class RolloutIsOver extends DomainError {
  override readonly name = 'RolloutIsOver';
  readonly retryable = false;

  constructor(event: string, outcome: string) {
    super(`Event ${quote(event)} came for a rollout that ended as ${outcome}. Start another rollout instead.`);
  }
}

/** A writer whose lease has been taken over: it must stop, and must not retry. */
export class StaleEpoch extends DomainError {
  override readonly name = 'StaleEpoch';
  readonly retryable = false;

  constructor(mine: number, current: number) {
    super(`Epoch ${mine} is stale, the lease is at epoch ${current}. Stop: another controller has taken over.`);
  }
}

/** The endpoint's lease is in living hands. */
export class LeaseHeld extends DomainError {
  override readonly name = 'LeaseHeld';
  readonly retryable = true;

  constructor(owner: string, heartbeatAgeSeconds: number) {
    super(
      `The lease is held by ${quote(owner)}, which was alive ${heartbeatAgeSeconds} s ago. ` +
        `Wait for its rollout to end, or abort that rollout.`,
    );
  }
}

/** Quotes a value for a message; long values are cut so that a payload cannot flood a log line. */
export function quote(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'undefined' || typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 200 ? `${text.slice(0, 200)}... (${text.length} characters)` : text;
}
