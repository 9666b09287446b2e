/** All-or-nothing writes, and the memory that makes a repeated request harmless. */
import { createHash } from 'node:crypto';
import { type VirtualClock } from '../kernel/clock.ts';
import { AwsError, validationError } from '../kernel/errors.ts';
import { commit, decide, type DecidedWrite, type ParsedWrite, type PreparedWrite } from './write.ts';

/** A transaction has at most this many actions, on as many different items. */
export const MAX_ACTIONS = 100;
/** The limit is on the request, not on the items it touches: a small request may delete a lot. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A client request token is remembered this long after its request succeeded. */
export const TOKEN_LIFE_MS = 10 * 60_000;

interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: unknown;
}

const REASON_CODES: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: 'ConditionalCheckFailed',
  DuplicateItemException: 'DuplicateItem',
  ValidationException: 'ValidationError',
};

function reasonOf(error: unknown): CancellationReason {
  const Code = error instanceof AwsError ? REASON_CODES[error.code] : undefined;
  if (!(error instanceof AwsError) || Code === undefined) throw error;
  const { Item } = error.fields;
  return { Code, Message: error.message, ...(Item === undefined ? {} : { Item }) };
}

/** @throws AwsError ValidationException when two actions are about the same item */
export function requireDistinctItems(items: readonly { readonly table: string; readonly id: string }[]): void {
  const places = new Set(items.map(({ table, id }) => `${table}/${id}`));
  if (places.size < items.length) {
    throw validationError('Transaction request cannot include multiple operations on one item');
  }
}

function cancelled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { fields: { CancellationReasons: reasons } },
  );
}

/**
 * Checks all writes against their tables' schemas. As in AWS, the first mistake cancels the transaction, and no condition
 * is looked at. @throws AwsError TransactionCanceledException, ValidationException
 */
export function prepareAll(parsed: readonly ParsedWrite[]): readonly PreparedWrite[] {
  if (parsed.reduce((sum, write) => sum + write.payloadBytes(), 0) > MAX_BYTES) {
    throw validationError('Transaction payload size cannot exceed 4 MB');
  }
  const writes = parsed.map((write, position) => {
    try {
      return write.prepare();
    } catch (error) {
      const reason = reasonOf(error);
      throw cancelled(parsed.map((_, i) => (i === position ? reason : { Code: 'None' })));
    }
  });
  requireDistinctItems(writes.map((write) => ({ table: write.table.schema.name, id: write.key.id })));
  return writes;
}

/**
 * Decides all writes against the tables as they are, and commits all of them or none.
 * @throws AwsError TransactionCanceledException with a reason for each write, in order
 */
export function writeAll(writes: readonly PreparedWrite[]): readonly DecidedWrite[] {
  const decided: DecidedWrite[] = [];
  const reasons = writes.map((write): CancellationReason => {
    try {
      decided.push(decide(write));
      return { Code: 'None' };
    } catch (error) {
      return reasonOf(error);
    }
  });
  if (decided.length < writes.length) throw cancelled(reasons);
  decided.forEach(commit);
  return decided;
}

/** Requests that succeeded, by client request token, for ten minutes. */
export class RequestTokens {
  readonly #clock: VirtualClock;
  readonly #known = new Map<string, { readonly digest: string; readonly expiresAtMs: number }>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /**
   * Runs a request unless the same one succeeded with the same token; `repeated` then gives the answer.
   * @param content what must be the same for the request to be the same
   * @throws AwsError IdempotentParameterMismatchException when the token came with another request
   */
  once<T>(token: unknown, content: unknown, run: () => T, repeated: () => T): T {
    if (token === undefined || token === null) return run();
    if (typeof token !== 'string' || token.length < 1 || token.length > 36) {
      throw validationError(
        `1 validation error detected: Value '${typeof token === 'string' ? token : typeof token}' at 'clientRequestToken' failed to satisfy constraint: ` +
          'Member must have length between 1 and 36',
      );
    }
    this.#forgetExpired();
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('base64');
    const known = this.#known.get(token);
    if (known && known.digest !== digest) {
      throw new AwsError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request. ' +
          'Do not reuse a client token with different requests, unless the requests are identical',
      );
    }
    if (known) return repeated();
    const result = run();
    this.#known.set(token, { digest, expiresAtMs: this.#clock.now() + TOKEN_LIFE_MS });
    return result;
  }

  #forgetExpired(): void {
    // The Map is in the order of success, and all tokens live equally long.
    for (const [token, { expiresAtMs }] of this.#known) {
      if (expiresAtMs > this.#clock.now()) return;
      this.#known.delete(token);
    }
  }
}
