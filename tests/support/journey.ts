/**
 * Where journeys are played: `TARGET=local` (the laptop cloud; the default) or `TARGET=aws` (an account into which the stack
 * has been deployed). Steps are told as given / when / then; the same file runs on both.
 *
 * Nobody here has an AWS account, so no journey has ever been played there. Journeys that inject faults never can be;
 * the first deployment could, by the same public doors, once somebody with an account writes and tries that target. Until
 * then `TARGET=aws` says what it needs, and refuses: a target that nobody has tried would prove nothing.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';

export const ROOT = join(import.meta.dirname, '../..');

export type Target = 'local' | 'aws';

export class TargetNotReady extends Error {
  override readonly name = 'TargetNotReady';
}

/** What `TARGET=aws` needs: the default credential chain alone is not asked, so that nobody plays on an account by accident. */
const AWS_SETTINGS = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'SWITCHYARD_ACCOUNT_ID'] as const;

/** @throws TargetNotReady naming what to configure */
export function targetOf(environment: Readonly<Record<string, string | undefined>>): Target {
  const target = environment['TARGET'] ?? 'local';
  if (target === 'local') return 'local';
  if (target !== 'aws') throw new TargetNotReady(`TARGET '${target}' is not known. Use TARGET=local or TARGET=aws.`);
  const missing = AWS_SETTINGS.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new TargetNotReady(
      `TARGET=aws needs ${missing.join(', ')}: set them to an account into which the stage 'dev' is deployed ` +
        `('serverless deploy --stage dev'), with the images of pipelines/images pushed. Or use TARGET=local.`,
    );
  }
  return 'aws';
}

/** @throws TargetNotReady for journeys that need what only the laptop cloud can do */
export function demandLocal(target: Target, why: string): void {
  if (target === 'local') return;
  throw new TargetNotReady(`This journey can't be played with TARGET=${target}: ${why}. Use TARGET=local.`);
}

export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of the project in a process of its own: a rehearsal replaces the clock of the whole process. */
export function runScript(
  script: string,
  words: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<ProcessResult> {
  const all = ['--disable-warning=ExperimentalWarning', ...nodeOptions, join(ROOT, script), ...words];
  // jest's own flags (and its color) are none of the child's business.
  const { NODE_OPTIONS: _options, FORCE_COLOR: _color, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, all, { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ exitCode: typeof code === 'number' ? code : -1, stdout, stderr });
    });
  });
}

/** The next steps of a story as the test runner prints them; `then` holds the assertions. */
export interface Steps {
  given(what: string): void;
  when(what: string): void;
  then(what: string, assertion: () => void | Promise<void>): void;
}

/** Tells one numbered story. Givens and whens are played by the target before the first `then` is looked at. */
export function story(number: number, title: string, tell: (steps: Steps) => void): void {
  const told: string[] = [];
  describe(`${number}. ${title}`, () => {
    tell({
      given: (what) => void told.push(`given ${what}`),
      when: (what) => void told.push(`when ${what}`),
      then: (what, assertion) => {
        it([...told.splice(0), `then ${what}`].join(', '), assertion);
      },
    });
  });
}
