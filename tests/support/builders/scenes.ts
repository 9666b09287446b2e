/** Scenes that many tests begin with: records, lease, endpoint and registry agree with each other. */
import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { ENDPOINT, MODEL, newWorld, type World } from '../in-memory/world.ts';
import {
  aBake,
  aChampion,
  aChange,
  aFirstDeployment,
  aLease,
  anArm,
  aRelease,
  aRollout,
  aVersion,
  CANARY_EXECUTION,
} from './records.ts';

export const REF = { model: MODEL, rolloutId: `${MODEL}-r2` };
export const RELEASE_REF = { model: MODEL, releaseId: `${MODEL}-v7` };

/** Version 6 serves alone as blue; version 7 is registered; nobody holds the lease. */
export function championServing(): World {
  const world = newWorld();
  for (const number of [5, 6, 7, 8]) world.registry.versions.set(aVersion(number).version, aVersion(number));
  world.cells.champions.put(MODEL, aChampion());
  world.cells.leases.put(MODEL, { model: MODEL, epoch: 1, heartbeatAtMs: 0 });
  world.platform.place(ENDPOINT, `${ENDPOINT}-e1-first`, { blue: [`${ENDPOINT}-v6`, 100] });
  return world;
}

/** As above, with a canary of version 7 opened under epoch 2. */
export function rolloutOpened(changed: Partial<RolloutRecord> = {}): World {
  const world = championServing();
  const record = aRollout(changed);
  world.cells.rollouts.put(`${MODEL}/${record.rolloutId}`, record);
  world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease());
  world.cells.leases.put(MODEL, aLease());
  world.executions.running.add(CANARY_EXECUTION).add(aRelease().executionArn);
  return world;
}

/** The challenger is up beside the champion and has this share of the traffic. */
export function challengerServing(sharePercent: number, changed: Partial<RolloutRecord> = {}): World {
  const world = rolloutOpened(changed);
  world.platform.place(ENDPOINT, `${ENDPOINT}-e2-both`, {
    blue: [`${ENDPOINT}-v6`, 100 - sharePercent],
    green: [`${ENDPOINT}-v7`, sharePercent],
  });
  return world;
}

/** A share below 100 % is being watched: its change has settled and the state machine waits. */
export function stepWatched(changed: Partial<RolloutRecord> = {}): World {
  return challengerServing(5, {
    changes: 1,
    change: aChange(),
    settled: { changeId: 'change-1', outcome: 'SETTLED', detail: '', atMs: aChange().requestedAtMs },
    stepIndex: 0,
    bake: aBake(0),
    firstTrafficMinute: aBake(0).startMinute,
    ...changed,
  });
}

/** The first version of a model is up; it is not promoted yet. */
export function firstDeploymentServing(): World {
  const world = newWorld();
  world.registry.versions.set(aVersion(7).version, aVersion(7));
  world.cells.rollouts.put(`${MODEL}/${REF.rolloutId}`, aFirstDeployment());
  world.cells.leases.put(MODEL, aLease());
  world.executions.running.add(CANARY_EXECUTION);
  world.platform.place(ENDPOINT, `${ENDPOINT}-e2-first`, { blue: [`${ENDPOINT}-v7`, 100] });
  return world;
}

/** Version 7 serves alone after its rollout, with version 6 warm beside it. */
export function challengerPromoted(changed: Partial<RolloutRecord> = {}): World {
  const world = challengerServing(100, changed);
  world.cells.champions.put(
    MODEL,
    aChampion({
      arm: anArm('green', 7),
      rolloutId: REF.rolloutId,
      artifactDigest: 'artifact-7',
      configuration: `${ENDPOINT}-e2-both`,
      promotedAtMs: world.clock.nowMs(),
      previous: { arm: anArm('blue', 6), artifactDigest: 'artifact-6', warmUntilMs: world.clock.nowMs() + 7_200_000 },
    }),
  );
  return world;
}

export function recordOf(world: World, rolloutId: string = REF.rolloutId): RolloutRecord {
  const record = world.cells.rollouts.read(`${MODEL}/${rolloutId}`);
  if (!record) throw new Error(`the scene has no rollout ${rolloutId}`);
  return record;
}
