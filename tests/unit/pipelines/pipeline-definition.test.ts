import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { newDemandForecastPipeline } from '../../../pipelines/demand-forecast/pipeline.ts';
import { type PipelineDefinition, type Step } from '../../../pipelines/definition/steps.ts';
import {
  InvalidPipelineDefinition,
  validatePipelineDefinition,
  type Problem,
} from '../../../pipelines/definition/validate-pipeline-definition.ts';

const OPTIONS = {
  trainerImageUri: '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/switchyard-trainer:1',
  serverImageUri: '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/switchyard-server:1',
  roleArn: 'arn:aws:iam::${AWS::AccountId}:role/switchyard-pipeline',
  modelPackageGroupName: 'demand-forecast',
  inputDataUri: 's3://${Bucket}/demand-forecast/raw',
  outputUri: 's3://${Bucket}/demand-forecast/runs',
};

const definition = newDemandForecastPipeline(OPTIONS);

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests reach into the JSON as AWS reads it */
const asJson = (value: unknown): any => JSON.parse(JSON.stringify(value));

function problemsOf(change: (definition: ReturnType<typeof asJson>) => void): readonly Problem[] {
  const changed = asJson(definition);
  change(changed);
  try {
    validatePipelineDefinition(changed as PipelineDefinition);
  } catch (error) {
    if (error instanceof InvalidPipelineDefinition) return error.problems;
    throw error;
  }
  return [];
}

describe('the pipeline of demand-forecast', () => {
  const steps = asJson(definition).Steps;
  const byName = (name: string) => steps.find((step: Step) => step.Name === name);

  it('validates, builds, trains, evaluates and then decides', () => {
    expect(steps.map((step: Step) => `${step.Name} ${step.Type}`)).toEqual([
      'ValidateData Processing',
      'BuildFeatures Processing',
      'TrainModel Training',
      'EvaluateModel Processing',
      'CheckQuality Condition',
    ]);
    for (const step of steps.slice(0, 4)) expect(step.CacheConfig).toEqual({ Enabled: true, ExpireAfter: 'P30D' });
  });

  it('registers only behind the gate, which asks for both: MAPE, and better than the naive forecast', () => {
    const { Conditions, IfSteps, ElseSteps } = byName('CheckQuality').Arguments;
    const report = { Get: 'Steps.EvaluateModel.PropertyFiles.EvaluationReport' };
    expect(Conditions).toEqual([
      {
        Type: 'LessThanOrEqualTo',
        LeftValue: { 'Std:JsonGet': { PropertyFile: report, Path: 'regression_metrics.mape.value' } },
        RightValue: { Get: 'Parameters.MapeThreshold' },
      },
      {
        Type: 'LessThanOrEqualTo',
        LeftValue: { 'Std:JsonGet': { PropertyFile: report, Path: 'mae_relative_to_naive.value' } },
        RightValue: { Get: 'Parameters.MaxMaeRelativeToNaive' },
      },
    ]);
    expect(IfSteps.map((step: Step) => step.Type)).toEqual(['RegisterModel']);
    expect(ElseSteps.map((step: Step) => step.Type)).toEqual(['Fail']);
    const everywhere = JSON.stringify(steps.filter((step: Step) => step.Name !== 'CheckQuality'));
    expect(everywhere).not.toContain('RegisterModel');
  });

  it('registers the uncompressed artifact, pending approval, with its digests', () => {
    const [register] = byName('CheckQuality').Arguments.IfSteps;
    expect(register.Arguments.ModelApprovalStatus).toBe('PendingManualApproval');
    expect(register.Arguments.InferenceSpecification.Containers).toEqual([
      {
        Image: OPTIONS.serverImageUri,
        ModelDataSource: {
          S3DataSource: {
            S3Uri: { Get: 'Steps.TrainModel.ModelArtifacts.S3ModelArtifacts' },
            S3DataType: 'S3Prefix',
            CompressionType: 'None',
          },
        },
      },
    ]);
    expect(Object.keys(register.Arguments.CustomerMetadataProperties)).toEqual(
      expect.arrayContaining(['artifactDigest', 'dataDigest', 'triggerReason', 'pipelineExecutionArn']),
    );
    expect(byName('TrainModel').Arguments).toMatchObject({
      EnableManagedSpotTraining: true,
      OutputDataConfig: { CompressionType: 'NONE' },
      StoppingCondition: { MaxRuntimeInSeconds: 1800, MaxWaitTimeInSeconds: 7200 },
    });
  });

  it('demands the periods of each execution and gives all else a default', () => {
    const withoutDefault = definition.Parameters.filter((parameter) => parameter.DefaultValue === undefined);
    expect(withoutDefault.map((parameter) => parameter.Name)).toEqual(['TrainFrom', 'TrainTo', 'EvaluateTo']);
  });

  it('does not spoil the cache with the reason of the execution', () => {
    expect(JSON.stringify(steps.slice(0, 4))).not.toContain('TriggerReason');
  });

  it('takes the champion as a further input of the evaluation when it is asked to', () => {
    const champion = 's3://${Bucket}/champion';
    const evaluate = newDemandForecastPipeline({ ...OPTIONS, championUri: champion }).Steps[3]!;
    expect(JSON.stringify(evaluate)).toContain('{"Get":"Parameters.ChampionUri"}');
    expect(JSON.stringify(byName('EvaluateModel'))).not.toContain('ChampionUri');
  });
});

