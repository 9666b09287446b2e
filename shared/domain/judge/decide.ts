import { recordedE } from '../statistics/e-values.ts';
import type { GuardrailLogs, Thresholds } from './tally.ts';
import { type Decision, type GuardrailName, type HardLimitBreach, type Reason } from './verdict.ts';

// Taken once: a look-up through the global object is slow in a sandbox, and simulations come here often.
const { log } = Math;

/** Share of a phase's minutes in which the needed arms must have had requests. */
export const neededCoverage = 0.8;

/** One look, reduced to what decides it. */
export interface LookFacts {
  readonly breaches: readonly HardLimitBreach[];
  readonly guardrails: readonly (GuardrailLogs & { readonly name: GuardrailName })[];
  readonly thresholds: Thresholds;
  /** True where the next stop is 100 %: time alone is not enough there. */
  readonly needsEvidence: boolean;
  readonly elapsedMinutes: number;
  readonly neededMinutes: number;
  readonly coveredMinutes: number;
  /** Which arm had no usable request in the whole phase. */
  readonly silentArm: 'challenger' | 'champion' | 'both' | undefined;
  readonly requests: number;
  readonly neededRequests: number;
  readonly holdMinutesMax: number;
}

export interface Outcome {
  readonly decision: Decision;
  readonly reasons: readonly Reason[];
}

/**
 * The three-way rule. Harm is looked at first, so that ROLLBACK wins when both directions cross in the same look. An
 * ADVANCE needs everything at once; what lacks is listed, and a hold that runs out with something lacking rolls back.
 */
export function decide(facts: LookFacts): Outcome {
  const harm = harmReasons(facts);
  if (harm.length > 0) return { decision: 'ROLLBACK', reasons: harm };
  const lacking = lackingReasons(facts);
  if (lacking.length === 0) return { decision: 'ADVANCE', reasons: advanceReasons(facts) };
  const heldMinutes = facts.elapsedMinutes - facts.neededMinutes;
  if (heldMinutes >= facts.holdMinutesMax) {
    const { holdMinutesMax } = facts;
    return {
      decision: 'ROLLBACK',
      reasons: [{ code: 'INCONCLUSIVE_TIMEOUT', heldMinutes, holdMinutesMax }, ...lacking],
    };
  }
  return { decision: 'INCONCLUSIVE', reasons: lacking };
}

function harmReasons(facts: LookFacts): Reason[] {
  const reasons: Reason[] = facts.breaches.map((breach) => ({ code: 'HARD_LIMIT_BROKEN', breach }));
  const threshold = facts.thresholds.rollback;
  const logThreshold = log(threshold);
  for (const guardrail of facts.guardrails) {
    if (guardrail.rollback < logThreshold) continue;
    reasons.push({
      code: 'HARM_PROVEN',
      guardrail: guardrail.name,
      eValue: recordedE(guardrail.rollback),
      threshold: recordedE(logThreshold),
    });
  }
  return reasons;
}

function lackingReasons(facts: LookFacts): Reason[] {
  const reasons: Reason[] = [];
  const { elapsedMinutes, neededMinutes, coveredMinutes, requests, neededRequests } = facts;
  if (coveredMinutes === 0) reasons.push({ code: 'NO_DATA', arm: facts.silentArm ?? 'both' });
  if (elapsedMinutes < neededMinutes) reasons.push({ code: 'TIME_NOT_OVER', elapsedMinutes, neededMinutes });
  const coverage = coverageOf(facts);
  // The tolerance keeps 8 of 10 minutes at 80 %, whatever the division rounds to.
  if (coveredMinutes > 0 && coverage < neededCoverage - 1e-9) {
    reasons.push({ code: 'MINUTES_MISSING', coverage, neededCoverage });
  }
  if (requests < neededRequests) reasons.push({ code: 'TOO_FEW_REQUESTS', requests, neededRequests });
  if (!facts.needsEvidence) return reasons;
  const logThreshold = log(facts.thresholds.promote);
  for (const guardrail of facts.guardrails) {
    const best = bestRoute(guardrail);
    if (best.log >= logThreshold) continue;
    reasons.push({
      code: 'NOT_YET_NON_INFERIOR',
      guardrail: guardrail.name,
      eValue: recordedE(best.log),
      threshold: recordedE(logThreshold),
    });
  }
  return reasons;
}

function advanceReasons(facts: LookFacts): Reason[] {
  if (!facts.needsEvidence) return [{ code: 'NOTHING_AGAINST_IT', minutes: facts.elapsedMinutes }];
  const threshold = recordedE(log(facts.thresholds.promote));
  return facts.guardrails.map((guardrail) => {
    const best = bestRoute(guardrail);
    return {
      code: 'NON_INFERIOR',
      guardrail: guardrail.name,
      route: best.route,
      eValue: recordedE(best.log),
      threshold,
    };
  });
}

/** The stronger of the two roads to promotion. */
function bestRoute(guardrail: GuardrailLogs): { route: 'ratio' | 'bernoulli'; log: number } {
  const ratio = guardrail.promoteRatio ?? -Infinity;
  const bernoulli = guardrail.promoteBernoulli ?? -Infinity;
  return ratio >= bernoulli ? { route: 'ratio', log: ratio } : { route: 'bernoulli', log: bernoulli };
}

/** Covered minutes as a share of the elapsed ones; 0 before the first minute. */
export function coverageOf(facts: Pick<LookFacts, 'coveredMinutes' | 'elapsedMinutes'>): number {
  return facts.elapsedMinutes === 0 ? 0 : facts.coveredMinutes / facts.elapsedMinutes;
}
