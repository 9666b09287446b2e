/** Routes what functions write to the console into their own log group, as Lambda does; everything else is left alone. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { format } from 'node:util';

type Sink = (line: string) => void;

const current = new AsyncLocalStorage<Sink>();
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

/** Runs code whose console lines belong to `sink`. */
export function withConsole<T>(sink: Sink, run: () => T): T {
  return current.run(sink, run);
}

/** Routes console methods by the function that is running. Returns the function that puts them back. */
export function installConsole(): () => void {
  const real = METHODS.map((method) => [method, console[method].bind(console)] as const);
  for (const [method, original] of real) {
    console[method] = (...args: unknown[]): void => {
      const sink = current.getStore();
      if (sink) sink(format(...args));
      else original(...args);
    };
  }
  return () => {
    for (const [method, original] of real) console[method] = original;
  };
}
