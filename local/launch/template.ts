/** The one wiring source: the CloudFormation template that osls packages, made anew when something it is made of has changed. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;
const FOLDER = join(ROOT, '.switchyard/template');
const TEMPLATE = join(FOLDER, 'cloudformation-template-update-stack.json');
const DIGEST = join(FOLDER, 'inputs.sha256');
const SOURCES = [
  'serverless.yml',
  'infrastructure',
  'functions',
  'events/rules',
  'state-machines',
  'shared/catalog',
  'shared/domain/rollout',
  'pipelines/definition',
  'pipelines/demand-forecast',
];

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function inputsDigest(stage: string): string {
  const hash = createHash('sha256').update(stage);
  for (const file of SOURCES.flatMap((source) => filesBelow(join(ROOT, source)))) {
    hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Runs osls without bundling: the template names each function's archive, and nothing here reads one. */
function packageTemplate(stage: string): void {
  mkdirSync(FOLDER, { recursive: true });
  const osls = join(ROOT, 'node_modules/serverless/bin/serverless.js');
  const words = [
    '--disable-warning=ExperimentalWarning',
    osls,
    'package',
    '--stage',
    stage,
    '--package',
    '.switchyard/template',
  ];
  execFileSync(process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, SWITCHYARD_TEMPLATE_ONLY: 'true' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The packaged template of a stage. @param onPackaging told when it has to be made, which takes some seconds */
export function currentTemplate(stage: string, onPackaging: () => void = () => undefined): unknown {
  const digest = inputsDigest(stage);
  const known = existsSync(DIGEST) && existsSync(TEMPLATE) ? readFileSync(DIGEST, 'utf8') : '';
  if (known !== digest) {
    onPackaging();
    packageTemplate(stage);
    writeFileSync(DIGEST, digest);
  }
  return JSON.parse(readFileSync(TEMPLATE, 'utf8')) as unknown;
}
