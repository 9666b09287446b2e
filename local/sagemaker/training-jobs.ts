/** Training jobs: channels from S3 to /opt/ml/input/data, the trainer image really runs, /opt/ml/model goes back to S3. */
import { join } from 'node:path';
import { validationError } from '../kernel/errors.ts';
import { type Operation, rolePrincipal, type WireInput } from '../kernel/service.ts';
import { pick, type SageMakerContext } from './context.ts';
import { checkExit, type Job, type Jobs, newJobs, orFail, times } from './jobs.ts';
import {
  ENTRYPOINT,
  ENVIRONMENT,
  IMAGE,
  INSTANCE_TYPE,
  JOB_LISTING,
  JOB_NAME,
  KMS_KEY,
  ROLE_ARN,
  S3_URI,
  TAGS,
} from './members.ts';
import { checkInput, flag, integer, list, mapOf, only, opaque, someOf, struct, text } from './shape.ts';
import { download, failureText, filesBelow, joinS3, makeDirectory, upload, writeText } from './storage.ts';

const INPUT_MODE = someOf(['File', 'FastFile'], ['Pipe']);
const CHANNEL = struct(
  {
    ChannelName: text({ min: 1, max: 64, pattern: '[A-Za-z0-9\\.\\-_]+' }),
    DataSource: struct({
      S3DataSource: struct(
        { S3DataType: someOf(['S3Prefix'], ['ManifestFile', 'AugmentedManifestFile', 'Converse']), S3Uri: S3_URI },
        { S3DataDistributionType: someOf(['FullyReplicated'], ['ShardedByS3Key']) },
      ),
    }),
  },
  {
    ContentType: text({ max: 256 }),
    CompressionType: someOf(['None'], ['Gzip']),
    RecordWrapperType: someOf(['None'], ['RecordIO']),
    InputMode: INPUT_MODE,
  },
);
const CREATE = struct(
  {
    TrainingJobName: JOB_NAME,
    AlgorithmSpecification: struct(
      { TrainingImage: IMAGE, TrainingInputMode: INPUT_MODE },
      {
        MetricDefinitions: list(struct({ Name: text({ min: 1, max: 255 }), Regex: text({ min: 1, max: 500 }) }), {
          max: 40,
        }),
        EnableSageMakerMetricsTimeSeries: flag,
        ContainerEntrypoint: ENTRYPOINT,
        ContainerArguments: ENTRYPOINT,
      },
    ),
    RoleArn: ROLE_ARN,
    // GZIP (AWS's default) would make a model.tar.gz; ask for NONE.
    OutputDataConfig: struct({ S3OutputPath: S3_URI, CompressionType: only('NONE') }, { KmsKeyId: KMS_KEY }),
    ResourceConfig: struct(
      { InstanceType: INSTANCE_TYPE, InstanceCount: only(1), VolumeSizeInGB: integer({ min: 1 }) },
      { VolumeKmsKeyId: KMS_KEY },
    ),
    StoppingCondition: struct(
      {},
      { MaxRuntimeInSeconds: integer({ min: 1 }), MaxWaitTimeInSeconds: integer({ min: 1 }) },
    ),
  },
  {
    HyperParameters: mapOf(text({ max: 256 }), text({ max: 2500 }), { max: 100 }),
    InputDataConfig: list(CHANNEL, { min: 1, max: 20 }),
    Tags: TAGS,
    VpcConfig: opaque,
    EnableNetworkIsolation: flag,
    EnableInterContainerTrafficEncryption: flag,
    // Spot capacity is always there and never taken away: the price is all that differs.
    EnableManagedSpotTraining: flag,
    Environment: ENVIRONMENT,
    RetryStrategy: struct({ MaximumRetryAttempts: integer({ min: 1, max: 30 }) }),
    ProfilerConfig: struct({ DisableProfiler: only(true) }),
  },
);
const BY_NAME = struct({ TrainingJobName: JOB_NAME });
const ECHOED = [
  'HyperParameters',
  'AlgorithmSpecification',
  'RoleArn',
  'InputDataConfig',
  'OutputDataConfig',
  'ResourceConfig',
  'VpcConfig',
  'StoppingCondition',
  'Environment',
  'RetryStrategy',
] as const;

