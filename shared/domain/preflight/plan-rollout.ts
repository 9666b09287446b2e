import { InvalidInput } from '../errors.ts';
import { activeGuardrails, type JudgePolicy } from '../judge/tally.ts';
import type { GuardrailName } from '../judge/verdict.ts';
import { undecidedMinutesMax } from '../rollout/policy.ts';
import { median, type Random, seededRandom } from '../statistics/random-variates.ts';
import { rolloutSimulator, type SimulatedRollout, type SimulatedWorld } from './simulate-rollout.ts';

/** What a model's endpoint is known to do: its traffic, and the champion's bad share per guardrail (0 to below 1). */
export interface KnownTraffic {
  readonly requestsPerMinute: number;
  readonly badShares: Readonly<Partial<Record<GuardrailName, number>>>;
}

/** How soon a challenger whose bad share is `ratio` times as large would be rolled back. */
export interface Detection {
  readonly ratio: number;
  readonly guardrail: GuardrailName;
  /** The champion's share that was multiplied; the catalog's limit where the champion never fails. */
  readonly baseShare: number;
  /** Share of such rollouts that are rolled back on evidence before 100 %. */
  readonly caughtShare: number;
  /** Median minutes from the start of the rollout; null when none is caught. */
  readonly minutes: number | null;
}

/** What an owner is told before approving. Plain JSON with a fixed order of keys. */
export interface RolloutForecast {
  readonly decision: 'GO' | 'REFUSE';
  readonly requestsPerMinute: number;
  readonly simulatedRollouts: number;
  /** Shares of healthy rollouts (the challenger fails exactly as often as the champion). */
  readonly promotedShare: number;
  readonly undecidedShare: number;
  readonly undecidedShareMax: number;
  readonly falseRollbackShare: number;
  /** Median minutes until 100 %, and until the end of the bake; null when none is promoted. */
  readonly minutesTo100Percent: number | null;
  readonly minutesToPromotion: number | null;
  /** Minutes after which an undecided rollout is rolled back. */
  readonly capMinutes: number;
  readonly detections: readonly Detection[];
  /** When refused: requests per minute at which it would not be; null when no traffic helps. */
  readonly neededRequestsPerMinute: number | null;
}

/** More undecided healthy rollouts than this, and the rollout is refused before it starts. */
export const undecidedShareMax = 0.2;

const forecastRollouts = 300;
const detectionRollouts = 150;
const searchRollouts = 150;
/** 2^20 times the present traffic is no advice any more. */
const doublingsMax = 20;

/**
 * Forecasts a rollout by simulation with the judge itself, and refuses it when more than 20 % of healthy rollouts would
 * stay undecided at the cap. The same stream of random numbers gives the same forecast.
 * @throws InvalidInput for traffic or shares that are no numbers in range.
 */
export function planRollout(policy: JudgePolicy, traffic: KnownTraffic, random: Random): RolloutForecast {
  checkTraffic(traffic);
  const seed = Math.floor(random() * 4294967296);
  const healthy = simulate(policy, { ...traffic, ratio: () => 1 }, forecastRollouts, seed);
  const share = (outcome: SimulatedRollout['outcome']): number =>
    healthy.filter((rollout) => rollout.outcome === outcome).length / forecastRollouts;
  const minutesTo100Percent = medianMinutes(healthy, 'promoted');
  const refused = share('undecided') > undecidedShareMax;
  return {
    decision: refused ? 'REFUSE' : 'GO',
    requestsPerMinute: traffic.requestsPerMinute,
    simulatedRollouts: forecastRollouts,
    promotedShare: share('promoted'),
    undecidedShare: share('undecided'),
    undecidedShareMax,
    falseRollbackShare: share('rolled-back'),
    minutesTo100Percent,
    minutesToPromotion: minutesTo100Percent === null ? null : minutesTo100Percent + policy.bakeMinutes,
    capMinutes: undecidedMinutesMax(policy),
    detections: [2, 5].map((ratio) => detection(policy, traffic, ratio, seed)),
    neededRequestsPerMinute: refused ? neededTraffic(policy, traffic, seed) : null,
  };
}

