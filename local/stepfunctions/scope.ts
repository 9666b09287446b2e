/** Structured cancellation: ending a scope ends everything that waits in it and in its children. */
import { Cancelled } from './errors.ts';

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #children = new Set<Scope>();
  readonly #waits = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  constructor(parent?: Scope) {
    this.#parent = parent;
    if (parent) {
      parent.#children.add(this);
      this.#reason = parent.#reason;
    }
  }

  /** Ends all waits with the reason, in the order in which they began. Only the first call has an effect. */
  cancel(reason: Error = new Cancelled('cancelled')): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const child of [...this.#children]) child.cancel(reason);
    for (const end of [...this.#waits]) end(reason);
    this.#waits.clear();
  }

  get cancelled(): boolean {
    return this.#reason !== undefined;
  }

  throwIfCancelled(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Forgets the scope in its parent once its work is over. */
  close(): void {
    if (this.#parent) this.#parent.#children.delete(this);
  }

  /**
   * Waits for a callback. `begin` gets the functions that end the wait, and returns what to undo (a timer) when it ends.
   * @throws the scope's reason when it is cancelled meanwhile
   */
  wait<T>(begin: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void): Promise<T> {
    if (this.#reason) return Promise.reject(this.#reason);
    return new Promise<T>((resolve, reject) => {
      let undo = (): void => undefined;
      let over = false;
      const end = (): void => {
        over = true;
        this.#waits.delete(fail);
        undo();
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      this.#waits.add(fail);
      undo = begin((value) => {
        end();
        resolve(value);
      }, fail);
      // The callback may have come from within `begin`, before there was anything to undo.
      if (over) undo();
    });
  }

  /** Awaits a promise, or the scope's end, whichever comes first; a late rejection of the promise is not lost but unneeded. */
  race<T>(promise: Promise<T>): Promise<T> {
    return this.wait<T>((resolve, reject) => {
      promise.then(resolve, reject);
      return () => undefined;
    });
  }
}
