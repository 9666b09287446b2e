/** Drives the unmodified `aws` binary through every service of the laptop cloud: `npm run test:aws-cli`. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGION } from '../integration/protocols/case.ts';
import { type CliCommand, commands } from './commands.ts';
import { serve } from './serve.ts';

/** So that an endpoint is there after a few real seconds. */
const VIRTUAL_SECONDS_PER_SECOND = 60;
const COMMAND_TIMEOUT_MS = 60_000;
const TRIES_MAX = 20;
const PAUSE_MS = 500;
/** Of a call that AWS refused: the first is version 2's, the other version 1's. */
const SERVICE_ERROR_EXIT_CODES: readonly number[] = [254, 255];
/** An archive without files: its end record alone. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);
const LARGE_BYTES = 9 * 1024 * 1024;

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

function run(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile('aws', [...words], options, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') reject(new NotInstalled());
      else if (error && typeof error.code !== 'number') reject(new Error(`aws ${words.join(' ')}`, { cause: error }));
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

function at(answer: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined | null)?.[key], answer);
}

/** What is wrong with the outcome of a command; undefined when it is as it should be. */
function faultOf(command: CliCommand, { exitCode, stdout, stderr }: Finished): string | undefined {
  if (command.fails) {
    if (!SERVICE_ERROR_EXIT_CODES.includes(exitCode))
      return `exit code ${exitCode}, not ${SERVICE_ERROR_EXIT_CODES.join(' or ')}`;
    return command.fails.test(stderr) ? undefined : `stderr '${stderr.trim()}' does not match ${String(command.fails)}`;
  }
  if (exitCode !== 0) return `exit code ${exitCode}: ${stderr.trim()}`;
  if (command.text && !command.text.test(stdout))
    return `stdout '${stdout.trim()}' does not match ${String(command.text)}`;
  const answer: unknown = command.answer ? (JSON.parse(stdout === '' ? '{}' : stdout) as unknown) : {};
  for (const [path, wanted] of Object.entries(command.answer ?? {})) {
    const found = at(answer, path);
    const holds =
      wanted instanceof RegExp ? wanted.test(String((found as string | undefined) ?? '')) : found === wanted;
    if (!holds) return `${path} is ${JSON.stringify(found)}, not ${String(wanted)}`;
  }
  return undefined;
}

interface Session {
  readonly url: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly kept: Map<string, string>;
}

/** Runs a command (again and again if it waits for something). @returns what is wrong with it */
async function attempt(command: CliCommand, { url, environment, kept }: Session): Promise<string | undefined> {
  const words = command.words.map((word) => (word.startsWith('@') ? (kept.get(word.slice(1)) ?? word) : word));
  for (let tries = 1; ; tries++) {
    const finished = await run(['--endpoint-url', url, ...words], environment);
    const fault = faultOf(command, finished);
    if (fault === undefined) {
      for (const [name, path] of Object.entries(command.keeps ?? {})) {
        kept.set(name, String(at(JSON.parse(finished.stdout), path)));
      }
      return undefined;
    }
    if (!command.waits || tries === TRIES_MAX) return fault;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** An environment in which only what is said here counts, and no settings of the machine's user. */
function environmentIn(directory: string): NodeJS.ProcessEnv {
  const config = join(directory, 'config');
  writeFileSync(config, '[default]\noutput = json\ncli_binary_format = raw-in-base64-out\n');
  const { PATH, LANG = 'C.UTF-8' } = process.env;
  return {
    ...{ PATH, LANG, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1', HOME: directory },
    ...{ AWS_ACCESS_KEY_ID: 'operator', AWS_SECRET_ACCESS_KEY: 'secret', AWS_DEFAULT_REGION: REGION },
    ...{ AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials') },
    ...{ AWS_PAGER: '', AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1' },
  };
}

async function checkAll(
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ passed: number; failed: number }> {
  writeFileSync(join(directory, 'large file.bin'), Buffer.alloc(LARGE_BYTES, 'model'));
  writeFileSync(join(directory, 'code.zip'), EMPTY_ZIP);
  const served = await serve(VIRTUAL_SECONDS_PER_SECOND);
  const session: Session = { url: served.url, environment, kept: new Map() };
  const counts = { passed: 0, failed: 0 };
  const report = (words: readonly string[], fault: string | undefined): void => {
    counts[fault === undefined ? 'passed' : 'failed']++;
    console.log(
      fault === undefined
        ? `ok      aws ${words.slice(0, 2).join(' ')}`
        : `FAILED  aws ${words.join(' ')}\n        ${fault}`,
    );
  };
  const sequence = async (): Promise<void> => {
    for (const command of commands(directory)) report(command.words, await attempt(command, session));
    const back = readFileSync(join(directory, 'back.bin'));
    report(
      ['s3', 'cp', 'there and back'],
      back.equals(Buffer.alloc(LARGE_BYTES, 'model')) ? undefined : 'other bytes came back',
    );
  };
  // The cloud's own failure ends the check at once.
  await Promise.race([sequence(), served.pacing]);
  await served.close();
  return counts;
}

async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'aws-cli-check-'));
  try {
    const environment = environmentIn(directory);
    const { stdout, stderr } = await run(['--version'], environment);
    console.log((stdout || stderr).trim());
    const { passed, failed } = await checkAll(directory, environment);
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    console.log('skipped: aws is not installed');
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
