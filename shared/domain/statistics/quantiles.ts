import { InvalidInput } from '../errors.ts';
import { incompleteBeta } from './incomplete-beta.ts';

/** Halves [low, high] until `below(middle)` is known to 1 part in 2^60: slow, but it cannot fail to converge. */
function bisect(low: number, high: number, below: (value: number) => boolean): number {
  let [from, to] = [low, high];
  for (let round = 0; round < 120 && to - from > Number.EPSILON * Math.abs(from + to) * 0.5; round += 1) {
    const middle = from + (to - from) / 2;
    if (below(middle)) from = middle;
    else to = middle;
  }
  return from + (to - from) / 2;
}

/** P(T <= t) of Student's t with `degrees` > 0 degrees of freedom. */
export function studentTCdf(t: number, degrees: number): number {
  const tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/**
 * The `probability` quantile of Student's t, e.g. (0.95, 10) -> 1.8125.
 * @throws InvalidInput for a probability outside (0, 1) or less than one degree of freedom.
 */
export function studentTQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new InvalidInput('probability', probability, 'it must lie between 0 and 1', 'Write 95 % as 0.95');
  }
  if (!(degrees >= 1)) {
    throw new InvalidInput('degrees', degrees, 'there is no t with less than one degree of freedom', 'Use two rows');
  }
  if (probability === 0.5) return 0;
  if (probability < 0.5) return -studentTQuantile(1 - probability, degrees);
  let high = 2;
  while (studentTCdf(high, degrees) < probability) high *= 2;
  return bisect(0, high, (t) => studentTCdf(t, degrees) < probability);
}

/**
 * The exact one-sided upper confidence bound of a share after `bad` of `requests` (Clopper & Pearson 1934): the largest
 * share under which so few bad requests still have the probability 1 - `confidence`.
 */
export function upperShareBound(bad: number, requests: number, confidence: number): number {
  if (!(requests > 0 && bad >= 0 && bad <= requests)) {
    throw new InvalidInput(
      'bad/requests',
      `${bad}/${requests}`,
      'not a share',
      'Give 0 <= bad <= requests, requests > 0',
    );
  }
  if (bad === requests) return 1;
  return bisect(bad / requests, 1, (share) => incompleteBeta(share, bad + 1, requests - bad) < confidence);
}