interface Transition {
  readonly Status: string;
  readonly startMs: number;
  endMs: number | undefined;
  readonly StatusMessage: string;
}

const MESSAGES: Readonly<Record<string, string>> = {
  Starting: 'Preparing the instances for training',
  Downloading: 'Downloading the training image',
  Training: 'Training image download completed. Training in progress.',
  Uploading: 'Uploading generated training model',
  Completed: 'Training job completed',
  Stopping: 'Stopping the training job',
  Stopped: 'Training job stopped',
  MaxRuntimeExceeded: 'Training job runtime exceeded MaxRuntimeInSeconds provided',
};

/** What a training job shows beyond other jobs. */
interface Training {
  readonly transitions: Transition[];
  metrics: { MetricName: string; Value: number; Timestamp: Date }[];
}

export interface TrainingJobs {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly jobs: Jobs;
}

const modelUri = (input: WireInput): string =>
  `${joinS3(input['OutputDataConfig']['S3OutputPath'] as string, input['TrainingJobName'] as string, 'output', 'model')}/`;

async function writeConfiguration(context: SageMakerContext, root: string, input: WireInput): Promise<void> {
  const write = (name: string, value: unknown) =>
    writeText(context, join(root, 'input/config', name), JSON.stringify(value));
  const channels = ((input['InputDataConfig'] ?? []) as WireInput[]).map((channel) => [
    channel['ChannelName'],
    {
      TrainingInputMode: channel['InputMode'] ?? 'File',
      S3DistributionType: 'FullyReplicated',
      RecordWrapperType: 'None',
    },
  ]);
  await write('hyperparameters.json', input['HyperParameters'] ?? {});
  await write('inputdataconfig.json', Object.fromEntries(channels));
  await write('resourceconfig.json', {
    current_host: 'algo-1',
    current_instance_type: input['ResourceConfig']['InstanceType'],
    hosts: ['algo-1'],
    network_interface_name: 'eth0',
  });
  for (const directory of ['model', 'output/data']) await makeDirectory(context, join(root, directory));
}

async function fetchChannels(context: SageMakerContext, root: string, input: WireInput): Promise<void> {
  const principal = rolePrincipal(input['RoleArn'] as string, 'SageMaker');
  for (const channel of (input['InputDataConfig'] ?? []) as WireInput[]) {
    const uri = channel['DataSource']['S3DataSource']['S3Uri'] as string;
    const name = channel['ChannelName'] as string;
    await orFail(
      `Data download failed for channel '${name}'`,
      () => download(context, uri, join(root, 'input/data', name), principal),
      failureText,
    );
  }
}

/** @throws AwsError when a metric's regular expression can't be read */
function checkMetricDefinitions(input: WireInput): void {
  for (const { Name, Regex } of (input['AlgorithmSpecification']['MetricDefinitions'] ?? []) as {
    Name: string;
    Regex: string;
  }[]) {
    try {
      new RegExp(Regex);
    } catch (error) {
      throw validationError(`MetricDefinition '${Name}' has an invalid Regex '${Regex}': ${(error as Error).message}`);
    }
  }
}

/** The last value that each metric's regular expression finds in the log, as SageMaker extracts it. */
function finalMetrics(input: WireInput, log: readonly string[], atMs: number): Training['metrics'] {
  const definitions = (input['AlgorithmSpecification']['MetricDefinitions'] ?? []) as { Name: string; Regex: string }[];
  return definitions.flatMap(({ Name, Regex }) => {
    const found = log.map((line) => new RegExp(Regex).exec(line)?.[1]).filter((value) => value !== undefined);
    const value = Number(found.at(-1));
    return found.length > 0 && Number.isFinite(value)
      ? [{ MetricName: Name, Value: value, Timestamp: new Date(atMs) }]
      : [];
  });
}

