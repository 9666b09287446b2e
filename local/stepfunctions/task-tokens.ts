/** Task tokens: opaque, one use, valid until the task is over. */
import { AwsError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';

/** How a task ended from outside. */
export type Callback =
  | { readonly kind: 'success'; readonly outputText: string }
  | { readonly kind: 'failure'; readonly error: string | undefined; readonly cause: string | undefined };

interface OpenTask {
  readonly complete: (callback: Callback) => void;
  readonly heartbeat: () => void;
}

/** AWS's tokens begin alike and are several hundred characters long; they contain `+`, `/` and `=`. */
const TOKEN_PREFIX = Buffer.from('0100a0042a00000003', 'hex');
const TOKEN_RANDOM_WORDS = 60;

export class TaskTokens {
  readonly #random: Random;
  readonly #minted = new Set<string>();
  readonly #open = new Map<string, OpenTask>();
  /** A callback may come before the task waits, from within the very call that hands the token out. */
  readonly #early = new Map<string, Callback>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A new token. It accepts callbacks from now on. */
  mint(): string {
    const random = Buffer.alloc(TOKEN_RANDOM_WORDS * 4);
    for (let i = 0; i < TOKEN_RANDOM_WORDS; i++) random.writeUInt32BE(Math.floor(this.#random.next() * 2 ** 32), i * 4);
    const token = Buffer.concat([TOKEN_PREFIX, random, Buffer.from([0])]).toString('base64');
    this.#minted.add(token);
    this.#open.set(token, {
      complete: (callback) => void this.#early.set(token, callback),
      heartbeat: () => undefined,
    });
    return token;
  }

  /** Waits for the callback. A callback that has come already is handed over at once. */
  listen(token: string, task: OpenTask): void {
    const early = this.#early.get(token);
    if (early) {
      this.#early.delete(token);
      task.complete(early);
    } else if (this.#open.has(token)) {
      this.#open.set(token, task);
    }
  }

  /** The task is over (done, timed out, aborted): later callbacks are refused with TaskTimedOut. */
  close(token: string): void {
    this.#open.delete(token);
    this.#early.delete(token);
  }

  /** @throws AwsError InvalidToken, TaskTimedOut */
  complete(token: unknown, callback: Callback): void {
    const { text, task } = this.#find(token);
    this.#open.delete(text);
    task.complete(callback);
  }

  /** @throws AwsError InvalidToken, TaskTimedOut */
  heartbeat(token: unknown): void {
    this.#find(token).task.heartbeat();
  }

  #find(token: unknown): { text: string; task: OpenTask } {
    if (typeof token !== 'string' || token === '' || token.length > 2048) {
      throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    }
    const task = this.#open.get(token);
    if (task) return { text: token, task };
    if (this.#minted.has(token)) {
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    if (!isWellFormed(token)) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    throw new AwsError('TaskDoesNotExist', "Task does not exist: 'Provided task does not exist'");
  }
}

function isWellFormed(token: string): boolean {
  return Buffer.from(token, 'base64').subarray(0, TOKEN_PREFIX.length).equals(TOKEN_PREFIX);
}
