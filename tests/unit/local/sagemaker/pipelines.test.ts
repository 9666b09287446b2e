/** Pipelines: steps that really run, references, conditions on property files, caching, retries, stopping, events. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { durationMs } from '../../../../local/sagemaker/pipeline-definition.ts';
import { IMAGE, type Laboratory, makeModel, MINUTE, newLaboratory, ROLE } from './laboratory.ts';

const PIPELINE_ROLE = 'arn:aws:iam::111122223333:role/pipeline';
const ARN = 'arn:aws:sagemaker:eu-central-1:111122223333:pipeline/demand';
const TOKEN = (name: string): string => name.padEnd(32, '-');

let lab: Laboratory;
let mae: number;
beforeEach(async () => {
  lab = newLaboratory();
  mae = 7;
  lab.objects.set('data/2011/a.csv', 'x,y\n1,2\n');
  await lab.call('CreateModelPackageGroup', { ModelPackageGroupName: 'demand' });
  lab.runJob = async ({ root, arguments: given }) => {
    const write = (path: string, content: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    if (given[0] === 'train') write('model/model.onnx', 'trees');
    else
      write(
        'processing/report/evaluation.json',
        JSON.stringify({ regression_metrics: { mae: { value: mae } }, tags: ['a'] }),
      );
    return { exitCode: 0, log: [] };
  };
});
afterEach(() => lab.close());

const get = (reference: string) => ({ Get: reference });
const evaluate = (more: object = {}) => ({
  Name: 'Evaluate',
  Type: 'Processing',
  Arguments: {
    ProcessingResources: {
      ClusterConfig: { InstanceCount: 1, InstanceType: get('Parameters.InstanceType'), VolumeSizeInGB: 5 },
    },
    AppSpecification: {
      ImageUri: IMAGE,
      ContainerEntrypoint: ['node', 'evaluate.js'],
      ContainerArguments: ['evaluate'],
    },
    RoleArn: ROLE,
    ProcessingInputs: [
      {
        InputName: 'model',
        S3Input: {
          S3Uri: get('Steps.Train.ModelArtifacts.S3ModelArtifacts'),
          S3DataType: 'S3Prefix',
          LocalPath: '/opt/ml/processing/model',
        },
      },
    ],
    ProcessingOutputConfig: {
      Outputs: [
        {
          OutputName: 'report',
          S3Output: {
            S3Uri: {
              'Std:Join': { On: '/', Values: ['s3://artifacts', get('Execution.PipelineExecutionId'), 'report'] },
            },
            LocalPath: '/opt/ml/processing/report',
            S3UploadMode: 'EndOfJob',
          },
        },
      ],
    },
  },
  PropertyFiles: [{ PropertyFileName: 'Report', OutputName: 'report', FilePath: 'evaluation.json' }],
  ...more,
});
const train = (more: object = {}) => ({
  Name: 'Train',
  Type: 'Training',
  Arguments: {
    AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
    RoleArn: ROLE,
    InputDataConfig: [
      { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: get('Parameters.Data') } } },
    ],
    OutputDataConfig: { S3OutputPath: 's3://artifacts/models', CompressionType: 'NONE' },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 5 },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    HyperParameters: { trees: '300' },
  },
  ...more,
});
const register = {
  Name: 'Register',
  Type: 'RegisterModel',
  Arguments: {
    ModelPackageGroupName: 'demand',
    InferenceSpecification: {
      Containers: [
        {
          Image: IMAGE,
          ModelDataSource: {
            S3DataSource: {
              S3Uri: get('Steps.Train.ModelArtifacts.S3ModelArtifacts'),
              S3DataType: 'S3Prefix',
              CompressionType: 'None',
            },
          },
        },
      ],
    },
    ModelMetrics: {
      ModelQuality: {
        Statistics: {
          ContentType: 'application/json',
          S3Uri: {
            'Std:Join': {
              On: '/',
              Values: [
                get("Steps.Evaluate.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"),
                'evaluation.json',
              ],
            },
          },
        },
      },
    },
    MetadataProperties: { CommitId: 'abc' },
  },
};
const gate = (more: object = {}) => ({
  Name: 'Gate',
  Type: 'Condition',
  Arguments: {
    Conditions: [
      {
        Type: 'LessThanOrEqualTo',
        LeftValue: {
          'Std:JsonGet': {
            PropertyFile: get('Steps.Evaluate.PropertyFiles.Report'),
            Path: 'regression_metrics.mae.value',
          },
        },
        RightValue: get('Parameters.MaxMae'),
      },
    ],
    IfSteps: [register],
    ElseSteps: [
      {
        Name: 'TooBad',
        Type: 'Fail',
        Arguments: { ErrorMessage: { 'Std:Join': { On: ' ', Values: ['mae above', get('Parameters.MaxMae')] } } },
      },
    ],
    ...more,
  },
});
const PARAMETERS = [
  { Name: 'Data', Type: 'String', DefaultValue: 's3://data/2011' },
  { Name: 'InstanceType', Type: 'String', DefaultValue: 'ml.m5.large', EnumValues: ['ml.m5.large', 'ml.m5.xlarge'] },
  { Name: 'MaxMae', Type: 'Float', DefaultValue: 8.5 },
];
const definition = (steps: object[], parameters: object[] = PARAMETERS) =>
  JSON.stringify({ Version: '2020-12-01', Metadata: {}, Parameters: parameters, Steps: steps });

const create = (steps: object[]) => ({
  PipelineName: 'demand',
  PipelineDefinition: definition(steps),
  RoleArn: PIPELINE_ROLE,
  ClientRequestToken: TOKEN('create'),
});

async function start(token: string, more: object = {}): Promise<string> {
  const input = { PipelineName: 'demand', ClientRequestToken: TOKEN(token), ...more };
  return (await lab.call('StartPipelineExecution', input)).PipelineExecutionArn;
}
const describeExecution = (arn: string) => lab.call('DescribePipelineExecution', { PipelineExecutionArn: arn });
const steps = async (arn: string): Promise<Record<string, Record<string, unknown>>> => {
  const answer = await lab.call('ListPipelineExecutionSteps', { PipelineExecutionArn: arn });
  return Object.fromEntries(answer.PipelineExecutionSteps.map((step: { StepName: string }) => [step.StepName, step]));
};

describe('an execution', () => {
  it('trains, evaluates, passes the gate and registers with GeneratedBy', async () => {
    await lab.call('CreatePipeline', create([gate(), evaluate(), train()]));
    const arn = await start('one', { PipelineExecutionDisplayName: 'monday' });
    expect(arn).toMatch(new RegExp(`^${ARN}/execution/[a-z0-9]{12}$`));
    await lab.run(5 * MINUTE);
    expect((await describeExecution(arn)).PipelineExecutionStatus).toBe('Executing');
    await lab.run(25 * MINUTE);
    expect(await describeExecution(arn)).toMatchObject({
      PipelineArn: ARN,
      PipelineExecutionStatus: 'Succeeded',
      PipelineExecutionDisplayName: 'monday',
    });
    const ran = await steps(arn);
    expect(Object.values(ran).map((step) => [step['StepName'], step['StepStatus']])).toEqual([
      ['Register', 'Succeeded'],
      ['Gate', 'Succeeded'],
      ['Evaluate', 'Succeeded'],
      ['Train', 'Succeeded'],
    ]);
    expect(ran['Gate']?.['Metadata']).toEqual({ Condition: { Outcome: 'True' } });
    const id = arn.slice(-12);
    expect(ran['Train']?.['Metadata']).toMatchObject({
      TrainingJob: { Arn: expect.stringMatching(new RegExp(`training-job/pipelines-${id}-train-[0-9a-f]{10}$`)) },
    });
    const item = await lab.call('DescribeModelPackage', { ModelPackageName: 'demand/1' });
    expect(item).toMatchObject({
      ModelApprovalStatus: 'PendingManualApproval',
      MetadataProperties: { CommitId: 'abc', GeneratedBy: arn },
      ModelMetrics: { ModelQuality: { Statistics: { S3Uri: `s3://artifacts/${id}/report/evaluation.json` } } },
    });
    expect(item.InferenceSpecification.Containers[0].ModelDataSource.S3DataSource.S3Uri).toMatch(
      new RegExp(`^s3://artifacts/models/pipelines-${id}-Train-[0-9a-f]{10}/output/model/$`),
    );
    const creator = lab.cloud.calls.find((call) => call.operation === 'CreateTrainingJob')?.principal;
    expect(creator).toMatchObject({ kind: 'role', arn: PIPELINE_ROLE });
  });

  it('takes the other branch and fails with its message', async () => {
    mae = 9;
    await lab.call('CreatePipeline', create([train(), evaluate(), gate()]));
    const arn = await start('one');
    await lab.run(30 * MINUTE);
    expect(await describeExecution(arn)).toMatchObject({
      PipelineExecutionStatus: 'Failed',
      FailureReason: 'Step failure: One or multiple steps failed.',
    });
    const ran = await steps(arn);
    expect(ran['TooBad']).toMatchObject({
      StepStatus: 'Failed',
      FailureReason: 'mae above 8.5',
      Metadata: { Fail: { ErrorMessage: 'mae above 8.5' } },
    });
    expect(ran['Register']).toBeUndefined();
    expect((await lab.call('ListModelPackages', { ModelPackageGroupName: 'demand' })).ModelPackageSummaryList).toEqual(
      [],
    );
  });

  it('fails when the JSON path leads nowhere, and when a job fails', async () => {
    const conditions = [
      {
        Type: 'Equals',
        LeftValue: {
          'Std:JsonGet': {
            PropertyFile: get('Steps.Evaluate.PropertyFiles.Report'),
            Path: 'regression_metrics.mape.value',
          },
        },
        RightValue: 1,
      },
    ];
    await lab.call('CreatePipeline', create([train(), evaluate(), gate({ Conditions: conditions })]));
    const lost = await start('one');
    await lab.run(30 * MINUTE);
    expect((await steps(lost))['Gate']).toMatchObject({
      StepStatus: 'Failed',
      FailureReason: "property file 'Report' of step 'Evaluate' has no value at 'regression_metrics.mape.value'",
    });
    lab.runJob = async () => ({ exitCode: 2, failureMessage: 'no memory', log: [] });
    const broken = await start('two');
    await lab.run(30 * MINUTE);
    const ran = await steps(broken);
    expect(ran['Train']).toMatchObject({
      StepStatus: 'Failed',
      FailureReason: 'ClientError: AlgorithmError: no memory, exit code: 2',
    });
    expect(ran['Evaluate']).toBeUndefined();
  });

  it('runs independent steps at the same time', async () => {
    await lab.call(
      'CreatePipeline',
      create([train(), train({ Name: 'TrainToo' }), train({ Name: 'Later', DependsOn: ['Train'] })]),
    );
    const arn = await start('one');
    await lab.run(30 * MINUTE);
    const ran = await steps(arn);
    const times = (name: string, which: 'StartTime' | 'EndTime') => (ran[name]![which] as Date).getTime();
    expect(times('TrainToo', 'StartTime')).toBe(times('Train', 'StartTime'));
    expect(times('Later', 'StartTime')).toBeGreaterThanOrEqual(times('Train', 'EndTime'));
  });

  it('keeps the definition with which it started', async () => {
    await lab.call('CreatePipeline', create([train()]));
    const arn = await start('one');
    await lab.run(MINUTE);
    await lab.call('UpdatePipeline', {
      PipelineName: 'demand',
      PipelineDefinition: definition([train({ Name: 'Other' })]),
    });
    await lab.run(30 * MINUTE);
    expect(Object.keys(await steps(arn))).toEqual(['Train']);
    const text = (await lab.call('DescribePipelineDefinitionForExecution', { PipelineExecutionArn: arn }))
      .PipelineDefinition;
    expect(JSON.parse(text).Steps[0].Name).toBe('Train');
    const parameters = await lab.call('ListPipelineParametersForExecution', { PipelineExecutionArn: arn });
    expect(parameters.PipelineParameters).toContainEqual({ Name: 'MaxMae', Value: '8.5' });
  });

  it('stops its running jobs on request', async () => {
    await lab.call('CreatePipeline', create([train(), evaluate(), gate()]));
    const arn = await start('one');
    await lab.run(MINUTE);
    await lab.call('StopPipelineExecution', { PipelineExecutionArn: arn, ClientRequestToken: TOKEN('stop') });
    expect((await describeExecution(arn)).PipelineExecutionStatus).toBe('Stopping');
    await lab.run(5 * MINUTE);
    expect((await describeExecution(arn)).PipelineExecutionStatus).toBe('Stopped');
    expect((await steps(arn))['Train']).toMatchObject({ StepStatus: 'Stopped' });
    expect(lab.jobs).toEqual([]);
  });
});

describe('caching', () => {
  const cached = { CacheConfig: { Enabled: true, ExpireAfter: 'P30d' } };

  it('reuses a step with the same arguments until it expires', async () => {
    await lab.call('CreatePipeline', create([train(cached), evaluate(), gate()]));
    const first = await start('one');
    await lab.run(30 * MINUTE);
    expect(lab.jobs).toHaveLength(2);
    const second = await start('two');
    await lab.run(30 * MINUTE);
    // Training came from the cache; evaluation writes below the execution's id and ran again.
    expect(lab.jobs).toHaveLength(3);
    const ran = await steps(second);
    expect(ran['Train']).toMatchObject({
      StepStatus: 'Succeeded',
      CacheHitResult: { SourcePipelineExecutionArn: first },
    });
    expect(ran['Train']?.['Metadata']).toEqual((await steps(first))['Train']?.['Metadata']);
    expect((await describeExecution(second)).PipelineExecutionStatus).toBe('Succeeded');
    const hits = lab
      .details('SageMaker Model Building Pipeline Execution Step Status Change')
      .filter((detail) => detail['cacheHitResult']);
    expect(hits[0]).toMatchObject({ stepName: 'Train', cacheHitResult: { sourcePipelineExecutionArn: first } });

    lab.objects.set('data/2012/a.csv', 'x');
    const third = await start('three', { PipelineParameters: [{ Name: 'Data', Value: 's3://data/2012' }] });
    await lab.run(30 * MINUTE);
    expect((await steps(third))['Train']?.['CacheHitResult']).toBeUndefined();
    await lab.run(31 * 24 * 60 * MINUTE);
    const fourth = await start('four');
    await lab.run(30 * MINUTE);
    expect((await steps(fourth))['Train']?.['CacheHitResult']).toBeUndefined();
  });

  it('does not reuse failed steps', async () => {
    const works = lab.runJob;
    lab.runJob = async () => ({ exitCode: 1, log: ['bad'] });
    await lab.call('CreatePipeline', create([train(cached)]));
    await start('one');
    await lab.run(30 * MINUTE);
    lab.runJob = works;
    const second = await start('two');
    await lab.run(30 * MINUTE);
    expect((await steps(second))['Train']?.['CacheHitResult']).toBeUndefined();
    expect((await describeExecution(second)).PipelineExecutionStatus).toBe('Succeeded');
  });

  it.each([
    ['P30d', 30 * 86_400_000],
    ['PT1H30M', 5_400_000],
    ['P1W', 7 * 86_400_000],
  ])('reads the duration %s', (text, ms) => expect(durationMs(text)).toBe(ms));
});

describe('conditions', () => {
  const json = (path: string) => ({
    'Std:JsonGet': { PropertyFile: get('Steps.Evaluate.PropertyFiles.Report'), Path: path },
  });
  const value = json('regression_metrics.mae.value');
  it.each([
    [{ Type: 'Equals', LeftValue: value, RightValue: 7 }, 'True'],
    [{ Type: 'GreaterThan', LeftValue: value, RightValue: 7 }, 'False'],
    [{ Type: 'GreaterThanOrEqualTo', LeftValue: value, RightValue: 7 }, 'True'],
    [{ Type: 'LessThan', LeftValue: value, RightValue: '7.5' }, 'True'],
    [{ Type: 'In', QueryValue: json('tags[0]'), Values: ['b', 'a'] }, 'True'],
    [{ Type: 'Not', Expression: { Type: 'Equals', LeftValue: value, RightValue: 7 } }, 'False'],
    [
      {
        Type: 'Or',
        Conditions: [
          { Type: 'Equals', LeftValue: 1, RightValue: 2 },
          { Type: 'Equals', LeftValue: 1, RightValue: 1 },
        ],
      },
      'True',
    ],
    [
      {
        Type: 'And',
        Conditions: [
          { Type: 'Equals', LeftValue: 1, RightValue: 2 },
          { Type: 'Equals', LeftValue: 1, RightValue: 1 },
        ],
      },
      'False',
    ],
  ])('%j is %s', async (condition, outcome) => {
    await lab.call(
      'CreatePipeline',
      create([train(), evaluate(), gate({ Conditions: [condition], IfSteps: [], ElseSteps: [] })]),
    );
    const arn = await start('one');
    await lab.run(30 * MINUTE);
    expect((await steps(arn))['Gate']?.['Metadata']).toEqual({ Condition: { Outcome: outcome } });
  });
});

describe('other steps', () => {
  it('calls a Lambda function, hands its outputs on, makes a model and transforms with it', async () => {
    await makeModel(lab, 'unused');
    lab.objects.set('models/v1/model.onnx', 'trees');
    lab.objects.set('data/in/a.csv', '1,2\n');
    lab.lambda = (input) => {
      expect(JSON.parse(Buffer.from(input['Payload'] as Uint8Array).toString())).toEqual({ day: '2011-01-01' });
      return { StatusCode: 200, Payload: Buffer.from(JSON.stringify({ uri: 's3://data/in/', ignored: 1 })) };
    };
    const all = [
      {
        Name: 'Choose',
        Type: 'Lambda',
        FunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:choose',
        Arguments: { day: '2011-01-01' },
        OutputParameters: [{ OutputName: 'uri', OutputType: 'String' }],
      },
      {
        Name: 'Make',
        Type: 'Model',
        Arguments: {
          ExecutionRoleArn: ROLE,
          PrimaryContainer: {
            Image: IMAGE,
            ModelDataSource: {
              S3DataSource: { S3Uri: 's3://models/v1/', S3DataType: 'S3Prefix', CompressionType: 'None' },
            },
          },
        },
      },
      {
        Name: 'Score',
        Type: 'Transform',
        Arguments: {
          ModelName: get('Steps.Make.ModelName'),
          TransformInput: {
            DataSource: {
              S3DataSource: { S3DataType: 'S3Prefix', S3Uri: get("Steps.Choose.OutputParameters['uri']") },
            },
            ContentType: 'text/csv',
            SplitType: 'Line',
          },
          TransformOutput: { S3OutputPath: 's3://data/out', AssembleWith: 'Line' },
          TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
        },
      },
    ];
    await lab.call('CreatePipeline', create(all));
    const arn = await start('one');
    await lab.run(30 * MINUTE);
    expect((await describeExecution(arn)).PipelineExecutionStatus).toBe('Succeeded');
    expect(lab.objects.get('data/out/a.csv.out')).toBe('1,2\n');
    expect((await steps(arn))['Choose']?.['Metadata']).toEqual({
      Lambda: {
        Arn: 'arn:aws:lambda:eu-central-1:111122223333:function:choose',
        OutputParameters: [{ Name: 'uri', Value: 's3://data/in/' }],
      },
    });
  });

  it('repeats a throttled call as RetryPolicies say, and fails without them', async () => {
    const answer = lab.cloud.answer;
    let throttled = 0;
    lab.cloud.answer = (service, operation, input, principal) => {
      if (operation === 'CreateTrainingJob' && throttled++ < 2)
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      return answer(service, operation, input, principal);
    };
    const policies = [{ ExceptionType: ['Step.THROTTLING'], IntervalSeconds: 5, BackoffRate: 2, MaxAttempts: 3 }];
    await lab.call('CreatePipeline', create([train({ RetryPolicies: policies })]));
    const arn = await start('one');
    await lab.run(30 * MINUTE);
    expect((await steps(arn))['Train']).toMatchObject({ StepStatus: 'Succeeded', AttemptCount: 3 });
    throttled = 0;
    await lab.call('UpdatePipeline', { PipelineName: 'demand', PipelineDefinition: definition([train()]) });
    const second = await start('two');
    await lab.run(30 * MINUTE);
    expect((await steps(second))['Train']).toMatchObject({
      StepStatus: 'Failed',
      FailureReason: 'ClientError: ThrottlingException: Rate exceeded',
    });
  });
});

describe('requests', () => {
  it('answers the same token with the same execution, and other parameters with a conflict', async () => {
    await lab.call('CreatePipeline', create([train()]));
    expect(await lab.call('CreatePipeline', create([train()]))).toEqual({ PipelineArn: ARN });
    const first = await start('one');
    expect(await start('one')).toBe(first);
    expect(
      (await lab.call('ListPipelineExecutions', { PipelineName: 'demand' })).PipelineExecutionSummaries,
    ).toHaveLength(1);
    const other = {
      PipelineName: 'demand',
      ClientRequestToken: TOKEN('one'),
      PipelineParameters: [{ Name: 'MaxMae', Value: '1' }],
    };
    expect((await lab.refusal('StartPipelineExecution', other)).code).toBe('ConflictException');
    expect(
      (await lab.refusal('StartPipelineExecution', { PipelineName: 'demand', ClientRequestToken: 'short' })).message,
    ).toContain('clientRequestToken');
    expect(
      (await lab.refusal('StartPipelineExecution', { PipelineName: 'x', ClientRequestToken: TOKEN('x') })).code,
    ).toBe('ResourceNotFound');
  });

  it.each([
    ['an undeclared parameter', [{ Name: 'Nope', Value: '1' }], 'not declared'],
    ['a value outside the enum', [{ Name: 'InstanceType', Value: 'ml.p3.large' }], "'InstanceType'"],
    ['text for a number', [{ Name: 'MaxMae', Value: 'low' }], "can't have the value 'low'"],
  ])('refuses %s', async (_what, parameters, message) => {
    await lab.call('CreatePipeline', create([train()]));
    const input = { PipelineName: 'demand', ClientRequestToken: TOKEN('x'), PipelineParameters: parameters };
    expect((await lab.refusal('StartPipelineExecution', input)).message).toContain(message);
  });

  it.each([
    ['no JSON', '{', 'ValidationException', 'Unable to parse pipeline definition'],
    [
      'an unknown step type',
      definition([{ ...train(), Type: 'Tuning' }]),
      'UnsupportedFeature',
      "'Train' of Type 'Tuning'",
    ],
    ['an unknown member', definition([train({ StepRetries: 1 })]), 'UnsupportedFeature', 'StepRetries'],
    ['two steps of a name', definition([train(), train()]), 'ValidationException', 'more than once'],
    ['an unknown dependency', definition([train({ DependsOn: ['X'] })]), 'ValidationException', "unknown step 'X'"],
    [
      'a circle',
      definition([train({ DependsOn: ['B'] }), train({ Name: 'B', DependsOn: ['Train'] })]),
      'ValidationException',
      'Train -> B -> Train',
    ],
    ['an unknown parameter', definition([train()], []), 'ValidationException', "unknown parameter 'Data'"],
    [
      'an unknown property file',
      definition([train(), evaluate({ PropertyFiles: [] }), gate()]),
      'ValidationException',
      "'Report'",
    ],
    [
      'an unknown condition',
      definition([train(), evaluate(), gate({ Conditions: [{ Type: 'Like' }] })]),
      'UnsupportedFeature',
      "Type 'Like'",
    ],
    ['another version', JSON.stringify({ Version: '1', Steps: [train()] }), 'ValidationException', "'2020-12-01'"],
    [
      'experiments',
      JSON.stringify({ Version: '2020-12-01', PipelineExperimentConfig: {}, Steps: [train()] }),
      'UnsupportedFeature',
      'PipelineExperimentConfig',
    ],
    [
      'a retry on an unknown error',
      definition([train({ RetryPolicies: [{ ExceptionType: ['SageMaker.BAD_WEATHER'] }] })]),
      'UnsupportedFeature',
      'BAD_WEATHER',
    ],
  ])('refuses a definition with %s', async (_what, text, code, message) => {
    const refused = await lab.refusal('CreatePipeline', { ...create([]), PipelineDefinition: text });
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });

  it('reads a definition from S3, lists by prefix, and deletes only what does not run', async () => {
    lab.objects.set('definitions/demand.json', definition([train()]));
    const { PipelineDefinition: _inline, ...rest } = create([]);
    await lab.call('CreatePipeline', {
      ...rest,
      PipelineDefinitionS3Location: { Bucket: 'definitions', ObjectKey: 'demand.json' },
    });
    expect(
      JSON.parse((await lab.call('DescribePipeline', { PipelineName: ARN })).PipelineDefinition).Steps[0].Name,
    ).toBe('Train');
    expect((await lab.call('ListPipelines', { PipelineNamePrefix: 'dem' })).PipelineSummaries).toHaveLength(1);
    expect((await lab.call('ListPipelines', { PipelineNamePrefix: 'x' })).PipelineSummaries).toEqual([]);
    await start('one');
    const deletion = { PipelineName: 'demand', ClientRequestToken: TOKEN('delete') };
    expect((await lab.refusal('DeletePipeline', deletion)).code).toBe('ConflictException');
    await lab.run(30 * MINUTE);
    await lab.call('DeletePipeline', deletion);
    expect((await lab.refusal('DescribePipeline', { PipelineName: 'demand' })).code).toBe('ResourceNotFound');
  });
});

describe('events', () => {
  it('are camelCase with ISO times, for the execution and for each step', async () => {
    await lab.call('CreatePipeline', create([train()]));
    const arn = await start('one', { PipelineExecutionDisplayName: 'monday' });
    await lab.run(30 * MINUTE);
    const executions = lab.details('SageMaker Model Building Pipeline Execution Status Change');
    expect(executions.map((detail) => detail['currentPipelineExecutionStatus'])).toEqual(['Executing', 'Succeeded']);
    expect(executions[1]).toEqual({
      pipelineArn: ARN,
      pipelineExecutionArn: arn,
      pipelineExecutionDisplayName: 'monday',
      currentPipelineExecutionStatus: 'Succeeded',
      previousPipelineExecutionStatus: 'Executing',
      executionStartTime: '2026-01-05T00:00:00Z',
      executionEndTime: expect.stringMatching(/^2026-01-05T00:\d\d:\d\dZ$/),
    });
    const own = lab.details('SageMaker Model Building Pipeline Execution Step Status Change');
    expect(own.map((detail) => detail['currentStepStatus'])).toEqual(['Starting', 'Executing', 'Succeeded']);
    expect(own[2]).toMatchObject({
      stepName: 'Train',
      stepType: 'Training',
      previousStepStatus: 'Executing',
      metadata: { trainingJob: { arn: expect.stringContaining(':training-job/pipelines-') } },
      pipelineExecutionArn: arn,
    });
    expect(lab.cloud.events.find((event) => event.detailType.includes('Execution Status'))?.resources).toEqual([
      ARN,
      arn,
    ]);
  });
});
