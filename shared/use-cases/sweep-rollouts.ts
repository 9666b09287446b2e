/** The net under every event: each minute, what was missed is driven on, and what is being watched is looked at. */
import { build, type OutgoingEvent } from '../../events/contract.ts';
import { releaseEnded } from '../../events/release/release-ended.v1.ts';
import { lookDue } from '../../events/rollout/look-due.v1.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';
import { newTurns } from '../domain/each-in-turn.ts';
import { heartbeatTtlMs } from '../domain/rollout/lease.ts';
import { type Executions, type SpooledEntry } from '../ports/flow.ts';
import { type ReleaseRecord } from '../ports/release-store.ts';
import { type RolloutRecord } from '../ports/rollout-store.ts';
import { closeRollout, type CloseRolloutDependencies } from './close-rollout.ts';
import { withDecision } from './record-approval.ts';
import { APPROVAL_WAIT, isDecided } from './request-approval.ts';
import { restoreChampion, type RestoreChampionDependencies, servesAlone } from './restore-champion.ts';
import { wakeUp, withStop } from './rollout-signals.ts';
import { settleRollout, settleStaging, STAGING_WAIT } from './settle-change.ts';

export interface SweepRolloutsDependencies extends RestoreChampionDependencies, CloseRolloutDependencies {
  readonly stage: string;
  readonly executions: Executions;
}

export interface Sweep {
  readonly looked: number;
  readonly woken: number;
  readonly adopted: number;
}

/** A wake-up that was put this recently may still be on its way. */
const WAKE_UP_AGE_MS = 30_000;
/** Releases wait for days: whether somebody still drives them is looked at now and then. */
const ORPHAN_LOOK_MINUTES = 10;
const MS_PER_MINUTE = 60_000;

function dueLook(record: RolloutRecord): OutgoingEvent[] {
  const { bake, verdict, stop, model, rolloutId } = record;
  if (!bake || stop || verdict?.stepIndex === bake.stepIndex || record.settled?.changeId !== record.change?.changeId)
    return [];
  return [build(lookDue, { model, rolloutId, stepIndex: bake.stepIndex })];
}

/** No sign of life, and its execution does not run. */
async function isDead(deps: SweepRolloutsDependencies, record: RolloutRecord): Promise<boolean> {
  const silentMs = deps.clock.nowMs() - Math.max(record.heartbeatAtMs, record.change?.requestedAtMs ?? 0);
  return silentMs > heartbeatTtlMs && !(await deps.executions.isRunning(record.executionArn));
}

/** The traffic goes back, or a first deployment goes away; when that is read back the record is closed by us. */
async function adopt(deps: SweepRolloutsDependencies, record: RolloutRecord): Promise<void> {
  const { model, rolloutId, endpoint, epoch } = record;
  const lease = await deps.endpoints.lease(model);
  const reason = 'the controller died: its execution does not run any more';
  if (lease.epoch !== epoch) {
    // The endpoint is another's now, who may be in mid-change: this one ends when the endpoint is at rest again.
    if (!lease.holder) await closeRollout(deps, record, reason);
    return;
  }
  const promoted = (await deps.endpoints.champion(model))?.rolloutId === rolloutId;
  const championVariant = promoted ? record.challenger.variant : (record.champion?.variant ?? null);
  const observed = await deps.platform.observe(endpoint);
  const isHome = championVariant === null ? observed === undefined : servesAlone(observed, championVariant);
  if (isHome) await closeRollout(deps, record, reason);
  else await restoreChampion(deps, { model, rolloutId, endpoint, epoch, championVariant, reason });
}

/** Nothing is looked at while an endpoint changes, however long that takes: the lease is kept for a controller that runs. */
async function keepLease(deps: SweepRolloutsDependencies, record: RolloutRecord): Promise<void> {
  if (!record.change || record.settled?.changeId === record.change.changeId) return;
  if (!(await deps.executions.isRunning(record.executionArn))) return;
  await deps.endpoints.changeLease(record.model, (lease) =>
    lease.epoch === record.epoch && lease.holder ? { ...lease, heartbeatAtMs: deps.clock.nowMs() } : undefined,
  );
}