function checkTraffic(traffic: KnownTraffic): void {
  const { requestsPerMinute } = traffic;
  if (!(Number.isFinite(requestsPerMinute) && requestsPerMinute >= 0)) {
    throw new InvalidInput(
      'traffic.requestsPerMinute',
      requestsPerMinute,
      'it must be a number, 0 or more',
      'Measure the traffic of a day first',
    );
  }
  for (const [name, share] of Object.entries(traffic.badShares)) {
    if (share >= 0 && share < 1) continue;
    throw new InvalidInput(`traffic.badShares.${name}`, share, 'it must lie in [0, 1)', 'Write 1 % as 0.01');
  }
}

/** Rollouts of one world, all from one seed, so that two worlds differ by the world alone. */
function simulate(policy: JudgePolicy, world: SimulatedWorld, count: number, seed: number): SimulatedRollout[] {
  const rollout = rolloutSimulator(policy, world, { evidence: 'before-100-percent' });
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => rollout(random));
}

function medianMinutes(rollouts: readonly SimulatedRollout[], outcome: SimulatedRollout['outcome']): number | null {
  return median(rollouts.filter((rollout) => rollout.outcome === outcome).map((rollout) => rollout.minutes)) ?? null;
}

function detection(policy: JudgePolicy, traffic: KnownTraffic, ratio: number, seed: number): Detection {
  const guardrail = activeGuardrails(policy)[0]!;
  const known = traffic.badShares[guardrail] ?? 0;
  const baseShare = known > 0 ? known : policy.guardrails[guardrail]!.limitShare;
  // A champion that never fails keeps doing so; only the challenger's share is derived from the limit.
  const badShares = { ...traffic.badShares, [guardrail]: baseShare };
  const world: SimulatedWorld = {
    requestsPerMinute: traffic.requestsPerMinute,
    badShares,
    ratio: (name) => (name === guardrail ? ratio : 1),
  };
  const rollouts = simulate(policy, world, detectionRollouts, seed);
  const caught = rollouts.filter((rollout) => rollout.outcome === 'rolled-back');
  return {
    ratio,
    guardrail,
    baseShare,
    caughtShare: caught.length / detectionRollouts,
    minutes: medianMinutes(rollouts, 'rolled-back'),
  };
}

/** The smallest traffic, to two digits, at which enough healthy rollouts are decided: doubling, then bisection. */
function neededTraffic(policy: JudgePolicy, traffic: KnownTraffic, seed: number): number | null {
  const enough = (requestsPerMinute: number): boolean =>
    staysDecided(policy, { ...traffic, requestsPerMinute, ratio: () => 1 }, seed);
  let low = Math.max(1, traffic.requestsPerMinute);
  let high = low * 2;
  for (let doubling = 0; !enough(high); doubling += 1) {
    if (doubling === doublingsMax) return null;
    [low, high] = [high, high * 2];
  }
  while (high / low > 1.04) {
    const middle = Math.sqrt(low * high);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(high)) - 1);
  return Math.ceil(high / unit) * unit;
}

/** Stops as soon as the answer is certain: at low traffic that is after a fifth of the rollouts. */
function staysDecided(policy: JudgePolicy, world: SimulatedWorld, seed: number): boolean {
  const rollout = rolloutSimulator(policy, world, { evidence: 'before-100-percent' });
  const random = seededRandom(seed);
  const allowed = undecidedShareMax * searchRollouts;
  let undecided = 0;
  for (let done = 0; done < searchRollouts; done += 1) {
    if (rollout(random).outcome === 'undecided') undecided += 1;
    if (undecided > allowed) return false;
    if (undecided + (searchRollouts - done - 1) <= allowed) return true;
  }
  return true;
}
