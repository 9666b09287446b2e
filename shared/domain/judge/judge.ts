import { InvalidInput } from '../errors.ts';
import { coverageOf, decide, neededCoverage, type LookFacts } from './decide.ts';
import type { Evidence, JudgedPhase } from './evidence.ts';
import { brokenHardLimits, type ChallengerMinute } from './hard-limits.ts';
import { type CleanMinute, readMinutes } from './readings.ts';
import {
  addMinute,
  bakeControl,
  type BakeControl,
  bakeLogs,
  guardrailEvidence,
  type GuardrailLogs,
  type GuardrailTally,
  type JudgePolicy,
  newTally,
  stepLogs,
  type Tally,
  thresholds,
} from './tally.ts';
import type { Verdict, VerdictEvidence } from './verdict.ts';

export type { ChampionHistory, Evidence, EvidenceMinute, JudgedPhase, VariantMinute } from './evidence.ts';
export type { JudgePolicy } from './tally.ts';
export type {
  Control,
  Decision,
  GuardrailEvidence,
  GuardrailName,
  HardLimitBreach,
  Reason,
  ReasonCode,
  Verdict,
  VerdictEvidence,
} from './verdict.ts';

/**
 * One look at a rollout. Pure: the same policy and evidence give the same verdict, to the byte, in whatever order the
 * minutes come and however often they are repeated.
 *
 * - A step: ROLLBACK when harm is proven against the champion in the same minutes (all minutes of the rollout) or a hard
 *   limit is broken; ADVANCE when the step's time is over, both arms had requests in 80 % of its minutes, the challenger
 *   answered `minRequests` in it, and, before 100 %, non-inferiority is proven for every guardrail.
 * - The bake after 100 %: ROLLBACK against the champion's last 24 hours (or the catalog's limit) or a hard limit;
 *   ADVANCE, which ends the rollout, when its time is over with enough readable minutes and requests.
 * - Whatever lacks is INCONCLUSIVE, up to `holdMinutesMax` after the phase's own time; then ROLLBACK with the first
 *   reason INCONCLUSIVE_TIMEOUT.
 *
 * @throws InvalidInput when the phase itself makes no sense (an unknown step, a start that is no number). Metrics that
 *   make no sense never throw: they are "no data".
 */
export function judge(policy: JudgePolicy, evidence: Evidence): Verdict {
  const { phase } = evidence;
  const { sharePercent, neededMinutes } = phasePlan(policy, evidence);
  const { minutes, unusableMinutes } = readMinutes(evidence);
  const inPhase = minutes.filter((reading) => reading.minute >= phase.startMinute);
  const challengerMinutes = minutes.flatMap(({ minute, challenger }): ChallengerMinute[] =>
    challenger === undefined ? [] : [{ ...challenger, minute }],
  );
  const tally = newTally(policy);
  for (const reading of phase.kind === 'bake' ? inPhase : minutes) {
    addMinute(tally, reading.challenger, reading.champion);
  }
  const limits = thresholds(policy);
  const assessed = tally.guardrails.map((guardrail) => assess(phase, tally, guardrail));
  const facts: LookFacts = {
    breaches: brokenHardLimits(policy.hardLimits, challengerMinutes),
    guardrails: assessed.map(({ guardrail, logs }) => ({ name: guardrail.name, ...logs })),
    thresholds: limits,
    needsEvidence: phase.kind === 'step' && phase.stepIndex === policy.steps.length - 1,
    elapsedMinutes: Math.max(0, evidence.readableUntilMinute - phase.startMinute),
    neededMinutes,
    ...presence(phase, inPhase),
    neededRequests: policy.minRequests,
    holdMinutesMax: policy.holdMinutesMax,
  };
  const record: VerdictEvidence = {
    phase: phase.kind,
    stepIndex: phase.kind === 'step' ? phase.stepIndex : null,
    sharePercent,
    fromMinute: phase.startMinute,
    untilMinute: evidence.readableUntilMinute,
    elapsedMinutes: facts.elapsedMinutes,
    neededMinutes,
    coveredMinutes: facts.coveredMinutes,
    coverage: Number(coverageOf(facts).toFixed(6)),
    neededCoverage,
    requests: facts.requests,
    neededRequests: facts.neededRequests,
    holdMinutesMax: facts.holdMinutesMax,
    firstBadMinute: challengerMinutes.find((each) => each.errors5xx + each.errors4xx + each.slow > 0)?.minute ?? null,
    unusableMinutes,
    guardrails: assessed.map(({ guardrail, logs, control }) =>
      guardrailEvidence(tally, guardrail, logs, limits, control),
    ),
    hardLimitBreaches: facts.breaches,
    note: noteOf(phase, assessed),
  };
  return { ...decide(facts), evidence: record };
}

