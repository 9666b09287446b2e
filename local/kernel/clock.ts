/** The one clock of the laptop cloud: virtual, moved only by the kernel. */

export interface Timer {
  readonly atMs: number;
  readonly label: string;
  /** True once the timer has fired or was cancelled. */
  readonly done: boolean;
  cancel(): void;
}

interface Entry extends Timer {
  readonly sequence: number;
  readonly task: () => void;
  done: boolean;
}

/** Timers in a binary heap ordered by (time, order of creation): equal times fire first come, first served. */
export class VirtualClock {
  #nowMs: number;
  #sequence = 0;
  #pending = 0;
  readonly #heap: Entry[] = [];

  /** @param startMs epoch milliseconds at which the run begins */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Virtual epoch milliseconds. */
  now(): number {
    return this.#nowMs;
  }

  /** Runs a task at a virtual time; a time in the past means 'as soon as nothing is in flight'. Tasks must not throw. */
  at(atMs: number, label: string, task: () => void): Timer {
    const entry: Entry = {
      atMs: Math.max(atMs, this.#nowMs),
      label,
      sequence: this.#sequence++,
      task,
      done: false,
      cancel: () => {
        if (!entry.done) this.#pending--;
        entry.done = true;
      },
    };
    this.#pending++;
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return entry;
  }

  /** Runs a task after a virtual delay in milliseconds. */
  after(delayMs: number, label: string, task: () => void): Timer {
    return this.at(this.#nowMs + Math.max(0, delayMs), label, task);
  }

  /** A promise that resolves after a virtual delay in milliseconds. */
  sleep(delayMs: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, label, resolve);
    });
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#pending;
  }

  /** The time of the next timer, or undefined when there is none. */
  nextAtMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atMs;
  }

  /** Moves the clock to the next timer and fires exactly that one. Returns it, or undefined when there is none. */
  fireNext(): Timer | undefined {
    this.#dropCancelled();
    const entry = this.#pop();
    if (!entry) return undefined;
    this.#nowMs = entry.atMs;
    entry.done = true;
    this.#pending--;
    entry.task();
    return entry;
  }

  /** Moves the clock without firing anything; refuses to jump over a timer or backwards. */
  moveTo(atMs: number): void {
    const next = this.nextAtMs();
    if (atMs < this.#nowMs || (next !== undefined && next < atMs)) {
      throw new RangeError(
        `the clock can't move from ${this.#nowMs} to ${atMs}: the next timer is at ${next ?? 'none'}`,
      );
    }
    this.#nowMs = atMs;
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.done) this.#pop();
  }

  #before(a: Entry, b: Entry): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const child = heap[index]!;
      const above = heap[parent]!;
      if (!this.#before(child, above)) return;
      heap[index] = above;
      heap[parent] = child;
      index = parent;
    }
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      let smallest = index;
      if (left < heap.length && this.#before(heap[left]!, heap[smallest]!)) smallest = left;
      if (left + 1 < heap.length && this.#before(heap[left + 1]!, heap[smallest]!)) smallest = left + 1;
      if (smallest === index) return top;
      [heap[index], heap[smallest]] = [heap[smallest]!, heap[index]!];
      index = smallest;
    }
  }
}
