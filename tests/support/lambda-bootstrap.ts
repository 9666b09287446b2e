/**
 * The Lambda runtime of one child process: `node lambda-bootstrap.ts <bundle>`. Imports a packaged bundle as it is and answers
 * one invocation after the other over the process's message channel; console lines go to stdout, as on Lambda.
 */

interface Invocation {
  readonly id: number;
  readonly event: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  /** The cloud's time at the beginning of the invocation, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly remainingMs: number;
}

const RealDate = Date;
let offsetMs = 0;

/** On AWS, a function's clock is the cloud's; here the cloud's is virtual, so the child's is set by each invocation. */
globalThis.Date = class CloudDate extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...(args as [number]));
  }
  static override now(): number {
    return RealDate.now() + offsetMs;
  }
} as DateConstructor;

const bundle = process.argv[2];
if (bundle === undefined) throw new Error('name the bundle: node lambda-bootstrap.ts <bundle>');
const { handler } = (await import(bundle)) as { handler: (event: unknown, context: object) => Promise<unknown> };

process.on('message', (invocation: Invocation) => {
  offsetMs = invocation.nowMs - RealDate.now();
  const endsMs = RealDate.now() + invocation.remainingMs;
  const context = { ...invocation.context, getRemainingTimeInMillis: () => endsMs - RealDate.now() };
  const { id } = invocation;
  handler(invocation.event, context).then(
    (result) => process.send?.({ id, result: result === undefined ? null : result }),
    (error: Error) => process.send?.({ id, error: { name: error.name, message: error.message, stack: error.stack } }),
  );
});
process.send?.({ ready: true });
