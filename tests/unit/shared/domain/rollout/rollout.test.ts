/**
 * Goal: a rollout can do what its table says and nothing else. Method: every phase meets every event and must give exactly
 * the expected phase or the expected error; then the stories as sequences, and properties over arbitrary sequences.
 */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  acceptedEvents,
  advance,
  type Cause,
  challengerColour,
  intendedWeights,
  isOver,
  type Phase,
  planned,
  type RolloutEvent,
  type RolloutEventType,
  type RolloutPlan,
  type RolloutState,
} from '../../../../../shared/domain/rollout/rollout.ts';

const plan: RolloutPlan = {
  rolloutId: 'rollout-1',
  model: 'demand-forecast',
  championVersion: '7',
  championColour: 'green',
  challengerVersion: '8',
  steps: [
    { sharePercent: 5, minutes: 10 },
    { sharePercent: 50, minutes: 10 },
  ],
};
const cause: Cause = { code: 'ALARM', detail: 'errors', atMs: 1 };
const first: Cause = { code: 'ABORT', detail: 'by ada', atMs: 0 };

const states: Record<Phase, RolloutState> = {
  PLANNED: planned(0),
  PROVISIONING: { phase: 'PROVISIONING', sinceMs: 0 },
  SMOKE_TESTING: { phase: 'SMOKE_TESTING', sinceMs: 0 },
  SHIFTING: { phase: 'SHIFTING', sinceMs: 0, stepIndex: 0, sharePercent: 5 },
  WATCHING: { phase: 'WATCHING', sinceMs: 0, stepIndex: 0, sharePercent: 5 },
  SHIFTING_ALL: { phase: 'SHIFTING_ALL', sinceMs: 0 },
  BAKING: { phase: 'BAKING', sinceMs: 0 },
  ROLLING_BACK: { phase: 'ROLLING_BACK', sinceMs: 0, cause: first },
  PROMOTED: { phase: 'PROMOTED', sinceMs: 0 },
  ROLLED_BACK: { phase: 'ROLLED_BACK', sinceMs: 0, cause: first },
  REFUSED: { phase: 'REFUSED', sinceMs: 0, cause: first },
  FAILED_SAFE: { phase: 'FAILED_SAFE', sinceMs: 0, cause: first, problem: 'p' },
};

const events: Record<RolloutEventType, RolloutEvent> = {
  REFUSE: { type: 'REFUSE', atMs: 5, cause },
  START: { type: 'START', atMs: 5 },
  SETTLED: { type: 'SETTLED', atMs: 5 },
  NOT_SETTLED: { type: 'NOT_SETTLED', atMs: 5, cause },
  SMOKE_PASSED: { type: 'SMOKE_PASSED', atMs: 5 },
  ADVANCE: { type: 'ADVANCE', atMs: 5 },
  ROLL_BACK: { type: 'ROLL_BACK', atMs: 5, cause },
  RESTORED: { type: 'RESTORED', atMs: 5 },
  RESTORE_FAILED: { type: 'RESTORE_FAILED', atMs: 5, problem: 'endpoint failed' },
};

/** All that is possible; what is missing here must throw. */
const expected: Record<Phase, Partial<Record<RolloutEventType, Phase>>> = {
  PLANNED: { START: 'PROVISIONING', REFUSE: 'REFUSED', ROLL_BACK: 'REFUSED' },
  PROVISIONING: { SETTLED: 'SMOKE_TESTING', NOT_SETTLED: 'ROLLING_BACK', ROLL_BACK: 'ROLLING_BACK' },
  SMOKE_TESTING: { SMOKE_PASSED: 'SHIFTING', ROLL_BACK: 'ROLLING_BACK' },
  SHIFTING: { SETTLED: 'WATCHING', NOT_SETTLED: 'ROLLING_BACK', ROLL_BACK: 'ROLLING_BACK' },
  WATCHING: { ADVANCE: 'SHIFTING', NOT_SETTLED: 'ROLLING_BACK', ROLL_BACK: 'ROLLING_BACK' },
  SHIFTING_ALL: { SETTLED: 'BAKING', NOT_SETTLED: 'ROLLING_BACK', ROLL_BACK: 'ROLLING_BACK' },
  BAKING: { ADVANCE: 'PROMOTED', NOT_SETTLED: 'ROLLING_BACK', ROLL_BACK: 'ROLLING_BACK' },
  ROLLING_BACK: {
    RESTORED: 'ROLLED_BACK',
    RESTORE_FAILED: 'FAILED_SAFE',
    ROLL_BACK: 'ROLLING_BACK',
    NOT_SETTLED: 'ROLLING_BACK',
  },
  PROMOTED: {},
  ROLLED_BACK: {},
  REFUSED: {},
  FAILED_SAFE: {},
};

