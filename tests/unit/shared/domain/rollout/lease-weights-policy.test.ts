/** Goal: one writer, absolute weights, no unusable policy. Method: edges of each rule. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  heartbeatTtlMs,
  type Lease,
  mayTakeOver,
  requireCurrentEpoch,
} from '../../../../../shared/domain/rollout/lease.ts';
import {
  formatPolicyProblem,
  plannedMinutes,
  policyProblems,
  type RolloutPolicy,
  undecidedMinutesMax,
} from '../../../../../shared/domain/rollout/policy.ts';
import { championOnly, otherColour, weightsFor } from '../../../../../shared/domain/rollout/weights.ts';
import { policy } from '../judge/builders.ts';

describe('lease', () => {
  const lease: Lease = { owner: 'execution-1', epoch: 4, heartbeatAtMs: 1_000_000 };
  const old = lease.heartbeatAtMs + heartbeatTtlMs;

  test.each([
    ['young heartbeat, running', lease.heartbeatAtMs + 1, true, false],
    ['exactly five minutes', old, true, false],
    ['over five minutes', old + 1, true, true],
    ['young heartbeat, not running', lease.heartbeatAtMs + 1, false, true],
    ['young heartbeat, unknown execution', lease.heartbeatAtMs + 1, undefined, false],
    ['old heartbeat, unknown execution', old + 1, undefined, true],
    ['a heartbeat from the future', lease.heartbeatAtMs - 60_000, true, false],
  ])('%s', (_, nowMs, running, allowed) => {
    expect(mayTakeOver(lease, nowMs, running).allowed).toBe(allowed);
  });

  it('refuses a writer of an older or newer epoch', () => {
    expect(() => requireCurrentEpoch(3, lease)).toThrow(
      expect.objectContaining({ name: 'StaleEpoch', retryable: false }),
    );
    expect(() => requireCurrentEpoch(5, lease)).toThrow(expect.objectContaining({ name: 'StaleEpoch' }));
    expect(requireCurrentEpoch(4, lease)).toBeUndefined();
    expect(() => mayTakeOver({ ...lease, heartbeatAtMs: NaN }, 0, true)).toThrow('lease.heartbeatAtMs is NaN');
  });
});

describe('weights', () => {
  it('are absolute whole per cents for either colour', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('blue' as const, 'green' as const),
        fc.integer({ min: 0, max: 100 }),
        (champion, share) => {
          const weights = weightsFor(champion, share);
          expect(weights[champion]).toBe(100 - share);
          expect(weights[otherColour(champion)]).toBe(share);
        },
      ),
    );
    expect(championOnly('green')).toEqual({ blue: 0, green: 100 });
  });

  test.each([-1, 101, 2.5, NaN])('refuse the share %d', (share) => {
    expect(() => weightsFor('blue', share)).toThrow(
      expect.objectContaining({ name: 'InvalidInput', path: 'sharePercent' }),
    );
  });
});

describe('policy', () => {
  it('sums its minutes', () => {
    expect([plannedMinutes(policy), undecidedMinutesMax(policy)]).toEqual([70, 100]);
    expect(policyProblems(policy)).toEqual([]);
  });

  const { guardrails, hardLimits, accuracy } = policy;
  const wrong: [string, Partial<RolloutPolicy>][] = [
    ['alpha', { alpha: 0 }],
    ['beta', { beta: NaN }],
    ['margin', { margin: 1 }],
    ['steps', { steps: [] }],
    [
      'steps[1].sharePercent',
      {
        steps: [
          { sharePercent: 10, minutes: 5 },
          { sharePercent: 5, minutes: 5 },
        ],
      },
    ],
    [
      'steps[1].sharePercent',
      {
        steps: [
          { sharePercent: 10, minutes: 5 },
          { sharePercent: 10, minutes: 5 },
        ],
      },
    ],
    ['steps[0].sharePercent', { steps: [{ sharePercent: 100, minutes: 5 }] }],
    ['steps[0].sharePercent', { steps: [{ sharePercent: 0, minutes: 5 }] }],
    ['steps[0].sharePercent', { steps: [{ sharePercent: 2.5, minutes: 5 }] }],
    ['steps[0].minutes', { steps: [{ sharePercent: 5, minutes: 0 }] }],
    ['minRequests', { minRequests: 0 }],
    ['holdMinutesMax', { holdMinutesMax: -1 }],
    ['bakeMinutes', { bakeMinutes: 1.5 }],
    ['keepWarmMinutes', { keepWarmMinutes: -60 }],
    ['guardrails.errors5xx.limitShare', { guardrails: { ...guardrails, errors5xx: { limitShare: -0.01 } } }],
    ['guardrails.errors4xx.limitShare', { guardrails: { ...guardrails, errors4xx: { limitShare: 2 } } }],
    ['guardrails.latency.limitShare', { guardrails: { ...guardrails, latency: { limitMs: 5, limitShare: 0 } } }],
    ['guardrails.latency.limitMs', { guardrails: { ...guardrails, latency: { limitMs: 0, limitShare: 0.1 } } }],
    ['hardLimits.errors5xxShare', { hardLimits: { ...hardLimits, errors5xxShare: 20 } }],
    ['hardLimits.p99LatencyMs', { hardLimits: { ...hardLimits, p99LatencyMs: Infinity } }],
    ['hardLimits.breachingMinutes', { hardLimits: { ...hardLimits, breachingMinutes: 4 } }],
    ['hardLimits.outOfMinutes', { hardLimits: { ...hardLimits, breachingMinutes: 1, outOfMinutes: 1.5 } }],
    ['hardLimits.minRequests', { hardLimits: { ...hardLimits, minRequests: 0 } }],
    ['accuracy.marginShare', { accuracy: { ...accuracy, marginShare: 10 } }],
    ['accuracy.minDistinctRows', { accuracy: { ...accuracy, minDistinctRows: 1 } }],
  ];

  test.each(wrong)('%s: refused with path, value and remedy', (path, change) => {
    const problems = policyProblems({ ...policy, ...change });
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(formatPolicyProblem('demand-forecast.rollout', problems[0]!)).toMatch(
      /^demand-forecast\.rollout\.\S+ is .+: .+\. .+\.$/,
    );
  });
});