describe('a pipeline definition is refused for', () => {
  it.each<[string, (json: ReturnType<typeof asJson>) => void, string, unknown]>([
    ['an unknown step type', (json) => (json.Steps[0].Type = 'EMR'), 'Steps[0].Type', 'EMR'],
    [
      'an undeclared parameter',
      (json) => json.Parameters.splice(0, 1),
      'Steps[0].Arguments.ProcessingInputs[0].S3Input.S3Uri',
      'Parameters.InputDataUri',
    ],
    ['a step that does not exist', (json) => (json.Steps[0].DependsOn = ['Prepare']), 'Steps[0].DependsOn', 'Prepare'],
    [
      'an output that no step writes',
      (json) =>
        (json.Steps[1].Arguments.ProcessingInputs[0].S3Input.S3Uri = {
          Get: "Steps.ValidateData.ProcessingOutputConfig.Outputs['clean'].S3Output.S3Uri",
        }),
      'Steps[1].Arguments.ProcessingInputs[0].S3Input.S3Uri',
      "Steps.ValidateData.ProcessingOutputConfig.Outputs['clean'].S3Output.S3Uri",
    ],
    [
      'a property file that is not declared',
      (json) => delete json.Steps[3].PropertyFiles,
      'Steps[4].Arguments.Conditions[0].LeftValue.Std:JsonGet.PropertyFile',
      'Steps.EvaluateModel.PropertyFiles.EvaluationReport',
    ],
    [
      'a property file of an unknown output',
      (json) => (json.Steps[3].PropertyFiles[0].OutputName = 'x'),
      'Steps[3].PropertyFiles[0].OutputName',
      'x',
    ],
    [
      'an unknown execution variable',
      (json) => (json.Steps[0].Arguments.RoleArn = { Get: 'Execution.Owner' }),
      'Steps[0].Arguments.RoleArn',
      'Execution.Owner',
    ],
    [
      'a reference of no known form',
      (json) => (json.Steps[0].Arguments.RoleArn = { Get: 'Role' }),
      'Steps[0].Arguments.RoleArn',
      'Role',
    ],
    ['a missing argument', (json) => delete json.Steps[2].Arguments.RoleArn, 'Steps[2].Arguments.RoleArn', undefined],
    ['an empty gate', (json) => (json.Steps[4].Arguments.Conditions = []), 'Steps[4].Arguments.Conditions', []],
    [
      'an unknown comparison',
      (json) => (json.Steps[4].Arguments.Conditions[0].Type = 'AtMost'),
      'Steps[4].Arguments.Conditions[0].Type',
      'AtMost',
    ],
    ['two steps of one name', (json) => (json.Steps[1].Name = 'ValidateData'), 'Steps[1].Name', 'ValidateData'],
    [
      'spot training that may not wait',
      (json) => (json.Steps[2].Arguments.StoppingCondition.MaxWaitTimeInSeconds = 60),
      'Steps[2].Arguments.StoppingCondition.MaxWaitTimeInSeconds',
      60,
    ],
    [
      'a cache time that is none',
      (json) => (json.Steps[0].CacheConfig.ExpireAfter = '30 days'),
      'Steps[0].CacheConfig.ExpireAfter',
      '30 days',
    ],
    ['a default of the wrong type', (json) => (json.Parameters[0].DefaultValue = 3), 'Parameters[0].DefaultValue', 3],
    [
      'an unknown member',
      (json) => (json.PipelineExperimentConfig = {}),
      'PipelineExperimentConfig',
      'PipelineExperimentConfig',
    ],
    ['another version', (json) => (json.Version = '2021-01-01'), 'Version', '2021-01-01'],
    [
      'metadata that the registry refuses',
      (json) => (json.Steps[4].Arguments.IfSteps[0].Arguments.CustomerMetadataProperties.model = 'a,b'),
      'Steps[4].Arguments.IfSteps[0].Arguments.CustomerMetadataProperties.model',
      'a,b',
    ],
  ])('%s, with path, value and remedy', (_, change, path, value) => {
    const problems = problemsOf(change);
    expect(problems).toContainEqual({ path, value, remedy: expect.any(String) });
  });

  it('a circle', () => {
    const [problem] = problemsOf((json) => (json.Steps[0].DependsOn = ['TrainModel']));
    expect(problem!.value).toBe('ValidateData -> TrainModel -> BuildFeatures -> ValidateData');
  });

  it('nothing, when it is as built', () => {
    expect(problemsOf(() => undefined)).toEqual([]);
  });
});

describe('the images', () => {
  it('install the versions that the project is tested with', () => {
    const read = (path: string) =>
      asJson(JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')));
    const image = read('pipelines/images/package.json').dependencies;
    const project = read('package.json').dependencies;
    for (const [name, version] of Object.entries(image)) expect(project[name]).toBe(version);
  });
});
