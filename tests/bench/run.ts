/** `npm run bench -- NAME [--json]`: every other file of this folder is a bench that exports `bench`. */
import { readdirSync } from 'node:fs';
import { type Bench } from './harness/bench.ts';
import { runBenchCommand } from './harness/command.ts';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

process.exitCode = await runBenchCommand(process.argv.slice(2), {
  names,
  load: async (name) => ((await import(`./${name}.ts`)) as { readonly bench: Bench }).bench,
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
});
