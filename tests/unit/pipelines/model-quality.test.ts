/**
 * The story of the rehearsal, measured: full-size models on the real series, judged on days that none of them has seen.
 * Features, learner and settings are those of the images; the files between the steps are left out (steps.test.ts has them).
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  deliveredRows,
  REPLAY_PERIODS,
  trainingWindow,
  withoutTruth,
} from '../../../pipelines/demand-forecast/replay.ts';
import { period, readSeries, type RidershipRow } from '../../../pipelines/demand-forecast/source.ts';
import { deriveFeatures, type RawRow } from '../../../pipelines/images/features/recipe.ts';
import { profileOf, recipeOf } from '../../../pipelines/images/profiles/registry.ts';
import { parseHyperparameters } from '../../../pipelines/images/trainer/hyperparameters.ts';
import { trainBoostedTrees } from '../../../pipelines/images/trainer/learning/boosting.ts';
import { predictRow } from '../../../pipelines/images/trainer/learning/tree.ts';
import { regressionMetrics, type RegressionMetrics } from '../../../pipelines/images/trainer/metrics.ts';

const series = readSeries();
const profile = profileOf('demand-forecast');
const heldOut = period(series, REPLAY_PERIODS[0]!.from, REPLAY_PERIODS.at(-1)!.to);
const NAMES = ['first', 'better', 'metric-feed'] as const;
type Name = (typeof NAMES)[number];
type Predict = (row: RidershipRow) => number;

/** What ValidateData leaves of a row: measuring errors emptied. */
function validated(row: RidershipRow): RawRow {
  const clean: Record<string, string | number | null> = { ...withoutTruth(row) };
  for (const { name, min, max } of profile.columns) {
    const value = row[name] as number;
    if (value < min || value > max) clean[name] = null;
  }
  return clean;
}

function train(rows: readonly RidershipRow[], recipeVersion: string): Predict {
  const recipe = recipeOf(profile, recipeVersion);
  const features = new Float32Array(recipe.features.length);
  const columns = recipe.features.map(() => new Float32Array(rows.length));
  rows.forEach((row, index) => {
    deriveFeatures(recipe, validated(row), features);
    columns.forEach((column, feature) => (column[index] = features[feature]!));
  });
  const target = Float64Array.from(rows, (row) => row.ridership);
  const ensemble = trainBoostedTrees(columns, target, parseHyperparameters({}));
  return (row) => {
    deriveFeatures(recipe, validated(row), features);
    return predictRow(ensemble, features);
  };
}

interface Version {
  /** On the held-out rows of its own pipeline, as delivered. */
  readonly own: RegressionMetrics;
  readonly naive: RegressionMetrics;
  /** On all days of the replay, as callers ask for them. */
  readonly errors: readonly number[];
}

const versions = {} as Record<Name, Version>;

beforeAll(() => {
  for (const name of NAMES) {
    const window = trainingWindow(name);
    const rows = deliveredRows(series, window);
    const predict = train(period(rows, window.trainFrom, window.trainTo), window.featureRecipe);
    const own = rows.filter((row) => row.date > window.trainTo);
    const truth = own.map((row) => row.ridership);
    versions[name] = {
      own: regressionMetrics(truth, own.map(predict)),
      naive: regressionMetrics(
        truth,
        own.map((row) => row[profile.naive.column] as number),
      ),
      errors: heldOut.map((row) => Math.abs(predict(row) - row.ridership)),
    };
  }
}, 60_000);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean of the paired differences challenger - champion, less a margin, over its standard error. */
function pairedT(champion: readonly number[], challenger: readonly number[], margin: number): number {
  const differences = challenger.map((error, index) => error - champion[index]!);
  const average = mean(differences);
  const variance = differences.reduce((sum, each) => sum + (each - average) ** 2, 0) / (differences.length - 1);
  return (average - margin) / Math.sqrt(variance / differences.length);
}

describe('the versions of the rehearsal', () => {
  it('all pass the gate of the pipeline, the one with the broken inputs too', () => {
    for (const name of NAMES) {
      expect(versions[name].own.mape).toBeLessThan(0.2);
      expect(versions[name].own.mae).toBeLessThan(versions[name].naive.mae);
    }
    expect(versions['metric-feed'].own.mae).toBeCloseTo(versions.better.own.mae, 1);
  });

  it('"better" beats "first" by far more than noise', () => {
    expect(mean(versions.better.errors)).toBeLessThan(0.8 * mean(versions.first.errors));
    expect(pairedT(versions.first.errors, versions.better.errors, 0)).toBeLessThan(-5);
  });

  it('"metric-feed", asked in °F, is worse than "better" by more than the margin of 10 % of MAE', () => {
    const margin = 0.1 * mean(versions.better.errors);
    expect(mean(versions['metric-feed'].errors)).toBeGreaterThan(1.15 * mean(versions.better.errors));
    expect(pairedT(versions.better.errors, versions['metric-feed'].errors, margin)).toBeGreaterThan(1.645);
  });
});
