/**
 * Step BuildFeatures: splits by time and turns raw rows into the numbers of one recipe.
 *
 * In: processing/input/validated/data.csv. Out: processing/output/
 *   train/train.csv, validation/validation.csv   target first, then the recipe's features
 *   heldout/rows.csv                             the raw rows of the validation period, for the evaluation through the server
 *   schema/schema.json                           recipe, digests, periods, an example row (FeatureSchema)
 * Rows from `train-from` to `train-to` train; rows after that up to `evaluate-to` are held out (all days inclusive).
 */
import { parseDay } from '../features/calendar.ts';
import { digestOf } from '../artifact/metadata.ts';
import {
  deriveFeatures,
  fieldsOf,
  requireRow,
  type FeatureRecipe,
  type RawField,
  type RawRow,
} from '../features/recipe.ts';
import { rawFieldsOf, type ModelProfile } from '../profiles/profile.ts';
import { profileOf, recipeOf } from '../profiles/registry.ts';
import { columnIndex, InputDataError, readCsvDirectory, stringify } from './csv.ts';
import { JobConfigurationError, paths, readArguments, writeJson, writeOutput, type Job } from './job.ts';

/** schema.json */
export interface FeatureSchema {
  readonly model: string;
  readonly target: { readonly name: string; readonly units: string };
  readonly recipe: FeatureRecipe;
  readonly requiredFields: readonly RawField[];
  readonly train: Split;
  readonly validation: Split;
  /** The last training row: the trainer makes it the artifact's self-check. */
  readonly exampleRow: RawRow;
  readonly dataNotice: string;
}

interface Split {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  /** `sha256:<hex>` of the CSV file. */
  readonly digest: string;
}

interface LabelledRow {
  readonly date: string;
  readonly target: number;
  readonly row: RawRow;
}

/** @throws InputDataError, JobConfigurationError, UnknownProfileError, UnknownRecipeError */
export async function run(job: Job): Promise<void> {
  const values = readArguments(job, {
    model: undefined,
    recipe: undefined,
    'train-from': undefined,
    'train-to': undefined,
    'evaluate-to': undefined,
  });
  const profile = profileOf(values.model);
  const recipe = recipeOf(profile, values.recipe);
  const [trainFrom, trainTo, evaluateTo] = [values['train-from'], values['train-to'], values['evaluate-to']];
  requireRisingDays(trainFrom, trainTo, evaluateTo);
  const rows = readRows(profile, paths.processingInput(job, 'validated'));
  const train = rows.filter((row) => row.date >= trainFrom && row.date <= trainTo);
  const heldOut = rows.filter((row) => row.date > trainTo && row.date <= evaluateTo);
  const trainCsv = featureCsv(profile, recipe, train);
  const validationCsv = featureCsv(profile, recipe, heldOut);
  const schema: FeatureSchema = {
    model: profile.model,
    target: { name: profile.target.name, units: profile.target.units },
    recipe,
    requiredFields: fieldsOf(recipe, rawFieldsOf(profile)),
    train: split('training', train, trainCsv),
    validation: split('held-out', heldOut, validationCsv),
    exampleRow: train.at(-1)!.row,
    dataNotice: profile.dataNotice,
  };
  writeOutput(paths.processingOutput(job, 'train', 'train.csv'), trainCsv);
  writeOutput(paths.processingOutput(job, 'validation', 'validation.csv'), validationCsv);
  writeOutput(paths.processingOutput(job, 'heldout', 'rows.csv'), rawCsv(profile, heldOut));
  writeJson(paths.processingOutput(job, 'schema', 'schema.json'), schema);
  job.log(
    `${train.length} training rows, ${heldOut.length} held out, recipe ${recipe.version}, ${schema.train.digest}`,
  );
}

function requireRisingDays(trainFrom: string, trainTo: string, evaluateTo: string): void {
  for (const day of [trainFrom, trainTo, evaluateTo]) {
    if (parseDay(day) === undefined)
      throw new JobConfigurationError(`${JSON.stringify(day)} is no date; write yyyy-mm-dd`);
  }
  if (!(trainFrom <= trainTo && trainTo < evaluateTo)) {
    throw new JobConfigurationError(
      `train-from ${trainFrom}, train-to ${trainTo}, evaluate-to ${evaluateTo} must rise: the evaluation needs days after the training`,
    );
  }
}

/** Rows with the target, in the order of the files. @throws InputDataError, InvalidRowError for rows nobody validated */
export function readRows(profile: ModelProfile, directory: string): readonly LabelledRow[] {
  const table = readCsvDirectory(directory);
  const fields = rawFieldsOf(profile);
  const columns = fields.map((field) => ({ field, index: columnIndex(table, field.name) }));
  const targetIndex = columnIndex(table, profile.target.name);
  return table.rows.map((texts) => {
    const row: Record<string, string | number | null> = {};
    for (const { field, index } of columns) row[field.name] = toRawValue(field, texts[index]!);
    return {
      date: row[profile.dateField] as string,
      target: Number(texts[targetIndex]),
      row: requireRow(row, fields),
    };
  });
}

function toRawValue(field: RawField, text: string): string | number | null {
  if (field.type === 'date') return text;
  return text === '' ? null : Number(text);
}

function featureCsv(profile: ModelProfile, recipe: FeatureRecipe, rows: readonly LabelledRow[]): string {
  const names = recipe.features.map((feature) => feature.name);
  const buffer = new Float32Array(names.length);
  const lines = rows.map(({ row, target }) => {
    deriveFeatures(recipe, row, buffer);
    const line: Record<string, number> = { [profile.target.name]: target };
    names.forEach((name, index) => (line[name] = buffer[index]!));
    return line;
  });
  return stringify([profile.target.name, ...names], lines);
}

function rawCsv(profile: ModelProfile, rows: readonly LabelledRow[]): string {
  const columns = [profile.dateField, profile.target.name, ...profile.columns.map((column) => column.name)];
  return stringify(
    columns,
    rows.map(({ row, target }) => ({ ...row, [profile.target.name]: target })),
  );
}

function split(name: string, rows: readonly LabelledRow[], csv: string): Split {
  if (rows.length === 0) {
    throw new InputDataError(`no ${name} rows in the period; move the periods or deliver data that covers them`);
  }
  return { from: rows[0]!.date, to: rows.at(-1)!.date, rows: rows.length, digest: digestOf(csv) };
}
