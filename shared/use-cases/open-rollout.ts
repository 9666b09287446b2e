/** Takes the endpoint's lease and writes down what the rollout is about. */
import { build } from '../../events/contract.ts';
import { rolloutStarted } from '../../events/rollout/rollout-started.v1.ts';
import { type Catalog } from '../catalog/catalog.ts';
import { endpointName } from '../catalog/names.ts';
import { LeaseHeld } from '../domain/errors.ts';
import { mayTakeOver } from '../domain/rollout/lease.ts';
import { type Colour, otherColour } from '../domain/rollout/weights.ts';
import { ChampionChanged, EndpointNotAtRest, NothingToRollBackTo } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type ChampionRecord, type EndpointStore, type Lease } from '../ports/endpoint-store.ts';
import { type EventPublisher, type Executions } from '../ports/flow.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type Arm, type RolloutKind, type RolloutRecord, type RolloutStore } from '../ports/rollout-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../ports/serving-platform.ts';
import { servableName } from './deploy-staging.ts';

export interface OpenRolloutDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly endpoints: EndpointStore;
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly platform: ServingPlatform;
  readonly executions: Executions;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

export type RolloutRequest =
  | {
      readonly kind: 'FORWARD';
      readonly model: string;
      readonly releaseId: string;
      readonly version: string;
      readonly versionNumber: number;
      readonly executionArn: string;
    }
  | { readonly kind: 'BACK'; readonly model: string; readonly executionArn: string };

/** What the state machine carries along: enough to restore the champion with every table down. */
export interface OpenedRollout {
  readonly model: string;
  readonly rolloutId: string;
  readonly kind: RolloutKind;
  readonly endpoint: string;
  readonly epoch: number;
  readonly challengerVariant: Colour;
  readonly championVariant: Colour | null;
  /** True when the challenger's variant is still provisioned. */
  readonly warm: boolean;
  /** Index of the last step: the bake at 100 %. */
  readonly lastStepIndex: number;
}

type Holder = NonNullable<Lease['holder']>;

async function recordOf(
  deps: OpenRolloutDependencies,
  model: string,
  rolloutId: string,
): Promise<RolloutRecord | undefined> {
  return deps.rollouts.get({ model, rolloutId }).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'UnknownRollout') return undefined;
    throw error;
  });
}

async function isDead(deps: OpenRolloutDependencies, lease: Lease, holder: Holder): Promise<boolean> {
  const { executionArn: owner } = holder;
  // The reconciler holds a lease under its own name, without an execution that could be asked for.
  const running = owner.startsWith('arn:') ? await deps.executions.isRunning(owner) : undefined;
  const { epoch, heartbeatAtMs } = lease;
  return mayTakeOver({ owner, epoch, heartbeatAtMs }, deps.clock.nowMs(), running).allowed;
}

/**
 * A dead holder's traffic goes back to its champion under its own epoch, by the dead man or the sweep: under the next one
 * they would be fenced off, and nobody would do it.
 * @throws EndpointNotAtRest (retry)
 */
async function checkLeftAtRest(deps: OpenRolloutDependencies, model: string, holder: Holder): Promise<void> {
  if (!(await recordOf(deps, model, holder.rolloutId))?.active) return;
  const endpoint = endpointName(deps.stage, model);
  checkAtRest(endpoint, await deps.platform.observe(endpoint), await deps.endpoints.champion(model));
}

/** @throws LeaseHeld while the holder lives, EndpointNotAtRest while a dead one's traffic is not brought home */
async function takeLease(deps: OpenRolloutDependencies, model: string, executionArn: string): Promise<Lease> {
  const known = await deps.endpoints.lease(model);
  const { holder } = known;
  const others = holder !== undefined && holder.executionArn !== executionArn;
  const dead = !others || (await isDead(deps, known, holder));
  if (others && dead) await checkLeftAtRest(deps, model, holder);
  const nowMs = deps.clock.nowMs();
  return deps.endpoints.changeLease(model, (lease) => {
    if (lease.holder?.executionArn === executionArn) return undefined;
    // Somebody else was faster, or the holder came back to life between the look and now.
    if (!dead || lease.epoch !== known.epoch)
      throw new LeaseHeld(lease.holder?.rolloutId ?? model, Math.round((nowMs - known.heartbeatAtMs) / 1000));
    const epoch = lease.epoch + 1;
    return { ...lease, epoch, holder: { rolloutId: rolloutIdOf(model, epoch), executionArn }, heartbeatAtMs: nowMs };
  });
}

/** The lease must not outlive a rollout that never began. One that has a record keeps it; so does somebody who took over. */
async function giveBack(deps: OpenRolloutDependencies, model: string, epoch: number): Promise<void> {
  if (await recordOf(deps, model, rolloutIdOf(model, epoch))) return;
  await deps.endpoints.changeLease(model, (lease) => {
    const { holder: _holder, ...free } = lease;
    return lease.epoch === epoch ? free : undefined;
  });
}

/** The epoch rises for ever, so an id made of it is never used twice. */
export function rolloutIdOf(model: string, epoch: number): string {
  return `${model}-r${epoch}`;
}

