/**
 * Waiting for messages without polling: long polls and Lambda's event source mappings sleep until a queue has something
 * to receive, so that an idle queue costs no timers. One registry for each kernel, since it stands for AWS's inside.
 */
import type { Kernel } from '../kernel/kernel.ts';

export class Arrivals {
  readonly #waiters = new Map<string, Set<() => void>>();
  #onWait: (queueArn: string) => void = () => undefined;

  /** Set by the queue service: is called when somebody begins to wait. */
  onWait(listener: (queueArn: string) => void): void {
    this.#onWait = listener;
  }

  /** Whether somebody waits for messages of the queue. */
  awaited(queueArn: string): boolean {
    return (this.#waiters.get(queueArn)?.size ?? 0) > 0;
  }

  /** Calls back once, when the queue has a message to receive. The returned function gives up. */
  wait(queueArn: string, callback: () => void): () => void {
    const waiters = this.#waiters.get(queueArn) ?? new Set();
    this.#waiters.set(queueArn, waiters);
    waiters.add(callback);
    this.#onWait(queueArn);
    return () => void waiters.delete(callback);
  }

  /** Wakes all who wait for the queue. */
  announce(queueArn: string): void {
    const waiters = this.#waiters.get(queueArn);
    this.#waiters.delete(queueArn);
    for (const wake of waiters ?? []) wake();
  }
}

const registries = new WeakMap<Kernel, Arrivals>();

/** The registry of a kernel. */
export function arrivalsOf(kernel: Kernel): Arrivals {
  const arrivals = registries.get(kernel) ?? new Arrivals();
  registries.set(kernel, arrivals);
  return arrivals;
}
