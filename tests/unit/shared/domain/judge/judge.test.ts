/**
 * Goal: one look gives the right one of three verdicts, and no data is never a pass or a failure. Method: a table of
 * unusable inputs, one test per rule of the steps and of the bake, and properties over arbitrary minutes.
 */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ChampionHistory,
  type EvidenceMinute,
  judge,
  type JudgedPhase,
  type ReasonCode,
  type Verdict,
} from '../../../../../shared/domain/judge/judge.ts';
import { arm, evidence, minutes, policy, start } from './builders.ts';

const codes = (verdict: Verdict): ReasonCode[] => verdict.reasons.map((reason) => reason.code);

/** Traffic of the last step with enough clean requests for every guardrail's promotion. */
const clean = minutes(10, arm(1000), arm(1000));
const lastStep = { stepIndex: 3 };

describe('no data', () => {
  const unusable: [string, EvidenceMinute[]][] = [
    ['no minutes at all', []],
    ['both arms missing', minutes(10, undefined, undefined)],
    ['null arms', [{ minute: start, challenger: null, champion: null }]],
    ['zero requests', minutes(10, arm(0), arm(0))],
    ['NaN requests', minutes(10, arm(NaN), arm(NaN))],
    ['negative requests', minutes(10, arm(-100), arm(-100))],
    ['infinite requests', minutes(10, arm(Infinity), arm(Infinity))],
    ['NaN errors', minutes(10, arm(1000, { errors5xx: NaN }), arm(1000, { errors5xx: NaN }))],
    ['negative errors', minutes(10, arm(1000, { errors4xx: -1 }), arm(1000, { slow: -1 }))],
    ['more errors than requests', minutes(10, arm(10, { slow: 11 }), arm(10, { errors5xx: 11 }))],
    ['minutes of the time before the rollout', minutes(10, arm(1000), arm(1000), start - 10)],
    ['minutes that are no numbers', [{ minute: NaN, challenger: arm(1000), champion: arm(1000) }]],
  ];

  test.each(unusable)('%s: INCONCLUSIVE with NO_DATA, at every step', (_, readings) => {
    for (const stepIndex of [0, 3]) {
      const verdict = judge(policy, evidence(readings, { stepIndex, readableUntilMinute: start + 10 }));
      expect(verdict.decision).toBe('INCONCLUSIVE');
      expect(codes(verdict)).toContain('NO_DATA');
    }
  });

  test.each(unusable)('%s: the bake is INCONCLUSIVE with NO_DATA', (_, readings) => {
    const phase: JudgedPhase = { kind: 'bake', startMinute: start };
    const verdict = judge(policy, evidence(readings, { phase, readableUntilMinute: start + 30 }));
    expect(verdict.decision).toBe('INCONCLUSIVE');
    expect(codes(verdict)).toContain('NO_DATA');
  });

  it('names the silent arm', () => {
    const reasons = (readings: EvidenceMinute[]) => judge(policy, evidence(readings)).reasons;
    expect(reasons(minutes(10, undefined, arm(900)))).toContainEqual({ code: 'NO_DATA', arm: 'challenger' });
    expect(reasons(minutes(10, arm(100), arm(0)))).toContainEqual({ code: 'NO_DATA', arm: 'champion' });
    expect(reasons(minutes(10, arm(NaN), arm(0)))).toContainEqual({ code: 'NO_DATA', arm: 'both' });
  });

  it('minutes that are not yet readable are not looked at', () => {
    const bad = minutes(10, arm(1000, { errors5xx: 900 }), arm(1000));
    expect(judge(policy, evidence(bad, { readableUntilMinute: start })).decision).toBe('INCONCLUSIVE');
    expect(judge(policy, evidence(bad)).decision).toBe('ROLLBACK');
  });

  it('an unusable arm is left out, counted, and does not spoil its minute', () => {
    const readings = [...minutes(1, arm(100), arm(NaN)), ...minutes(9, arm(100), arm(900), start + 1)];
    const verdict = judge(policy, evidence(readings));
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.evidence).toMatchObject({ unusableMinutes: 1, coveredMinutes: 9, requests: 1000 });
  });

  it('a phase that makes no sense is an error, not a verdict', () => {
    const invalid = expect.objectContaining({ name: 'InvalidInput' });
    expect(() => judge(policy, evidence([], { stepIndex: 4 }))).toThrow(invalid);
    expect(() => judge(policy, evidence([], { readableUntilMinute: NaN }))).toThrow(invalid);
    expect(() => judge({ ...policy, guardrails: {} }, evidence([]))).toThrow(invalid);
  });
});

