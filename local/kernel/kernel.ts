/** The laptop cloud's event loop: drain what runs, then move the clock to the next timer and fire exactly one. */
import { createHash, type Hash } from 'node:crypto';
import { VirtualClock } from './clock.ts';
import { InFlight } from './in-flight.ts';
import { newRandom, type Random } from './random.ts';

// Taken before globals are replaced: one turn of the real loop drains every micro-task and nextTick.
const realSetImmediate = setImmediate;
const turn = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));

/** Raised when a run waits for something that no timer and no running operation can bring about. */
export class NothingLeftToHappen extends Error {
  override readonly name = 'NothingLeftToHappen';
}

export interface KernelOptions {
  /** Any integer; the same seed gives the same trace, to the byte. */
  readonly seed: number;
  /** Virtual epoch milliseconds at which the run begins. */
  readonly startMs: number;
}

export class Kernel {
  readonly clock: VirtualClock;
  readonly inFlight = new InFlight();
  readonly seed: number;
  readonly #trace: Hash = createHash('sha256');
  #traceLines = 0;
  /** Set by tests and `--trace`: sees every trace line. */
  onTrace: ((line: string) => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: KernelOptions) {
    this.seed = options.seed;
    this.clock = new VirtualClock(options.startMs);
  }

  /** An independent stream of random numbers for one consumer. */
  random(stream: string): Random {
    return newRandom(this.seed, stream);
  }

  /** Adds a line to the run's trace; the digest over all lines is the run's identity. */
  trace(line: string): void {
    const stamped = `${this.clock.now()} ${line}`;
    this.#traceLines++;
    this.#trace.update(stamped).update('\n');
    this.onTrace?.(stamped);
  }

  /** SHA-256 over the trace so far, and its number of lines. */
  traceDigest(): { sha256: string; lines: number } {
    return { sha256: this.#trace.copy().digest('hex'), lines: this.#traceLines };
  }

  /**
   * Starts work that nobody awaits (a delivery, a Lambda, a job). A rejection is a defect of the laptop cloud itself
   * and stops the run at the next step; errors that AWS would report must be handled by the task.
   */
  spawn(label: string, task: () => Promise<void>): void {
    task().catch((error: unknown) => {
      this.#failure ??= { error: new Error(`background task '${label}' failed`, { cause: error }) };
    });
  }

  /** Waits until nothing runs: no counted operation, no micro-task. Virtual time stands still meanwhile. */
  async quiesce(): Promise<void> {
    do {
      await this.inFlight.idle();
      await turn();
    } while (this.inFlight.count > 0);
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Runs until the condition holds (checked whenever nothing runs).
   * @param limitMs virtual milliseconds after which the run gives up
   * @throws NothingLeftToHappen when no timer is left, or the limit is reached
   */
  async runUntil(done: () => boolean, limitMs: number, what = 'the condition'): Promise<void> {
    const deadlineMs = this.clock.now() + limitMs;
    for (;;) {
      await this.quiesce();
      if (done()) return;
      const nextMs = this.clock.nextAtMs();
      if (nextMs === undefined) throw new NothingLeftToHappen(`no timer is left while waiting for ${what}`);
      if (nextMs > deadlineMs) {
        throw new NothingLeftToHappen(`${what} did not come about within ${limitMs / 1000} virtual seconds`);
      }
      this.clock.fireNext();
    }
  }

  /** Runs all that is due within a virtual duration in milliseconds, and leaves the clock at its end. */
  async runFor(durationMs: number): Promise<void> {
    const untilMs = this.clock.now() + durationMs;
    for (;;) {
      await this.quiesce();
      const nextMs = this.clock.nextAtMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.clock.fireNext();
    }
    this.clock.moveTo(untilMs);
  }

  /** Awaits a promise while virtual time runs as far as it must. */
  async settle<T>(promise: Promise<T>, limitMs = 366 * 86_400_000, what = 'a promise'): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.runUntil(() => settled, limitMs, what);
    return promise;
  }
}
