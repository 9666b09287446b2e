/** The document that `npm run bench -- NAME --json` prints; the same for every bench. */
import { z } from 'zod';
import { type CaseResult } from './bench.ts';

const metrics = z
  .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), z.number().nonnegative())
  .refine((values) => Object.keys(values).length > 0, 'at least one metric');

/** `peers` hold the metrics of `ours`, so that each ratio can be taken. */
const benchCase = z
  .strictObject({ case: z.string().min(1), ours: metrics, peers: z.record(z.string().min(1), metrics) })
  .refine(
    ({ ours, peers }) => Object.values(peers).every((peer) => Object.keys(ours).every((name) => name in peer)),
    'each peer needs every metric of ours',
  );

export const benchDocument = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  cases: z.array(benchCase).min(1),
});

export type BenchDocument = z.infer<typeof benchDocument>;

/** @throws ZodError when a bench measured something that the form has no place for */
export function newBenchDocument(name: string, results: readonly CaseResult[]): BenchDocument {
  const cases = results.map(({ case: label, ours, peers }) => ({ case: label, ours, peers }));
  return benchDocument.parse({ name, cases });
}
