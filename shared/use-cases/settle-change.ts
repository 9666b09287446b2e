/** Reads back what was asked of an endpoint; stores the result and wakes whoever waits. Called by events (a hint) and by the sweep (the net). */
import { build } from '../../events/contract.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';
import { confirmSettled, type Settlement } from '../domain/rollout/settlement.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type ReleaseRecord, type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutRecord, type RolloutStore, type Settled } from '../ports/rollout-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../ports/serving-platform.ts';
import { stagingEndpointName } from '../catalog/names.ts';
import { wakeUp, withOutcomeOfChange } from './rollout-signals.ts';

export interface SettleChangeDependencies {
  readonly stage: string;
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly platform: ServingPlatform;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

/** The name under which a release waits for its staging endpoint. */
export const STAGING_WAIT = 'staging';

/** Right after a request the platform may still show the state before it: nothing final is concluded from that. */
const DOUBT_MS = 30_000;

function detailOf(settlement: Settlement): string {
  if (settlement.kind === 'SETTLED' || settlement.kind === 'STILL_UPDATING') return '';
  const differences = settlement.differences.map(
    (each) => `${each.what}: ${each.expected} expected, ${each.observed} found`,
  );
  return [settlement.failureReason, ...differences].filter((each) => each !== null).join('; ');
}

/** What reading back says of the change under way; undefined while nothing final can be said. */
export function readBack(
  record: RolloutRecord,
  observed: ObservedEndpoint | undefined,
  nowMs: number,
): Settled | undefined {
  const { change } = record;
  if (change?.acceptedAtMs === undefined || record.settled?.changeId === change.changeId) return undefined;
  // An endpoint that has vanished is not there yet, or was taken away: time decides which.
  const result: Settlement = observed
    ? confirmSettled(change, observed)
    : { kind: 'MISMATCH', failureReason: 'the endpoint does not exist', differences: [] };
  if (result.kind === 'STILL_UPDATING') return undefined;
  if (result.kind !== 'SETTLED' && nowMs - change.acceptedAtMs < DOUBT_MS) return undefined;
  return { changeId: change.changeId, outcome: result.kind, detail: detailOf(result), atMs: nowMs };
}

/** @returns true when the change has settled, now or before */
export async function settleRollout(deps: SettleChangeDependencies, record: RolloutRecord): Promise<boolean> {
  if (!record.change || record.settled?.changeId === record.change.changeId) return record.change !== undefined;
  const observed = await deps.platform.observe(record.endpoint);
  const settled = readBack(record, observed, deps.clock.nowMs());
  if (!settled) return false;
  const after = await deps.rollouts.change(record, (latest) =>
    latest.change?.changeId === settled.changeId && latest.settled?.changeId !== settled.changeId
      ? withOutcomeOfChange(latest, settled)
      : undefined,
  );
  await deps.events.publish(wakeUp(after));
  return true;
}

/** @returns true when the staging endpoint is usable or has failed: the state after the wait reads which */
export async function settleStaging(deps: SettleChangeDependencies, release: ReleaseRecord): Promise<boolean> {
  const observed = await deps.platform.observe(stagingEndpointName(deps.stage, release.model));
  if (!observed || observed.status === 'CHANGING') return false;
  const { model, releaseId } = release;
  await deps.events.publish([build(waitResolved, { subject: 'release', model, id: releaseId, wait: STAGING_WAIT })]);
  return true;
}

/** An endpoint has changed its state: whoever waits for it is looked after. Unknown endpoints are none of our business. */
export async function settleChange(deps: SettleChangeDependencies, endpoint: string): Promise<void> {
  for (const rollout of await deps.rollouts.active()) {
    if (rollout.endpoint === endpoint) await settleRollout(deps, rollout);
  }
  for (const release of await deps.releases.open()) {
    const staging = stagingEndpointName(deps.stage, release.model);
    if (release.wait?.wait === STAGING_WAIT && staging === endpoint) await settleStaging(deps, release);
  }
}