describe('a step below the last', () => {
  it('advances when its time is over and nothing speaks against it', () => {
    const verdict = judge(policy, evidence(minutes(10, arm(10, { errors5xx: 1 }), arm(190, { errors5xx: 19 }))));
    expect(verdict).toMatchObject({ decision: 'ADVANCE', reasons: [{ code: 'NOTHING_AGAINST_IT', minutes: 10 }] });
  });

  it('waits for its time', () => {
    const verdict = judge(policy, evidence(minutes(9, arm(1000), arm(9000))));
    expect(verdict.decision).toBe('INCONCLUSIVE');
    expect(verdict.reasons).toEqual([{ code: 'TIME_NOT_OVER', elapsedMinutes: 9, neededMinutes: 10 }]);
  });

  test.each([
    [8, 'ADVANCE'],
    [7, 'INCONCLUSIVE'],
  ])('with metrics in %d of its 10 minutes: %s', (covered, decision) => {
    const readings = minutes(covered, arm(100), arm(900));
    const verdict = judge(policy, evidence(readings, { readableUntilMinute: start + 10 }));
    expect(verdict.decision).toBe(decision);
    expect(codes(verdict)).toEqual([decision === 'ADVANCE' ? 'NOTHING_AGAINST_IT' : 'MINUTES_MISSING']);
  });

  test.each([
    [5, 'ADVANCE'],
    [4, 'INCONCLUSIVE'],
  ])('with %d requests a minute (50 are needed): %s', (requests, decision) => {
    const verdict = judge(policy, evidence(minutes(10, arm(requests), arm(900))));
    expect(verdict.decision).toBe(decision);
    expect(verdict.evidence.requests).toBe(requests * 10);
    if (decision === 'INCONCLUSIVE') expect(codes(verdict)).toEqual(['TOO_FEW_REQUESTS']);
  });

  it('counts requests and minutes of the step alone, evidence of the whole rollout', () => {
    const before = minutes(10, arm(100, { errors5xx: 2 }), arm(900));
    const phase: JudgedPhase = { kind: 'step', stepIndex: 1, startMinute: start + 10 };
    const verdict = judge(policy, evidence([...before, ...minutes(5, arm(200), arm(800), start + 10)], { phase }));
    expect(verdict.evidence).toMatchObject({ requests: 1000, coveredMinutes: 5, elapsedMinutes: 5, sharePercent: 10 });
    expect(verdict.evidence.guardrails[0]).toMatchObject({ challengerBad: 20, challengerRequests: 2000 });
    expect(verdict.decision).toBe('ROLLBACK');
  });

  it('does not take in what another version did under the same variant name before the rollout', () => {
    const stranger = minutes(30, arm(100, { errors5xx: 90 }), arm(900), start - 30);
    const verdict = judge(policy, evidence([...stranger, ...minutes(10, arm(100), arm(900))]));
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.evidence.guardrails[0]).toMatchObject({ challengerBad: 0, challengerRequests: 1000 });
  });

  it('holds, and when the hold is used up rolls back with INCONCLUSIVE_TIMEOUT and what was lacking', () => {
    const readings = minutes(70, arm(0), arm(900));
    const held = judge(policy, evidence(readings, { readableUntilMinute: start + 69 }));
    expect(held.decision).toBe('INCONCLUSIVE');
    const over = judge(policy, evidence(readings));
    expect(over.decision).toBe('ROLLBACK');
    expect(over.reasons[0]).toEqual({ code: 'INCONCLUSIVE_TIMEOUT', heldMinutes: 60, holdMinutesMax: 60 });
    expect(codes(over)).toContain('NO_DATA');
  });
});

