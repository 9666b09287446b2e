/** The end of a rollout: read back, written down, explained, and the lease given free. */
import { build } from '../../events/contract.ts';
import { rolloutEnded } from '../../events/rollout/rollout-ended.v1.ts';
import { whyPage } from '../domain/why/why.ts';
import { type PairedAccuracyReport } from '../domain/accuracy/paired-test.ts';
import { type RolloutForecast } from '../domain/preflight/plan-rollout.ts';
import { type Clock } from '../ports/clock.ts';
import { type Documents } from '../ports/documents.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type DeadMansSwitch, type EventPublisher } from '../ports/flow.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutOutcome, type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { servesAlone } from './restore-champion.ts';

export interface CloseRolloutDependencies {
  readonly rollouts: RolloutStore;
  readonly endpoints: EndpointStore;
  readonly releases: ReleaseStore;
  readonly registry: ModelRegistry;
  readonly platform: ServingPlatform;
  readonly deadMan: DeadMansSwitch;
  readonly documents: Documents;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

const MS_PER_MINUTE = 60_000;

export interface ClosedRollout {
  readonly outcome: RolloutOutcome;
  readonly reason: string;
}

/** What the endpoint itself says the outcome is: a claim that it does not bear out is FAILED_SAFE, and alerted on. */
async function observedOutcome(deps: CloseRolloutDependencies, record: RolloutRecord): Promise<RolloutOutcome> {
  const champion = await deps.endpoints.champion(record.model);
  const observed = await deps.platform.observe(record.endpoint);
  if (!champion) return observed && observed.status !== 'DELETING' ? 'FAILED_SAFE' : 'ROLLED_BACK';
  if (!servesAlone(observed, champion.arm.variant)) return 'FAILED_SAFE';
  return champion.rolloutId === record.rolloutId ? 'PROMOTED' : 'ROLLED_BACK';
}

function reasonOf(record: RolloutRecord, claimed: string, outcome: RolloutOutcome): string {
  if (outcome === 'PROMOTED' && record.kind === 'FIRST_DEPLOYMENT')
    return 'first deployment: it answered its smoke requests, and there is nothing to compare it with';
  if (outcome === 'PROMOTED') return record.verdict?.reason ?? claimed;
  if (record.stop) return `${record.stop.kind}: ${record.stop.detail}`;
  return record.reason ?? record.verdict?.reason ?? claimed;
}

/** The first minute in which the challenger gave a bad answer, as far as it was judged. */
function firstBadAtMs(record: RolloutRecord): number | undefined {
  const minute = record.lastVerdict?.evidence.firstBadMinute;
  return typeof minute === 'number' ? minute * MS_PER_MINUTE : undefined;
}

async function explain(deps: CloseRolloutDependencies, record: RolloutRecord): Promise<string> {
  const release =
    record.releaseId === undefined
      ? undefined
      : await deps.releases.find({ model: record.model, releaseId: record.releaseId });
  const verdict = record.lastVerdict;
  const badAtMs = record.outcome === 'PROMOTED' ? undefined : firstBadAtMs(record);
  const page = whyPage({
    model: record.model,
    rolloutId: record.rolloutId,
    endpoint: record.endpoint,
    championVersion: record.champion?.servable.version ?? null,
    challengerVersion: record.challenger.servable.version,
    outcome: record.outcome ?? 'UNDER_WAY',
    reason: record.reason ?? '',
    startedAtMs: record.startedAtMs,
    endedAtMs: record.endedAtMs ?? null,
    firstBadAtMs: badAtMs,
    stop: record.stop,
    looks: record.looks,
    ...(verdict ? { lastLook: { look: record.looks, atMs: record.heartbeatAtMs, verdict } } : {}),
    accuracy: release?.reports['accuracy'] as PairedAccuracyReport | undefined,
    forecast: release?.reports['preflight'] as RolloutForecast | undefined,
    timeline: record.deeds.map((deed) => ({
      atMs: deed.intentAtMs,
      what: `${deed.actor}: ${deed.action} -> ${deed.outcome ?? 'no outcome'}`,
    })),
  });
  return deps.documents.writeText(`why/${record.rolloutId}.md`, page, 'text/markdown; charset=utf-8');
}

/**
 * 1. The endpoint is read back; the outcome is what it shows. 2. The record is closed. 3. The dead man is disarmed and the
 * lease given free. 4. The registry follows. 5. The one-page 'why' is stored. 6. `rollout.ended` is put. Idempotent.
 * @throws UnknownRollout
 */
export async function closeRollout(
  deps: CloseRolloutDependencies,
  ref: RolloutRef,
  claimed: string,
): Promise<ClosedRollout> {
  const before = await deps.rollouts.get(ref);
  const seen = before.outcome ?? (await observedOutcome(deps, before));
  const record = await deps.rollouts.change(ref, (latest) => {
    if (!latest.active) return undefined;
    const { wait: _wait, ...rest } = latest;
    const reason = reasonOf(latest, claimed, seen);
    return { ...rest, active: false, outcome: seen, reason, endedAtMs: deps.clock.nowMs() };
  });
  // What is stored counts: somebody else may have closed it first, and seen another thing.
  const { outcome = seen, reason = claimed } = record;
  await deps.deadMan.disarm(ref.rolloutId);
  await deps.endpoints.changeLease(ref.model, (lease) => {
    if (lease.epoch !== record.epoch || !lease.holder) return undefined;
    const { holder: _holder, ...free } = lease;
    return free;
  });
  if (outcome !== 'PROMOTED') await deps.registry.markStage(record.challenger.servable.version, 'RolledBack', reason);
  const whyUri = await explain(deps, record);
  const { model, rolloutId, endpoint, kind } = record;
  const champion = outcome === 'PROMOTED' ? record.challenger : record.champion;
  const detail = {
    model,
    rolloutId,
    endpoint,
    kind,
    outcome,
    reason: reason.slice(0, 1_000),
    challenger: record.challenger.servable.version,
    whyUri,
  };
  await deps.events.publish([
    build(rolloutEnded, { ...detail, ...(champion ? { champion: champion.servable.version } : {}) }),
  ]);
  return { outcome, reason };
}
