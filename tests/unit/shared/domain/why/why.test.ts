/** Goal: the page says what happened, since when, what decided and what to do; and no text from outside takes it over. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { pairedAccuracyTest } from '../../../../../shared/domain/accuracy/paired-test.ts';
import { judge, type Reason, type ReasonCode } from '../../../../../shared/domain/judge/judge.ts';
import { planRollout } from '../../../../../shared/domain/preflight/plan-rollout.ts';
import { seededRandom } from '../../../../../shared/domain/statistics/random-variates.ts';
import { escapeMarkdown } from '../../../../../shared/domain/why/escape.ts';
import { reasonSentence, type WhyInput, whyPage } from '../../../../../shared/domain/why/why.ts';
import { arm, evidence, minutes, policy, start } from '../judge/builders.ts';

const startedAtMs = start * 60_000;
const verdict = judge(policy, evidence(minutes(3, arm(100, { errors5xx: 8 }), arm(900, { errors5xx: 9 }))));
const input: WhyInput = {
  model: 'demand-forecast',
  rolloutId: 'rollout-1',
  endpoint: 'dev-demand-forecast',
  championVersion: 'package/7',
  challengerVersion: 'package/8',
  outcome: 'ROLLED_BACK',
  reason: 'harm is proven',
  startedAtMs,
  endedAtMs: startedAtMs + 600_000,
  firstBadAtMs: startedAtMs + 60_000,
  looks: 3,
  lastLook: { look: 3, atMs: startedAtMs + 300_000, verdict },
  timeline: [{ atMs: startedAtMs, what: 'asked for weights blue 95, green 5' }],
};

describe('page', () => {
  it('tells what happened, since when, what decided, the numbers with thresholds, and what to do', () => {
    const page = whyPage(input);
    expect(page).toContain('# Why: demand-forecast rolled back');
    expect(page).toContain('the champion has all the traffic');
    expect(page).toContain('First bad minute: 2025-02-19T21:21:00Z');
    expect(page).toMatch(/errors5xx: harm is proven, E = \S+, at least 60 was needed/);
    expect(page).toMatch(/\| errors5xx \| 24 \/ 300 \| 27 \/ 2700 \| \S+ \(60\) \|/);
    expect(page).toContain('concurrent control');
    expect(page).toContain('## What to do next');
    expect(page).toContain('asked for weights blue 95, green 5');
  });

  it('is the same text for the same record, and ends in one line break', () => {
    expect(whyPage(input)).toBe(whyPage({ ...input }));
    expect(whyPage(input)).toMatch(/[^\n]\n$/);
  });

  test.each([
    ['PROMOTED', 'is the champion now'],
    ['REFUSED', 'before it got any traffic'],
    ['FAILED_SAFE', 'a human must look'],
    ['UNDER_WAY', 'under way'],
  ] as const)('%s', (outcome, text) => {
    const { lastLook: _, ...early } = input;
    expect(whyPage({ ...early, outcome, endedAtMs: null, championVersion: null })).toContain(text);
  });

  it('a time-out is told apart from harm', () => {
    const silent = judge(policy, evidence([], { readableUntilMinute: start + 70 }));
    const page = whyPage({ ...input, lastLook: { look: 70, atMs: startedAtMs, verdict: silent } });
    expect(page).toContain('Nothing was proven against the challenger');
    expect(page).toContain('undecided after 60 minutes of holding');
  });

  it('shows the stop, the accuracy test and the forecast where there are any', () => {
    const accuracy = pairedAccuracyTest(policy.accuracy, []);
    const forecast = planRollout(policy, { requestsPerMinute: 2000, badShares: {} }, seededRandom(1));
    const stop = { kind: 'ALARM', detail: 'too many errors', by: 'alarm-1', atMs: startedAtMs };
    const page = whyPage({ ...input, accuracy, forecast, stop });
    expect(page).toContain('ALARM by alarm-1: too many errors');
    expect(page).toContain('**INCONCLUSIVE**: undecided: fewer than 100 distinct labelled rows');
    expect(page).toContain('At 2000 requests a minute');
  });

  it('shows the newest entries of a long timeline', () => {
    const timeline = Array.from({ length: 100 }, (_, index) => ({ atMs: startedAtMs, what: `entry ${index}` }));
    const page = whyPage({ ...input, timeline });
    expect(page).toContain('(60 earlier entries are in the record)');
    expect(page).not.toContain('entry 59\n');
    expect(page).toContain('entry 99');
  });
});

it('every reason has a sentence', () => {
  const breach = { limit: 'errors5xxShare', threshold: 0.2, worst: 0.5, minutes: [start], requests: 40 } as const;
  const reasons: { readonly [C in ReasonCode]: Extract<Reason, { code: C }> } = {
    HARM_PROVEN: { code: 'HARM_PROVEN', guardrail: 'latency', eValue: 61, threshold: 60 },
    HARD_LIMIT_BROKEN: { code: 'HARD_LIMIT_BROKEN', breach },
    INCONCLUSIVE_TIMEOUT: { code: 'INCONCLUSIVE_TIMEOUT', heldMinutes: 60, holdMinutesMax: 60 },
    NOTHING_AGAINST_IT: { code: 'NOTHING_AGAINST_IT', minutes: 10 },
    NON_INFERIOR: { code: 'NON_INFERIOR', guardrail: 'latency', route: 'ratio', eValue: 61, threshold: 60 },
    NO_DATA: { code: 'NO_DATA', arm: 'both' },
    TIME_NOT_OVER: { code: 'TIME_NOT_OVER', elapsedMinutes: 3, neededMinutes: 10 },
    MINUTES_MISSING: { code: 'MINUTES_MISSING', coverage: 0.7, neededCoverage: 0.8 },
    TOO_FEW_REQUESTS: { code: 'TOO_FEW_REQUESTS', requests: 3, neededRequests: 50 },
    NOT_YET_NON_INFERIOR: { code: 'NOT_YET_NON_INFERIOR', guardrail: 'latency', eValue: 3, threshold: 60 },
  };
  const sentences = Object.values(reasons).map(reasonSentence);
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences.every((sentence) => sentence.length > 20 && !sentence.includes('undefined'))).toBe(true);
});

describe('untrusted text', () => {
  const evil =
    '# Promoted\n\n| a | b |\n![x](https://evil.example/x) <script>alert(1)</script> `code` @here \u202Eabc\u0007';

  it('stays on its line, without marks, links, HTML or mentions', () => {
    const page = whyPage({
      ...input,
      model: evil,
      reason: evil,
      challengerVersion: evil,
      timeline: [{ atMs: startedAtMs, what: evil }],
    });
    expect(page.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('](');
    expect(page).not.toContain('https://');
    expect(page).not.toContain('@here');
    expect(page).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  it('of any kind becomes one line of bounded length that opens no mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/[\n\r<>]/);
        expect(escaped).not.toMatch(/^[-=#]/);
        expect(escaped.replace(/\\[^]/g, '')).not.toMatch(/[`*_[\]|~]/);
        expect(escaped.length).toBeLessThan(5000);
      }),
    );
  });
});
