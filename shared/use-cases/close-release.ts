/** Ends a release: the outcome is stored, the registry says where the version stands, people are told. */
import { build } from '../../events/contract.ts';
import { releaseEnded } from '../../events/release/release-ended.v1.ts';
import { type PairedAccuracyReport } from '../domain/accuracy/paired-test.ts';
import { type RolloutForecast } from '../domain/preflight/plan-rollout.ts';
import { whyPage } from '../domain/why/why.ts';
import { type Clock } from '../ports/clock.ts';
import { type Documents } from '../ports/documents.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type LifeCycleStage, type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseOutcome, type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { endpointName, packageGroupName } from '../catalog/names.ts';
import { servableName } from './deploy-staging.ts';

export interface CloseReleaseDependencies {
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
  readonly registry: ModelRegistry;
  readonly platform: ServingPlatform;
  readonly documents: Documents;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

const STAGE_OF: Readonly<Record<ReleaseOutcome, LifeCycleStage>> = {
  PROMOTED: 'Production',
  ROLLED_BACK: 'RolledBack',
  REFUSED: 'Refused',
  REJECTED: 'Refused',
  EXPIRED: 'Refused',
  FAILED: 'Refused',
};

const REASON_CHARACTERS_MAX = 1_000;

export interface ReleaseEnding extends ReleaseRef {
  readonly version: string;
  readonly versionNumber: number;
  readonly outcome: ReleaseOutcome;
  readonly reason: string;
}

/** True while the champion, or the warm variant beside it, is this servable. */
async function inUse(deps: CloseReleaseDependencies, model: string, servable: string): Promise<boolean> {
  const champion = await deps.endpoints.champion(model);
  return champion?.arm.servable.name === servable || champion?.previous?.arm.servable.name === servable;
}

/** False for a version that the registry does not know, or that is another model's: nothing of it is ours to touch. */
async function isOurs(deps: CloseReleaseDependencies, model: string, version: string): Promise<boolean> {
  try {
    return (await deps.registry.describe(version)).group === packageGroupName(deps.stage, model);
  } catch (error) {
    if (error instanceof Error && error.name === 'UnknownVersion') return false;
    throw error;
  }
}

function timelineOf(release: ReleaseRecord | undefined): { atMs: number; what: string }[] {
  if (!release) return [];
  const entries = [{ atMs: release.requestedAtMs, what: 'the candidate was verified and a decision asked for' }];
  const { decision, endedAtMs } = release;
  if (decision) entries.push({ atMs: decision.atMs, what: `${decision.status} by ${decision.by}: ${decision.reason}` });
  if (endedAtMs !== undefined) entries.push({ atMs: endedAtMs, what: 'the release ended' });
  return entries;
}

/** A release that became a rollout is explained by it; any other has a page of its own. */
async function explain(deps: CloseReleaseDependencies, ending: ReleaseEnding): Promise<string | undefined> {
  if (ending.outcome === 'PROMOTED' || ending.outcome === 'ROLLED_BACK') return undefined;
  const release = await deps.releases.find(ending);
  const nowMs = deps.clock.nowMs();
  const page = whyPage({
    model: ending.model,
    rolloutId: ending.releaseId,
    endpoint: endpointName(deps.stage, ending.model),
    championVersion: release?.binding.champion ?? null,
    challengerVersion: ending.version,
    outcome: 'REFUSED',
    reason: `${ending.outcome}: ${ending.reason}`,
    startedAtMs: release?.requestedAtMs ?? nowMs,
    endedAtMs: release?.endedAtMs ?? nowMs,
    looks: 0,
    accuracy: release?.reports['accuracy'] as PairedAccuracyReport | undefined,
    forecast: release?.reports['preflight'] as RolloutForecast | undefined,
    timeline: timelineOf(release),
  });
  return deps.documents.writeText(`why/${ending.releaseId}.md`, page, 'text/markdown; charset=utf-8');
}

/** Stores the outcome; the first one stays. A candidate that was refused at the door has no record. */
async function stored(deps: CloseReleaseDependencies, ending: ReleaseEnding): Promise<ReleaseEnding> {
  const { outcome } = ending;
  const reason = ending.reason.slice(0, REASON_CHARACTERS_MAX);
  if (!(await deps.releases.find(ending))) return { ...ending, reason };
  const record = await deps.releases.change(ending, (latest) =>
    latest.outcome ? undefined : { ...latest, outcome, reason, endedAtMs: deps.clock.nowMs() },
  );
  return { ...ending, outcome: record.outcome ?? outcome, reason: record.reason ?? reason };
}

/** Idempotent: a second call finds the outcome and repeats only what is harmless. People are told in any case. */
export async function closeRelease(deps: CloseReleaseDependencies, ending: ReleaseEnding): Promise<void> {
  const ended = await stored(deps, ending);
  const { model, releaseId, version, outcome, reason } = ended;
  if (await isOurs(deps, model, version)) {
    await deps.registry.markStage(version, STAGE_OF[outcome], reason);
    const servable = servableName(deps.stage, model, ending.versionNumber);
    if (outcome !== 'PROMOTED' && !(await inUse(deps, model, servable))) await deps.platform.deleteServable(servable);
  }
  const whyUri = await explain(deps, ended);
  const detail = { model, releaseId, version, outcome, reason, ...(whyUri === undefined ? {} : { whyUri }) };
  await deps.events.publish([build(releaseEnded, detail)]);
}
