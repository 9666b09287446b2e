/** Execution environments: cold starts, one invocation at a time in each container, time limits, logs and metrics. */
import type { LambdaContainer, LambdaInvocationContext, LambdaRuntime } from '../kernel/containers.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { runtimeConfiguration, type LambdaFunction } from './functions.ts';

/** Concurrent executions of an account and region. */
const ACCOUNT_CONCURRENCY = 1000;
/** Virtual duration of a cold start. Assumed: it depends on the code; AWS gives no figure. */
const COLD_START_MS = { min: 150, max: 600 };

export interface InvocationResult {
  /** AWS calls every failure of a handler `Unhandled`. */
  readonly functionError: 'Unhandled' | undefined;
  /** JSON text of the answer, or of `{ errorType, errorMessage, trace }`. */
  readonly payload: string;
  /** The lines that the invocation logged. */
  readonly log: readonly string[];
}

interface Environment {
  readonly revisionId: string;
  readonly logStream: string;
  /** Where the function's console lines go; changes with each invocation. */
  sink: (line: string) => void;
  container: LambdaContainer | undefined;
}

interface Pool {
  /** The most recently used comes last. */
  readonly idle: Environment[];
  busy: number;
}

/** A handler that answered, failed or ran out of time. */
type Ending =
  | { readonly kind: 'answer'; readonly payload: string }
  | { readonly kind: 'error' | 'timeout'; readonly payload: string };

const asError = (error: unknown): { errorType: string; errorMessage: string; trace: string[] } =>
  // Not instanceof: a handler's errors may come from another realm.
  error !== null && typeof error === 'object' && 'message' in error
    ? {
        errorType: (error as Error).name ?? 'Error',
        errorMessage: (error as Error).message,
        trace: ((error as Error).stack ?? '').split('\n'),
      }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

function serialise(answer: unknown): Ending {
  try {
    return { kind: 'answer', payload: JSON.stringify(answer === undefined ? null : answer) ?? 'null' };
  } catch (error) {
    const errorMessage = `Unable to stringify response body: ${(error as Error).message}`;
    return { kind: 'error', payload: JSON.stringify({ errorType: 'Runtime.MarshalError', errorMessage, trace: [] }) };
  }
}

export class Executor {
  readonly #cloud: CloudContext;
  readonly #runtime: LambdaRuntime;
  readonly #random;
  readonly #pools = new Map<string, Pool>();
  readonly #counts = new Map<string, number>();
  #busy = 0;

  constructor(cloud: CloudContext, runtime: LambdaRuntime) {
    this.#cloud = cloud;
    this.#runtime = runtime;
    this.#random = cloud.kernel.random('lambda');
  }

  /** How many times a handler was started (without throttled calls). */
  invocations(functionName?: string): number {
    if (functionName !== undefined) return this.#counts.get(functionName) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Forgets the warm containers of a function that was deleted. */
  forget(functionName: string): void {
    this.#pools.delete(functionName);
  }

  /**
   * Runs one invocation to its end.
   * @param request JSON text
   * @throws AwsError TooManyRequestsException when no execution environment is to be had
   */
  async invoke(fn: LambdaFunction, request: string, requestId: string): Promise<InvocationResult> {
    const pool = this.#poolOf(fn.name);
    this.#admit(fn, pool);
    pool.busy++;
    this.#busy++;
    this.#counts.set(fn.name, (this.#counts.get(fn.name) ?? 0) + 1);
    try {
      return await this.#run(fn, pool, request, requestId);
    } finally {
      pool.busy--;
      this.#busy--;
    }
  }

  #poolOf(name: string): Pool {
    const pool = this.#pools.get(name) ?? { idle: [], busy: 0 };
    this.#pools.set(name, pool);
    return pool;
  }

