/**
 * The one way in which a rollout changes its endpoint: lease checked, intent written, time left, call, lease checked again,
 * outcome written. SageMaker has no conditional write, so this is the fence; what slips through is undone by the reconciler.
 */
import { StaleEpoch } from '../domain/errors.ts';
import { EndpointBusy, NotEnoughTime } from '../domain/flow-errors.ts';
import { requireCurrentEpoch } from '../domain/rollout/lease.ts';
import { type EndpointState } from '../domain/rollout/settlement.ts';
import { type Clock } from '../ports/clock.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type Change, type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../ports/serving-platform.ts';

/** Three attempts of 5 s with back-off in between: a call that starts later could end after the invocation. */
const ALL_ATTEMPTS_MS = 20_000;

export interface ChangeEndpointDependencies {
  readonly rollouts: RolloutStore;
  readonly endpoints: EndpointStore;
  readonly platform: ServingPlatform;
  readonly clock: Clock;
  /** Milliseconds until this invocation is killed. */
  readonly remainingMs: () => number;
}

export interface ChangeRequest {
  readonly ref: RolloutRef;
  readonly epoch: number;
  readonly endpoint: string;
  /** Who does it: the name of the use case. */
  readonly actor: string;
  readonly purpose: Change['purpose'];
  readonly configuration: string;
  /** Weights that all variants must have in the end. */
  readonly weights: Readonly<Record<string, number>>;
  /** The call; not made when the endpoint already stands, or is on its way, as asked. */
  readonly call: () => Promise<void>;
}

/** @throws StaleEpoch when another controller has taken over */
export async function checkLease(endpoints: EndpointStore, model: string, epoch: number): Promise<void> {
  requireCurrentEpoch(epoch, await endpoints.lease(model));
}

function isOnItsWay(observed: ObservedEndpoint | undefined, request: ChangeRequest): boolean {
  if (!observed) return false;
  if (observed.configuration !== request.configuration && !observed.changePending) return false;
  const wanted = Object.entries(request.weights);
  return (
    observed.configuration === request.configuration &&
    observed.variants.length === wanted.length &&
    wanted.every(
      ([variant, weight]) => observed.variants.find((each) => each.variant === variant)?.desiredWeight === weight,
    )
  );
}

function stateOf(observed: ObservedEndpoint | undefined): EndpointState | undefined {
  if (!observed) return undefined;
  const weights = Object.fromEntries(observed.variants.map((variant) => [variant.variant, variant.currentWeight]));
  return { configuration: observed.configuration, weights };
}

function sameIntent(change: Change | undefined, request: ChangeRequest): boolean {
  return (
    change !== undefined &&
    change.purpose === request.purpose &&
    change.configuration === request.configuration &&
    JSON.stringify(change.weights) === JSON.stringify(request.weights)
  );
}

/** Adds the intent; a retry of the same request continues the one that is there. */
function withIntent(
  record: RolloutRecord,
  request: ChangeRequest,
  previous: EndpointState | undefined,
  nowMs: number,
): RolloutRecord {
  if (record.epoch !== request.epoch) throw new StaleEpoch(request.epoch, record.epoch);
  const repeated = sameIntent(record.change, request) && record.settled?.changeId !== record.change?.changeId;
  if (repeated) return record;
  const changes = record.changes + 1;
  const { purpose, configuration, weights } = request;
  return {
    ...record,
    changes,
    change: {
      changeId: `change-${changes}`,
      purpose,
      configuration,
      weights,
      ...(previous ? { previous } : {}),
      requestedAtMs: nowMs,
    },
    deeds: [
      ...record.deeds,
      { action: `${purpose} ${configuration} ${JSON.stringify(weights)}`, actor: request.actor, intentAtMs: nowMs },
    ],
  };
}

/** Closes the newest open deed. */
export function withOutcome(record: RolloutRecord, outcome: string, nowMs: number): RolloutRecord {
  const last = record.deeds.length - 1;
  return {
    ...record,
    deeds: record.deeds.map((deed, index) =>
      index === last && deed.outcome === undefined ? { ...deed, outcome, outcomeAtMs: nowMs } : deed,
    ),
  };
}

/**
 * Asks for one change of the endpoint.
 * @returns the id of the change, to be waited for and read back
 * @throws StaleEpoch, EndpointBusy (retry), NotEnoughTime (retry), StoreUnavailable (retry)
 */
export async function changeEndpoint(deps: ChangeEndpointDependencies, request: ChangeRequest): Promise<string> {
  const { ref, epoch } = request;
  await checkLease(deps.endpoints, ref.model, epoch);
  const observed = await deps.platform.observe(request.endpoint);
  const previous = stateOf(observed);
  const intended = await deps.rollouts.change(ref, (record) =>
    withIntent(record, request, previous, deps.clock.nowMs()),
  );
  const changeId = intended.change?.changeId ?? '';
  const leftMs = deps.remainingMs();
  if (leftMs < ALL_ATTEMPTS_MS) throw new NotEnoughTime(request.purpose, leftMs, ALL_ATTEMPTS_MS);

  if (!isOnItsWay(observed, request)) {
    if (observed?.status === 'CHANGING') throw new EndpointBusy(request.endpoint, observed.rawStatus);
    await request.call();
  }
  await checkLease(deps.endpoints, ref.model, epoch);
  await deps.rollouts.change(ref, (record) => {
    if (record.change?.changeId !== changeId) return undefined;
    const nowMs = deps.clock.nowMs();
    return withOutcome({ ...record, change: { ...record.change, acceptedAtMs: nowMs } }, 'accepted', nowMs);
  });
  return changeId;
}