const phases = Object.keys(states) as Phase[];
const types = Object.keys(events) as RolloutEventType[];

describe('every phase meets every event', () => {
  test.each(phases.flatMap((phase) => types.map((type) => [phase, type] as const)))('%s + %s', (phase, type) => {
    const next = expected[phase][type];
    if (next !== undefined) {
      expect(advance(plan, states[phase], events[type]).phase).toBe(next);
      expect(acceptedEvents(phase)).toContain(type);
      return;
    }
    const name = isOver(states[phase]) ? 'RolloutIsOver' : 'IllegalTransition';
    expect(() => advance(plan, states[phase], events[type])).toThrow(
      expect.objectContaining({ name, retryable: false }),
    );
    expect(acceptedEvents(phase)).not.toContain(type);
  });

  it('an event without a time is refused', () => {
    expect(() => advance(plan, planned(0), { type: 'START', atMs: NaN })).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });
});

describe('stories', () => {
  const play = (...sequence: RolloutEventType[]): RolloutState =>
    sequence.reduce<RolloutState>((state, type) => advance(plan, state, events[type]), planned(0));
  const toFirstShare: RolloutEventType[] = ['START', 'SETTLED', 'SMOKE_PASSED'];

  it('a promotion passes every step, then all traffic, then the bake', () => {
    const state = play(...toFirstShare, 'SETTLED', 'ADVANCE', 'SETTLED', 'ADVANCE', 'SETTLED', 'ADVANCE');
    expect(state).toEqual({ phase: 'PROMOTED', sinceMs: 5 });
  });

  it('the second step has the second share', () => {
    expect(play(...toFirstShare, 'SETTLED', 'ADVANCE')).toEqual({
      phase: 'SHIFTING',
      sinceMs: 5,
      stepIndex: 1,
      sharePercent: 50,
    });
  });

  it('an abort while the endpoint is changing, and a second one, end rolled back with the first cause', () => {
    const rollingBack = advance(plan, play(...toFirstShare), { type: 'ROLL_BACK', atMs: 3, cause: first });
    const again = advance(plan, rollingBack, events.ROLL_BACK);
    expect(again).toEqual({ phase: 'ROLLING_BACK', sinceMs: 3, cause: first });
    expect(advance(plan, again, events.RESTORED)).toEqual({ phase: 'ROLLED_BACK', sinceMs: 5, cause: first });
  });

  it('a way back that cannot be confirmed says so', () => {
    expect(play('START', 'NOT_SETTLED', 'RESTORE_FAILED')).toMatchObject({
      phase: 'FAILED_SAFE',
      cause,
      problem: 'endpoint failed',
    });
  });
});

describe('weights', () => {
  test.each<[Phase, { blue: number; green: number } | undefined]>([
    ['PLANNED', undefined],
    ['PROVISIONING', { blue: 0, green: 100 }],
    ['SMOKE_TESTING', { blue: 0, green: 100 }],
    ['SHIFTING', { blue: 5, green: 95 }],
    ['WATCHING', { blue: 5, green: 95 }],
    ['SHIFTING_ALL', { blue: 100, green: 0 }],
    ['BAKING', { blue: 100, green: 0 }],
    ['ROLLING_BACK', { blue: 0, green: 100 }],
    ['PROMOTED', { blue: 100, green: 0 }],
    ['ROLLED_BACK', { blue: 0, green: 100 }],
    ['REFUSED', undefined],
    ['FAILED_SAFE', undefined],
  ])('%s asks for %j', (phase, weights) => {
    expect(intendedWeights(plan, states[phase])).toEqual(weights);
  });

  it('the challenger takes the free colour', () => {
    expect(challengerColour(plan)).toBe('blue');
    expect(challengerColour({ ...plan, championColour: 'blue' })).toBe('green');
  });
});

it('in any legal sequence shares rise by declared steps only, and 100 % comes after all of them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 30 }), (choices) => {
      let state = planned(0);
      const shares: number[] = [];
      for (const choice of choices) {
        const accepted = acceptedEvents(state.phase);
        if (accepted.length === 0) break;
        state = advance(plan, state, events[accepted[choice % accepted.length]!]);
        const share = intendedWeights(plan, state)?.blue ?? 0;
        if (share > 0 && share !== shares.at(-1)) shares.push(share);
      }
      expect([5, 50, 100].slice(0, shares.length)).toEqual(shares);
    }),
  );
});
