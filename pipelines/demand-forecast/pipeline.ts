/**
 * The SageMaker Pipeline of demand-forecast:
 *
 *   ValidateData -> BuildFeatures -> TrainModel -> EvaluateModel -> CheckQuality -> RegisterModel (pending approval)
 *                                                                              \-> QualityTooLow (fails the execution)
 *
 * Steps are cached by their inputs, so InputDataUri must name a prefix that is never written twice (a dated snapshot).
 */
import {
  asText,
  execution,
  join,
  jsonGet,
  modelArtifactsUri,
  outputUri,
  parameter,
  type Value,
} from '../definition/references.ts';
import {
  conditionStep,
  failStep,
  outputFileUri,
  processingStep,
  registerStep,
  trainingStep,
  type CacheConfig,
  type JobPlatform,
  type PipelineDefinition,
  type PipelineParameter,
  type Step,
} from '../definition/steps.ts';
import { validatePipelineDefinition } from '../definition/validate-pipeline-definition.ts';

/** Strings may hold CloudFormation's `${...}`: nothing here looks inside. */
export interface DemandForecastPipelineOptions {
  readonly trainerImageUri: string;
  readonly serverImageUri: string;
  /** The role that the jobs of the pipeline assume. */
  readonly roleArn: string;
  /** Default of the parameter ModelPackageGroupName. */
  readonly modelPackageGroupName: string;
  /** Default of the parameter InputDataUri: an S3 prefix of CSV files. */
  readonly inputDataUri: string;
  /** Default of the parameter OutputUri: an S3 prefix without a trailing slash. */
  readonly outputUri: string;
  /** Adds the parameter ChampionUri with this default: the S3 prefix of the artifact that serves today. */
  readonly championUri?: string;
}

const MODEL = 'demand-forecast';
const VALIDATION_REPORT = 'ValidationReport';
const EVALUATION_REPORT = 'EvaluationReport';
const CACHE: CacheConfig = { Enabled: true, ExpireAfter: 'P30D' };
const JOB_SECONDS = 1800;

/** @throws InvalidPipelineDefinition if an option makes the definition invalid */
export function newDemandForecastPipeline(options: DemandForecastPipelineOptions): PipelineDefinition {
  const platform: JobPlatform = {
    trainerImageUri: options.trainerImageUri,
    roleArn: options.roleArn,
    outputUri: parameter('OutputUri'),
    instanceType: parameter('InstanceType'),
  };
  const definition: PipelineDefinition = {
    Version: '2020-12-01',
    Metadata: { Model: MODEL },
    Parameters: parametersOf(options),
    Steps: [
      validateData(platform),
      buildFeatures(platform),
      trainModel(platform),
      evaluateModel(platform, options.championUri !== undefined),
      checkQuality(options.serverImageUri),
    ],
  };
  validatePipelineDefinition(definition);
  return definition;
}

function parametersOf(options: DemandForecastPipelineOptions): readonly PipelineParameter[] {
  const text = (Name: string, DefaultValue: string): PipelineParameter => ({ Name, Type: 'String', DefaultValue });
  const number = (Name: string, DefaultValue: number): PipelineParameter => ({ Name, Type: 'Float', DefaultValue });
  return [
    text('InputDataUri', options.inputDataUri),
    text('OutputUri', options.outputUri),
    text('ModelPackageGroupName', options.modelPackageGroupName),
    // The first and last day to learn from and the last day held out, yyyy-mm-dd: each execution must say them.
    { Name: 'TrainFrom', Type: 'String' },
    { Name: 'TrainTo', Type: 'String' },
    { Name: 'EvaluateTo', Type: 'String' },
    text('FeatureRecipe', 'calendar-holiday-2'),
    text('TrainingSeed', '7'),
    text('InstanceType', 'ml.m5.large'),
    text('TriggerReason', 'MANUAL'),
    // Fractions. Above the first the model is refused, whatever the naive forecast does.
    number('MapeThreshold', 0.2),
    number('MaxMaeRelativeToNaive', 1),
    ...(options.championUri === undefined ? [] : [text('ChampionUri', options.championUri)]),
  ];
}

function validateData(platform: JobPlatform): Step {
  return processingStep({
    name: 'ValidateData',
    platform,
    command: 'validate-data',
    arguments: { model: MODEL, 'min-rows': '365', 'max-rejected-share': '0.01' },
    inputs: { data: parameter('InputDataUri') },
    outputs: ['validated', 'report'],
    propertyFiles: [{ PropertyFileName: VALIDATION_REPORT, OutputName: 'report', FilePath: 'validation.json' }],
    cache: CACHE,
    maxRuntimeSeconds: JOB_SECONDS,
  });
}

