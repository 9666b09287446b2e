/** Runs the packaged bundles in child processes, which know nothing of this one but a loopback port and credentials. */
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { type LaptopCloud } from '../../local/cloud.ts';
import { type FunctionConfiguration, type LambdaContainer, type LambdaRuntime } from '../../local/kernel/containers.ts';

const ROOT = join(import.meta.dirname, '../..');
const BOOTSTRAP = join(import.meta.dirname, 'lambda-bootstrap.ts');

/** Bundles every function as serverless.yml has serverless-esbuild do it. @returns the folder of `<room>/main.mjs` */
export async function bundleFunctions(outdir: string): Promise<number> {
  const rooms = readdirSync(join(ROOT, 'functions'));
  await build({
    entryPoints: rooms.map((room) => ({ in: join(ROOT, 'functions', room, 'main.ts'), out: `${room}/main` })),
    outdir,
    bundle: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as __cr}from'module';const require=__cr(import.meta.url);" },
    logLevel: 'error',
  });
  return rooms.length;
}

interface Answer {
  readonly ready?: true;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string };
}

function failureOf({ name, message, stack }: NonNullable<Answer['error']>): Error {
  return Object.assign(new Error(message), { name, stack: stack ?? message });
}

function environmentOf(cloud: LaptopCloud, configuration: FunctionConfiguration, port: number): NodeJS.ProcessEnv {
  const key = cloud.services.iam.credentialsFor(configuration.roleArn, configuration.functionName);
  return {
    ...configuration.environment,
    PATH: process.env['PATH'],
    TZ: 'UTC',
    AWS_REGION: cloud.region,
    AWS_LAMBDA_FUNCTION_NAME: configuration.functionName,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SESSION_TOKEN: key.sessionToken,
  };
}

/** One warm container: a process, and what it owes an answer to. */
class ChildContainer implements LambdaContainer {
  readonly #child: ChildProcess;
  readonly #cloud: LaptopCloud;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor(child: ChildProcess, cloud: LaptopCloud) {
    this.#child = child;
    this.#cloud = cloud;
    child.on('message', (answer: Answer) => this.#settle(answer));
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the function's process ended with ${code}`));
    });
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(failureOf(error));
    else waiting.resolve(result);
  }

  invoke(event: unknown, context: Parameters<LambdaContainer['invoke']>[1]): Promise<unknown> {
    const id = this.#next++;
    const nowMs = this.#cloud.kernel.clock.now();
    // Functions do not travel: the child makes its own clock of what is left.
    const plain = JSON.parse(JSON.stringify(context)) as object;
    const message = { id, event, context: plain, nowMs, remainingMs: context.getRemainingTimeInMillis() };
    return this.#cloud.kernel.inFlight.track(
      'function process',
      () =>
        new Promise<unknown>((resolve, reject) => {
          this.#waiting.set(id, { resolve, reject });
          this.#child.send(message);
        }),
    );
  }
}

export interface BundleRuntime extends LambdaRuntime {
  /** Processes started so far. */
  readonly started: () => number;
  stop(): void;
}

/** @param bundles folder of `<room>/main.mjs` @param port asked for at each cold start */
export function newBundleRuntime(cloud: LaptopCloud, bundles: string, port: () => number): BundleRuntime {
  const children: ChildProcess[] = [];
  return {
    started: () => children.length,
    stop() {
      for (const child of children) child.kill();
    },
    start: (configuration, log) =>
      cloud.kernel.inFlight.track('function process', async () => {
        const bundle = join(bundles, configuration.handler.replace(/^functions\/(.+)\.handler$/, '$1.mjs'));
        const child = fork(BOOTSTRAP, [bundle], {
          execArgv: ['--disable-warning=ExperimentalWarning'],
          env: environmentOf(cloud, configuration, port()),
          silent: true,
        });
        children.push(child);
        for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', log);
        await new Promise<void>((resolve, reject) => {
          child.once('message', () => resolve());
          child.once('exit', (code) =>
            reject(new Error(`${configuration.functionName} ended with ${code} at its start`)),
          );
        });
        return new ChildContainer(child, cloud);
      }),
  };
}
