import { quote } from '../errors.ts';

/** One traffic share of a rollout and the minutes that it is watched for. */
export interface RolloutStep {
  /** Share of the requests that the challenger answers, in per cent: 1 to 99, an integer. */
  readonly sharePercent: number;
  /** Minutes of readable metrics before the step may end: an integer, at least 1. */
  readonly minutes: number;
}

/** A guardrail on a share of requests. */
export interface ShareGuardrail {
  /**
   * Absolute limit of the bad share, 0 to 1 exclusive: the `p0` of the Bernoulli route to promotion, and the control of
   * the last bake when the champion has too short a history.
   */
  readonly limitShare: number;
}

/** A request counts as slow when the model took longer than `limitMs`. */
export interface LatencyGuardrail extends ShareGuardrail {
  readonly limitMs: number;
}

/** Absolute safety limits: broken means rollback at once, whatever the champion does. */
export interface HardLimits {
  /** Share of 5xx answers in a minute, 0 to 1, above which the minute breaches. */
  readonly errors5xxShare: number;
  /** p99 of the model's latency in a minute, in milliseconds, above which the minute breaches. */
  readonly p99LatencyMs: number;
  /** m: this many breaching minutes ... */
  readonly breachingMinutes: number;
  /** k: ... among this many minutes in a row break the limit. */
  readonly outOfMinutes: number;
  /** Evidence floor: challenger requests in the breaching minutes together, below which nothing is concluded. */
  readonly minRequests: number;
}

/** The paired accuracy test before any traffic. */
export interface AccuracyPolicy {
  /** Non-inferiority margin as a share of the champion's mean absolute error, e.g. 0.1. */
  readonly marginShare: number;
  /** Distinct labelled rows below which the test is INCONCLUSIVE. */
  readonly minDistinctRows: number;
}

/** The guardrails that every rollout is judged by; alpha and beta are split equally among them. */
export interface Guardrails {
  readonly errors5xx: ShareGuardrail;
  readonly errors4xx: ShareGuardrail;
  readonly latency: LatencyGuardrail;
}

/** How a model's challenger gets traffic, what decides, and how long everything may take. */
export interface RolloutPolicy {
  /** Bound of the false-rollback probability over all looks and guardrails, e.g. 0.05. */
  readonly alpha: number;
  /** Bound of the false-promotion probability at the margin, over all looks and guardrails, e.g. 0.05. */
  readonly beta: number;
  /** Non-inferiority margin: the ratio of bad shares, challenger to champion, that must be excluded. Above 1. */
  readonly margin: number;
  /** Rising shares below 100 %. 100 % is not listed: it follows the last step and lasts `bakeMinutes`. */
  readonly steps: readonly RolloutStep[];
  /** Requests that the challenger must have answered within a step before it may end. */
  readonly minRequests: number;
  /** Minutes that a step (or the last bake) may hold after its own time is over. Then: rollback. */
  readonly holdMinutesMax: number;
  /** Minutes at 100 % with the champion still warm, judged against the champion's recent past. */
  readonly bakeMinutes: number;
  readonly guardrails: Guardrails;
  readonly hardLimits: HardLimits;
  readonly accuracy: AccuracyPolicy;
  /** Minutes that the replaced variant stays provisioned after promotion, so that a rollback is one weight change. */
  readonly keepWarmMinutes: number;
}

/** One thing wrong with a policy. */
export interface PolicyProblem {
  /** E.g. `steps[2].sharePercent`. */
  readonly path: string;
  readonly value: unknown;
  readonly problem: string;
  readonly remedy: string;
}

/** Minutes of a rollout that never holds: all steps and the last bake. */
export function plannedMinutes(policy: Pick<RolloutPolicy, 'steps' | 'bakeMinutes'>): number {
  return policy.steps.reduce((sum, step) => sum + step.minutes, 0) + policy.bakeMinutes;
}

