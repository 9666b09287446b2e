/**
 * For the time of a run, Date, timers, Math.random and randomUUID come from the kernel, process-wide: the AWS SDK reads
 * Date and randomUUID when it signs, Math.random and setTimeout when it retries. setImmediate stays real: the kernel and
 * onnxruntime need it.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Timer } from './clock.ts';
import type { Kernel } from './kernel.ts';

const RealDate = Date;
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  random: Math.random,
  randomUUID: crypto.randomUUID,
  webRandomUUID: globalThis.crypto.randomUUID.bind(globalThis.crypto),
};

/** The machine's own clock and timers, for measuring wall time and for pacing: the only way to them during a run. */
export const wall = {
  /** Milliseconds of the machine's monotonic clock. */
  nowMs: (): number => Number(process.hrtime.bigint()) / 1e6,
  setTimeout: (task: () => void, delayMs: number): NodeJS.Timeout => real.setTimeout(task, delayMs),
  clearTimeout: (timer: NodeJS.Timeout): void => real.clearTimeout(timer),
};

class VirtualTimeout {
  readonly #kernel: Kernel;
  readonly #task: () => void;
  readonly #delayMs: number;
  readonly #repeat: boolean;
  #timer: Timer;

  constructor(kernel: Kernel, task: () => void, delayMs: number, repeat: boolean) {
    this.#kernel = kernel;
    this.#task = task;
    this.#delayMs = Math.max(1, Number.isFinite(delayMs) ? delayMs : 1);
    this.#repeat = repeat;
    this.#timer = this.#arm();
  }

  #arm(): Timer {
    return this.#kernel.clock.after(this.#delayMs, this.#repeat ? 'interval' : 'timeout', () => {
      if (this.#repeat) this.#timer = this.#arm();
      this.#task();
    });
  }

  close(): void {
    this.#timer.cancel();
  }
  refresh(): this {
    this.#timer.cancel();
    this.#timer = this.#arm();
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return !this.#timer.done;
  }
}

function virtualDate(kernel: Kernel): DateConstructor {
  return class VirtualDate extends RealDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(kernel.clock.now());
      else super(...(args as [number]));
    }
    static override now(): number {
      return kernel.clock.now();
    }
    // `x instanceof Date` must hold for dates made before the replacement, too.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return Object.prototype.toString.call(value) === '[object Date]';
    }
  } as unknown as DateConstructor;
}

/** Replaces the process's sources of time and chance by the kernel's. Returns the function that puts them back. */
export function installGlobals(kernel: Kernel): () => void {
  const random = kernel.random('process');
  const timer =
    (repeat: boolean) =>
    (task: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      new VirtualTimeout(kernel, () => task(...args), delayMs, repeat);
  const clear = (timeout: unknown): void => {
    if (timeout instanceof VirtualTimeout) timeout.close();
    else if (timeout !== undefined && timeout !== null) real.clearTimeout(timeout as NodeJS.Timeout);
  };
  const uuid = (() => random.uuid()) as typeof crypto.randomUUID;

  globalThis.Date = virtualDate(kernel);
  globalThis.setTimeout = timer(false) as unknown as typeof setTimeout;
  globalThis.setInterval = timer(true) as unknown as typeof setInterval;
  globalThis.clearTimeout = clear;
  globalThis.clearInterval = clear;
  Math.random = () => random.next();
  crypto.randomUUID = uuid;
  globalThis.crypto.randomUUID = uuid;
  syncBuiltinESMExports();

  return () => {
    globalThis.Date = RealDate;
    globalThis.setTimeout = real.setTimeout;
    globalThis.setInterval = real.setInterval;
    globalThis.clearTimeout = real.clearTimeout;
    globalThis.clearInterval = real.clearInterval;
    Math.random = real.random;
    crypto.randomUUID = real.randomUUID;
    globalThis.crypto.randomUUID = real.webRandomUUID;
    syncBuiltinESMExports();
  };
}
