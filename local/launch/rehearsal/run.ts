/** Plays the stories one after the other in one world, and writes down what happened. */
import { wall } from '../../kernel/globals.ts';
import { type Tamper } from '../functions.ts';
import { openWorld, type World } from '../world.ts';
import { checks, measure, takeBaseline } from './measure.ts';
import { type RehearsalDocument, type StoryReport } from './report.ts';
import { Stage } from './stage.ts';
import { STORIES, type Story } from './stories.ts';

/** A Monday evening: the first night's truth and the 02:00 schedule come soon after. */
const START_MS = Date.UTC(2026, 0, 5, 22);
/** Long enough for the reconciler to take away what a story has left over. */
const TIDY_MINUTES = 12;

export interface RehearsalOptions {
  readonly seed: number;
  readonly template: unknown;
  readonly stories?: readonly Story[];
  /** Plants a defect, for the tests that must see a story turn red. */
  readonly tamper?: Tamper;
  /** Sees the world before the first story: how those tests plant what no function's dependencies hold. */
  readonly onWorld?: (world: World) => void;
  readonly onProgress?: (line: string) => void;
}

async function playOne(stage: Stage, story: Story): Promise<StoryReport> {
  const before = await takeBaseline(stage);
  const played = await story.play(stage);
  await stage.pass(TIDY_MINUTES);
  const figures = await measure(stage, before, played);
  const seen = await checks(stage, story, before, played);
  const ok = seen.every((check) => check.passed);
  const { id, title, expected } = story;
  return { id, title, expected, outcome: played.outcome, ok, reason: played.reason, ...figures, checks: seen };
}

/** A story that could not be played to its end has failed; those after it may still be told. */
function broken(story: Story, error: unknown): StoryReport {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const nothing = {
    virtualMinutes: 0,
    requests: 0,
    failedRequests: {},
    secondsToDecision: null,
    secondsToChampionRestored: null,
  };
  const counters = { looks: 0, stateTransitions: 0, lambdaInvocations: 0, apiCalls: 0 };
  const checks = [{ what: 'it can be played to its end', passed: false, seen: reason }];
  const { id, title, expected } = story;
  return { id, title, expected, outcome: 'BROKEN', ok: false, reason, ...nothing, ...counters, checks };
}

/** @returns the document; `ok` is true only if every story ended as it should */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalDocument> {
  const startedMs = wall.nowMs();
  const { seed, template, onProgress = () => undefined } = options;
  const world = await openWorld({
    seed,
    startMs: START_MS,
    template,
    ...(options.tamper ? { tamper: options.tamper } : {}),
  });
  try {
    options.onWorld?.(world);
    const stage = new Stage(world);
    const stories: StoryReport[] = [];
    for (const story of options.stories ?? STORIES) {
      onProgress(`${new Date(stage.nowMs).toISOString().slice(0, 16)}  ${story.id}. ${story.title} ...`);
      const report = await playOne(stage, story).catch((error: unknown) => broken(story, error));
      stage.traffic.stop();
      stage.watch.stop();
      stories.push(report);
      onProgress(
        `${new Date(stage.nowMs).toISOString().slice(0, 16)}  ${report.ok ? 'ok ' : 'NOT OK'} ${report.outcome}: ${report.reason}`,
      );
      for (const check of report.checks.filter((each) => !each.passed))
        onProgress(`                    not so: ${check.what} (${check.seen})`);
    }
    const totals = {
      requests: stage.traffic.requests,
      requestsThroughSdk: stage.traffic.throughSdk,
      trainings: world.trainings.count,
      distinctRowsMin: world.data.distinctRowsMin,
      virtualMinutes: Math.round((stage.nowMs - START_MS) / 60_000),
    };
    const ok = stories.every((story) => story.ok);
    const secondsTaken = Math.round((wall.nowMs() - startedMs) / 10) / 100;
    return {
      schema: 'switchyard/rehearsal/v1',
      seed,
      ok,
      stories,
      totals,
      trace: world.cloud.kernel.traceDigest(),
      wall: { seconds: secondsTaken },
    };
  } finally {
    world.close();
  }
}
