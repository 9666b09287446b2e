/** One look: metrics are read, the pure judge decides, the evidence is kept; a decisive verdict ends the wait. */
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { type EvidenceMinute } from '../domain/judge/evidence.ts';
import { judge } from '../domain/judge/judge.ts';
import { type Verdict } from '../domain/judge/verdict.ts';
import { heartbeatTtlMs } from '../domain/rollout/lease.ts';
import { type Clock } from '../ports/clock.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type DeadMansSwitch, type EventPublisher, type Tokens } from '../ports/flow.ts';
import { type MetricSource } from '../ports/metric-source.ts';
import {
  type Bake,
  type RolloutRecord,
  type RolloutRef,
  type RolloutStore,
  type StepVerdict,
} from '../ports/rollout-store.ts';
import { deadManOrder, DEAD_MAN_MS } from './dead-man.ts';
import { bakeWait, wakeUp } from './rollout-signals.ts';

export interface JudgeRolloutDependencies {
  readonly catalog: Catalog;
  readonly rollouts: RolloutStore;
  readonly endpoints: EndpointStore;
  readonly metrics: MetricSource;
  readonly deadMan: DeadMansSwitch;
  readonly tokens: Tokens;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

export interface LookResult {
  /** `SKIPPED` when the step is over or not being watched: a late or doubled look changes nothing. */
  readonly decision: Verdict['decision'] | 'SKIPPED';
  readonly look: number;
}

const MS_PER_MINUTE = 60_000;
/** The longest that a metric minute was assumed to stay unreadable after its end. */
const METRIC_DELAY_MS = 180_000;

/**
 * The judge's clock. A minute older than the delay that has no data is missing data; a younger one counts as soon as all
 * arms of it can be read.
 */
function readableUntil(nowMs: number, minutes: readonly EvidenceMinute[], concurrent: boolean): number {
  let until = Math.floor((nowMs - METRIC_DELAY_MS) / MS_PER_MINUTE);
  const complete = new Set(
    minutes.filter((each) => each.challenger && (!concurrent || each.champion)).map((each) => each.minute),
  );
  while (complete.has(until)) until++;
  return until;
}

async function lookAt(
  deps: JudgeRolloutDependencies,
  model: RealTimeModel,
  record: RolloutRecord,
  bake: Bake,
): Promise<Verdict> {
  const nowMs = deps.clock.nowMs();
  const last = bake.stepIndex >= model.rollout.steps.length;
  const fromMinute = last ? bake.startMinute : (record.firstTrafficMinute ?? bake.startMinute);
  const minutes = await deps.metrics.minutes({
    endpoint: record.endpoint,
    challengerVariant: record.challenger.variant,
    ...(record.champion && !last ? { championVariant: record.champion.variant } : {}),
    fromMinute,
    untilMinute: Math.floor(nowMs / MS_PER_MINUTE),
    latencyLimitMs: model.rollout.guardrails.latency.limitMs,
  });
  return judge(model.rollout, {
    phase: last
      ? { kind: 'bake', startMinute: bake.startMinute, history: record.history }
      : { kind: 'step', stepIndex: bake.stepIndex, startMinute: bake.startMinute },
    rolloutStartMinute: fromMinute,
    readableUntilMinute: readableUntil(nowMs, minutes, !last),
    minutes,
  });
}

/** The deciding reason in one line. */
export function reasonText(verdict: Verdict): string {
  const [first] = verdict.reasons;
  if (!first) return verdict.decision;
  if (first.code === 'HARM_PROVEN')
    return `${first.code} ${first.guardrail} E=${first.eValue.toPrecision(4)} >= ${first.threshold}`;
  if (first.code === 'HARD_LIMIT_BROKEN')
    return `${first.code} ${first.breach.limit} ${first.breach.worst} > ${first.breach.threshold}`;
  return first.code;
}

function withLook(
  record: RolloutRecord,
  bake: Bake,
  verdict: Verdict,
  look: number,
  nowMs: number,
  awaited: boolean,
): RolloutRecord | undefined {
  if (!record.active || record.bake?.stepIndex !== bake.stepIndex || record.looks >= look) return undefined;
  const { decision } = verdict;
  const decisive = decision !== 'INCONCLUSIVE' && record.verdict?.stepIndex !== bake.stepIndex;
  const stepVerdict: StepVerdict | undefined = decisive
    ? { stepIndex: bake.stepIndex, decision, reason: reasonText(verdict), look, atMs: nowMs }
    : undefined;
  return {
    ...record,
    looks: look,
    lastVerdict: verdict,
    ...(awaited ? { heartbeatAtMs: nowMs } : {}),
    ...(stepVerdict ? { verdict: stepVerdict } : {}),
  };
}

/**
 * A look sends heartbeats only: never a result. False when nobody would act on the verdict: the state that waits for it is
 * gone, or has never come. Then a look is no sign of life, or a dead controller's rollout would go on being watched.
 */
async function isAwaited(deps: JudgeRolloutDependencies, record: RolloutRecord, bake: Bake): Promise<boolean> {
  const { wait } = record;
  if (wait?.wait === bakeWait(bake.stepIndex)) return deps.tokens.heartbeat(wait.token);
  // Between the landing of a share and the wait for its verdict there are seconds.
  return deps.clock.nowMs() - bake.startedAtMs <= heartbeatTtlMs;
}

/** Everybody who would act on a dead controller is told that it lives. */
async function signOfLife(deps: JudgeRolloutDependencies, record: RolloutRecord): Promise<void> {
  const nowMs = deps.clock.nowMs();
  await deps.endpoints.changeLease(record.model, (lease) =>
    lease.epoch === record.epoch ? { ...lease, heartbeatAtMs: nowMs } : undefined,
  );
  const order = deadManOrder(record);
  if (order && record.kind === 'CANARY' && !record.verdict) await deps.deadMan.postpone(order, nowMs + DEAD_MAN_MS);
}

/**
 * 1. Only a share that is being watched and has no verdict is looked at. 2. Metrics are read; failing to read them is neither
 * pass nor failure, and no sign of life either: the dead man's switch runs on. 3. The verdict and its evidence are stored.
 * 4. Waiting state, lease and dead man are told, unless nobody waits any more. 5. A decisive verdict wakes the state machine.
 * @throws MetricsUnreadable, UnknownRollout
 */
export async function judgeRollout(
  deps: JudgeRolloutDependencies,
  ref: RolloutRef,
  stepIndex: number,
): Promise<LookResult> {
  const model = deps.catalog.realTime(ref.model);
  const record = await deps.rollouts.get(ref);
  const { bake } = record;
  const watched =
    record.active && bake?.stepIndex === stepIndex && record.verdict?.stepIndex !== stepIndex && !record.stop;
  if (!watched) return { decision: 'SKIPPED', look: record.looks };
  const verdict = await lookAt(deps, model, record, bake);
  const awaited = await isAwaited(deps, record, bake);
  const nowMs = deps.clock.nowMs();
  const look = record.looks + 1;
  await deps.rollouts.saveLook({ ...ref, look, atMs: nowMs, stepIndex, verdict });
  const after = await deps.rollouts.change(ref, (latest) => withLook(latest, bake, verdict, look, nowMs, awaited));
  // A rollout that was closed meanwhile has disarmed its switch for good.
  if (awaited && after.active) await signOfLife(deps, after);
  const wakeUps = wakeUp(after);
  if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  return { decision: verdict.decision, look };
}