describe('harm', () => {
  it('is proven against the champion in the same minutes, per guardrail, at 1 / (alpha / 3)', () => {
    const bad = { errors5xx: 'errors5xx', errors4xx: 'errors4xx', latency: 'slow' } as const;
    for (const [guardrail, field] of Object.entries(bad)) {
      const verdict = judge(policy, evidence(minutes(3, arm(100, { [field]: 8 }), arm(900, { [field]: 9 }))));
      expect(verdict).toMatchObject({
        decision: 'ROLLBACK',
        reasons: [{ code: 'HARM_PROVEN', guardrail, threshold: 60 }],
      });
      expect(codes(verdict)).toHaveLength(1);
    }
  });

  it('needs a threefold E with three guardrails', () => {
    const readings = [
      ...minutes(3, arm(100, { errors5xx: 1 }), arm(900)),
      ...minutes(1, arm(100), arm(900, { errors5xx: 1 }), start + 3),
    ];
    const three = judge(policy, evidence(readings));
    const one = judge({ ...policy, guardrails: { errors5xx: { limitShare: 0.01 } } }, evidence(readings));
    const [row, alone] = [three.evidence.guardrails[0]!, one.evidence.guardrails[0]!];
    expect(row.rollbackE).toBe(alone.rollbackE);
    expect(row.rollbackE).toBeGreaterThan(20);
    expect(row.rollbackE).toBeLessThan(60);
    expect(alone).toMatchObject({ rollbackThreshold: 20, promoteThreshold: 20 });
    expect(row).toMatchObject({ rollbackThreshold: 60, promoteThreshold: 60 });
    expect([one.decision, three.decision]).toEqual(['ROLLBACK', 'INCONCLUSIVE']);
  });

  it('of a champion as bad is no harm: a broken fleet does not block its own cure', () => {
    const readings = minutes(10, arm(100, { errors4xx: 30 }), arm(900, { errors4xx: 270 }));
    expect(judge(policy, evidence(readings)).decision).toBe('ADVANCE');
  });

  it('wins when harm and non-inferiority cross in the same look', () => {
    // Many clean minutes prove the Bernoulli route; a late burst against a spotless champion proves harm.
    const readings = [...clean, ...minutes(1, arm(1000, { errors5xx: 12 }), arm(1000), start + 10)];
    const verdict = judge(policy, evidence(readings, lastStep));
    const row = verdict.evidence.guardrails[0]!;
    expect(Math.max(row.promoteRatioE!, row.promoteBernoulliE!)).toBeGreaterThan(row.promoteThreshold);
    expect(row.rollbackE).toBeGreaterThan(row.rollbackThreshold);
    expect(verdict.decision).toBe('ROLLBACK');
  });
});

describe('hard limits', () => {
  const errors = (invocations: number, errors5xx: number) => arm(invocations, { errors5xx });
  const badFleet = (invocations: number, errors5xx: number) => arm(invocations, { errors5xx });
  // The champion is as bad, so that only the absolute limit can decide.
  const look = (...shares: [number, number][]) =>
    judge(
      policy,
      evidence(
        shares.map(([n, k], index) => ({ minute: start + index, challenger: errors(n, k), champion: badFleet(n, k) })),
      ),
    );

  it('roll back after m of k minutes, with the minutes that did it', () => {
    const verdict = look([100, 30], [100, 25], [100, 21]);
    expect(verdict.decision).toBe('ROLLBACK');
    expect(verdict.reasons[0]).toEqual({
      code: 'HARD_LIMIT_BROKEN',
      breach: {
        limit: 'errors5xxShare',
        threshold: 0.2,
        worst: 0.3,
        minutes: [start, start + 1, start + 2],
        requests: 300,
      },
    });
  });

  it('are kept at the limit, in fewer minutes, with a good minute in between, and below the evidence floor', () => {
    expect(look([100, 20], [100, 20], [100, 20]).decision).toBe('INCONCLUSIVE');
    expect(look([100, 90], [100, 90]).decision).toBe('INCONCLUSIVE');
    expect(look([100, 90], [100, 0], [100, 90], [100, 90]).decision).toBe('INCONCLUSIVE');
    expect(look([6, 6], [6, 6], [6, 6]).decision).toBe('INCONCLUSIVE');
    expect(look([7, 7], [7, 7], [7, 7]).decision).toBe('ROLLBACK');
  });

  it('are not forgotten by a later look', () => {
    expect(look([100, 30], [100, 30], [100, 30], [100, 0], [100, 0]).decision).toBe('ROLLBACK');
  });

  it('hold for p99 latency too, and an unknown p99 never breaks them', () => {
    const slow = (p99LatencyMs: number | undefined) =>
      judge(policy, evidence(minutes(3, arm(100, { p99LatencyMs }), arm(900)))).decision;
    expect(slow(1001)).toBe('ROLLBACK');
    expect(slow(1000)).toBe('INCONCLUSIVE');
    expect(slow(undefined)).toBe('INCONCLUSIVE');
    expect(slow(NaN)).toBe('INCONCLUSIVE');
  });
});

