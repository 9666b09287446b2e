/**
 * Step TrainModel (a SageMaker training job): gradient-boosted trees, exported to ONNX.
 *
 * In: input/data/{train,validation,schema}/, input/config/hyperparameters.json. Out: model/model.onnx, model/metadata.json.
 * The validation channel is only reported, never learned from nor used to stop. Same inputs, same bytes.
 */
import { METADATA_FILE, MODEL_FILE, digestOf, type ArtifactMetadata } from '../artifact/metadata.ts';
import { deriveFeatures } from '../features/recipe.ts';
import { type FeatureSchema } from './build-features.ts';
import { InputDataError, readCsvDirectory } from './csv.ts';
import { parseHyperparameters } from './hyperparameters.ts';
import { paths, readJson, writeJson, writeOutput, type Job } from './job.ts';
import { trainBoostedTrees, type BoostingSettings } from './learning/boosting.ts';
import { predictRow, type TreeEnsemble } from './learning/tree.ts';
import { INPUT_NAME, OUTPUT_NAME, writeTreeEnsemble } from './onnx/tree-ensemble.ts';
import { join } from 'node:path';

interface TrainingSet {
  /** One array per feature. */
  readonly columns: readonly Float32Array[];
  readonly target: Float64Array;
}

/** @throws InputDataError, JobConfigurationError */
export async function run(job: Job): Promise<void> {
  const settings = parseHyperparameters(readJson(paths.hyperparameters(job)));
  const schema = readJson(join(paths.channel(job, 'schema'), 'schema.json')) as FeatureSchema;
  const train = readTrainingSet(schema, paths.channel(job, 'train'));
  const validation = readTrainingSet(schema, paths.channel(job, 'validation'));
  const ensemble = trainBoostedTrees(train.columns, train.target, settings);
  job.log(`train:mae=${meanAbsoluteError(ensemble, train).toFixed(4)}`);
  job.log(`validation:mae=${meanAbsoluteError(ensemble, validation).toFixed(4)}`);
  writeArtifact(job, schema, settings, ensemble);
}

function readTrainingSet(schema: FeatureSchema, directory: string): TrainingSet {
  const table = readCsvDirectory(directory);
  const names = schema.recipe.features.map((feature) => feature.name);
  const expected = [schema.target.name, ...names].join();
  if (table.columns.join() !== expected) {
    throw new InputDataError(
      `${directory} has the columns ${table.columns.join()}, schema.json says ${expected}; build both in one run`,
    );
  }
  const toNumber = (text: string): number => (text === '' ? NaN : Number(text));
  return {
    columns: names.map((_, index) => Float32Array.from(table.rows, (row) => toNumber(row[index + 1]!))),
    target: Float64Array.from(table.rows, (row) => toNumber(row[0]!)),
  };
}

function meanAbsoluteError(ensemble: TreeEnsemble, set: TrainingSet): number {
  const row = new Float32Array(set.columns.length);
  let sum = 0;
  set.target.forEach((target, index) => {
    set.columns.forEach((column, feature) => (row[feature] = column[index]!));
    sum += Math.abs(predictRow(ensemble, row) - target);
  });
  return sum / set.target.length;
}

function writeArtifact(job: Job, schema: FeatureSchema, settings: BoostingSettings, ensemble: TreeEnsemble): void {
  const version = digestOf(JSON.stringify([schema.train.digest, schema.recipe, settings])).slice('sha256:'.length, 19);
  const model = writeTreeEnsemble(ensemble, schema.recipe.features.length, {
    model: schema.model,
    version,
    data_digest: schema.train.digest,
    recipe: schema.recipe.version,
    features: schema.recipe.features.map((feature) => feature.name).join(' '),
  });
  const example = new Float32Array(schema.recipe.features.length);
  deriveFeatures(schema.recipe, schema.exampleRow, example);
  const metadata: ArtifactMetadata = {
    formatVersion: 1,
    model: schema.model,
    version,
    algorithm: `gradient-boosted trees, squared loss, ${settings.trees} x ${settings.leaves} leaves`,
    target: schema.target,
    dataDigest: schema.train.digest,
    trainedOn: { from: schema.train.from, to: schema.train.to, rows: schema.train.rows },
    hyperparameters: { ...settings },
    recipe: schema.recipe,
    requiredFields: schema.requiredFields,
    onnx: { input: INPUT_NAME, output: OUTPUT_NAME, digest: digestOf(model) },
    selfCheck: { row: schema.exampleRow, prediction: predictRow(ensemble, example) },
    dataNotice: schema.dataNotice,
  };
  writeOutput(paths.model(job, MODEL_FILE), model);
  writeJson(paths.model(job, METADATA_FILE), metadata);
  job.log(`version ${version}, ${model.length} bytes of ONNX, ${metadata.onnx.digest}`);
}