/** What the policy asks of the phase. */
function phasePlan(policy: JudgePolicy, evidence: Evidence): { sharePercent: number; neededMinutes: number } {
  const { phase } = evidence;
  for (const [path, minute] of [
    ['evidence.phase.startMinute', phase.startMinute],
    ['evidence.rolloutStartMinute', evidence.rolloutStartMinute],
    ['evidence.readableUntilMinute', evidence.readableUntilMinute],
  ] as const) {
    if (!Number.isSafeInteger(minute)) {
      throw new InvalidInput(path, minute, 'it must be a whole minute', 'Give minutes since 1970-01-01T00:00Z');
    }
  }
  if (phase.kind === 'bake') return { sharePercent: 100, neededMinutes: policy.bakeMinutes };
  const step = policy.steps[phase.stepIndex];
  if (step === undefined) {
    const last = policy.steps.length - 1;
    throw new InvalidInput('evidence.phase.stepIndex', phase.stepIndex, 'there is no such step', `Use 0 to ${last}`);
  }
  return { sharePercent: step.sharePercent, neededMinutes: step.minutes };
}

interface Assessed {
  readonly guardrail: GuardrailTally;
  readonly logs: GuardrailLogs;
  readonly control: BakeControl;
}

function assess(phase: JudgedPhase, tally: Tally, guardrail: GuardrailTally): Assessed {
  if (phase.kind === 'step') {
    const control: BakeControl = { control: 'concurrent', limitShare: guardrail.limitShare };
    return { guardrail, logs: stepLogs(tally, guardrail), control };
  }
  const control = bakeControl(guardrail, phase.history);
  return { guardrail, logs: bakeLogs(tally, guardrail, control), control };
}

/** In how many minutes of the phase the needed arms had requests; in the bake only the challenger is needed. */
function presence(
  phase: JudgedPhase,
  inPhase: readonly CleanMinute[],
): Pick<LookFacts, 'coveredMinutes' | 'requests' | 'silentArm'> {
  const answers = (arm: CleanMinute['challenger']): boolean => arm !== undefined && arm.invocations > 0;
  const needsChampion = phase.kind === 'step';
  const covered = inPhase.filter((m) => answers(m.challenger) && (!needsChampion || answers(m.champion)));
  const requests = inPhase.reduce((sum, m) => sum + (m.challenger?.invocations ?? 0), 0);
  const challengerSilent = !inPhase.some((m) => answers(m.challenger));
  const championSilent = needsChampion && !inPhase.some((m) => answers(m.champion));
  return { coveredMinutes: covered.length, requests, silentArm: silentArm(challengerSilent, championSilent) };
}

function silentArm(challengerSilent: boolean, championSilent: boolean): LookFacts['silentArm'] {
  if (challengerSilent && championSilent) return 'both';
  if (challengerSilent) return 'challenger';
  return championSilent ? 'champion' : undefined;
}

function noteOf(phase: JudgedPhase, assessed: readonly Assessed[]): string {
  if (phase.kind === 'step') return 'concurrent control: the champion in the same minutes';
  return assessed.some(({ control }) => control.control === 'historical')
    ? "historical control: upper 95 % bound of the champion's share in its last 24 hours"
    : "catalog limit as control: the champion's last 24 hours hold fewer than 1000 usable requests";
}
