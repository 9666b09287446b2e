/** The net under every event: each minute, what was missed is driven on, and what is being watched is looked at. */
import { build, type OutgoingEvent } from '../../events/contract.ts';
import { releaseEnded } from '../../events/release/release-ended.v1.ts';
import { lookDue } from '../../events/rollout/look-due.v1.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';
import { heartbeatTtlMs } from '../domain/rollout/lease.ts';
import { type Executions, type SpooledEntry } from '../ports/flow.ts';
import { type ReleaseRecord } from '../ports/release-store.ts';
import { type RolloutRecord } from '../ports/rollout-store.ts';
import { closeRollout, type CloseRolloutDependencies } from './close-rollout.ts';
import { APPROVAL_WAIT } from './request-approval.ts';
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

/** No sign of life, and its execution does not run: the traffic goes back and the record is closed by us. */
async function adopt(deps: SweepRolloutsDependencies, record: RolloutRecord): Promise<boolean> {
  const silentMs = deps.clock.nowMs() - Math.max(record.heartbeatAtMs, record.change?.requestedAtMs ?? 0);
  if (silentMs <= heartbeatTtlMs || (await deps.executions.isRunning(record.executionArn))) return false;
  const { model, rolloutId, endpoint, epoch } = record;
  const reason = 'the controller died: its execution does not run any more';
  const promoted = (await deps.endpoints.champion(model))?.rolloutId === rolloutId;
  const championVariant = promoted ? record.challenger.variant : (record.champion?.variant ?? null);
  if (championVariant !== null && !servesAlone(await deps.platform.observe(endpoint), championVariant)) {
    await restoreChampion(deps, { model, rolloutId, endpoint, epoch, championVariant, reason });
    return true;
  }
  await closeRollout(deps, record, reason);
  return true;
}

/** Decided, superseded, or past its time: the state after the wait finds out which. */
function isDecided(release: ReleaseRecord, nowMs: number): boolean {
  return release.decision !== undefined || release.supersededBy !== undefined || nowMs >= release.expiresAtMs;
}

/** What happened while the table was down is written down now; a stop among it stops the rollout for good. */
async function recordSpooled(deps: SweepRolloutsDependencies, entry: SpooledEntry): Promise<void> {
  const { model, rolloutId, stop } = entry;
  const about = (await deps.rollouts.active()).filter(
    (record) => record.model === model && (rolloutId === undefined || record.rolloutId === rolloutId),
  );
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

async function sweepReleases(deps: SweepRolloutsDependencies): Promise<number> {
  let woken = 0;
  for (const release of await deps.releases.open()) {
    if (await closeOrphan(deps, release)) continue;
    const { model, releaseId: id } = release;
    if (release.wait?.wait === STAGING_WAIT && (await settleStaging(deps, release))) woken++;
    if (release.wait?.wait !== APPROVAL_WAIT || !isDecided(release, deps.clock.nowMs())) continue;
    await deps.events.publish([build(waitResolved, { subject: 'release', model, id, wait: APPROVAL_WAIT })]);
    woken++;
  }
  return woken;
}

/**
 * What was spooled is recorded. Then, for each rollout under way: 1. its change is read back; 2. a stored signal whose wake-up was lost is put again; 3. a share
 * that is being watched gets its look; 4. one without a living controller is brought home.
 */
export async function sweepRollouts(deps: SweepRolloutsDependencies): Promise<Sweep> {
  let looked = 0;
  let adopted = 0;
  // First of all: a stop that waits in the spool must come before any step forward.
  await deps.spool.drain((entry) => recordSpooled(deps, entry));
  let woken = await sweepReleases(deps);
  for (const record of await deps.rollouts.active()) {
    if (await adopt(deps, record)) {
      adopted++;
      continue;
    }
    await settleRollout(deps, record);
    const registeredAtMs = record.wait?.registeredAtMs ?? Infinity;
    const missed = deps.clock.nowMs() - registeredAtMs >= WAKE_UP_AGE_MS ? wakeUp(record) : [];
    const looks = dueLook(record);
    if (missed.length + looks.length > 0) await deps.events.publish([...missed, ...looks]);
    woken += missed.length;
    looked += looks.length;
  }
  return { looked, woken, adopted };
}
