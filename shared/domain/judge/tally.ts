import { InvalidInput } from '../errors.ts';
import type { Guardrails, RolloutPolicy } from '../rollout/policy.ts';
import { logMeanExp, recordedE } from '../statistics/e-values.ts';
import { upperShareBound } from '../statistics/quantiles.ts';
import { logBernoulliE, promoteShares, rollbackShares } from './bernoulli-e-process.ts';
import type { ChampionHistory, VariantMinute } from './evidence.ts';
import {
  addLogLikelihoodRatios,
  logMixtures,
  promoteDesign,
  rollbackDesign,
  type RatioDesign,
} from './ratio-e-process.ts';
import { isUsable } from './readings.ts';
import { type Control, type GuardrailEvidence, type GuardrailName, guardrailNames } from './verdict.ts';

/** The part of a policy that judging needs. A study may judge by fewer guardrails; alpha is split among those present. */
export type JudgePolicy = Pick<
  RolloutPolicy,
  'alpha' | 'beta' | 'margin' | 'steps' | 'minRequests' | 'holdMinutesMax' | 'bakeMinutes' | 'hardLimits'
> & { readonly guardrails: Partial<Guardrails> };

/** Champion requests below which its history is too thin to be a control. */
export const historyRequestsMin = 1000;
/** Confidence of the upper bound of the champion's historical rate. */
export const historyConfidence = 0.95;

/** The running sums of one guardrail. Mutable: folds and simulations add to it minute by minute. */
export interface GuardrailTally {
  readonly name: GuardrailName;
  readonly limitShare: number;
  challengerBad: number;
  championBad: number;
  readonly rollbackLogs: number[];
  readonly promoteLogs: number[];
}

/** Everything that the e-processes need to know of the minutes so far. */
export interface Tally {
  challengerRequests: number;
  championRequests: number;
  readonly promote: RatioDesign;
  readonly guardrails: readonly GuardrailTally[];
}

/** Thresholds of the E values: alpha and beta are split equally among the guardrails (Bonferroni). */
export interface Thresholds {
  readonly rollback: number;
  readonly promote: number;
}

/** Logarithms of the E values of one guardrail at a look. */
export interface GuardrailLogs {
  readonly rollback: number;
  readonly promoteRatio: number | null;
  readonly promoteBernoulli: number | null;
}

/** The guardrails a policy names, in the fixed order. */
export function activeGuardrails(policy: JudgePolicy): GuardrailName[] {
  const names = guardrailNames.filter((name) => policy.guardrails[name] !== undefined);
  if (names.length === 0) {
    throw new InvalidInput('policy.guardrails', policy.guardrails, 'nothing would be judged', 'Name a guardrail');
  }
  return names;
}

export function thresholds(policy: JudgePolicy): Thresholds {
  const count = activeGuardrails(policy).length;
  return { rollback: count / policy.alpha, promote: count / policy.beta };
}

/** The bad requests of a guardrail among a variant's sums. */
export function badRequests(
  name: GuardrailName,
  sums: Pick<VariantMinute, 'errors5xx' | 'errors4xx' | 'slow'>,
): number {
  return name === 'latency' ? sums.slow : sums[name];
}

export function newTally(policy: JudgePolicy): Tally {
  const promote = promoteDesign(policy.margin);
  const guardrails = activeGuardrails(policy).map((name) => ({
    name,
    limitShare: policy.guardrails[name]!.limitShare,
    challengerBad: 0,
    championBad: 0,
    rollbackLogs: rollbackDesign.grid.map(() => 0),
    promoteLogs: promote.grid.map(() => 0),
  }));
  return { challengerRequests: 0, championRequests: 0, promote, guardrails };
}

