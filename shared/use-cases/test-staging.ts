/** End-to-end tests and the paired accuracy test of a candidate, on the staging endpoint, before any traffic. */
import { type Catalog } from '../catalog/catalog.ts';
import { endpointName, stagingEndpointName } from '../catalog/names.ts';
import { pairedAccuracyTest, type PairedAccuracyReport } from '../domain/accuracy/paired-test.ts';
import { type Clock } from '../ports/clock.ts';
import { type LabelledRow, type LabelledRows } from '../ports/documents.ts';
import { type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { CANDIDATE_VARIANT, REFERENCE_VARIANT, stagingConfiguration } from './deploy-staging.ts';

export interface TestStagingDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly platform: ServingPlatform;
  readonly labelledRows: LabelledRows;
  readonly clock: Clock;
}

export interface StagingResult {
  readonly outcome: 'PASS' | 'REFUSED' | 'INCONCLUSIVE';
  readonly reason: string;
}

interface EndToEndCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

const ROWS_PER_REQUEST = 100;
const LABELLED_ROWS_MAX = 1_000;
const LABEL_WINDOW_MS = 30 * 86_400_000;
const JSON_LINES = 'application/jsonlines';

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_each, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** JSON Lines want a row on one line. In JSON a line break stands between tokens only, so that a blank says the same. */
const onOneLine = (row: LabelledRow): string => row.request.replace(/[\r\n]+/g, ' ');

/** Predictions of one variant, in the order of the rows; null where the variant gave none. */
async function predictions(
  deps: TestStagingDependencies,
  endpoint: string,
  variant: string,
  rows: readonly LabelledRow[],
): Promise<(number | null)[]> {
  const answers: (number | null)[] = [];
  for (const chunk of chunks(rows, ROWS_PER_REQUEST)) {
    const reply = await deps.platform.ask(endpoint, variant, chunk.map(onOneLine).join('\n'), JSON_LINES);
    const lines = reply.statusCode === 200 ? reply.body.trim().split('\n') : [];
    for (let index = 0; index < chunk.length; index++) answers.push(predictionOf(lines[index]));
  }
  return answers;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    // No JSON is an answer too: one without a number.
    return null;
  }
}

function predictionOf(line: string | undefined): number | null {
  const value = (parsed(line ?? '') as { prediction?: unknown } | null)?.prediction;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The contract that callers rely on, asked of the real container: good rows are answered, bad ones refused by name. */
async function endToEnd(
  deps: TestStagingDependencies,
  endpoint: string,
  rows: readonly LabelledRow[],
): Promise<EndToEndCheck[]> {
  const ask = (body: string, type: string) => deps.platform.ask(endpoint, CANDIDATE_VARIANT, body, type);
  const refused = async (name: string, body: string): Promise<EndToEndCheck> => {
    const reply = await ask(body, 'application/json');
    return { name, passed: reply.statusCode >= 400 && reply.statusCode < 500, detail: `answered ${reply.statusCode}` };
  };
  const checks = [
    await refused('a row without fields is refused', '{}'),
    await refused('a body that is no JSON is refused', 'no json'),
  ];
  const golden = rows[0];
  if (golden) {
    const single = await ask(golden.request, 'application/json');
    const prediction = single.statusCode === 200 ? predictionOf(single.body.trim()) : null;
    checks.push({
      name: 'a production row is answered with a number',
      passed: prediction !== null,
      detail: `answered ${single.statusCode}`,
    });
    const again = await ask(golden.request, 'application/json');
    checks.push({
      name: 'the same row gets the same answer',
      passed: again.body === single.body,
      detail: again.body.slice(0, 100),
    });
  }
  return checks;
}

async function accuracy(
  deps: TestStagingDependencies,
  ref: ReleaseRef,
  endpoint: string,
  rows: readonly LabelledRow[],
): Promise<PairedAccuracyReport> {
  const model = deps.catalog.realTime(ref.model);
  const champion = await predictions(deps, endpoint, REFERENCE_VARIANT, rows);
  const challenger = await predictions(deps, endpoint, CANDIDATE_VARIANT, rows);
  const pairs = rows.map((row, index) => ({
    row: row.request,
    truth: row.truth,
    championPrediction: champion[index] ?? null,
    challengerPrediction: challenger[index] ?? null,
  }));
  return pairedAccuracyTest(model.rollout.accuracy, pairs);
}

/**
 * 1. The endpoint serves this candidate. 2. End-to-end tests of the contract. 3. With a champion: both versions answer the same recent labelled rows, and the paired
 * test decides. Inconclusive means no traffic, like a refusal, but for another reason.
 * @throws UnknownRelease
 */
export async function testStaging(deps: TestStagingDependencies, ref: ReleaseRef): Promise<StagingResult> {
  const release = await deps.releases.get(ref);
  const endpoint = stagingEndpointName(deps.stage, ref.model);
  const untilMs = deps.clock.nowMs();
  const span = { fromMs: untilMs - LABEL_WINDOW_MS, untilMs, limit: LABELLED_ROWS_MAX };
  const rows = await deps.labelledRows.recent({
    model: ref.model,
    endpoint: endpointName(deps.stage, ref.model),
    ...span,
  });
  const observed = await deps.platform.observe(endpoint);
  if (observed?.status !== 'IN_SERVICE') {
    const status = observed ? `${observed.rawStatus} ${observed.failureReason ?? ''}` : 'not there';
    return { outcome: 'REFUSED', reason: `the staging endpoint is ${status}` };
  }
  const expected = stagingConfiguration(deps.stage, ref.model, release.versionNumber);
  if (observed.configuration !== expected)
    return { outcome: 'REFUSED', reason: `the staging endpoint serves ${observed.configuration}, not ${expected}` };
  const checks = await endToEnd(deps, endpoint, rows);
  const failed = checks.filter((check) => !check.passed);
  const report = release.binding.champion === undefined ? undefined : await accuracy(deps, ref, endpoint, rows);
  await deps.releases.change(ref, (record) => ({
    ...record,
    reports: { ...record.reports, endToEnd: checks, ...(report ? { accuracy: report } : {}) },
  }));
  if (failed.length > 0)
    return {
      outcome: 'REFUSED',
      reason: `end-to-end: ${failed.map((check) => `${check.name} (${check.detail})`).join('; ')}`,
    };
  if (!report)
    return {
      outcome: 'PASS',
      reason: 'first deployment: end-to-end tests passed, there is no champion to compare with',
    };
  return { outcome: report.decision, reason: report.summary };
}
