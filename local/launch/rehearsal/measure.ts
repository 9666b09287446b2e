/** What a story came to, in figures: read from traffic, records, histories and counters. */
import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { newCatalog } from '../../../shared/catalog/catalog.ts';
import { ENDPOINT, MODEL } from '../operator.ts';
import { type MinuteTally } from '../traffic.ts';
import { type Stage } from './stage.ts';
import { type Played, type Story } from './stories.ts';
import { watchedTooEarly } from './watch.ts';

const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;

export interface Check {
  readonly what: string;
  readonly passed: boolean;
  readonly seen: string;
}

export interface StoryFigures {
  readonly virtualMinutes: number;
  readonly requests: number;
  /** Failed requests by the version (servable) that answered. */
  readonly failedRequests: Readonly<Record<string, number>>;
  /** From the first minute with a failed or slow answer of the challenger; null when there was none. */
  readonly secondsToDecision: number | null;
  readonly secondsToChampionRestored: number | null;
  readonly looks: number;
  readonly stateTransitions: number;
  readonly lambdaInvocations: number;
  readonly apiCalls: number;
}

/** Counters at the beginning of a story. */
export interface Baseline {
  readonly atMs: number;
  readonly requests: number;
  readonly tallies: number;
  readonly transitions: number;
  readonly invocations: number;
  readonly apiCalls: number;
  readonly alerts: number;
  readonly championRollout: string | undefined;
  readonly rollouts: number;
  readonly sights: number;
  readonly failedThroughSdk: number;
}

function productCalls(stage: Stage, matches: (service: string, operation: string) => boolean): number {
  let total = 0;
  for (const call of stage.world.cloud.calls.values()) {
    // Roles are Switchyard's; the operator and AWS's own services are the world around it.
    if (call.caller.startsWith('switchyard-') && matches(call.service, call.operation)) total += call.count;
  }
  return total;
}

async function transitions(stage: Stage): Promise<number> {
  const executions = await stage.does(stage.operator.executions());
  return executions.reduce((sum, arn) => sum + (stage.world.cloud.services.stepfunctions.transitions(arn) ?? 0), 0);
}

export async function takeBaseline(stage: Stage): Promise<Baseline> {
  return {
    atMs: stage.nowMs,
    requests: stage.traffic.requests,
    tallies: stage.traffic.tallies.length,
    transitions: await transitions(stage),
    invocations: stage.world.cloud.services.lambda.invocations(),
    apiCalls: productCalls(stage, () => true),
    alerts: productCalls(stage, (service, operation) => service === 'sns' && operation === 'Publish'),
    championRollout: (await stage.does(stage.operator.champion()))?.rolloutId,
    rollouts: (await stage.does(stage.operator.rollouts())).length,
    sights: stage.watch.sights.length,
    failedThroughSdk: stage.traffic.failedThroughSdk,
  };
}

function failedByVersion(tallies: readonly MinuteTally[]): Record<string, number> {
  const failed: Record<string, number> = {};
  for (const tally of tallies) {
    if (tally.failed > 0) failed[tally.servable] = (failed[tally.servable] ?? 0) + tally.failed;
  }
  return failed;
}

/** When the way back was decided on: the stop, or the verdict. */
function decidedAtMs(rollout: RolloutRecord | undefined): number | undefined {
  return rollout?.stop?.atMs ?? (rollout?.verdict?.decision === 'ROLLBACK' ? rollout.verdict.atMs : undefined);
}

/** When the champion's 100 % was read back after that. */
function restoredAtMs(rollout: RolloutRecord | undefined): number | undefined {
  const sinceMs = decidedAtMs(rollout);
  const deeds = rollout?.deeds ?? [];
  const asked = deeds.findIndex((deed) => deed.action.startsWith('RESTORE'));
  if (sinceMs === undefined || asked < 0) return undefined;
  return deeds.slice(asked).find((deed) => deed.outcome === 'SETTLED')?.intentAtMs;
}

