/** Seeded pseudo random numbers for training: the same seed gives the same model, to the byte. */

export interface RandomSource {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand), its state filled from a 32-bit seed by splitmix32.
 * @param seed any integer; only its low 32 bits count
 */
export function newRandomSource(seed: number): RandomSource {
  let mixed = seed | 0;
  const splitmix = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  return {
    next() {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return (sum >>> 0) / 4294967296;
    },
  };
}

/**
 * Draws `count` of the numbers 0..size-1 without replacement, in rising order (selection sampling, Knuth vol. 2, algorithm S).
 * Rising order keeps memory access sequential and float sums independent of how the draw was made.
 */
export function drawWithoutReplacement(size: number, count: number, random: RandomSource): Uint32Array {
  const chosen = new Uint32Array(Math.min(count, size));
  let taken = 0;
  for (let index = 0; index < size && taken < chosen.length; index++) {
    if ((size - index) * random.next() < chosen.length - taken) chosen[taken++] = index;
  }
  return chosen;
}
