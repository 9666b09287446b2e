/** Builders of records: a test names the field that it is about, all else is an ordinary rollout of `demand-forecast`. */
import { type Verdict } from '../../../shared/domain/judge/verdict.ts';
import { type Colour } from '../../../shared/domain/rollout/weights.ts';
import { type ChampionRecord, type Lease } from '../../../shared/ports/endpoint-store.ts';
import { type VersionDescription } from '../../../shared/ports/model-registry.ts';
import { type ReleaseRecord } from '../../../shared/ports/release-store.ts';
import { type Arm, type Bake, type Change, type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { ENDPOINT, MODEL } from '../in-memory/world.ts';
import { START_MS } from '../in-memory/test-clock.ts';

export const CANARY_EXECUTION =
  'arn:aws:states:eu-central-1:111122223333:execution:canary-blue-green:demand-forecast-v7';

export function versionOf(number: number): string {
  return `arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/${number}`;
}

export function anArm(variant: Colour, number: number): Arm {
  return { variant, servable: { name: `${ENDPOINT}-v${number}`, version: versionOf(number) } };
}

export function aChange(changed: Partial<Change> = {}): Change {
  return {
    changeId: 'change-1',
    purpose: 'SHIFT',
    configuration: `${ENDPOINT}-e2-both`,
    weights: { blue: 95, green: 5 },
    requestedAtMs: START_MS,
    acceptedAtMs: START_MS,
    ...changed,
  };
}

export function aBake(stepIndex = 0, startMinute = START_MS / 60_000): Bake {
  return { stepIndex, startMinute, startedAtMs: startMinute * 60_000 };
}

/** A canary of version 7 (green) against version 6 (blue) that has just been opened. */
export function aRollout(changed: Partial<RolloutRecord> = {}): RolloutRecord {
  return {
    model: MODEL,
    rolloutId: `${MODEL}-r2`,
    kind: 'CANARY',
    endpoint: ENDPOINT,
    releaseId: `${MODEL}-v7`,
    executionArn: CANARY_EXECUTION,
    epoch: 2,
    challenger: anArm('green', 7),
    champion: anArm('blue', 6),
    startedAtMs: START_MS,
    active: true,
    changes: 0,
    stepIndex: -1,
    looks: 0,
    heartbeatAtMs: START_MS,
    deeds: [],
    ...changed,
  };
}

/** The first deployment of version 7. */
export function aFirstDeployment(changed: Partial<RolloutRecord> = {}): RolloutRecord {
  const { champion: _none, ...rest } = aRollout({ kind: 'FIRST_DEPLOYMENT', challenger: anArm('blue', 7) });
  return { ...rest, ...changed };
}

export function aLease(changed: Partial<Lease> = {}): Lease {
  return {
    model: MODEL,
    epoch: 2,
    holder: { rolloutId: `${MODEL}-r2`, executionArn: CANARY_EXECUTION },
    heartbeatAtMs: START_MS,
    ...changed,
  };
}

export function aChampion(changed: Partial<ChampionRecord> = {}): ChampionRecord {
  return {
    model: MODEL,
    endpoint: ENDPOINT,
    arm: anArm('blue', 6),
    configuration: `${ENDPOINT}-e1-first`,
    promotedAtMs: START_MS - 86_400_000,
    rolloutId: `${MODEL}-r1`,
    artifactDigest: 'artifact-6',
    ...changed,
  };
}

export function aRelease(changed: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    model: MODEL,
    releaseId: `${MODEL}-v7`,
    version: versionOf(7),
    versionNumber: 7,
    executionArn: 'arn:aws:states:eu-central-1:111122223333:execution:model-release:demand-forecast-v7',
    binding: {
      version: versionOf(7),
      artifactDigest: 'artifact-7',
      evaluationDigest: 'evaluation-7',
      policyDigest: 'policy',
      champion: versionOf(6),
    },
    requestedAtMs: START_MS,
    expiresAtMs: START_MS + 12 * 3_600_000,
    reports: {},
    ...changed,
  };
}

export function aVersion(number: number, changed: Partial<VersionDescription> = {}): VersionDescription {
  return {
    version: versionOf(number),
    group: ENDPOINT,
    number,
    complete: true,
    approval: 'APPROVED',
    artifactUri: `s3://data/models/v${number}.tar.gz`,
    image: 'server',
    metadata: { artifactDigest: `artifact-${number}` },
    evaluationUri: `memory://reports/v${number}.json`,
    ...changed,
  };
}

/** A verdict whose evidence is empty. */
export function aVerdict(decision: Verdict['decision'], reasons: Verdict['reasons'] = []): Verdict {
  return {
    decision,
    reasons,
    evidence: {
      phase: 'step',
      stepIndex: 0,
      sharePercent: 5,
      fromMinute: START_MS / 60_000,
      untilMinute: START_MS / 60_000,
      elapsedMinutes: 0,
      neededMinutes: 10,
      coveredMinutes: 0,
      coverage: 0,
      neededCoverage: 0.8,
      requests: 0,
      neededRequests: 50,
      holdMinutesMax: 60,
      firstBadMinute: null,
      unusableMinutes: 0,
      guardrails: [],
      hardLimitBreaches: [],
      note: '',
    },
  };
}