/** Minutes up to which a healthy rollout can stay undecided before 100 %: all steps, and the last one's hold. */
export function undecidedMinutesMax(policy: Pick<RolloutPolicy, 'steps' | 'holdMinutesMax'>): number {
  return policy.steps.reduce((sum, step) => sum + step.minutes, 0) + policy.holdMinutesMax;
}

/** Everything that is wrong with a policy; an empty list means that it can be used. */
export function policyProblems(policy: RolloutPolicy): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const check = (path: string, value: unknown, ok: boolean, problem: string, remedy: string): void => {
    if (!ok) problems.push({ path, value, problem, remedy });
  };
  const share = (path: string, value: number): void =>
    check(path, value, value > 0 && value < 1, 'it must lie between 0 and 1', 'Write 5 % as 0.05');
  const count = (path: string, value: number, least: number): void =>
    check(
      path,
      value,
      Number.isSafeInteger(value) && value >= least,
      'it must be a whole number',
      `Use an integer of at least ${least}`,
    );
  const positive = (path: string, value: number): void =>
    check(path, value, Number.isFinite(value) && value > 0, 'it must be above 0', 'Give a positive number');

  share('alpha', policy.alpha);
  share('beta', policy.beta);
  check(
    'margin',
    policy.margin,
    policy.margin > 1 && Number.isFinite(policy.margin),
    'a ratio that must be excluded lies above 1',
    'Use e.g. 1.5 for "at most half as many again"',
  );
  check('steps', policy.steps, policy.steps.length > 0, 'there is no step', 'List at least one share below 100 %');
  policy.steps.forEach((step, index) => {
    const at = `steps[${index}]`;
    const before = policy.steps[index - 1]?.sharePercent ?? 0;
    check(
      `${at}.sharePercent`,
      step.sharePercent,
      Number.isInteger(step.sharePercent) && step.sharePercent > before && step.sharePercent < 100,
      `shares must rise (${before} % came before) and stay below 100 %`,
      'Order the steps by rising whole per cents; 100 % follows by itself',
    );
    count(`${at}.minutes`, step.minutes, 1);
  });
  count('minRequests', policy.minRequests, 1);
  count('holdMinutesMax', policy.holdMinutesMax, 0);
  count('bakeMinutes', policy.bakeMinutes, 1);
  count('keepWarmMinutes', policy.keepWarmMinutes, 0);
  share('guardrails.errors5xx.limitShare', policy.guardrails.errors5xx.limitShare);
  share('guardrails.errors4xx.limitShare', policy.guardrails.errors4xx.limitShare);
  share('guardrails.latency.limitShare', policy.guardrails.latency.limitShare);
  positive('guardrails.latency.limitMs', policy.guardrails.latency.limitMs);
  share('hardLimits.errors5xxShare', policy.hardLimits.errors5xxShare);
  positive('hardLimits.p99LatencyMs', policy.hardLimits.p99LatencyMs);
  count('hardLimits.breachingMinutes', policy.hardLimits.breachingMinutes, 1);
  count('hardLimits.outOfMinutes', policy.hardLimits.outOfMinutes, 1);
  check(
    'hardLimits.breachingMinutes',
    policy.hardLimits.breachingMinutes,
    policy.hardLimits.breachingMinutes <= policy.hardLimits.outOfMinutes,
    `more minutes must breach than are looked at (${policy.hardLimits.outOfMinutes})`,
    'Use at most hardLimits.outOfMinutes',
  );
  count('hardLimits.minRequests', policy.hardLimits.minRequests, 1);
  share('accuracy.marginShare', policy.accuracy.marginShare);
  count('accuracy.minDistinctRows', policy.accuracy.minDistinctRows, 2);
  return problems;
}

/** One line a problem, for a build that fails: path, value, what is wrong, what to write instead. */
export function formatPolicyProblem(at: string, problem: PolicyProblem): string {
  return `${at}.${problem.path} is ${quote(problem.value)}: ${problem.problem}. ${problem.remedy}.`;
}
