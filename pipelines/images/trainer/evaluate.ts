/**
 * Step EvaluateModel: how good is the artifact on the held-out rows, through the very server that will serve it?
 *
 * In: processing/input/model/ (the artifact), processing/input/heldout/rows.csv, and optionally processing/input/champion/
 * (the artifact that serves today: it then answers the same rows). Out: processing/output/evaluation/evaluation.json, the
 * property file EvaluationReport; figures in the layout of SageMaker's model quality reports, rates as fractions.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { METADATA_FILE } from '../artifact/metadata.ts';
import { parseDay } from '../features/calendar.ts';
import { type RawRow } from '../features/recipe.ts';
import { profileOf } from '../profiles/registry.ts';
import { loadPredictor } from '../server/predictor.ts';
import { readRows } from './build-features.ts';
import { InputDataError } from './csv.ts';
import { paths, readArguments, writeJson, type Job } from './job.ts';
import { average, regressionMetrics, type RegressionMetrics } from './metrics.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

type Valued = { readonly [Metric in keyof RegressionMetrics]: { readonly value: number } };

/** evaluation.json */
export interface EvaluationReport {
  readonly model: string;
  readonly version: string;
  /** `sha256:<hex>` of the evaluated artifact (model and metadata). */
  readonly artifactDigest: string;
  readonly dataDigest: string;
  readonly recipe: string;
  readonly period: { readonly from: string; readonly to: string; readonly rows: number };
  readonly regression_metrics: Valued;
  readonly naive: { readonly column: string; readonly description: string; readonly regression_metrics: Valued };
  /** MAE of the model / MAE of the naive forecast: below 1 the model is worth its keep. */
  readonly mae_relative_to_naive: { readonly value: number };
  /** Errors are prediction - truth. */
  readonly residuals_by_weekday: readonly {
    readonly weekday: string;
    readonly rows: number;
    readonly meanError: number;
    readonly mae: number;
  }[];
  readonly champion: null | {
    readonly version: string;
    readonly regression_metrics: Valued;
    /** MAE of the model / MAE of the champion on the same rows. */
    readonly mae_relative_to_champion: { readonly value: number };
  };
  /** The same facts as short texts, for the registry's CustomerMetadataProperties. */
  readonly registration: Readonly<Record<string, string>>;
}

/** @throws InputDataError, ArtifactError, JobConfigurationError, UnknownProfileError */
export async function run(job: Job): Promise<void> {
  const { model } = readArguments(job, { model: undefined });
  const profile = profileOf(model);
  const labelled = readRows(profile, paths.processingInput(job, 'heldout'));
  if (labelled.length === 0) throw new InputDataError('no held-out rows; move evaluate-to behind train-to');
  const rows = labelled.map(({ row }) => row);
  const truth = labelled.map(({ target }) => target);
  const { metadata, artifactDigest, predictions } = await predictWith(paths.processingInput(job, 'model'), rows);
  if (metadata.model !== model) {
    throw new InputDataError(
      `the artifact is of model ${metadata.model}, not ${model}; connect this step to its own training step`,
    );
  }
  const metrics = regressionMetrics(truth, predictions);
  const naive = regressionMetrics(
    truth,
    rows.map((row) => Number(row[profile.naive.column])),
  );
  const relative = metrics.mae / naive.mae;
  const report: EvaluationReport = {
    model,
    version: metadata.version,
    artifactDigest,
    dataDigest: metadata.dataDigest,
    recipe: metadata.recipe.version,
    period: { from: labelled[0]!.date, to: labelled.at(-1)!.date, rows: rows.length },
    regression_metrics: valued(metrics),
    naive: { ...profile.naive, regression_metrics: valued(naive) },
    mae_relative_to_naive: { value: relative },
    residuals_by_weekday: residualsByWeekday(
      labelled.map(({ date }) => date),
      truth,
      predictions,
    ),
    champion: await compareChampion(job, rows, truth, metrics),
    registration: {
      version: metadata.version,
      artifactDigest,
      dataDigest: metadata.dataDigest,
      recipe: metadata.recipe.version,
      trainedTo: metadata.trainedOn.to,
      mape: metrics.mape.toFixed(4),
      mae: metrics.mae.toFixed(4),
      maeRelativeToNaive: relative.toFixed(4),
    },
  };
  writeJson(paths.processingOutput(job, 'evaluation', 'evaluation.json'), report);
  job.log(
    `MAPE ${(100 * metrics.mape).toFixed(2)} %, MAE ${metrics.mae.toFixed(3)}, naive MAE ${naive.mae.toFixed(3)}, ${rows.length} rows`,
  );
}

async function predictWith(directory: string, rows: readonly RawRow[]) {
  const predictor = await loadPredictor(directory);
  try {
    const { metadata, artifactDigest } = predictor;
    const predictions = Array.from(await predictor.predict(rows.map((row) => predictor.featuresOf(row))));
    return { metadata, artifactDigest, predictions };
  } finally {
    await predictor.close();
  }
}

async function compareChampion(
  job: Job,
  rows: readonly RawRow[],
  truth: readonly number[],
  challenger: RegressionMetrics,
): Promise<EvaluationReport['champion']> {
  const directory = paths.processingInput(job, 'champion');
  // The input is optional in the pipeline: the first version of a model has no champion to compare with.
  if (!existsSync(join(directory, METADATA_FILE))) return null;
  const { metadata, predictions } = await predictWith(directory, rows);
  const champion = regressionMetrics(truth, predictions);
  return {
    version: metadata.version,
    regression_metrics: valued(champion),
    mae_relative_to_champion: { value: challenger.mae / champion.mae },
  };
}

function residualsByWeekday(
  dates: readonly string[],
  truth: readonly number[],
  predictions: readonly number[],
): EvaluationReport['residuals_by_weekday'] {
  const errors: number[][] = WEEKDAYS.map(() => []);
  dates.forEach((date, index) => errors[parseDay(date)!.weekday]!.push(predictions[index]! - truth[index]!));
  return WEEKDAYS.flatMap((weekday, index) => {
    const own = errors[index]!;
    if (own.length === 0) return [];
    return [{ weekday, rows: own.length, meanError: average(own), mae: average(own.map(Math.abs)) }];
  });
}

function valued(metrics: RegressionMetrics): Valued {
  const { mae, rmse, mape, wape, r2 } = metrics;
  return {
    mae: { value: mae },
    rmse: { value: rmse },
    mape: { value: mape },
    wape: { value: wape },
    r2: { value: r2 },
  };
}
