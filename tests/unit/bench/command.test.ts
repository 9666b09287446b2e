import { describe, expect, it } from '@jest/globals';
import { type Bench, type CaseResult } from '../../bench/harness/bench.ts';
import { runBenchCommand } from '../../bench/harness/command.ts';
import { benchDocument } from '../../bench/harness/document.ts';

const caseOf = (label: string, ours: number, minRatio: number): CaseResult => ({
  case: label,
  ours: { writesPerSecond: ours },
  peers: { dynalite: { writesPerSecond: 1000 } },
  goals: [{ peer: 'dynalite', metric: 'writesPerSecond', minRatio }],
});

async function run(args: readonly string[], results = [caseOf('put', 2500, 2), caseOf('update', 1900, 2)]) {
  let out = '';
  let error = '';
  const bench: Bench = {
    name: 'tables',
    title: 'two tables',
    run: async (progress) => {
      progress('half of it');
      return results;
    },
  };
  const exitCode = await runBenchCommand(args, {
    names: ['models', 'tables'],
    load: async () => bench,
    writeOut: (text) => (out += text),
    writeError: (text) => (error += text),
  });
  return { exitCode, out, error };
}

describe('npm run bench', () => {
  it('prints a line with the ratio for each case and peer', async () => {
    const { exitCode, out, error } = await run(['tables']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^put +writesPerSecond +2,500 +dynalite +1,000 +2\.50$/m);
    expect(out).toMatch(/^update +writesPerSecond +1,900 +dynalite +1,000 +1\.90$/m);
    expect(error).toContain('half of it');
  });

  it('says plainly which goal was met and which was missed', async () => {
    const { out } = await run(['tables']);
    expect(out).toContain('goal met:    put: 2.50 times dynalite, wanted at least 2.0');
    expect(out).toContain('GOAL MISSED: update: 1.90 times dynalite, wanted at least 2.0');
  });

  it('with --json puts one document on standard output, and all else on standard error', async () => {
    const { exitCode, out, error } = await run(['tables', '--json']);
    expect(exitCode).toBe(0);
    expect(benchDocument.parse(JSON.parse(out))).toEqual({
      name: 'tables',
      cases: [
        { case: 'put', ours: { writesPerSecond: 2500 }, peers: { dynalite: { writesPerSecond: 1000 } } },
        { case: 'update', ours: { writesPerSecond: 1900 }, peers: { dynalite: { writesPerSecond: 1000 } } },
      ],
    });
    expect(error).toContain('half of it');
    expect(error).toContain('GOAL MISSED: update');
  });

  it.each([
    [['clouds'], "there is no bench 'clouds'."],
    [[], 'No name was given.'],
    [['tables', 'models'], "not also 'models'"],
    [['tables', '--fast'], "Unknown option '--fast'"],
  ])('refuses %j with exit code 2, and lists the benches', async (args, problem) => {
    const { exitCode, out, error } = await run(args);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(error).toContain(problem);
    expect(error).toContain('benches: models, tables');
  });

  it('refuses a goal that names what was not measured', async () => {
    const wrong = { ...caseOf('put', 1, 1), goals: [{ peer: 'moto', metric: 'writesPerSecond', minRatio: 1 }] };
    await expect(run(['tables'], [wrong])).rejects.toThrow("'writesPerSecond' of 'moto', which was not measured");
  });
});