/** What happened while the table was down is written down now; a stop among it stops the rollout for good. */
async function recordSpooled(deps: SweepRolloutsDependencies, entry: SpooledEntry): Promise<void> {
  const { model, rolloutId, stop } = entry;
  // Without an id it is about what was under way then, not about what has begun since.
  const isMeant = (record: RolloutRecord): boolean =>
    rolloutId === undefined ? record.startedAtMs <= (stop?.atMs ?? Infinity) : record.rolloutId === rolloutId;
  const about = (await deps.rollouts.active()).filter((record) => record.model === model && isMeant(record));
  const nowMs = deps.clock.nowMs();
  const deed = {
    action: `while the table was down: ${entry.detail}`,
    actor: 'sweep-rollouts',
    intentAtMs: nowMs,
    outcome: 'recorded',
    outcomeAtMs: nowMs,
  };
  for (const record of about) {
    const after = await deps.rollouts.change(record, (latest) => {
      const stopped = stop ? (withStop(latest, stop) ?? latest) : latest;
      return latest.active ? { ...stopped, deeds: [...stopped.deeds, deed] } : undefined;
    });
    const wakeUps = wakeUp(after);
    if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  }
}

/** A release whose execution is gone would stay open for ever, and keep the reconciler from tidying up. */
async function closeOrphan(deps: SweepRolloutsDependencies, release: ReleaseRecord): Promise<boolean> {
  const minute = Math.floor(deps.clock.nowMs() / MS_PER_MINUTE);
  if (minute % ORPHAN_LOOK_MINUTES !== 0 || (await deps.executions.isRunning(release.executionArn))) return false;
  const reason = 'its execution does not run any more';
  const endedAtMs = deps.clock.nowMs();
  const { model, releaseId, version } = release;
  await deps.releases.change(release, (record) =>
    record.outcome ? undefined : { ...record, outcome: 'FAILED', reason, endedAtMs },
  );
  await deps.events.publish([build(releaseEnded, { model, releaseId, version, outcome: 'FAILED', reason })]);
  return true;
}

/** A decision whose event was lost still stands in the registry. */
async function readDecision(deps: SweepRolloutsDependencies, release: ReleaseRecord): Promise<ReleaseRecord> {
  const { approval, approvalDescription } = await deps.registry.describe(release.version);
  if (approval === 'PENDING') return release;
  const reason = approvalDescription ?? 'no reason given';
  return deps.releases.change(release, (latest) =>
    withDecision(latest, { status: approval }, reason, deps.clock.nowMs()),
  );
}

/** @returns true when it was woken */
async function sweepRelease(deps: SweepRolloutsDependencies, release: ReleaseRecord): Promise<boolean> {
  if (await closeOrphan(deps, release)) return false;
  if (release.wait?.wait === STAGING_WAIT) return settleStaging(deps, release);
  if (release.wait?.wait !== APPROVAL_WAIT) return false;
  const isOpen = !isDecided(release, deps.clock.nowMs());
  if (isOpen && !isDecided(await readDecision(deps, release), deps.clock.nowMs())) return false;
  const { model, releaseId: id } = release;
  await deps.events.publish([build(waitResolved, { subject: 'release', model, id, wait: APPROVAL_WAIT })]);
  return true;
}

async function sweepRollout(deps: SweepRolloutsDependencies, record: RolloutRecord): Promise<Sweep> {
  if (await isDead(deps, record)) {
    await adopt(deps, record);
    return { looked: 0, woken: 0, adopted: 1 };
  }
  await keepLease(deps, record);
  await settleRollout(deps, record);
  const registeredAtMs = record.wait?.registeredAtMs ?? Infinity;
  const missed = deps.clock.nowMs() - registeredAtMs >= WAKE_UP_AGE_MS ? wakeUp(record) : [];
  const looks = dueLook(record);
  if (missed.length + looks.length > 0) await deps.events.publish([...missed, ...looks]);
  return { looked: looks.length, woken: missed.length, adopted: 0 };
}

/**
 * What was spooled is recorded; releases that wait are driven on. Then, for each rollout under way: 1. its change is read back;
 * 2. a stored signal whose wake-up was lost is put again; 3. a share that is being watched gets its look; 4. one without a
 * living controller is brought home. Each has its turn, whatever became of those before it.
 * @throws StoreUnavailable; what failed in a turn, after all have had theirs
 */
export async function sweepRollouts(deps: SweepRolloutsDependencies): Promise<Sweep> {
  const turns = newTurns();
  // First of all: a stop that waits in the spool must come before any step forward.
  await turns.take(() => deps.spool.drain((entry) => recordSpooled(deps, entry)));
  const sum = { looked: 0, woken: 0, adopted: 0 };
  for (const release of await deps.releases.open()) {
    if (await turns.take(() => sweepRelease(deps, release))) sum.woken++;
  }
  for (const record of await deps.rollouts.active()) {
    const swept = await turns.take(() => sweepRollout(deps, record));
    sum.looked += swept?.looked ?? 0;
    sum.woken += swept?.woken ?? 0;
    sum.adopted += swept?.adopted ?? 0;
  }
  turns.end();
  return sum;
}
