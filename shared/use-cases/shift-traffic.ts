/** Begins a step: the challenger gets its share of the requests, after everything that could forbid it was looked at. */
import { guardAlarms } from '../catalog/alarms.ts';
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { RolloutStopped } from '../domain/flow-errors.ts';
import { weightsFor } from '../domain/rollout/weights.ts';
import { type DeadMansSwitch } from '../ports/flow.ts';
import { type MetricSource } from '../ports/metric-source.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type RolloutRecord, type RolloutRef, type StopSignal } from '../ports/rollout-store.ts';
import { changeEndpoint, type ChangeEndpointDependencies } from './change-endpoint.ts';
import { deadManOrder, DEAD_MAN_MS } from './dead-man.ts';
import { checkNotStopped, withStop } from './rollout-signals.ts';

export interface ShiftTrafficDependencies extends ChangeEndpointDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly metrics: MetricSource;
  readonly registry: ModelRegistry;
  readonly deadMan: DeadMansSwitch;
}

const MINUTES_PER_DAY = 24 * 60;
const MS_PER_MINUTE = 60_000;

/** Share of the challenger in a step; the step after the catalog's last one is 100 %. */
export function sharePercentOf(model: RealTimeModel, record: RolloutRecord, stepIndex: number): number {
  if (record.kind !== 'CANARY') return 100;
  return model.rollout.steps[stepIndex]?.sharePercent ?? 100;
}

/** What forbids this step now, if anything: an alarm of the challenger, or an approval that no longer stands. */
async function objection(
  deps: ShiftTrafficDependencies,
  model: RealTimeModel,
  record: RolloutRecord,
): Promise<StopSignal | undefined> {
  if (record.kind === 'ROLLBACK_ON_DEMAND') return undefined;
  const atMs = deps.clock.nowMs();
  const names = guardAlarms(deps.stage, model)
    .filter((alarm) => alarm.variant === record.challenger.variant)
    .map((alarm) => alarm.alarmName);
  const raised = await deps.metrics.raised(names);
  if (raised.length > 0)
    return { kind: 'ALARM', detail: `${raised.join(', ')} is in ALARM before the step`, by: 'shift-traffic', atMs };
  const { approval } = await deps.registry.describe(record.challenger.servable.version);
  if (approval === 'APPROVED') return undefined;
  return { kind: 'REVOKED', detail: `the registry says ${approval}`, by: 'registry', atMs };
}

/** The champion's last 24 hours: the only control there is once the challenger answers everything. */
async function rememberHistory(
  deps: ShiftTrafficDependencies,
  model: RealTimeModel,
  record: RolloutRecord,
): Promise<void> {
  if (!record.champion || record.history) return;
  const untilMinute = Math.floor(deps.clock.nowMs() / MS_PER_MINUTE);
  const history = await deps.metrics.history({
    endpoint: record.endpoint,
    variant: record.champion.variant,
    fromMinute: untilMinute - MINUTES_PER_DAY,
    untilMinute,
    latencyLimitMs: model.rollout.guardrails.latency.limitMs,
  });
  await deps.rollouts.change(record, (latest) => ({ ...latest, history }));
}

/**
 * 1. Nothing has stopped the rollout; no alarm of the challenger is raised; the approval still stands. 2. Before 100 % the
 * champion's history is kept. 3. The dead man's switch is armed. 4. The weights are asked for.
 * @returns the id of the change, to be waited for
 * @throws RolloutStopped, StaleEpoch, EndpointBusy (retry)
 */
export async function shiftTraffic(
  deps: ShiftTrafficDependencies,
  ref: RolloutRef,
  epoch: number,
  stepIndex: number,
): Promise<{ changeId: string; sharePercent: number }> {
  const model = deps.catalog.realTime(ref.model);
  const record = await deps.rollouts.get(ref);
  checkNotStopped(record);
  const alarmsReadAtMs = deps.clock.nowMs();
  const stop = await objection(deps, model, record);
  if (stop) {
    await deps.rollouts.change(ref, (latest) => withStop(latest, stop));
    throw new RolloutStopped(ref.rolloutId, stop.detail);
  }
  const sharePercent = sharePercentOf(model, record, stepIndex);
  if (record.kind === 'CANARY' && sharePercent === 100) await rememberHistory(deps, model, record);
  const order = deadManOrder(record);
  if (order && record.kind === 'CANARY') await deps.deadMan.arm(order, deps.clock.nowMs() + DEAD_MAN_MS);

  // A repeated step keeps the time of its first reading: an alarm that was raised since then is still news.
  await deps.rollouts.change(ref, (latest) =>
    latest.stepIndex === stepIndex ? undefined : { ...latest, stepIndex, alarmsReadAtMs },
  );
  const weights = record.champion
    ? weightsFor(record.champion.variant, sharePercent)
    : { [record.challenger.variant]: 100 };
  const configuration = (await deps.platform.observe(record.endpoint))?.configuration ?? '';
  const call = (): Promise<void> => deps.platform.setWeights(record.endpoint, weights);
  const changeId = await changeEndpoint(deps, {
    ref,
    epoch,
    endpoint: record.endpoint,
    actor: 'shift-traffic',
    purpose: 'SHIFT',
    configuration,
    weights,
    call,
  });
  return { changeId, sharePercent };
}