function buildFeatures(platform: JobPlatform): Step {
  return processingStep({
    name: 'BuildFeatures',
    platform,
    command: 'build-features',
    arguments: {
      model: MODEL,
      recipe: parameter('FeatureRecipe'),
      'train-from': parameter('TrainFrom'),
      'train-to': parameter('TrainTo'),
      'evaluate-to': parameter('EvaluateTo'),
    },
    inputs: { validated: outputUri('ValidateData', 'validated') },
    outputs: ['train', 'validation', 'heldout', 'schema'],
    cache: CACHE,
    maxRuntimeSeconds: JOB_SECONDS,
  });
}

function trainModel(platform: JobPlatform): Step {
  return trainingStep({
    name: 'TrainModel',
    platform,
    hyperparameters: {
      trees: '120',
      leaves: '31',
      min_rows_per_leaf: '10',
      l2: '1',
      learning_rate: '0.1',
      row_share: '0.8',
      feature_share: '0.6',
      seed: parameter('TrainingSeed'),
    },
    channels: {
      train: outputUri('BuildFeatures', 'train'),
      validation: outputUri('BuildFeatures', 'validation'),
      schema: outputUri('BuildFeatures', 'schema'),
    },
    metrics: { 'train:mae': 'train:mae=([0-9.]+)', 'validation:mae': 'validation:mae=([0-9.]+)' },
    cache: CACHE,
    maxRuntimeSeconds: JOB_SECONDS,
    maxWaitSeconds: 4 * JOB_SECONDS,
  });
}

function evaluateModel(platform: JobPlatform, withChampion: boolean): Step {
  return processingStep({
    name: 'EvaluateModel',
    platform,
    command: 'evaluate',
    arguments: { model: MODEL },
    inputs: {
      model: modelArtifactsUri('TrainModel'),
      heldout: outputUri('BuildFeatures', 'heldout'),
      ...(withChampion ? { champion: parameter('ChampionUri') } : {}),
    },
    outputs: ['evaluation'],
    propertyFiles: [{ PropertyFileName: EVALUATION_REPORT, OutputName: 'evaluation', FilePath: 'evaluation.json' }],
    cache: CACHE,
    maxRuntimeSeconds: JOB_SECONDS,
  });
}

function evaluated(path: string): Value {
  return jsonGet('EvaluateModel', EVALUATION_REPORT, path);
}

function checkQuality(serverImageUri: string): Step {
  const mape = evaluated('regression_metrics.mape.value');
  const relative = evaluated('mae_relative_to_naive.value');
  return conditionStep(
    'CheckQuality',
    [
      { type: 'LessThanOrEqualTo', left: mape, right: parameter('MapeThreshold') },
      { type: 'LessThanOrEqualTo', left: relative, right: parameter('MaxMaeRelativeToNaive') },
    ],
    [registerModel(serverImageUri)],
    [
      failStep(
        'QualityTooLow',
        join(
          '',
          'The model is not good enough to register: MAPE ',
          evaluated('registration.mape'),
          ' (at most ',
          asText(parameter('MapeThreshold')),
          '), MAE relative to the naive forecast ',
          evaluated('registration.maeRelativeToNaive'),
          ' (at most ',
          asText(parameter('MaxMaeRelativeToNaive')),
          '). See evaluation.json of step EvaluateModel.',
        ),
      ),
    ],
  );
}

function registerModel(serverImageUri: string): Step {
  return registerStep({
    name: 'RegisterModel',
    modelPackageGroupName: parameter('ModelPackageGroupName'),
    description: join('', `${MODEL}, trained up to `, parameter('TrainTo'), ', recipe ', parameter('FeatureRecipe')),
    serverImageUri,
    modelUri: modelArtifactsUri('TrainModel'),
    modelQualityUri: outputFileUri('EvaluateModel', 'evaluation', 'evaluation.json'),
    dataQualityUri: outputFileUri('ValidateData', 'report', 'validation.json'),
    customerMetadata: {
      model: MODEL,
      artifactVersion: evaluated('registration.version'),
      artifactDigest: evaluated('registration.artifactDigest'),
      dataDigest: evaluated('registration.dataDigest'),
      featureRecipe: evaluated('registration.recipe'),
      trainedTo: evaluated('registration.trainedTo'),
      mape: evaluated('registration.mape'),
      mae: evaluated('registration.mae'),
      maeRelativeToNaive: evaluated('registration.maeRelativeToNaive'),
      triggerReason: parameter('TriggerReason'),
      pipelineExecutionArn: execution('PipelineExecutionArn'),
    },
    instanceTypes: ['ml.m5.large', 'ml.m5.xlarge', 'ml.c5.large', 'ml.c5.xlarge'],
  });
}
