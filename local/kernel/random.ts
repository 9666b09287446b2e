/** Seeded randomness. Each named stream is independent, so a new consumer never changes what another one draws. */

/** A stream of pseudo-random numbers; the same seed and name give the same sequence on every machine. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [minInclusive, maxInclusive]. */
  integer(minInclusive: number, maxInclusive: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** A v4-shaped UUID, drawn from this stream. */
  uuid(): string;
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/** FNV-1a, 32 bits: spreads a stream's name over the seed space. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand's small tests; enough for delays and draws.
 * @param seed any integer; @param stream the consumer's name
 */
export function newRandom(seed: number, stream: string): Random {
  let state = (hash32(`${seed}/${stream}`) ^ Math.imul(seed | 0, 0x9e3779b1)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (digits: number): string => {
    let text = '';
    while (text.length < digits) text += Math.floor(next() * 16).toString(16);
    return text;
  };
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
    hex,
    uuid: () => {
      const variant = '89ab'[Math.floor(next() * 4)] ?? '8';
      return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
    },
  };
}
