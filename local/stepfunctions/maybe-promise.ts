/** Values that are usually there at once: a state without tasks and waits must not cost a turn of the micro-task queue. */

export type MaybePromise<T> = T | Promise<T>;

/** Applies a function now, or when the promise is fulfilled. */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