export async function measure(stage: Stage, before: Baseline, played: Played): Promise<StoryFigures> {
  const tallies = stage.traffic.tallies.slice(before.tallies);
  const challenger = played.rollout?.challenger.servable.name;
  const bad = tallies.find((tally) => tally.servable === challenger && tally.failed + tally.slow > 0);
  const decided = decidedAtMs(played.rollout);
  const restored = restoredAtMs(played.rollout);
  const since = (ms: number | undefined): number | null =>
    bad === undefined || ms === undefined ? null : Math.round((ms - bad.minute * MS_PER_MINUTE) / MS_PER_SECOND);
  return {
    virtualMinutes: Math.round((stage.nowMs - before.atMs) / MS_PER_MINUTE),
    requests: stage.traffic.requests - before.requests,
    failedRequests: failedByVersion(tallies),
    secondsToDecision: since(decided),
    secondsToChampionRestored: since(restored),
    looks: played.rollout?.looks ?? 0,
    stateTransitions: (await transitions(stage)) - before.transitions,
    lambdaInvocations: stage.world.cloud.services.lambda.invocations() - before.invocations,
    apiCalls: productCalls(stage, () => true) - before.apiCalls,
  };
}

/** What must be true after every story, read back from the cloud. */
export async function checks(stage: Stage, story: Story, before: Baseline, played: Played): Promise<Check[]> {
  const champion = await stage.does(stage.operator.champion());
  const endpoint = await stage.does(stage.operator.endpoint());
  const inventory = await stage.does(stage.operator.inventory());
  const serving = (endpoint?.ProductionVariants ?? []).filter((variant) => (variant.CurrentWeight ?? 0) > 0);
  const why = await stage.does(
    stage.operator.document(played.whyKey).catch((error: unknown) => `missing: ${String(error)}`),
  );
  const alerts =
    productCalls(stage, (service, operation) => service === 'sns' && operation === 'Publish') - before.alerts;
  const kept = new Set([champion?.arm.servable.name, champion?.previous?.arm.servable.name]);
  const left = [
    ...inventory.servables.filter((name) => !kept.has(name)),
    // The warm variant's configuration is the one in use; the one before it goes with the variant.
    ...inventory.configurations.filter(
      (name) => name !== endpoint?.EndpointConfigName && !stillWarm(champion?.previous?.warmUntilMs, stage.nowMs),
    ),
  ];
  const sights = stage.watch.sights.slice(before.sights);
  const tooEarly = watchedTooEarly(sights, shareOfStep);
  const championChanged = champion?.rolloutId !== before.championRollout;
  const check = (what: string, passed: boolean, seen: string): Check => ({ what, passed, seen });
  return [
    check('it ends as expected', played.outcome === story.expected, played.outcome),
    check('for the expected reason', played.reason.includes(story.expectedReason ?? ''), played.reason),
    check(`${ENDPOINT} is in service`, endpoint?.EndpointStatus === 'InService', endpoint?.EndpointStatus ?? 'absent'),
    check(
      'the champion alone has traffic',
      serving.length === 1 && serving[0]?.VariantName === champion?.arm.variant,
      serving.map((each) => each.VariantName).join(', '),
    ),
    check(
      story.changesChampion ? 'the champion has changed' : 'the champion is the same',
      championChanged === story.changesChampion,
      champion?.arm.servable.name ?? 'none',
    ),
    check('nothing is left behind', left.length === 0, left.join(', ') || 'nothing'),
    check(
      'no share was watched before it had landed',
      tooEarly.length === 0,
      tooEarly.join(', ') || `${sights.length} sights`,
    ),
    check('people were told', alerts > 0, `${alerts} alerts`),
    check('there is a page that says why', why.startsWith('# Why'), why.split('\n')[0] ?? ''),
    ...(story.checks?.({
      played,
      sights,
      failedRequests: failedByVersion(stage.traffic.tallies.slice(before.tallies)),
      failedThroughSdk: stage.traffic.failedThroughSdk - before.failedThroughSdk,
      championRolloutBefore: before.championRollout ?? null,
      rolloutsOpened: (await stage.does(stage.operator.rollouts())).length - before.rollouts,
      why,
    }) ?? []),
  ];
}

/** What the catalog gives a step; after the last one the challenger has everything. */
function shareOfStep(stepIndex: number): number {
  return newCatalog().realTime(MODEL).rollout.steps[stepIndex]?.sharePercent ?? 100;
}

function stillWarm(warmUntilMs: number | undefined, nowMs: number): boolean {
  return warmUntilMs !== undefined && nowMs < warmUntilMs;
}
