/** Goal: quantiles, bounds and random variates are right. Method: published values, and moments of seeded samples. */
import { describe, expect, it, test } from '@jest/globals';
import { incompleteBeta, logGamma } from '../../../../../shared/domain/statistics/incomplete-beta.ts';
import { studentTCdf, studentTQuantile, upperShareBound } from '../../../../../shared/domain/statistics/quantiles.ts';
import {
  binomial,
  median,
  poissonSampler,
  seededRandom,
} from '../../../../../shared/domain/statistics/random-variates.ts';

describe("Student's t", () => {
  // Printed tables give 6.314, 2.920, 2.015, 1.812, 1.697, 1.658, 2.228, 3.747, 10.215, 1.645; digits from SciPy 1.17.1.
  test.each([
    [0.95, 1, 6.313751514675037],
    [0.95, 2, 2.9199855803537242],
    [0.95, 5, 2.0150483733330233],
    [0.95, 10, 1.8124611228116756],
    [0.95, 30, 1.697260886593957],
    [0.95, 120, 1.6576508993552352],
    [0.975, 10, 2.228138851986274],
    [0.99, 4, 3.746947387979196],
    [0.999, 3, 10.214531852407383],
    [0.95, 1_000_000, 1.6448551507220404],
  ])('quantile %d with %d degrees of freedom', (probability, degrees, expected) => {
    expect(studentTQuantile(probability, degrees)).toBeCloseTo(expected, 8);
    expect(studentTQuantile(1 - probability, degrees)).toBeCloseTo(-expected, 8);
    expect(studentTCdf(expected, degrees)).toBeCloseTo(probability, 9);
  });

  it('is symmetric about 0 and refuses what has no quantile', () => {
    expect(studentTQuantile(0.5, 3)).toBe(0);
    for (const [probability, degrees] of [
      [0, 3],
      [1, 3],
      [NaN, 3],
      [0.95, 0],
      [0.95, NaN],
    ] as const) {
      expect(() => studentTQuantile(probability, degrees)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    }
  });
});

describe('incomplete beta and gamma functions', () => {
  test.each([
    [0.3, 2, 5, 0.5798250000000003],
    [0.5, 0.5, 0.5, 0.5],
    [0.01, 1, 300, 0.9509591059287141],
    [0.999, 300, 2, 0.9629191418029293],
    [0.5, 1000, 1000, 0.5],
    [0, 2, 2, 0],
    [1, 2, 2, 1],
  ])('I(%d; %d, %d)', (x, a, b, expected) => {
    expect(incompleteBeta(x, a, b)).toBeCloseTo(expected, 11);
  });

  it('log gamma', () => {
    expect(logGamma(0.5)).toBeCloseTo(0.5723649429247, 12);
    expect(logGamma(10.3)).toBeCloseTo(13.482036786138359, 12);
    expect(logGamma(0.1)).toBeCloseTo(2.252712651734206, 12);
  });
});

describe('upper bound of a share', () => {
  test.each([
    [0, 1000, 0.002991249545095295],
    [10, 1000, 0.016903175120562504],
    [5, 50, 0.19883300251641847],
    [500, 100_000, 0.005382730759818748],
    [999, 1000, 0.999948708021091],
    [7, 7, 1],
  ])('%d of %d', (bad, requests, expected) => {
    expect(upperShareBound(bad, requests, 0.95)).toBeCloseTo(expected, 11);
  });

  it('refuses what is no share', () => {
    for (const [bad, requests] of [
      [1, 0],
      [3, 2],
      [-1, 5],
      [NaN, 5],
    ] as const) {
      expect(() => upperShareBound(bad, requests, 0.95)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    }
  });
});

describe('random variates', () => {
  const moments = (draw: () => number, count = 10_000): { mean: number; variance: number } => {
    const values = Array.from({ length: count }, draw);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1) };
  };
  /** Within five standard errors of a mean, and 8 % of a variance (about five standard errors at this count). */
  const expectMoments = (found: { mean: number; variance: number }, mean: number, variance: number): void => {
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / 10_000));
    expect(found.variance / variance).toBeGreaterThan(0.92);
    expect(found.variance / variance).toBeLessThan(1.08);
  };

  test.each([0.3, 7, 60, 1900])('Poisson with mean %d', (mean) => {
    const random = seededRandom(1);
    const draw = poissonSampler(mean);
    expectMoments(
      moments(() => draw(random)),
      mean,
      mean,
    );
  });

  test.each([
    [10, 0.05],
    [200, 0.5],
    [2000, 0.1],
    [2000, 0.995],
  ])('binomial of %d with share %d', (count, share) => {
    const random = seededRandom(2);
    expectMoments(
      moments(() => binomial(count, share, random)),
      count * share,
      count * share * (1 - share),
    );
  });

  it('the edges are exact', () => {
    const random = seededRandom(3);
    expect([
      binomial(0, 0.5, random),
      binomial(9, 0, random),
      binomial(9, 1, random),
      poissonSampler(0)(random),
    ]).toEqual([0, 0, 9, 0]);
  });

  it('a seed gives its stream, another seed another one', () => {
    const stream = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(stream(42)).toEqual(stream(42));
    expect(stream(42)).not.toEqual(stream(43));
    expect(stream(42).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('the median is the lower middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2, undefined]);
  });
});
