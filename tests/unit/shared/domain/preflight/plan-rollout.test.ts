/** Goal: the forecast is the judge's own behaviour, refuses what cannot be decided, and says what it would need. */
import { describe, expect, it, test } from '@jest/globals';
import { planRollout } from '../../../../../shared/domain/preflight/plan-rollout.ts';
import { rolloutSimulator } from '../../../../../shared/domain/preflight/simulate-rollout.ts';
import { judge } from '../../../../../shared/domain/judge/judge.ts';
import { arm, evidence, minutes, policy } from '../judge/builders.ts';
import { seededRandom } from '../../../../../shared/domain/statistics/random-variates.ts';

const badShares = { errors5xx: 0.01, errors4xx: 0.01, latency: 0.01 };
const forecast = (requestsPerMinute: number, shares: Partial<typeof badShares> = badShares) =>
  planRollout(policy, { requestsPerMinute, badShares: shares }, seededRandom(9));

describe('forecast', () => {
  it('says GO where traffic is plenty, with its times', () => {
    const found = forecast(2000);
    expect(found).toMatchObject({ decision: 'GO', neededRequestsPerMinute: null, capMinutes: 100 });
    expect(found.promotedShare).toBeGreaterThan(0.9);
    expect(found.falseRollbackShare).toBeLessThan(0.05);
    expect(found.minutesToPromotion).toBe(found.minutesTo100Percent! + policy.bakeMinutes);
    const [twice, fivefold] = found.detections;
    expect([twice!.ratio, fivefold!.ratio]).toEqual([2, 5]);
    expect(fivefold!.caughtShare).toBe(1);
    expect(fivefold!.minutes).toBeLessThan(twice!.minutes!);
  });

  it('refuses thin traffic, and at the traffic it names it would not', () => {
    const refused = forecast(40);
    expect(refused.decision).toBe('REFUSE');
    expect(refused.undecidedShare).toBeGreaterThan(0.2);
    const needed = refused.neededRequestsPerMinute!;
    expect(needed).toBeGreaterThan(40);
    expect(forecast(needed * 1.1).undecidedShare).toBeLessThanOrEqual(0.2);
    expect(forecast(needed * 0.6).decision).toBe('REFUSE');
  });

  it('no traffic is refused: nothing is ever promoted without evidence', () => {
    const found = forecast(0);
    expect(found).toMatchObject({ decision: 'REFUSE', undecidedShare: 1, promotedShare: 0, minutesTo100Percent: null });
    expect(found.detections.map((detection) => detection.minutes)).toEqual([null, null]);
    expect(found.neededRequestsPerMinute).toBeGreaterThan(0);
  });

  it('a champion that never fails is measured against the limit of the catalog', () => {
    const found = forecast(400, {});
    expect(found.decision).toBe('GO');
    expect(found.detections[0]).toMatchObject({ guardrail: 'errors5xx', baseShare: 0.01 });
  });

  it('the same random numbers give the same forecast, and it survives JSON', () => {
    const found = forecast(300);
    expect(forecast(300)).toEqual(found);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test.each([
    ['traffic.requestsPerMinute', NaN, 0.01],
    ['traffic.requestsPerMinute', -1, 0.01],
    ['traffic.requestsPerMinute', Infinity, 0.01],
    ['traffic.badShares.errors5xx', 100, NaN],
    ['traffic.badShares.errors5xx', 100, 1],
    ['traffic.badShares.errors5xx', 100, -0.1],
  ])('%s: requests %d, share %d is refused by name', (path, requestsPerMinute, errors5xx) => {
    expect(() => planRollout(policy, { requestsPerMinute, badShares: { errors5xx } }, seededRandom(1))).toThrow(
      expect.objectContaining({ name: 'InvalidInput', path }),
    );
  });
});

describe('simulated rollout', () => {
  it('decides as the judge does on the same minutes: a certain failure is rolled back in the same minute', () => {
    const world = { requestsPerMinute: 1000, badShares: { errors5xx: 0.5 }, ratio: () => 2 };
    const rollout = rolloutSimulator(policy, world, { evidence: 'before-100-percent' })(seededRandom(4));
    const first = minutes(1, arm(50, { errors5xx: 50 }), arm(950, { errors5xx: 475 }));
    expect(judge(policy, evidence(first)).decision).toBe('ROLLBACK');
    expect(rollout).toMatchObject({ outcome: 'rolled-back', minutes: 1 });
  });

  it('asks each step for requests of its own', () => {
    const patient = {
      ...policy,
      steps: [49, 50].map((sharePercent) => ({ sharePercent, minutes: 10 })),
      minRequests: 10_000,
    };
    const world = { requestsPerMinute: 1000, badShares: {}, ratio: () => 1 };
    const rollout = rolloutSimulator(patient, world, { evidence: 'before-100-percent' })(seededRandom(4));
    // About 490 a minute: 10 000 requests take 20 to 22 minutes, twice.
    expect(rollout.outcome).toBe('promoted');
    expect(rollout.minutes).toBeGreaterThanOrEqual(39);
    expect(rollout.minutes).toBeLessThanOrEqual(43);
  });

  it('is undecided exactly at the cap when nobody calls', () => {
    const world = { requestsPerMinute: 0, badShares: {}, ratio: () => 1 };
    const rollout = rolloutSimulator(policy, world, { evidence: 'before-100-percent' })(seededRandom(4));
    // The first step already lacks data: its own 10 minutes and the hold of 60.
    expect(rollout).toEqual({ outcome: 'undecided', minutes: 70, failedByChallenger: 0 });
  });
});
