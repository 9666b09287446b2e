/** The champion changes: once, in one transaction, and only while everything that allowed it still stands. */
import { type Catalog } from '../catalog/catalog.ts';
import { NotSettled, RolloutStopped } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type ChampionRecord, type EndpointStore } from '../ports/endpoint-store.ts';
import { type ApprovalStatus, type ModelRegistry } from '../ports/model-registry.ts';
import { type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { checkLease } from './change-endpoint.ts';
import { checkNotStopped, withStop } from './rollout-signals.ts';

export interface PromoteChallengerDependencies {
  readonly catalog: Catalog;
  readonly rollouts: RolloutStore;
  readonly endpoints: EndpointStore;
  readonly registry: ModelRegistry;
  readonly platform: ServingPlatform;
  readonly clock: Clock;
}

const MS_PER_MINUTE = 60_000;

/** @throws NotSettled unless the challenger alone serves, read back now */
async function servingConfiguration(deps: PromoteChallengerDependencies, record: RolloutRecord): Promise<string> {
  const observed = await deps.platform.observe(record.endpoint);
  const serving = observed?.variants.filter((variant) => variant.currentWeight > 0) ?? [];
  const alone = serving.length === 1 && serving[0]?.servable === record.challenger.servable.name;
  if (!observed || observed.status !== 'IN_SERVICE' || !alone)
    throw new NotSettled(
      record.endpoint,
      `it is ${observed?.rawStatus ?? 'absent'} and the challenger does not serve alone`,
    );
  return observed.configuration;
}

function nextChampion(
  deps: PromoteChallengerDependencies,
  record: RolloutRecord,
  former: ChampionRecord | undefined,
  digest: string,
  configuration: string,
): ChampionRecord {
  const nowMs = deps.clock.nowMs();
  const model = deps.catalog.realTime(record.model);
  // What an operator has taken back is not kept warm: nobody wants it again in a hurry.
  const warmMinutes = record.kind === 'CANARY' ? model.rollout.keepWarmMinutes : 0;
  return {
    model: record.model,
    endpoint: record.endpoint,
    arm: record.challenger,
    configuration,
    promotedAtMs: nowMs,
    rolloutId: record.rolloutId,
    artifactDigest: digest,
    ...(former
      ? {
          previous: {
            arm: former.arm,
            artifactDigest: former.artifactDigest,
            warmUntilMs: nowMs + warmMinutes * MS_PER_MINUTE,
          },
        }
      : {}),
  };
}

/** Without the verdict of the bake at 100 % nobody has said that a canary is good. @throws RolloutStopped */
function checkVerdict(deps: PromoteChallengerDependencies, record: RolloutRecord): void {
  if (record.kind !== 'CANARY') return;
  const lastStepIndex = deps.catalog.realTime(record.model).rollout.steps.length;
  const { verdict } = record;
  if (verdict?.stepIndex === lastStepIndex && verdict.decision === 'ADVANCE') return;
  throw new RolloutStopped(record.rolloutId, 'the bake at 100 % has no verdict to advance');
}

/** A person may take an approval back until the last moment. @throws RolloutStopped */
async function checkApproval(
  deps: PromoteChallengerDependencies,
  record: RolloutRecord,
  approval: ApprovalStatus,
): Promise<void> {
  if (approval === 'APPROVED' || record.kind === 'ROLLBACK_ON_DEMAND') return;
  const detail = `the registry says ${approval}`;
  const stop = { kind: 'REVOKED' as const, detail, by: 'registry', atMs: deps.clock.nowMs() };
  await deps.rollouts.change(record, (latest) => withStop(latest, stop));
  throw new RolloutStopped(record.rolloutId, detail);
}

/**
 * 1. Not stopped, the last bake passed, still approved, lease held, the challenger alone serves (read back). 2. One transaction
 * flips the champion, checks the epoch and the champion that is replaced. 3. The registry and the endpoint's labels follow.
 * @throws RolloutStopped, StaleEpoch, NotSettled (retry), ChampionChanged
 */
export async function promoteChallenger(
  deps: PromoteChallengerDependencies,
  ref: RolloutRef,
  epoch: number,
): Promise<{ champion: string }> {
  const record = await deps.rollouts.get(ref);
  const former = await deps.endpoints.champion(ref.model);
  const champion = record.challenger.servable.version;
  if (former?.rolloutId !== ref.rolloutId) {
    checkNotStopped(record);
    checkVerdict(deps, record);
    await checkLease(deps.endpoints, ref.model, epoch);
    const configuration = await servingConfiguration(deps, record);
    const described = await deps.registry.describe(champion);
    await checkApproval(deps, record, described.approval);
    const digest = described.metadata['artifactDigest'] ?? '';
    const next = nextChampion(deps, record, former, digest, configuration);
    await deps.endpoints.promote(next, { epoch, ...(former ? { replacedRolloutId: former.rolloutId } : {}) });
    if (former)
      await deps.registry.markStage(
        former.arm.servable.version,
        record.kind === 'CANARY' ? 'Superseded' : 'RolledBack',
        `replaced by ${ref.rolloutId}`,
      );
  }
  await deps.registry.markStage(champion, 'Production', `promoted by ${ref.rolloutId}`);
  await deps.platform.label(record.endpoint, {
    'switchyard:epoch': String(epoch),
    'switchyard:champion': record.challenger.variant,
  });
  return { champion };
}
