/** What a SageMaker training or processing container is given, below one root (`/opt/ml` in the real container). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Job {
  /** `/opt/ml` in the container; any directory with the same layout elsewhere. */
  readonly root: string;
  /** Container arguments after the command: `--name value` pairs. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  log(line: string): void;
}

/** The job was started with arguments or hyperparameters that it does not understand. */
export class JobConfigurationError extends Error {
  override readonly name = 'JobConfigurationError';
}

/** Below the root. SageMaker shows the first 1,024 characters of this file as the training job's FailureReason. */
export const FAILURE_FILE = join('output', 'failure');

export const paths = {
  processingInput: (job: Job, name: string): string => join(job.root, 'processing', 'input', name),
  processingOutput: (job: Job, output: string, file: string): string =>
    join(job.root, 'processing', 'output', output, file),
  channel: (job: Job, name: string): string => join(job.root, 'input', 'data', name),
  hyperparameters: (job: Job): string => join(job.root, 'input', 'config', 'hyperparameters.json'),
  model: (job: Job, file: string): string => join(job.root, 'model', file),
};

/**
 * Reads `--name value` pairs.
 * @param known every argument that the command understands; those without a default must be given
 * @throws JobConfigurationError for an unknown, doubled or missing argument
 */
export function readArguments<Name extends string>(
  job: Job,
  known: Readonly<Record<Name, string | undefined>>,
): Readonly<Record<Name, string>> {
  const given = new Map<string, string>();
  for (let index = 0; index < job.arguments.length; index += 2) {
    const flag = job.arguments[index]!;
    const value = job.arguments[index + 1];
    const name = flag.slice(2);
    if (!flag.startsWith('--') || !Object.hasOwn(known, name) || value === undefined || given.has(name)) {
      throw new JobConfigurationError(
        `cannot use argument ${JSON.stringify(flag)} with value ${JSON.stringify(value)}; ` +
          `give each of these at most once, as "--name value": ${Object.keys(known).join(', ')}`,
      );
    }
    given.set(name, value);
  }
  const values = {} as Record<Name, string>;
  for (const name of Object.keys(known) as Name[]) {
    const value = given.get(name) ?? known[name];
    if (value === undefined) throw new JobConfigurationError(`argument --${name} is missing; add "--${name} <value>"`);
    values[name] = value;
  }
  return values;
}

/** @throws JobConfigurationError unless min <= value <= max */
export function toNumber(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= min && value <= max)) {
    throw new JobConfigurationError(`${name} is ${JSON.stringify(text)}; give a number from ${min} to ${max}`);
  }
  return value;
}

export function writeOutput(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Indented JSON with a final line break. */
export function writeJson(path: string, value: unknown): void {
  writeOutput(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** @throws JobConfigurationError if the file is absent or not JSON */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new JobConfigurationError(`cannot read ${path} as JSON: ${(cause as Error).message}`, { cause });
  }
}
