/** What a rehearsal says at its end: one document, or a table made of it. */
import * as z from 'zod';
import pc from 'picocolors';

const count = z.int().min(0);

/** The document that `npm start --silent -- --json` prints. Equal seeds give equal documents, but for `wall`. */
export const rehearsalDocument = z.strictObject({
  schema: z.literal('switchyard/rehearsal/v1'),
  seed: z.int(),
  ok: z.boolean(),
  stories: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      expected: z.string(),
      outcome: z.string(),
      ok: z.boolean(),
      /** What decided, as the record has it. */
      reason: z.string(),
      virtualMinutes: count,
      requests: count,
      /** Failed requests by the version that answered. */
      failedRequests: z.record(z.string(), count),
      /** From the first minute with a failed or slow answer of the challenger, in virtual seconds; null when there was none. */
      secondsToDecision: z.nullable(z.int()),
      secondsToChampionRestored: z.nullable(z.int()),
      looks: count,
      stateTransitions: count,
      lambdaInvocations: count,
      apiCalls: count,
      checks: z.array(z.strictObject({ what: z.string(), passed: z.boolean(), seen: z.string() })),
    }),
  ),
  totals: z.strictObject({
    requests: count,
    requestsThroughSdk: count,
    trainings: count,
    virtualMinutes: count,
    /** Distinct rows of real data behind the requests of the virtual day that had the fewest. */
    distinctRowsMin: count,
  }),
  /** Identity of the run: SHA-256 over every call and event in order. */
  trace: z.strictObject({ sha256: z.string().length(64), lines: count }),
  /** Measured on this machine: the only part that differs between runs of one seed. */
  wall: z.strictObject({ seconds: z.number() }),
});

export type RehearsalDocument = z.infer<typeof rehearsalDocument>;
export type StoryReport = RehearsalDocument['stories'][number];

type Cell = readonly [text: string, paint?: (text: string) => string];

function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.[0].length ?? 0)),
  );
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(([text, paint = (each: string) => each], column) => paint(text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header.map((title) => [title, pc.dim] as const)), ...rows.map(line)].join('\n');
}

const seconds = (value: number | null): string => (value === null ? '-' : String(value));

function failures(report: StoryReport): string {
  const entries = Object.entries(report.failedRequests);
  return entries.length === 0
    ? '0'
    : entries.map(([version, failed]) => `${failed} by ${version.replace(/^.*-(v\d+)$/, '$1')}`).join(', ');
}

/** The closing table. */
export function renderTable(document: RehearsalDocument): string {
  const header = [
    '',
    'story',
    'outcome',
    'min',
    'requests',
    'failed',
    'decided s',
    'restored s',
    'looks',
    'transitions',
    'lambdas',
    'API calls',
  ];
  const rows = document.stories.map((story): Cell[] => [
    [story.id],
    [story.title],
    [story.outcome, story.ok ? pc.green : pc.red],
    [String(story.virtualMinutes)],
    [String(story.requests)],
    [failures(story)],
    [seconds(story.secondsToDecision)],
    [seconds(story.secondsToChampionRestored)],
    [String(story.looks)],
    [String(story.stateTransitions)],
    [String(story.lambdaInvocations)],
    [String(story.apiCalls)],
  ]);
  const legend =
    'min: virtual minutes; decided, restored: virtual seconds from the first bad minute to the decision and to the champion at 100 %, read back';
  const { totals, trace, wall } = document;
  const closing = `${totals.requests} requests, ${totals.trainings} trainings, ${totals.virtualMinutes} virtual minutes in ${wall.seconds.toFixed(1)} s; seed ${document.seed}, trace ${trace.sha256.slice(0, 12)}`;
  return `${table(header, rows)}\n${pc.dim(legend)}\n${closing}`;
}
