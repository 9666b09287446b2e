/** The command behind `npm run bench -- NAME [--json]`. */
import { parseArgs } from 'node:util';
import { type Bench } from './bench.ts';
import { newBenchDocument } from './document.ts';
import { renderGoals, renderTable } from './table.ts';

export interface CommandContext {
  /** Names of all benches. */
  readonly names: readonly string[];
  readonly load: (name: string) => Promise<Bench>;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/**
 * Runs a bench. The table, or with `--json` exactly one JSON document, goes to standard output; progress and, with
 * `--json`, the goals go to standard error.
 * @returns the exit code: 0, or 2 when the command line makes no sense. A missed goal is told, and is no failure.
 * @throws whatever the bench throws, DifferentOutcome above all
 */
export async function runBenchCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parse(args, context);
  if ('problem' in parsed) {
    context.writeError(`${parsed.problem}\n${usage(context.names)}\n`);
    return 2;
  }
  const bench = await context.load(parsed.name);
  const title = `bench ${bench.name}: ${bench.title}`;
  const results = await bench.run((line) => context.writeError(`  ${line}\n`));
  const goals = renderGoals(results).join('\n');
  if (parsed.json) {
    context.writeError(`${title}\n${goals}\n`);
    context.writeOut(`${JSON.stringify(newBenchDocument(bench.name, results), null, 2)}\n`);
  } else {
    context.writeOut(`\n${title}\n\n${renderTable(results)}\n\n${goals}\n`);
  }
  return 0;
}

function parse(
  args: readonly string[],
  { names }: CommandContext,
): { readonly name: string; readonly json: boolean } | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name, ...rest] = positionals;
    if (name === undefined) return { problem: 'which bench? No name was given.' };
    if (rest.length > 0) return { problem: `one bench at a time, not also '${rest.join("', '")}'.` };
    if (!names.includes(name)) return { problem: `there is no bench '${name}'.` };
    return { name, json: values.json };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS_')) return { problem: message };
    throw error;
  }
}

function usage(names: readonly string[]): string {
  return `usage: npm run bench -- NAME [--json]\nbenches: ${names.join(', ')}`;
}
