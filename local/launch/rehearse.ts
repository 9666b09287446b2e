/** `npm start`: the rehearsal. `-- --json` prints one document on stdout, `-- --seed N` chooses the seed. */
import { parseArgs } from 'node:util';
import { renderTable } from './rehearsal/report.ts';
import { rehearse } from './rehearsal/run.ts';
import { currentTemplate } from './template.ts';

const NODE_MAJOR_MIN = 22;
const DEFAULT_SEED = 1;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function parse(): { json: boolean; seed: number } {
  try {
    const { values } = parseArgs({
      options: { json: { type: 'boolean', default: false }, seed: { type: 'string', default: String(DEFAULT_SEED) } },
    });
    const seed = Number(values.seed);
    if (!Number.isSafeInteger(seed)) fail(`--seed '${values.seed}' is not a whole number. Use e.g. --seed 7.`);
    return { json: values.json, seed };
  } catch (error) {
    fail(`${(error as Error).message}\nUsage: npm start -- [--seed N] [--json]`);
  }
}

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  fail(
    `Node ${process.versions.node} runs this; it needs ${NODE_MAJOR_MIN} or newer, which the project brings itself. Run it as 'npm start' after 'npm ci'.`,
  );
}

const { json, seed } = parse();
const progress = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
const template = currentTemplate('dev', () =>
  progress('packaging the template (once, until something in it changes) ...'),
);
const document = await rehearse({ seed, template, onProgress: progress });
process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `\n${renderTable(document)}\n`);
process.exitCode = document.ok ? 0 : 1;