export function newTrainingJobs(context: SageMakerContext): TrainingJobs {
  const details = new WeakMap<Job, Training>();
  const trainingOf = (job: Job): Training => {
    let training = details.get(job);
    if (!training) details.set(job, (training = { transitions: [], metrics: [] }));
    return training;
  };

  const enter = (job: Job, status: string, message = MESSAGES[status] ?? status): void => {
    const { transitions } = trainingOf(job);
    const last = transitions.at(-1);
    if (last?.Status === status) return;
    const nowMs = context.nowMs();
    if (last) last.endMs = nowMs;
    const ends = ['Completed', 'Failed', 'Stopped', 'MaxRuntimeExceeded'].includes(status);
    transitions.push({ Status: status, startMs: nowMs, endMs: ends ? nowMs : undefined, StatusMessage: message });
    announce(job);
  };
  const announce = (job: Job): void => {
    const { transitions } = trainingOf(job);
    const ms = (value: number | undefined) => (value === undefined ? undefined : String(value));
    // Training events write times as strings of epoch milliseconds.
    context.announce('SageMaker Training Job State Change', [job.arn], {
      TrainingJobName: job.name,
      TrainingJobArn: job.arn,
      TrainingJobStatus: job.status,
      SecondaryStatus: transitions.at(-1)?.Status,
      ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
      ...(job.status === 'Completed' ? { ModelArtifacts: { S3ModelArtifacts: modelUri(job.input) } } : {}),
      ...pick(job.input, ...ECHOED),
      CreationTime: ms(job.creationMs),
      ...(job.startMs === undefined ? {} : { TrainingStartTime: ms(job.startMs) }),
      ...(job.endMs === undefined ? {} : { TrainingEndTime: ms(job.endMs) }),
      LastModifiedTime: ms(job.lastModifiedMs),
      SecondaryStatusTransitions: transitions.map((item) => ({
        Status: item.Status,
        StatusMessage: item.StatusMessage,
        StartTime: ms(item.startMs),
        ...(item.endMs === undefined ? {} : { EndTime: ms(item.endMs) }),
      })),
      Tags: context.tagMap(job.arn),
    });
  };

  const jobs = newJobs(context, {
    resourceType: 'training-job',
    logName: 'TrainingJobs',
    alreadyExists: (arn) =>
      `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arn})`,
    notFound: () => 'Requested resource not found.',
    changed: (job) => {
      if (job.status === 'InProgress') enter(job, 'Starting');
      else if (job.status === 'Failed') enter(job, 'Failed', job.failureReason);
      else if (trainingOf(job).transitions.at(-1)?.Status === 'MaxRuntimeExceeded') announce(job);
      else enter(job, job.status);
    },
  });

  const work = async (job: Job, root: string): Promise<void> => {
    const { input } = job;
    await writeConfiguration(context, root, input);
    await fetchChannels(context, root, input);
    const specification = input['AlgorithmSpecification'] as WireInput;
    const result = await context.cloud.kernel.inFlight.track('training container', () =>
      context.host.runJob({
        image: specification['TrainingImage'] as string,
        // The image's own entry point is called with `train`, as SageMaker does.
        entrypoint: (specification['ContainerEntrypoint'] ?? []) as string[],
        arguments: (specification['ContainerArguments'] ??
          (specification['ContainerEntrypoint'] ? [] : ['train'])) as string[],
        root,
        environment: {
          AWS_REGION: context.cloud.region,
          TRAINING_JOB_NAME: job.name,
          TRAINING_JOB_ARN: job.arn,
          ...(input['Environment'] as Record<string, string> | undefined),
        },
      }),
    );
    jobs.log(job, result.log);
    trainingOf(job).metrics = finalMetrics(input, result.log, context.nowMs());
    checkExit(result);
  };

  const finish = async (job: Job, root: string): Promise<void> => {
    const principal = rolePrincipal(job.input['RoleArn'] as string, 'SageMaker');
    const uri = modelUri(job.input);
    await orFail(
      `Artifact upload failed to ${uri}`,
      () => upload(context, join(root, 'model'), uri, principal),
      failureText,
    );
    const data = join(root, 'output/data');
    if ((await filesBelow(context, data)).length === 0) return;
    const dataUri = uri.replace(/model\/$/, 'data/');
    await orFail(`Output upload failed to ${dataUri}`, () => upload(context, data, dataUri, principal), failureText);
  };

  const describe = (job: Job): Record<string, unknown> => {
    const { transitions, metrics } = trainingOf(job);
    const seconds =
      job.startMs === undefined || job.endMs === undefined ? undefined : Math.round((job.endMs - job.startMs) / 1000);
    return {
      TrainingJobName: job.name,
      TrainingJobArn: job.arn,
      ModelArtifacts: job.status === 'Completed' ? { S3ModelArtifacts: modelUri(job.input) } : undefined,
      TrainingJobStatus: job.status,
      SecondaryStatus: transitions.at(-1)?.Status,
      FailureReason: job.failureReason,
      ...structuredClone(pick(job.input, ...ECHOED)),
      EnableNetworkIsolation: job.input['EnableNetworkIsolation'] ?? false,
      EnableInterContainerTrafficEncryption: job.input['EnableInterContainerTrafficEncryption'] ?? false,
      EnableManagedSpotTraining: job.input['EnableManagedSpotTraining'] ?? false,
      ...times(job, 'Training'),
      SecondaryStatusTransitions: transitions.map((item) => ({
        Status: item.Status,
        StartTime: new Date(item.startMs),
        EndTime: item.endMs === undefined ? undefined : new Date(item.endMs),
        StatusMessage: item.StatusMessage,
      })),
      FinalMetricDataList: metrics.length > 0 ? metrics : undefined,
      TrainingTimeInSeconds: seconds,
      BillableTimeInSeconds: seconds,
    };
  };

  const operations: Record<string, Operation> = {
    CreateTrainingJob(input) {
      checkInput('CreateTrainingJob', CREATE, input);
      checkMetricDefinitions(input);
      const name = input['TrainingJobName'] as string;
      const root = context.directory(`training-${name}`);
      const job = jobs.start(input, name, {
        maxRuntimeSeconds: (input['StoppingCondition']['MaxRuntimeInSeconds'] as number | undefined) ?? 86_400,
        enter: (running, phase) => enter(running, phase === 'Running' ? 'Training' : phase),
        exceeded: (running) => enter(running, 'MaxRuntimeExceeded'),
        work: (running) => work(running, root),
        finish: (running) => finish(running, root),
      });
      return { TrainingJobArn: job.arn };
    },
    DescribeTrainingJob(input) {
      checkInput('DescribeTrainingJob', BY_NAME, input);
      return describe(jobs.find(input['TrainingJobName'] as string));
    },
    StopTrainingJob(input) {
      checkInput('StopTrainingJob', BY_NAME, input);
      jobs.stop(input['TrainingJobName'] as string);
      return {};
    },
    ListTrainingJobs(input) {
      checkInput('ListTrainingJobs', JOB_LISTING, input);
      const result = jobs.page(input, { descending: false });
      const items = result.items.map((job) => ({
        TrainingJobName: job.name,
        TrainingJobArn: job.arn,
        TrainingJobStatus: job.status,
        SecondaryStatus: trainingOf(job).transitions.at(-1)?.Status,
        CreationTime: new Date(job.creationMs),
        TrainingEndTime: job.endMs === undefined ? undefined : new Date(job.endMs),
        LastModifiedTime: new Date(job.lastModifiedMs),
      }));
      return { TrainingJobSummaries: items, NextToken: result.NextToken };
    },
  };
  return { operations, jobs };
}
