/** Nine stories, trigger to outcome. Each acts through public doors only; what happened is read, never assumed. */
import { build } from '../../../events/contract.ts';
import { abortRequested } from '../../../events/rollout/abort-requested.v1.ts';
import { rollbackRequested } from '../../../events/rollout/rollback-requested.v1.ts';
import { type TrainingWindow } from '../../../pipelines/demand-forecast/replay.ts';
import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { MODEL, type Version } from '../operator.ts';
import { SLOWNESS } from '../../kernel/latency.ts';
import { type FaultName, inject, removeFault, scaleOut } from './faults.ts';
import { type Check } from './measure.ts';
import { type Stage } from './stage.ts';
import { championChanges, instancesOf, type Sight } from './watch.ts';

/** What a story leaves to be measured: the rollout it led to, or the release that ended before one. */
export interface Played {
  readonly outcome: string;
  readonly reason: string;
  readonly rollout?: RolloutRecord;
  readonly version?: Version;
  /** Key of the one-page explanation. */
  readonly whyKey: string;
}

export interface Story {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  /** Text that the deciding reason must contain. */
  readonly expectedReason?: string;
  /** True when the champion must be another one afterwards. */
  readonly changesChampion: boolean;
  play(stage: Stage): Promise<Played>;
  /** What must be true of this story alone. */
  checks?(told: Told): Check[];
}

/** A story that has been played, with what an onlooker saw of it. */
export interface Told {
  readonly played: Played;
  readonly sights: readonly Sight[];
  /** Failed requests by the version that answered; those of the SDK's callers count too. */
  readonly failedRequests: Readonly<Record<string, number>>;
  readonly failedThroughSdk: number;
  readonly championRolloutBefore: string | null;
  readonly rolloutsOpened: number;
  /** The one-page explanation. */
  readonly why: string;
}

/** On a busy day; the catalog asks for two. */
const SCALED_OUT_INSTANCES = 3;
const MS_PER_MINUTE = 60_000;

const check = (what: string, passed: boolean, seen: string): Check => ({ what, passed, seen });

/** Nobody notices a good swap: not by an error, not by a champion that changes to and fro, not by lost capacity. */
function unnoticed({ played, sights, failedRequests, failedThroughSdk, championRolloutBefore }: Told): Check[] {
  const failed = Object.values(failedRequests).reduce((sum, count) => sum + count, failedThroughSdk);
  const changes = championChanges(sights, championRolloutBefore);
  const champion = played.rollout?.champion?.variant ?? '';
  const { first, lowest } = instancesOf(sights, champion);
  return [
    check("nobody's request failed", failed === 0, `${failed} failed`),
    check('the champion changed once', changes === 1, `${changes} changes`),
    check(
      'the instances that the autoscaler added were kept',
      first === SCALED_OUT_INSTANCES && lowest === first,
      `${first} at first, never below ${lowest}`,
    ),
  ];
}

/** Refused on staging: production has not heard of it, and the page has the figures of the paired test. */
function refusedEarly({ rolloutsOpened, why }: Told): Check[] {
  const needed = /Unpaired it would have taken (\d+) rows per arm, paired (\d+)/.exec(why);
  const [unpaired = 0, paired = 0] = (needed ?? []).slice(1).map(Number);
  return [
    check('no rollout was opened', rolloutsOpened === 0, `${rolloutsOpened} rollouts`),
    check(
      'the page says how many rows an unpaired comparison would have needed',
      unpaired > paired && paired > 0,
      `${unpaired} unpaired, ${paired} paired`,
    ),
  ];
}

/** With the variant gone: provisioning, two changes of weights and five minutes, whatever this run has drawn. */
function inTime({ played: { rollout } }: Told): Check[] {
  const limitMinutes = (SLOWNESS.variantProvisioningMs.max + 2 * SLOWNESS.weightChangeMs.max) / MS_PER_MINUTE + 5;
  const tookMinutes =
    rollout?.endedAtMs === undefined ? Infinity : (rollout.endedAtMs - rollout.startedAtMs) / MS_PER_MINUTE;
  const seen = `${tookMinutes.toFixed(1)} of ${limitMinutes} min`;
  return [check('the previous version was back in time', tookMinutes <= limitMinutes, seen)];
}

const played = (rollout: RolloutRecord, version?: Version): Played => ({
  outcome: rollout.outcome ?? 'UNDER_WAY',
  reason: rollout.reason ?? '',
  rollout,
  whyKey: `why/${rollout.rolloutId}.md`,
  ...(version ? { version } : {}),
});

async function candidate(stage: Stage, snapshot: TrainingWindow['name'], key: string): Promise<Version> {
  await stage.retrain(snapshot, `rehearsal: ${key}`, key);
  const version = await stage.nextCandidate();
  await stage.approve(version);
  return version;
}

/** A healthy retraining whose challenger begins to misbehave once it has traffic. */
async function misbehaving(
  stage: Stage,
  key: string,
  stepIndex: number,
  faults: readonly FaultName[],
): Promise<Played> {
  const version = await candidate(stage, 'refreshed', key);
  const rollout = await stage.rolloutOf(version);
  await stage.watched(rollout, stepIndex);
  await stage.pass(2);
  for (const fault of faults) inject(stage.world, fault, rollout.challenger.servable.name);
  const ended = await stage.ended(rollout);
  for (const fault of faults) removeFault(stage.world, fault);
  await stage.releaseEnded(version);
  return played(ended, version);
}