/** Adds one minute, in place. An absent arm adds nothing. */
export function addMinute(
  tally: Tally,
  challenger: VariantMinute | undefined,
  champion: VariantMinute | undefined,
): void {
  const challengerRequests = challenger?.invocations ?? 0;
  const championRequests = champion?.invocations ?? 0;
  tally.challengerRequests += challengerRequests;
  tally.championRequests += championRequests;
  const harmMixtures = logMixtures(rollbackDesign, challengerRequests, championRequests);
  const promoteMixtures = logMixtures(tally.promote, challengerRequests, championRequests);
  for (const guardrail of tally.guardrails) {
    const challengerBad = challenger === undefined ? 0 : badRequests(guardrail.name, challenger);
    const championBad = champion === undefined ? 0 : badRequests(guardrail.name, champion);
    guardrail.challengerBad += challengerBad;
    guardrail.championBad += championBad;
    addLogLikelihoodRatios(guardrail.rollbackLogs, rollbackDesign, harmMixtures, challengerBad, championBad);
    addLogLikelihoodRatios(guardrail.promoteLogs, tally.promote, promoteMixtures, challengerBad, championBad);
  }
}

/** E values of a step: against the champion in the same minutes, and against the catalog's limit for promotion. */
export function stepLogs(tally: Tally, guardrail: GuardrailTally): GuardrailLogs {
  const { limitShare } = guardrail;
  return {
    rollback: logMeanExp(guardrail.rollbackLogs),
    promoteRatio: logMeanExp(guardrail.promoteLogs),
    promoteBernoulli: logBernoulliE(
      limitShare,
      promoteShares(limitShare),
      tally.challengerRequests,
      guardrail.challengerBad,
    ),
  };
}

/** What the challenger's share is compared with in the bake after 100 %, where no champion answers any more. */
export interface BakeControl {
  readonly control: Control;
  readonly limitShare: number;
}

/** The upper 95 % bound of the champion's rate over its last 24 hours, or the catalog's limit when that is too thin. */
export function bakeControl(guardrail: GuardrailTally, history: ChampionHistory | null | undefined): BakeControl {
  const usable = history !== null && history !== undefined && isUsable(history);
  if (!usable || history.invocations < historyRequestsMin) {
    return { control: 'catalog-limit', limitShare: guardrail.limitShare };
  }
  const bound = upperShareBound(badRequests(guardrail.name, history), history.invocations, historyConfidence);
  // A champion that failed always cannot be undercut; the catalog's limit is the only standard left.
  if (bound >= 1) return { control: 'catalog-limit', limitShare: guardrail.limitShare };
  return { control: 'historical', limitShare: bound };
}

/** E values of the bake: harm only. Its end needs time and traffic, not proof: equal rates can never prove "below". */
export function bakeLogs(tally: Tally, guardrail: GuardrailTally, control: BakeControl): GuardrailLogs {
  const shares = rollbackShares(control.limitShare);
  const { challengerRequests } = tally;
  return {
    rollback: logBernoulliE(control.limitShare, shares, challengerRequests, guardrail.challengerBad),
    promoteRatio: null,
    promoteBernoulli: null,
  };
}

/** The record of one guardrail at a look. */
export function guardrailEvidence(
  tally: Tally,
  guardrail: GuardrailTally,
  logs: GuardrailLogs,
  limits: Thresholds,
  control: BakeControl,
): GuardrailEvidence {
  return {
    guardrail: guardrail.name,
    challengerBad: guardrail.challengerBad,
    challengerRequests: tally.challengerRequests,
    championBad: guardrail.championBad,
    championRequests: tally.championRequests,
    rollbackE: recordedE(logs.rollback),
    rollbackThreshold: recordedE(Math.log(limits.rollback)),
    promoteRatioE: logs.promoteRatio === null ? null : recordedE(logs.promoteRatio),
    promoteBernoulliE: logs.promoteBernoulli === null ? null : recordedE(logs.promoteBernoulli),
    promoteThreshold: recordedE(Math.log(limits.promote)),
    limitShare: Number(control.limitShare.toPrecision(8)),
    control: control.control,
  };
}
