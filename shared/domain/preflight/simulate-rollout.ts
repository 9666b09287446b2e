import { logBernoulliE, promoteShares } from '../judge/bernoulli-e-process.ts';
import { decide, type LookFacts } from '../judge/decide.ts';
import { brokenHardLimits, type ChallengerMinute } from '../judge/hard-limits.ts';
import {
  addMinute,
  activeGuardrails,
  type GuardrailTally,
  type JudgePolicy,
  newTally,
  type Tally,
  type Thresholds,
  thresholds,
} from '../judge/tally.ts';
import type { VariantMinute } from '../judge/evidence.ts';
import type { GuardrailName } from '../judge/verdict.ts';
import { logMeanExpUpTo } from '../statistics/e-values.ts';
import { binomial, poissonSampler, type Random } from '../statistics/random-variates.ts';

// Taken once: a look-up through the global object is slow in a sandbox, and simulations come here often.
const { min } = Math;

/** A world in which a rollout is tried out: Poisson traffic, bad requests independent of each other. */
export interface SimulatedWorld {
  /** Requests per minute of both arms together. */
  readonly requestsPerMinute: number;
  /** The champion's bad share per guardrail; a guardrail that is not named never sees a bad request. */
  readonly badShares: Readonly<Partial<Record<GuardrailName, number>>>;
  /** The challenger's bad share as a multiple of the champion's, in the minutes since the rollout's start. */
  readonly ratio: (guardrail: GuardrailName, minute: number) => number;
}

export interface SimulatedRules {
  /** Where non-inferiority must be proven: before 100 % (the product), or at every step (policy studies only). */
  readonly evidence: 'before-100-percent' | 'at-every-step';
  /** Minutes after which the rollout counts as undecided; without it the policy's own hold decides. */
  readonly capMinutes?: number;
}

export interface SimulatedRollout {
  readonly outcome: 'promoted' | 'rolled-back' | 'undecided';
  /** Minutes until 100 %, until the rollback, or until the cap. */
  readonly minutes: number;
  /** Bad requests that the challenger answered. */
  readonly failedByChallenger: number;
}

/** Builds the samplers of a policy and a world once; each call of the result is one rollout up to 100 %. */
export function rolloutSimulator(
  policy: JudgePolicy,
  world: SimulatedWorld,
  rules: SimulatedRules,
): (random: Random) => SimulatedRollout {
  const names = activeGuardrails(policy);
  const limits = thresholds(policy);
  const logThresholds: Thresholds = { rollback: Math.log(limits.rollback), promote: Math.log(limits.promote) };
  const arrivals = policy.steps.map(({ sharePercent }) => ({
    challenger: poissonSampler((world.requestsPerMinute * sharePercent) / 100),
    champion: poissonSampler((world.requestsPerMinute * (100 - sharePercent)) / 100),
  }));
  const badShare = (name: GuardrailName, ratio: number): number => min(1, (world.badShares[name] ?? 0) * ratio);
  const drawArm = (invocations: number, ratioOf: (name: GuardrailName) => number, random: Random): VariantMinute => {
    const bad = { errors5xx: 0, errors4xx: 0, latency: 0 };
    for (const name of names) bad[name] = binomial(invocations, badShare(name, ratioOf(name)), random);
    return { invocations, errors5xx: bad.errors5xx, errors4xx: bad.errors4xx, slow: bad.latency };
  };

  return (random) => {
    const tally = newTally(policy);
    const recent: ChallengerMinute[] = [];
    let failedByChallenger = 0;
    let step = 0;
    let stepStart = 0;
    let covered = 0;
    let requests = 0;
    for (let minute = 0; ; minute += 1) {
      const challenger = drawArm(arrivals[step]!.challenger(random), (name) => world.ratio(name, minute), random);
      const champion = drawArm(arrivals[step]!.champion(random), () => 1, random);
      addMinute(tally, challenger, champion);
      recent.push({ ...challenger, minute });
      if (recent.length > policy.hardLimits.outOfMinutes) recent.shift();
      failedByChallenger += challenger.errors5xx + challenger.errors4xx + challenger.slow;
      requests += challenger.invocations;
      if (challenger.invocations > 0 && champion.invocations > 0) covered += 1;
      const minutes = minute + 1;
      const needsEvidence = rules.evidence === 'at-every-step' || step === policy.steps.length - 1;
      const { decision, reasons } = decide({
        breaches: brokenHardLimits(policy.hardLimits, recent),
        guardrails: tally.guardrails.map((guardrail) => lookLogs(tally, guardrail, needsEvidence, logThresholds)),
        thresholds: limits,
        needsEvidence,
        elapsedMinutes: minutes - stepStart,
        neededMinutes: policy.steps[step]!.minutes,
        coveredMinutes: covered,
        silentArm: undefined,
        requests,
        neededRequests: policy.minRequests,
        holdMinutesMax: policy.holdMinutesMax,
      });
      if (decision === 'ROLLBACK') {
        const timedOut = reasons[0]?.code === 'INCONCLUSIVE_TIMEOUT';
        return { outcome: timedOut ? 'undecided' : 'rolled-back', minutes, failedByChallenger };
      }
      if (decision === 'ADVANCE') {
        if (step === policy.steps.length - 1) return { outcome: 'promoted', minutes, failedByChallenger };
        step += 1;
        stepStart = minutes;
        covered = 0;
        requests = 0;
      }
      if (rules.capMinutes !== undefined && minutes >= rules.capMinutes) {
        return { outcome: 'undecided', minutes, failedByChallenger };
      }
    }
  };
}

/** As in a real look, but E values that cannot decide are not worked out, to save time. */
function lookLogs(
  tally: Tally,
  guardrail: GuardrailTally,
  needsEvidence: boolean,
  logThresholds: Thresholds,
): LookFacts['guardrails'][number] {
  const { name, limitShare, rollbackLogs, promoteLogs, challengerBad } = guardrail;
  const rollback = logMeanExpUpTo(rollbackLogs, logThresholds.rollback);
  if (!needsEvidence) return { name, rollback, promoteRatio: null, promoteBernoulli: null };
  const promoteRatio = logMeanExpUpTo(promoteLogs, logThresholds.promote);
  if (promoteRatio >= logThresholds.promote) return { name, rollback, promoteRatio, promoteBernoulli: null };
  const shares = promoteShares(limitShare);
  const promoteBernoulli = logBernoulliE(limitShare, shares, tally.challengerRequests, challengerBad);
  return { name, rollback, promoteRatio, promoteBernoulli };
}
