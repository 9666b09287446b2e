/** A bench's results for people: a table with ratios, and a line for each goal. */
import { type CaseResult } from './bench.ts';

const HEADER = ['case', 'metric', 'ours', 'peer', "peer's", 'ratio'];
/** Columns with numbers, which are set flush right. */
const NUMERIC = new Set([2, 4, 5]);

/** One line for each case, metric and peer; the ratio is ours divided by the peer's. */
export function renderTable(results: readonly CaseResult[]): string {
  const rows = results.flatMap((result) =>
    Object.entries(result.ours).flatMap(([metric, ours]) =>
      Object.entries(result.peers).map(([peer, theirs]) => [
        result.case,
        metric,
        ours.toLocaleString('en'),
        peer,
        theirs[metric]!.toLocaleString('en'),
        (ours / theirs[metric]!).toFixed(2),
      ]),
    ),
  );
  const widths = HEADER.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (NUMERIC.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(HEADER), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** One line for each goal: the ratio, what was wanted, and plainly whether it was missed. */
export function renderGoals(results: readonly CaseResult[]): readonly string[] {
  return results.flatMap((result) =>
    result.goals.map(({ peer, metric, minRatio }) => {
      const theirs = result.peers[peer]?.[metric];
      const ours = result.ours[metric];
      if (ours === undefined || theirs === undefined) {
        throw new RangeError(`a goal of '${result.case}' names '${metric}' of '${peer}', which was not measured`);
      }
      const ratio = ours / theirs;
      const verdict = ratio >= minRatio ? 'goal met:   ' : 'GOAL MISSED:';
      return `${verdict} ${result.case}: ${ratio.toFixed(2)} times ${peer}, wanted at least ${minRatio.toFixed(1)}`;
    }),
  );
}
