/** Counts work that really runs (SDK calls, inferences, jobs, HTTP), so that the clock only moves when there is none. */
export class InFlight {
  #count = 0;
  readonly #labels = new Map<string, number>();
  #idleWaiters: (() => void)[] = [];

  /** Operations that have begun and not ended. */
  get count(): number {
    return this.#count;
  }

  /** What is running, for the message of a run that hangs. */
  describe(): string {
    return [...this.#labels].map(([label, count]) => `${label} x${count}`).join(', ');
  }

  /** Marks the beginning of an operation; the returned function marks its end and may be called once. */
  begin(label: string): () => void {
    this.#count++;
    this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) throw new Error(`in-flight operation '${label}' ended twice`);
      ended = true;
      this.#count--;
      const left = (this.#labels.get(label) ?? 1) - 1;
      if (left === 0) this.#labels.delete(label);
      else this.#labels.set(label, left);
      if (this.#count === 0) {
        const waiters = this.#idleWaiters;
        this.#idleWaiters = [];
        for (const wake of waiters) wake();
      }
    };
  }

  /** Counts an asynchronous operation from its call to its settlement. */
  async track<T>(label: string, operation: () => Promise<T> | T): Promise<T> {
    const end = this.begin(label);
    try {
      return await operation();
    } finally {
      end();
    }
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }
}