describe('before 100 %', () => {
  it('time alone is not enough: non-inferiority must be proven for every guardrail', () => {
    const verdict = judge(policy, evidence(minutes(10, arm(10), arm(10)), lastStep));
    expect(verdict.decision).toBe('INCONCLUSIVE');
    expect(codes(verdict)).toEqual(Array(3).fill('NOT_YET_NON_INFERIOR'));
  });

  it('a model that never fails is promoted by the Bernoulli route', () => {
    const verdict = judge(policy, evidence(clean, lastStep));
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.reasons).toHaveLength(3);
    expect(verdict.reasons.every((reason) => reason.code === 'NON_INFERIOR' && reason.route === 'bernoulli')).toBe(
      true,
    );
  });

  it('a model that fails as often as its champion, above the limit, is promoted by the ratio route', () => {
    const bad = { errors5xx: 40, errors4xx: 40, slow: 40 };
    const verdict = judge(policy, evidence(minutes(10, arm(1000, bad), arm(1000, bad)), lastStep));
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.reasons.every((reason) => reason.code === 'NON_INFERIOR' && reason.route === 'ratio')).toBe(true);
  });

  it('one unproven guardrail holds all back, then the cap rolls back', () => {
    // Every tenth request of both arms fails: too few to exclude a ratio of 1.5 within 70 minutes.
    const bad = { errors5xx: 1 };
    const readings = minutes(70, arm(10, bad), arm(10, bad));
    const held = judge(policy, evidence(readings.slice(0, 69), lastStep));
    expect(held.decision).toBe('INCONCLUSIVE');
    const capped = judge(policy, evidence(readings, lastStep));
    expect(capped.decision).toBe('ROLLBACK');
    expect(codes(capped)).toEqual(['INCONCLUSIVE_TIMEOUT', 'NOT_YET_NON_INFERIOR']);
    expect(capped.reasons[1]).toMatchObject({ guardrail: 'errors5xx', threshold: 60 });
  });
});

describe('the bake after 100 %', () => {
  const history: ChampionHistory = { invocations: 100_000, errors5xx: 500, errors4xx: 100, slow: 1000 };
  const bake = (readings: EvidenceMinute[], past: ChampionHistory | null | undefined, until = start + 30) =>
    judge(
      policy,
      evidence(readings, { phase: { kind: 'bake', startMinute: start, history: past }, readableUntilMinute: until }),
    );

  it('ends when its time is over and nothing speaks against it; the evidence names the historical control', () => {
    const verdict = bake(minutes(30, arm(200, { errors5xx: 1 }), undefined), history);
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.evidence).toMatchObject({ phase: 'bake', stepIndex: null, sharePercent: 100 });
    expect(verdict.evidence.note).toContain('historical control');
    expect(verdict.evidence.guardrails.map((row) => row.control)).toEqual(Array(3).fill('historical'));
    // Clopper-Pearson, 500 of 100 000, one-sided 95 %: SciPy's beta quantile.
    expect(verdict.evidence.guardrails[0]!.limitShare).toBeCloseTo(0.00538273, 8);
    expect(verdict.evidence.guardrails[0]).toMatchObject({ promoteRatioE: null, promoteBernoulliE: null });
  });

  it("rolls back a rate above the champion's past", () => {
    const verdict = bake(minutes(12, arm(200, { errors5xx: 5 }), undefined), history, start + 12);
    expect(verdict).toMatchObject({ decision: 'ROLLBACK', reasons: [{ code: 'HARM_PROVEN', guardrail: 'errors5xx' }] });
  });

  test.each([
    ['no history', undefined],
    ['null', null],
    ['fewer than 1000 requests', { ...history, invocations: 999, errors5xx: 0, errors4xx: 0, slow: 0 }],
    ['numbers that cannot be true', { ...history, errors5xx: NaN }],
    ['nothing but failures', { invocations: 5000, errors5xx: 5000, errors4xx: 5000, slow: 5000 }],
  ])("%s: the catalog's limit is the control, and the evidence says so", (_, past) => {
    const verdict = bake(minutes(30, arm(200), undefined), past);
    expect(verdict.decision).toBe('ADVANCE');
    expect(verdict.evidence.guardrails.map((row) => [row.control, row.limitShare])).toEqual([
      ['catalog-limit', 0.01],
      ['catalog-limit', 0.02],
      ['catalog-limit', 0.02],
    ]);
    expect(verdict.evidence.note).toContain('catalog limit');
  });

  it('keeps the hard limits, the coverage and the cap', () => {
    const broken = bake(minutes(3, arm(100, { errors5xx: 30 }), undefined), null, start + 3);
    expect(broken.reasons.map((reason) => reason.code)).toContain('HARD_LIMIT_BROKEN');
    expect(codes(bake(minutes(23, arm(200), undefined), history))).toEqual(['MINUTES_MISSING']);
    expect(codes(bake(minutes(23, arm(200), undefined), history, start + 90))[0]).toBe('INCONCLUSIVE_TIMEOUT');
  });

  it('does not take evidence from before 100 % into its own', () => {
    const earlier = minutes(10, arm(100, { errors5xx: 3 }), arm(100, { errors5xx: 3 }));
    const phase: JudgedPhase = { kind: 'bake', startMinute: start + 10, history };
    const readings = [...earlier, ...minutes(30, arm(200), undefined, start + 10)];
    const verdict = judge(policy, evidence(readings, { phase }));
    expect(verdict.evidence.guardrails[0]).toMatchObject({ challengerBad: 0, challengerRequests: 6000 });
    expect(verdict.decision).toBe('ADVANCE');
  });
});

