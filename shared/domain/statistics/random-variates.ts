// Taken once: inner loops run millions of times, and a look-up through the global object is slow in a sandbox.
const { floor, imul, max, min, pow } = Math;

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * A small seeded generator (mulberry32, Tommy Ettinger, public domain): equal seeds give equal streams on every machine.
 * Good enough for simulation, useless for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A sampler of the Poisson distribution with a fixed mean: its cumulative table is built once, a draw is one uniform and
 * one binary search. Tails below 1e-15 are cut.
 */
export function poissonSampler(mean: number): (random: Random) => number {
  if (mean <= 0) return () => 0;
  // From the mode outwards, in ratios to the mode's probability, so that a large mean does not underflow.
  const mode = floor(mean);
  let first = mode;
  const below: number[] = [];
  for (let weight = 1; first > 0 && weight > 1e-15; first -= 1) {
    weight *= first / mean;
    below.push(weight);
  }
  const weights = [...below.reverse(), 1];
  for (let value = mode, weight = 1; weight > 1e-15; value += 1) {
    weight *= mean / (value + 1);
    weights.push(weight);
  }
  const cumulative = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, index) => (cumulative[index] = sum += weight));
  return (random) => {
    const target = random() * sum;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! <= target) low = middle + 1;
      else high = middle;
    }
    return first + low;
  };
}

/**
 * One draw of the binomial distribution by inversion (algorithm BINV, Kachitvichyanukul & Schmeiser 1988): about
 * count * share steps. Large expectations are split into independent parts, so that (1 - share)^count cannot underflow.
 */
export function binomial(count: number, share: number, random: Random): number {
  if (count <= 0 || share <= 0) return 0;
  if (share >= 1) return count;
  if (share > 0.5) return count - binomial(count, 1 - share, random);
  let drawn = 0;
  const part = max(1, floor(30 / share));
  for (let left = count; left > 0; left -= part) drawn += inversion(min(left, part), share, random);
  return drawn;
}

function inversion(count: number, share: number, random: Random): number {
  const odds = share / (1 - share);
  let probability = pow(1 - share, count);
  let left = random();
  let value = 0;
  while (left > probability && value < count) {
    left -= probability;
    probability *= (odds * (count - value)) / (value + 1);
    value += 1;
  }
  return value;
}

/** The middle of the values (the lower one of an even number); undefined when there is none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[floor((sorted.length - 1) / 2)];
}
