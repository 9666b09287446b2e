import { IllegalTransition, InvalidInput, RolloutIsOver } from '../errors.ts';
import type { RolloutStep } from './policy.ts';
import { type Colour, otherColour, type Weights, weightsFor } from './weights.ts';

/** Why a rollout ends without a promotion. `code` is stable, `detail` is for people. */
export interface Cause {
  readonly code:
    | 'VERDICT'
    | 'ALARM'
    | 'ABORT'
    | 'SMOKE_TEST_FAILED'
    | 'SILENT_ROLLBACK'
    | 'ENDPOINT_MISMATCH'
    | 'CONTROLLER_DEAD'
    | 'APPROVAL_REVOKED'
    | 'ACCURACY'
    | 'PREFLIGHT'
    | 'INVALID_VERSION';
  readonly detail: string;
  readonly atMs: number;
}

/** What never changes during a rollout. */
export interface RolloutPlan {
  readonly rolloutId: string;
  readonly model: string;
  readonly championVersion: string;
  readonly championColour: Colour;
  readonly challengerVersion: string;
  readonly steps: readonly RolloutStep[];
}

/** Where a rollout stands. `sinceMs` is the time of the last transition; shares are the challenger's, in per cent. */
export type RolloutState =
  /** Recorded and leased; nothing on the endpoint has been touched. */
  | { readonly phase: 'PLANNED'; readonly sinceMs: number }
  /** The challenger's variant is being added with weight 0. */
  | { readonly phase: 'PROVISIONING'; readonly sinceMs: number }
  /** The challenger is up at weight 0 and answers test requests only. */
  | { readonly phase: 'SMOKE_TESTING'; readonly sinceMs: number }
  /** Weights for a step have been asked for and not yet been read back. */
  | { readonly phase: 'SHIFTING'; readonly sinceMs: number; readonly stepIndex: number; readonly sharePercent: number }
  /** A share below 100 % is in force and is being judged. */
  | { readonly phase: 'WATCHING'; readonly sinceMs: number; readonly stepIndex: number; readonly sharePercent: number }
  /** 100 % has been asked for and not yet been read back. */
  | { readonly phase: 'SHIFTING_ALL'; readonly sinceMs: number }
  /** The challenger has all the traffic; the champion is warm at weight 0. */
  | { readonly phase: 'BAKING'; readonly sinceMs: number }
  /** The champion's weights have been asked for again, or must be as soon as the endpoint accepts it. */
  | { readonly phase: 'ROLLING_BACK'; readonly sinceMs: number; readonly cause: Cause }
  | { readonly phase: 'PROMOTED'; readonly sinceMs: number }
  | { readonly phase: 'ROLLED_BACK'; readonly sinceMs: number; readonly cause: Cause }
  /** Ended before the endpoint was touched. */
  | { readonly phase: 'REFUSED'; readonly sinceMs: number; readonly cause: Cause }
  /** The way back could not be confirmed: a human must look. */
  | { readonly phase: 'FAILED_SAFE'; readonly sinceMs: number; readonly cause: Cause; readonly problem: string };

export type Phase = RolloutState['phase'];

export const outcomes = ['PROMOTED', 'ROLLED_BACK', 'REFUSED', 'FAILED_SAFE'] as const;
export type Outcome = (typeof outcomes)[number];

/** What can happen to a rollout. `atMs`: milliseconds since 1970. */
export type RolloutEvent =
  | { readonly type: 'REFUSE'; readonly atMs: number; readonly cause: Cause }
  | { readonly type: 'START'; readonly atMs: number }
  /** The endpoint was read back as asked. */
  | { readonly type: 'SETTLED'; readonly atMs: number }
  /** The endpoint came to rest as something else. */
  | { readonly type: 'NOT_SETTLED'; readonly atMs: number; readonly cause: Cause }
  | { readonly type: 'SMOKE_PASSED'; readonly atMs: number }
  | { readonly type: 'ADVANCE'; readonly atMs: number }
  /** A verdict, alarm, abort, failed smoke test, revoked approval or dead controller. */
  | { readonly type: 'ROLL_BACK'; readonly atMs: number; readonly cause: Cause }
  /** The champion was read back at 100 %. */
  | { readonly type: 'RESTORED'; readonly atMs: number }
  /** The way back was tried for as long as allowed. */
  | { readonly type: 'RESTORE_FAILED'; readonly atMs: number; readonly problem: string };

export type RolloutEventType = RolloutEvent['type'];

type Transition<P extends Phase, E extends RolloutEventType> = (
  state: Extract<RolloutState, { phase: P }>,
  event: Extract<RolloutEvent, { type: E }>,
  plan: RolloutPlan,
) => RolloutState;

type Table = { readonly [P in Exclude<Phase, Outcome>]: { readonly [E in RolloutEventType]?: Transition<P, E> } };

const rollBack = (_: RolloutState, event: { atMs: number; cause: Cause }): RolloutState => ({
  phase: 'ROLLING_BACK',
  sinceMs: event.atMs,
  cause: event.cause,
});

const refuse = (_: RolloutState, event: { atMs: number; cause: Cause }): RolloutState => ({
  phase: 'REFUSED',
  sinceMs: event.atMs,
  cause: event.cause,
});