/** The endpoint must serve exactly its champion, with nothing pending. @throws EndpointNotAtRest */
function checkAtRest(
  endpoint: string,
  observed: ObservedEndpoint | undefined,
  champion: ChampionRecord | undefined,
): void {
  if (!champion) {
    if (observed) throw new EndpointNotAtRest(endpoint, 'it exists, yet no champion is recorded');
    return;
  }
  if (!observed) throw new EndpointNotAtRest(endpoint, 'it does not exist, yet a champion is recorded');
  const serving = observed.variants.filter((variant) => variant.currentWeight > 0 || variant.desiredWeight > 0);
  const [only] = serving;
  if (observed.status !== 'IN_SERVICE') throw new EndpointNotAtRest(endpoint, `its status is ${observed.rawStatus}`);
  if (serving.length !== 1 || only?.variant !== champion.arm.variant || only.servable !== champion.arm.servable.name) {
    throw new EndpointNotAtRest(
      endpoint,
      `it serves ${serving.map((each) => `${each.variant}=${each.servable}`).join(', ')}`,
    );
  }
}

function challengerOf(
  deps: OpenRolloutDependencies,
  request: RolloutRequest,
  champion: ChampionRecord | undefined,
): Arm {
  if (request.kind === 'FORWARD') {
    const name = servableName(deps.stage, request.model, request.versionNumber);
    return {
      variant: champion ? otherColour(champion.arm.variant) : 'blue',
      servable: { name, version: request.version },
    };
  }
  if (!champion?.previous) throw new NothingToRollBackTo(request.model, 'it has served one version only');
  // Known by digest, not merely 'the previous one'; warm under its own colour or provisioned again under it.
  return champion.previous.arm;
}

function kindOf(request: RolloutRequest, champion: ChampionRecord | undefined): RolloutKind {
  if (request.kind === 'BACK') return 'ROLLBACK_ON_DEMAND';
  return champion ? 'CANARY' : 'FIRST_DEPLOYMENT';
}

function newRecord(
  deps: OpenRolloutDependencies,
  request: RolloutRequest,
  lease: Lease,
  champion: ChampionRecord | undefined,
): RolloutRecord {
  const nowMs = deps.clock.nowMs();
  return {
    model: request.model,
    rolloutId: rolloutIdOf(request.model, lease.epoch),
    kind: kindOf(request, champion),
    endpoint: endpointName(deps.stage, request.model),
    ...(request.kind === 'FORWARD' ? { releaseId: request.releaseId } : {}),
    executionArn: request.executionArn,
    epoch: lease.epoch,
    challenger: challengerOf(deps, request, champion),
    ...(champion ? { champion: champion.arm } : {}),
    startedAtMs: nowMs,
    active: true,
    changes: 0,
    stepIndex: -1,
    looks: 0,
    heartbeatAtMs: nowMs,
    deeds: [],
  };
}

/** An approval speaks of the champion that was then: a candidate may have queued for hours since. @throws ChampionChanged */
async function checkBinding(
  deps: OpenRolloutDependencies,
  request: RolloutRequest,
  champion: ChampionRecord | undefined,
): Promise<void> {
  if (request.kind === 'BACK') return;
  const { binding } = await deps.releases.get(request);
  const present = champion?.arm.servable.version;
  if (present !== binding.champion)
    throw new ChampionChanged(request.model, binding.champion ?? 'none', present ?? 'none');
}

interface Beginning {
  readonly record: RolloutRecord;
  readonly champion: ChampionRecord | undefined;
  readonly observed: ObservedEndpoint | undefined;
}

/** All that must be true before anything is written, read under the lease. */
async function beginning(deps: OpenRolloutDependencies, request: RolloutRequest, lease: Lease): Promise<Beginning> {
  const champion = await deps.endpoints.champion(request.model);
  await checkBinding(deps, request, champion);
  const record = newRecord(deps, request, lease, champion);
  const observed = await deps.platform.observe(record.endpoint);
  checkAtRest(record.endpoint, observed, champion);
  return { record, champion, observed };
}

/**
 * 1. The lease is taken, or found when this execution holds it. 2. The champion is the one that the approval was bound to, and
 * the endpoint is at rest with it; if not, the lease is given back. 3. The record is written, labels for the dead man's
 * rollback are put on the endpoint, `rollout.started` is put.
 * @throws LeaseHeld (retry), EndpointNotAtRest (retry), ChampionChanged, NothingToRollBackTo, UnknownModel, UnknownRelease
 */
export async function openRollout(deps: OpenRolloutDependencies, request: RolloutRequest): Promise<OpenedRollout> {
  const model = deps.catalog.realTime(request.model);
  const lease = await takeLease(deps, request.model, request.executionArn);
  const { record, champion, observed } = await beginning(deps, request, lease).catch(async (error: unknown) => {
    await giveBack(deps, request.model, lease.epoch);
    throw error;
  });
  await deps.rollouts.create(record).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'RolloutExists')) throw error;
  });
  if (champion) {
    await deps.platform.label(record.endpoint, {
      'switchyard:epoch': String(lease.epoch),
      'switchyard:champion': champion.arm.variant,
    });
  }
  const { rolloutId, endpoint, kind } = record;
  const detail = { model: request.model, rolloutId, endpoint, kind, challenger: record.challenger.servable.version };
  await deps.events.publish([
    build(rolloutStarted, { ...detail, ...(champion ? { champion: champion.arm.servable.version } : {}) }),
  ]);
  const present = observed?.variants.find((variant) => variant.variant === record.challenger.variant);
  return {
    model: request.model,
    rolloutId,
    kind,
    endpoint,
    epoch: lease.epoch,
    challengerVariant: record.challenger.variant,
    championVariant: champion?.arm.variant ?? null,
    warm: present?.servable === record.challenger.servable.name,
    lastStepIndex: kind === 'CANARY' ? model.rollout.steps.length : 0,
  };
}