async function firstDeployment(stage: Stage): Promise<Played> {
  const version = await candidate(stage, 'first', 'first');
  const rollout = await stage.rolloutOf(version);
  await stage.until('the end of the rollout', async () => !(await stage.record(rollout)).active, 240);
  const ended = await stage.record(rollout);
  stage.traffic.start();
  // An hour of requests, so that there are rows whose truth arrives in the night.
  await stage.pass(60);
  stage.traffic.stop();
  return played(ended, version);
}

async function betterChallenger(stage: Stage): Promise<Played> {
  await stage.does(stage.world.data.deliverSnapshot('better'));
  const champion = await stage.does(stage.operator.champion());
  await stage.does(scaleOut(stage.world, champion?.arm.variant ?? '', SCALED_OUT_INSTANCES));
  // The truth of the day before arrives at 01:00, the schedule fires at 02:00.
  await stage.passUntilHour(2);
  const version = await stage.nextCandidate();
  await stage.approve(version);
  const rollout = await stage.rolloutOf(version);
  const ended = await stage.ended(rollout);
  await stage.releaseEnded(version);
  return played(ended, version);
}

async function brokenInputs(stage: Stage): Promise<Played> {
  const version = await candidate(stage, 'metric-feed', 'broken-inputs');
  const release = await stage.releaseEnded(version);
  return {
    outcome: release.outcome ?? 'UNDER_WAY',
    reason: release.reason ?? '',
    version,
    whyKey: `why/${release.releaseId}.md`,
  };
}

async function neverComesUp(stage: Stage): Promise<Played> {
  const version = await candidate(stage, 'refreshed', 'never-comes-up');
  const rollout = await stage.rolloutOf(version);
  inject(stage.world, 'container-fails-to-start', rollout.challenger.servable.name);
  const ended = await stage.ended(rollout);
  removeFault(stage.world, 'container-fails-to-start');
  await stage.releaseEnded(version);
  return played(ended, version);
}

async function abortWhileUpdating(stage: Stage): Promise<Played> {
  const version = await candidate(stage, 'refreshed', 'abort-while-updating');
  const rollout = await stage.rolloutOf(version);
  await stage.watched(rollout, 0);
  await stage.until(
    'the endpoint Updating towards the second step',
    async () => {
      const record = await stage.record(rollout);
      return (
        record.stepIndex === 1 &&
        record.change?.acceptedAtMs !== undefined &&
        (await stage.operator.endpoint())?.EndpointStatus === 'Updating'
      );
    },
    120,
    20,
  );
  const detail = {
    model: MODEL,
    rolloutId: rollout.rolloutId,
    requestedBy: 'grace',
    reason: 'complaints from the field',
  };
  await stage.does(stage.operator.put(build(abortRequested, detail)));
  const ended = await stage.ended(rollout);
  await stage.releaseEnded(version);
  return played(ended, version);
}

async function rollbackOnDemand(stage: Stage): Promise<Played> {
  const before = (await stage.does(stage.operator.rollouts())).length;
  const detail = {
    model: MODEL,
    requestedBy: 'grace',
    reason: 'forecasts look wrong in the north',
    idempotencyKey: 'incident-12',
  };
  await stage.does(stage.operator.put(build(rollbackRequested, detail)));
  const rollout = await stage.until('a rollback', async () => (await stage.operator.rollouts())[before], 60);
  stage.traffic.start();
  stage.watch.start();
  return played(await stage.ended(rollout));
}

export const STORIES: readonly Story[] = [
  { id: '1', title: 'First deployment', expected: 'PROMOTED', changesChampion: true, play: firstDeployment },
  {
    id: '2',
    title: 'A better challenger',
    expected: 'PROMOTED',
    changesChampion: true,
    play: betterChallenger,
    checks: unnoticed,
  },
  {
    id: '3',
    title: 'A challenger that errs',
    expected: 'ROLLED_BACK',
    expectedReason: 'HARM_PROVEN errors5xx',
    changesChampion: false,
    play: (stage) => misbehaving(stage, 'errs', 0, ['some-requests-fail']),
  },
  {
    id: '4',
    title: 'A challenger that is slow',
    expected: 'ROLLED_BACK',
    expectedReason: 'HARM_PROVEN latency',
    changesChampion: false,
    play: (stage) => misbehaving(stage, 'slow', 0, ['slow-answers']),
  },
  {
    id: '5',
    title: 'A challenger with broken inputs (°C for °F)',
    expected: 'REFUSED',
    expectedReason: 'worse than the champion',
    changesChampion: false,
    play: brokenInputs,
    checks: refusedEarly,
  },
  {
    id: '6',
    title: 'A challenger that never comes up',
    expected: 'ROLLED_BACK',
    expectedReason: 'SILENT_ROLLBACK',
    changesChampion: false,
    play: neverComesUp,
  },
  {
    id: '7',
    title: 'An alarm in the middle of a bake',
    expected: 'ROLLED_BACK',
    expectedReason: 'ALARM:',
    changesChampion: false,
    play: (stage) => misbehaving(stage, 'alarm', 1, ['metrics-unreadable-for-the-judge', 'many-requests-fail']),
  },
  {
    id: '8',
    title: "An operator's abort while the endpoint is Updating",
    expected: 'ROLLED_BACK',
    expectedReason: 'ABORT:',
    changesChampion: false,
    play: abortWhileUpdating,
  },
  {
    id: '9',
    title: 'Rollback on demand, hours later',
    expected: 'PROMOTED',
    changesChampion: true,
    play: rollbackOnDemand,
    checks: inTime,
  },
];