describe('properties', () => {
  const variant = fc
    .record({ invocations: fc.nat(400), errors5xx: fc.nat(9), errors4xx: fc.nat(9), slow: fc.nat(9) })
    .map((sums) => ({
      ...sums,
      errors5xx: Math.min(sums.errors5xx, sums.invocations),
      errors4xx: Math.min(sums.errors4xx, sums.invocations),
      slow: Math.min(sums.slow, sums.invocations),
    }));
  const arms = fc.option(variant, { nil: undefined });
  const readings = fc
    .array(fc.record({ challenger: arms, champion: arms }), { maxLength: 40 })
    .map((list): EvidenceMinute[] => list.map((m, index) => ({ minute: start + index, ...m })));
  const phase: fc.Arbitrary<JudgedPhase> = fc.oneof(
    fc.record({ kind: fc.constant('step' as const), stepIndex: fc.nat(3), startMinute: fc.constant(start) }),
    fc.record({ kind: fc.constant('bake' as const), startMinute: fc.constant(start) }),
  );

  it('the same minutes give the same verdict to the byte, in any order, however often repeated', () => {
    fc.assert(
      fc.property(readings, phase, fc.infiniteStream(fc.nat()), (list, p, picks) => {
        const shuffled = [...list, ...list.filter(() => picks.next().value % 2 === 0)]
          .map((m) => ({ m, key: picks.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ m }) => m);
        const text = (minutesRead: EvidenceMinute[]) =>
          JSON.stringify(judge(policy, evidence(minutesRead, { phase: p, readableUntilMinute: start + 40 })));
        expect(text(shuffled)).toBe(text(list));
      }),
    );
  });

  it('a verdict survives JSON unchanged: no NaN, no Infinity, no undefined', () => {
    fc.assert(
      fc.property(readings, phase, (list, p) => {
        const verdict = judge(policy, evidence(list, { phase: p, readableUntilMinute: start + 40 }));
        expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      }),
    );
  });

  it('nothing advances without covered minutes, time and requests', () => {
    fc.assert(
      fc.property(readings, phase, (list, p) => {
        const { decision, evidence: record } = judge(policy, evidence(list, { phase: p }));
        if (decision !== 'ADVANCE') return;
        expect(record.elapsedMinutes).toBeGreaterThanOrEqual(record.neededMinutes);
        expect(record.coverage).toBeGreaterThanOrEqual(0.8);
        expect(record.requests).toBeGreaterThanOrEqual(policy.minRequests);
      }),
    );
  });

  it('a revised minute replaces its first reading: sums only grow', () => {
    const early = minutes(10, arm(90), arm(800));
    const late = minutes(10, arm(100, { errors5xx: 1 }), arm(900));
    const merged = judge(policy, evidence([...late, ...early]));
    expect(merged).toEqual(judge(policy, evidence(late)));
  });
});