const stay = <S extends RolloutState>(state: S): S => state;

/** The whole of a rollout's conduct. What is not in the table cannot happen. */
const table: Table = {
  PLANNED: {
    START: (_, event) => ({ phase: 'PROVISIONING', sinceMs: event.atMs }),
    REFUSE: refuse,
    // Nothing has been touched, so an abort or an alarm before the start leaves nothing to take back.
    ROLL_BACK: refuse,
  },
  PROVISIONING: {
    SETTLED: (_, event) => ({ phase: 'SMOKE_TESTING', sinceMs: event.atMs }),
    NOT_SETTLED: rollBack,
    ROLL_BACK: rollBack,
  },
  SMOKE_TESTING: {
    SMOKE_PASSED: (_, event, plan) => shiftTo(plan, 0, event.atMs),
    ROLL_BACK: rollBack,
  },
  SHIFTING: {
    SETTLED: (state, event) => ({ ...state, phase: 'WATCHING', sinceMs: event.atMs }),
    NOT_SETTLED: rollBack,
    ROLL_BACK: rollBack,
  },
  WATCHING: {
    ADVANCE: (state, event, plan) => shiftTo(plan, state.stepIndex + 1, event.atMs),
    // A stranger's change of weights is found by a read-back while nothing was asked for.
    NOT_SETTLED: rollBack,
    ROLL_BACK: rollBack,
  },
  SHIFTING_ALL: {
    SETTLED: (_, event) => ({ phase: 'BAKING', sinceMs: event.atMs }),
    NOT_SETTLED: rollBack,
    ROLL_BACK: rollBack,
  },
  BAKING: {
    ADVANCE: (_, event) => ({ phase: 'PROMOTED', sinceMs: event.atMs }),
    NOT_SETTLED: rollBack,
    ROLL_BACK: rollBack,
  },
  ROLLING_BACK: {
    RESTORED: (state, event) => ({ phase: 'ROLLED_BACK', sinceMs: event.atMs, cause: state.cause }),
    RESTORE_FAILED: (state, event) => ({
      phase: 'FAILED_SAFE',
      sinceMs: event.atMs,
      cause: state.cause,
      problem: event.problem,
    }),
    // A second abort, or an alarm on the way back, changes nothing: the first cause stands.
    ROLL_BACK: stay,
    NOT_SETTLED: stay,
  },
};

function shiftTo(plan: RolloutPlan, stepIndex: number, atMs: number): RolloutState {
  const step = plan.steps[stepIndex];
  if (step === undefined) return { phase: 'SHIFTING_ALL', sinceMs: atMs };
  return { phase: 'SHIFTING', sinceMs: atMs, stepIndex, sharePercent: step.sharePercent };
}

/** The state of a rollout that has just been recorded. */
export function planned(atMs: number): RolloutState {
  return { phase: 'PLANNED', sinceMs: atMs };
}

/** Whether a rollout has reached an outcome. */
export function isOver(state: RolloutState): state is Extract<RolloutState, { phase: Outcome }> {
  return (outcomes as readonly string[]).includes(state.phase);
}

/** The events that a phase provides for; none when the rollout is over. */
export function acceptedEvents(phase: Phase): RolloutEventType[] {
  return phase in table ? (Object.keys(table[phase as keyof Table]) as RolloutEventType[]) : [];
}

/**
 * The next state.
 * @throws RolloutIsOver after an outcome. @throws IllegalTransition where the table has no such event.
 * @throws InvalidInput for an event without a time.
 */
export function advance(plan: RolloutPlan, state: RolloutState, event: RolloutEvent): RolloutState {
  if (!Number.isFinite(event.atMs)) {
    throw new InvalidInput('event.atMs', event.atMs, 'an event has a time', 'Give milliseconds since 1970');
  }
  if (isOver(state)) throw new RolloutIsOver(event.type, state.phase);
  const row = table[state.phase] as Partial<Record<RolloutEventType, Transition<Phase, RolloutEventType>>>;
  const transition = row[event.type];
  if (transition === undefined) throw new IllegalTransition(state.phase, event.type, acceptedEvents(state.phase));
  return transition(state, event, plan);
}

/**
 * The weights that a state asks of the endpoint; undefined where the rollout leaves them alone (before it starts, after
 * a failure that a human must look at).
 */
export function intendedWeights(plan: RolloutPlan, state: RolloutState): Required<Weights> | undefined {
  switch (state.phase) {
    case 'PLANNED':
    case 'REFUSED':
    case 'FAILED_SAFE':
      return undefined;
    case 'PROVISIONING':
    case 'SMOKE_TESTING':
    case 'ROLLING_BACK':
    case 'ROLLED_BACK':
      return weightsFor(plan.championColour, 0);
    case 'SHIFTING':
    case 'WATCHING':
      return weightsFor(plan.championColour, state.sharePercent);
    case 'SHIFTING_ALL':
    case 'BAKING':
    case 'PROMOTED':
      return weightsFor(plan.championColour, 100);
  }
}

/** The challenger's variant. */
export function challengerColour(plan: RolloutPlan): Colour {
  return otherColour(plan.championColour);
}
