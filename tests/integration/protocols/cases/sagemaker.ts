import {
  ACCOUNT,
  bytes,
  type Case,
  makeRole,
  MINUTE_MS,
  refused,
  REGION,
  role,
  saved,
  type ServiceCases,
} from '../case.ts';

const arn = (path: string): string => `arn:aws:sagemaker:${REGION}:${ACCOUNT}:${path}`;
const RoleArn = role('sagemaker');
const Image = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/server:1`;
const model = { S3DataSource: { S3Uri: 's3://models/v1/', S3DataType: 'S3Prefix', CompressionType: 'None' } };
const InferenceSpecification = {
  Containers: [{ Image, ModelDataSource: model, Environment: { LEVEL: '1' } }],
  SupportedContentTypes: ['application/jsonlines'],
};
const packageArn = arn('model-package/demand/1');
const token = (name: string): string => name.padEnd(32, '-');
const EndpointName = 'demand';
const config = (EndpointConfigName: string) => ({
  EndpointConfigName,
  ProductionVariants: ['blue', 'green'].map((VariantName, index) => ({
    VariantName,
    ModelName: 'm1',
    InitialInstanceCount: 1,
    InitialVariantWeight: 1 - index * 0.75,
    InstanceType: 'ml.m5.large',
  })),
});
const training = {
  AlgorithmSpecification: { TrainingImage: Image, TrainingInputMode: 'File' },
  RoleArn,
  InputDataConfig: [
    { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://models/data/' } } },
  ],
  OutputDataConfig: { S3OutputPath: 's3://models/trained', CompressionType: 'NONE' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 5 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  HyperParameters: { trees: '300' },
};
const processing = {
  ProcessingResources: { ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 5 } },
  AppSpecification: { ImageUri: Image, ContainerEntrypoint: ['node', 'prepare.js'] },
  RoleArn,
};
const transform = {
  ModelName: 'm1',
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://models/data/' } },
    ContentType: 'text/csv',
    SplitType: 'Line',
  },
  TransformOutput: { S3OutputPath: 's3://models/out', Accept: 'text/csv', AssembleWith: 'Line' },
  TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
};
const definition = JSON.stringify({
  Version: '2020-12-01',
  Parameters: [{ Name: 'Trees', Type: 'Integer', DefaultValue: 300 }],
  Steps: [{ Name: 'Train', Type: 'Training', Arguments: training }],
});
const PipelineExecutionArn = saved('Execution');

/** Create, describe, list and stop of one kind of job. */
const job = (kind: string, input: object): Case[] => {
  const name = `${kind}JobName`;
  return [
    { operation: `Create${kind}Job`, input: { ...input, [name]: 'job-1' }, answer: { [`${kind}JobArn`]: /job-1$/ } },
    {
      operation: `Describe${kind}Job`,
      input: { [name]: 'job-1' },
      answer: { [`${kind}JobStatus`]: 'InProgress', CreationTime: Date },
    },
    {
      operation: `List${kind}Jobs`,
      input: { NameContains: 'job', MaxResults: 5, CreationTimeAfter: new Date('2026-01-04T00:00:00Z') },
      answer: { [`${kind}JobSummaries.0.${name}`]: 'job-1', [`${kind}JobSummaries.0.CreationTime`]: Date },
    },
    { operation: `Stop${kind}Job`, input: { [name]: 'job-1' }, answer: {} },
  ];
};

const registry: readonly Case[] = [
  {
    operation: 'CreateModelPackageGroup',
    input: { ModelPackageGroupName: 'demand', ModelPackageGroupDescription: 'größe' },
    answer: { ModelPackageGroupArn: arn('model-package-group/demand') },
  },
  {
    operation: 'DescribeModelPackageGroup',
    input: { ModelPackageGroupName: 'demand' },
    answer: { ModelPackageGroupStatus: 'Completed', CreationTime: Date, ModelPackageGroupDescription: 'größe' },
  },
  {
    operation: 'ListModelPackageGroups',
    input: { NameContains: 'dem' },
    answer: { 'ModelPackageGroupSummaryList.0.ModelPackageGroupName': 'demand' },
  },
  {
    operation: 'CreateModelPackage',
    input: { ModelPackageGroupName: 'demand', InferenceSpecification, CustomerMetadataProperties: { snapshot: 's1' } },
    answer: { ModelPackageArn: packageArn },
  },
  {
    operation: 'UpdateModelPackage',
    input: { ModelPackageArn: packageArn, ModelApprovalStatus: 'Approved', ApprovalDescription: 'looks fine' },
    answer: { ModelPackageArn: packageArn },
  },
  {
    operation: 'DescribeModelPackage',
    input: { ModelPackageName: packageArn },
    answer: {
      ModelApprovalStatus: 'Approved',
      ModelPackageVersion: 1,
      CreationTime: Date,
      'CustomerMetadataProperties.snapshot': 's1',
    },
  },
  {
    operation: 'ListModelPackages',
    input: { ModelPackageGroupName: 'demand', ModelApprovalStatus: 'Approved', SortOrder: 'Descending' },
    answer: { 'ModelPackageSummaryList.0.ModelPackageArn': packageArn },
  },
];

const serving: readonly Case[] = [
  {
    operation: 'CreateModel',
    input: { ModelName: 'm1', ExecutionRoleArn: RoleArn, PrimaryContainer: { Image, ModelDataSource: model } },
    answer: { ModelArn: arn('model/m1') },
  },
  {
    operation: 'DescribeModel',
    input: { ModelName: 'm1' },
    answer: { 'PrimaryContainer.Image': Image, CreationTime: Date },
  },
  { operation: 'ListModels', input: { NameContains: 'm' }, answer: { 'Models.0.ModelName': 'm1' } },
  { operation: 'CreateEndpointConfig', input: config('c1'), answer: { EndpointConfigArn: arn('endpoint-config/c1') } },
  { operation: 'CreateEndpointConfig', input: config('c2'), answer: { EndpointConfigArn: arn('endpoint-config/c2') } },
  {
    operation: 'DescribeEndpointConfig',
    input: { EndpointConfigName: 'c1' },
    answer: { 'ProductionVariants.1.InitialVariantWeight': 0.25, CreationTime: Date },
  },
  {
    operation: 'ListEndpointConfigs',
    input: { SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 1 },
    answer: { 'EndpointConfigs.0.EndpointConfigName': 'c1', NextToken: /./ },
    save: { Token: 'NextToken' },
  },
  {
    operation: 'ListEndpointConfigs',
    input: { SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 1, NextToken: saved('Token') },
    answer: { 'EndpointConfigs.0.EndpointConfigName': 'c2' },
  },
  {
    operation: 'CreateEndpoint',
    input: { EndpointName, EndpointConfigName: 'c1' },
    answer: { EndpointArn: arn('endpoint/demand') },
  },
  {
    operation: 'DescribeEndpoint',
    afterMs: 15 * MINUTE_MS,
    input: { EndpointName },
    answer: { EndpointStatus: 'InService', 'ProductionVariants.0.CurrentWeight': 1, LastModifiedTime: Date },
  },
  {
    operation: 'ListEndpoints',
    input: { StatusEquals: 'InService' },
    answer: { 'Endpoints.0.EndpointName': EndpointName },
  },
  {
    operation: 'InvokeEndpoint',
    input: { EndpointName, Body: bytes('{"größe":1}'), ContentType: 'application/jsonlines', TargetVariant: 'green' },
    answer: { Body: Uint8Array, ContentType: 'application/jsonlines', InvokedProductionVariant: 'green' },
  },
  refused(
    'InvokeEndpoint',
    { EndpointName, Body: bytes('fail'), ContentType: 'application/jsonlines' },
    'ModelError',
    424,
    /^Received server error \(500\) from primary with message "the model failed"/,
  ),
  refused(
    'InvokeEndpoint',
    { EndpointName: 'none', Body: bytes('x') },
    'ValidationError',
    400,
    /Endpoint none of account 111122223333 not found/,
  ),
  {
    operation: 'UpdateEndpointWeightsAndCapacities',
    input: { EndpointName, DesiredWeightsAndCapacities: [{ VariantName: 'green', DesiredWeight: 0.5 }] },
    answer: { EndpointArn: arn('endpoint/demand') },
  },
  refused(
    'UpdateEndpoint',
    { EndpointName, EndpointConfigName: 'c2' },
    'ValidationException',
    400,
    /Cannot update in-progress endpoint/,
  ),
  {
    operation: 'UpdateEndpoint',
    afterMs: 6 * MINUTE_MS,
    input: { EndpointName, EndpointConfigName: 'c2', RetainAllVariantProperties: true },
    answer: { EndpointArn: arn('endpoint/demand') },
  },
];

const tags: readonly Case[] = [
  {
    operation: 'AddTags',
    input: { ResourceArn: arn('endpoint/demand'), Tags: [{ Key: 'epoch', Value: '3' }] },
    answer: { 'Tags.0.Key': 'epoch' },
  },
  { operation: 'ListTags', input: { ResourceArn: arn('endpoint/demand') }, answer: { 'Tags.0.Value': '3' } },
  { operation: 'DeleteTags', input: { ResourceArn: arn('endpoint/demand'), TagKeys: ['epoch'] }, answer: {} },
];

const pipelines: readonly Case[] = [
  {
    operation: 'CreatePipeline',
    input: { PipelineName: 'demand', PipelineDefinition: definition, RoleArn, ClientRequestToken: token('create') },
    answer: { PipelineArn: arn('pipeline/demand') },
  },
  {
    operation: 'UpdatePipeline',
    input: { PipelineName: 'demand', PipelineDescription: 'trains' },
    answer: { PipelineArn: arn('pipeline/demand') },
  },
  {
    operation: 'DescribePipeline',
    input: { PipelineName: 'demand' },
    answer: { PipelineDefinition: definition, PipelineDescription: 'trains', CreationTime: Date },
  },
  {
    operation: 'ListPipelines',
    input: { PipelineNamePrefix: 'dem' },
    answer: { 'PipelineSummaries.0.PipelineName': 'demand' },
  },
  {
    operation: 'StartPipelineExecution',
    input: {
      PipelineName: 'demand',
      PipelineParameters: [{ Name: 'Trees', Value: '200' }],
      ClientRequestToken: token('start'),
    },
    answer: { PipelineExecutionArn: /execution\/[a-z0-9]{12}$/ },
    save: { Execution: 'PipelineExecutionArn' },
  },
  {
    operation: 'DescribePipelineExecution',
    afterMs: MINUTE_MS,
    input: { PipelineExecutionArn },
    answer: { PipelineExecutionStatus: 'Executing', CreationTime: Date },
  },
  {
    operation: 'ListPipelineExecutions',
    input: { PipelineName: 'demand' },
    answer: { 'PipelineExecutionSummaries.0.StartTime': Date },
  },
  {
    operation: 'ListPipelineExecutionSteps',
    input: { PipelineExecutionArn },
    answer: { 'PipelineExecutionSteps.0.StepName': 'Train', 'PipelineExecutionSteps.0.StartTime': Date },
  },
  {
    operation: 'DescribePipelineDefinitionForExecution',
    input: { PipelineExecutionArn },
    answer: { PipelineDefinition: definition },
  },
  {
    operation: 'ListPipelineParametersForExecution',
    input: { PipelineExecutionArn },
    answer: { 'PipelineParameters.0.Value': '200' },
  },
  {
    operation: 'StopPipelineExecution',
    input: { PipelineExecutionArn, ClientRequestToken: token('stop') },
    answer: { PipelineExecutionArn: /execution/ },
  },
  {
    operation: 'DeletePipeline',
    afterMs: 10 * MINUTE_MS,
    input: { PipelineName: 'demand', ClientRequestToken: token('delete') },
    answer: { PipelineArn: arn('pipeline/demand') },
  },
];

const end: readonly Case[] = [
  refused('DescribeEndpoint', { EndpointName: 'none' }, 'ValidationException', 400, /^Could not find endpoint/),
  { operation: 'DeleteEndpoint', afterMs: 20 * MINUTE_MS, input: { EndpointName }, answer: {} },
  { operation: 'DeleteEndpointConfig', input: { EndpointConfigName: 'c2' }, answer: {} },
  { operation: 'DeleteModel', input: { ModelName: 'm1' }, answer: {} },
  refused('DescribeModel', { ModelName: 'm1' }, 'ValidationException', 400, /^Could not find model/),
  refused('DescribeTrainingJob', { TrainingJobName: 'none' }, 'ValidationException', 400, /not found/),
  { operation: 'DeleteModelPackage', input: { ModelPackageName: packageArn }, answer: {} },
  { operation: 'DeleteModelPackageGroup', input: { ModelPackageGroupName: 'demand' }, answer: {} },
];

export const SAGEMAKER: ServiceCases = {
  service: 'sagemaker',
  prepare: async (cloud) => {
    await makeRole(cloud, 'sagemaker', 'sagemaker.amazonaws.com');
    const root = { kind: 'root' } as const;
    await cloud.context.call('s3', 'CreateBucket', { Bucket: 'models' }, root);
    for (const [Key, text] of [['v1/model.onnx', 'trees'] as const, ['data/a.csv', 'x,y\n1,2\n'] as const]) {
      await cloud.context.call('s3', 'PutObject', { Bucket: 'models', Key, Body: bytes(text) }, root);
    }
  },
  cases: [
    ...registry,
    ...serving,
    ...tags,
    ...job('Training', training),
    ...job('Processing', processing),
    ...job('Transform', transform),
    ...pipelines,
    ...end,
  ],
};
