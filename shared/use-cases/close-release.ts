/** Ends a release: the outcome is stored, the registry says where the version stands, people are told. */
import { build } from '../../events/contract.ts';
import { releaseEnded } from '../../events/release/release-ended.v1.ts';
import { type Clock } from '../ports/clock.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type LifeCycleStage, type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseOutcome, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { servableName } from './deploy-staging.ts';

export interface CloseReleaseDependencies {
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
  readonly registry: ModelRegistry;
  readonly platform: ServingPlatform;
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

/** Idempotent: a second call finds the outcome and repeats only what is harmless. */
export async function closeRelease(deps: CloseReleaseDependencies, ending: ReleaseEnding): Promise<void> {
  const { model, releaseId, version, outcome } = ending;
  const ref = { model, releaseId };
  const reason = ending.reason.slice(0, REASON_CHARACTERS_MAX);
  // A candidate that was refused at the door has no record, and yet people must be told.
  if (await deps.releases.find(ref)) {
    await deps.releases.change(ref, (record) =>
      record.outcome ? undefined : { ...record, outcome, reason, endedAtMs: deps.clock.nowMs() },
    );
  }
  await deps.registry.markStage(version, STAGE_OF[outcome], reason);
  const servable = servableName(deps.stage, model, ending.versionNumber);
  if (outcome !== 'PROMOTED' && !(await inUse(deps, model, servable))) await deps.platform.deleteServable(servable);
  const detail = { model, releaseId, version, outcome, reason };
  await deps.events.publish([build(releaseEnded, detail)]);
}