  #admit(fn: LambdaFunction, pool: Pool): void {
    const limited = fn.reservedConcurrency !== undefined && pool.busy >= fn.reservedConcurrency;
    const throttled = limited || this.#busy >= ACCOUNT_CONCURRENCY;
    this.#measure(fn, 'Throttles', throttled ? 1 : 0, 'Count');
    if (!throttled) return;
    const Reason = limited ? 'ReservedFunctionConcurrentInvocationLimitExceeded' : 'ConcurrentInvocationLimitExceeded';
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
      statusCode: 429,
      fields: { Reason, Type: 'User' },
    });
  }

  #measure(fn: LambdaFunction, name: string, value: number, unit: string): void {
    const dimensions = { FunctionName: fn.name };
    this.#cloud.recordMetric({ namespace: 'AWS/Lambda', name, dimensions, values: [value], unit });
  }

  async #run(fn: LambdaFunction, pool: Pool, request: string, requestId: string): Promise<InvocationResult> {
    const { clock } = this.#cloud.kernel;
    while (pool.idle[0] && pool.idle[0].revisionId !== fn.revisionId) pool.idle.shift();
    const environment = pool.idle.pop() ?? this.#newEnvironment(fn);
    const lines: string[] = [];
    const write = (line: string): void => {
      lines.push(line);
      this.#cloud.writeLog(`/aws/lambda/${fn.name}`, environment.logStream, line);
    };
    environment.sink = write;

    let initMs: number | undefined;
    let ending: Ending | undefined;
    if (environment.container === undefined) {
      const startedMs = clock.now();
      ending = await this.#coldStart(fn, environment);
      initMs = clock.now() - startedMs;
    }
    write(`START RequestId: ${requestId} Version: $LATEST`);
    const startedMs = clock.now();
    ending ??= await this.#runHandler(fn, environment, request, requestId);
    const durationMs = clock.now() - startedMs;
    this.#report(fn, write, { requestId, ending, durationMs, initMs });

    const survives = ending.kind !== 'timeout' && environment.container !== undefined;
    if (survives && environment.revisionId === fn.revisionId) pool.idle.push(environment);
    else environment.sink = () => undefined;
    this.#cloud.kernel.trace(`lambda ${fn.name} ${requestId} ${ending.kind} ${durationMs} ms`);
    return { functionError: ending.kind === 'answer' ? undefined : 'Unhandled', payload: ending.payload, log: lines };
  }

  #newEnvironment(fn: LambdaFunction): Environment {
    const day = new Date(this.#cloud.kernel.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logStream = `${day}/[$LATEST]${this.#random.hex(32)}`;
    return { revisionId: fn.revisionId, logStream, sink: () => undefined, container: undefined };
  }

  /** @returns the error of a start that failed; the container is in the environment otherwise */
  async #coldStart(fn: LambdaFunction, environment: Environment): Promise<Ending | undefined> {
    const { kernel } = this.#cloud;
    const delayMs = this.#random.integer(COLD_START_MS.min, COLD_START_MS.max);
    await kernel.clock.sleep(delayMs, `cold start of ${fn.name}`);
    try {
      environment.container = await kernel.inFlight.track(`cold start of ${fn.name}`, () =>
        this.#runtime.start(runtimeConfiguration(fn), (line) => environment.sink(line)),
      );
      return undefined;
    } catch (error) {
      return { kind: 'error', payload: JSON.stringify(asError(error)) };
    }
  }

  async #runHandler(fn: LambdaFunction, environment: Environment, request: string, requestId: string): Promise<Ending> {
    const { clock } = this.#cloud.kernel;
    const limitMs = fn.timeoutSeconds * 1000;
    const deadlineMs = clock.now() + limitMs;
    const context: LambdaInvocationContext = {
      awsRequestId: requestId,
      functionName: fn.name,
      invokedFunctionArn: fn.arn,
      memoryLimitInMB: String(fn.memoryMb),
      logGroupName: `/aws/lambda/${fn.name}`,
      logStreamName: environment.logStream,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - clock.now()),
    };
    const event: unknown = JSON.parse(request);
    return new Promise<Ending>((resolve) => {
      const timer = clock.at(deadlineMs, `timeout of ${fn.name}`, () => {
        const text = `${requestId} Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`;
        const errorMessage = `${new Date(clock.now()).toISOString()} ${text}`;
        resolve({ kind: 'timeout', payload: JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage }) });
      });
      const end = (ending: Ending): void => {
        timer.cancel();
        resolve(ending);
      };
      // After a time-out the promise has been settled: what the killed container still answers is lost, as in AWS.
      Promise.resolve()
        .then(() => environment.container!.invoke(event, context))
        .then(
          (answer) => end(serialise(answer)),
          (error: unknown) => end({ kind: 'error', payload: JSON.stringify(asError(error)) }),
        );
    });
  }

  #report(
    fn: LambdaFunction,
    write: (line: string) => void,
    run: { requestId: string; ending: Ending; durationMs: number; initMs: number | undefined },
  ): void {
    const { requestId, ending, durationMs, initMs } = run;
    const nowIso = new Date(this.#cloud.kernel.clock.now()).toISOString();
    if (ending.kind === 'timeout') {
      write(String((JSON.parse(ending.payload) as { errorMessage: string }).errorMessage));
    } else if (ending.kind === 'error') {
      write(`${nowIso}\t${requestId}\tERROR\tInvoke Error \t${ending.payload}`);
    }
    write(`END RequestId: ${requestId}`);
    const status = ending.kind === 'answer' ? '' : `\tStatus: ${ending.kind}`;
    const init = initMs === undefined ? '' : `\tInit Duration: ${initMs.toFixed(2)} ms`;
    const billedMs = Math.max(1, Math.ceil(durationMs + (initMs ?? 0)));
    write(
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs} ms\t` +
        `Memory Size: ${fn.memoryMb} MB${init}${status}`,
    );
    this.#measure(fn, 'Invocations', 1, 'Count');
    this.#measure(fn, 'Errors', ending.kind === 'answer' ? 0 : 1, 'Count');
    this.#measure(fn, 'Duration', durationMs, 'Milliseconds');
  }
}
