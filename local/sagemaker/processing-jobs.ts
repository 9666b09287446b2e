/** Processing jobs: inputs from S3 to /opt/ml/processing, the image really runs, outputs go back to S3. */
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
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
import { checkInput, flag, integer, list, only, opaque, someOf, struct, text } from './shape.ts';
import { download, failureText, makeDirectory, upload, writeText } from './storage.ts';

const LOCAL_PATH = text({ max: 256, pattern: '/opt/ml/processing(/.*)?' });
const INPUT = struct(
  {
    InputName: text(),
    S3Input: struct(
      { S3Uri: S3_URI, S3DataType: someOf(['S3Prefix'], ['ManifestFile']), LocalPath: LOCAL_PATH },
      {
        S3InputMode: someOf(['File'], ['Pipe']),
        S3DataDistributionType: someOf(['FullyReplicated'], ['ShardedByS3Key']),
        S3CompressionType: someOf(['None'], ['Gzip']),
      },
    ),
  },
  { AppManaged: only(false) },
);
const OUTPUT = struct(
  {
    OutputName: text(),
    S3Output: struct({ S3Uri: S3_URI, LocalPath: LOCAL_PATH, S3UploadMode: someOf(['EndOfJob'], ['Continuous']) }),
  },
  { AppManaged: only(false) },
);
const CREATE = struct(
  {
    ProcessingJobName: JOB_NAME,
    ProcessingResources: struct({
      ClusterConfig: struct(
        { InstanceCount: only(1), InstanceType: INSTANCE_TYPE, VolumeSizeInGB: integer({ min: 1, max: 16_384 }) },
        { VolumeKmsKeyId: KMS_KEY },
      ),
    }),
    AppSpecification: struct({ ImageUri: IMAGE }, { ContainerEntrypoint: ENTRYPOINT, ContainerArguments: ENTRYPOINT }),
    RoleArn: ROLE_ARN,
  },
  {
    ProcessingInputs: list(INPUT, { max: 10 }),
    ProcessingOutputConfig: struct({ Outputs: list(OUTPUT, { max: 10 }) }, { KmsKeyId: KMS_KEY }),
    StoppingCondition: struct({ MaxRuntimeInSeconds: integer({ min: 1, max: 777_600 }) }),
    Environment: ENVIRONMENT,
    NetworkConfig: struct(
      {},
      { EnableInterContainerTrafficEncryption: flag, EnableNetworkIsolation: flag, VpcConfig: opaque },
    ),
    Tags: TAGS,
  },
);
const BY_NAME = struct({ ProcessingJobName: JOB_NAME });
const ECHOED = [
  'ProcessingInputs',
  'ProcessingOutputConfig',
  'ProcessingResources',
  'StoppingCondition',
  'AppSpecification',
  'Environment',
  'NetworkConfig',
  'RoleArn',
] as const;

export interface ProcessingJobs {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly jobs: Jobs;
}

/** Where a container path lies below the directory that stands for /opt/ml. @throws AwsError when it would leave it */
function hostPath(root: string, containerPath: string): string {
  const path = normalize(containerPath);
  if (!path.startsWith('/opt/ml/processing'))
    throw validationError(`LocalPath '${containerPath}' is not below /opt/ml/processing`);
  return join(root, path.slice('/opt/ml/'.length));
}

const outputsOf = (input: WireInput): { name: string; uri: string; localPath: string }[] =>
  ((input['ProcessingOutputConfig']?.['Outputs'] ?? []) as WireInput[]).map((output) => ({
    name: output['OutputName'] as string,
    uri: output['S3Output']['S3Uri'] as string,
    localPath: output['S3Output']['LocalPath'] as string,
  }));
const inputsOf = (input: WireInput): { name: string; uri: string; localPath: string }[] =>
  ((input['ProcessingInputs'] ?? []) as WireInput[]).map((item) => ({
    name: item['InputName'] as string,
    uri: item['S3Input']['S3Uri'] as string,
    localPath: item['S3Input']['LocalPath'] as string,
  }));

function checkNames(input: WireInput): void {
  for (const [kind, items] of [
    ['input', inputsOf(input)],
    ['output', outputsOf(input)],
  ] as const) {
    const names = items.map((item) => item.name);
    if (new Set(names).size < names.length)
      throw validationError(`Processing ${kind} names must be unique: ${names.join(', ')}.`);
  }
}

export function newProcessingJobs(context: SageMakerContext): ProcessingJobs {
  const jobs = newJobs(context, {
    resourceType: 'processing-job',
    logName: 'ProcessingJobs',
    alreadyExists: (arn) =>
      `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`,
    notFound: (name) => `Could not find requested job with name: ${name}`,
    changed: (job) =>
      context.announce('SageMaker Processing Job State Change', [job.arn], {
        ProcessingJobName: job.name,
        ProcessingJobArn: job.arn,
        ProcessingJobStatus: job.status,
        ...(job.exitMessage === undefined ? {} : { ExitMessage: job.exitMessage }),
        ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
        ...pick(job.input, ...ECHOED),
        CreationTime: job.creationMs,
        ...(job.startMs === undefined ? {} : { ProcessingStartTime: job.startMs }),
        ...(job.endMs === undefined ? {} : { ProcessingEndTime: job.endMs }),
        LastModifiedTime: job.lastModifiedMs,
        Tags: context.tagMap(job.arn),
      }),
  });

  const prepare = async (job: Job, root: string): Promise<void> => {
    const principal = rolePrincipal(job.input['RoleArn'] as string, 'SageMaker');
    await writeText(context, join(root, 'config/processingjobconfig.json'), JSON.stringify(job.input));
    await writeText(
      context,
      join(root, 'config/resourceconfig.json'),
      JSON.stringify({ current_host: 'algo-1', hosts: ['algo-1'] }),
    );
    for (const output of outputsOf(job.input)) await makeDirectory(context, hostPath(root, output.localPath));
    await makeDirectory(context, join(root, 'output'));
    for (const item of inputsOf(job.input)) {
      const directory = hostPath(root, item.localPath);
      await orFail(
        `Data download failed for input '${item.name}'`,
        () => download(context, item.uri, directory, principal),
        failureText,
      );
    }
  };

  const work = async (job: Job, root: string): Promise<void> => {
    await prepare(job, root);
    const application = job.input['AppSpecification'] as WireInput;
    const result = await context.cloud.kernel.inFlight.track('processing container', () =>
      context.host.runJob({
        image: application['ImageUri'] as string,
        entrypoint: (application['ContainerEntrypoint'] ?? []) as string[],
        arguments: (application['ContainerArguments'] ?? []) as string[],
        root,
        environment: {
          AWS_REGION: context.cloud.region,
          ...(job.input['Environment'] as Record<string, string> | undefined),
        },
      }),
    );
    jobs.log(job, result.log);
    job.exitMessage = await context.cloud.kernel.inFlight.track('exit message', () =>
      readFile(join(root, 'output/message'), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        return undefined;
      }),
    );
    checkExit(result);
  };

  const finish = async (job: Job, root: string): Promise<void> => {
    const principal = rolePrincipal(job.input['RoleArn'] as string, 'SageMaker');
    for (const output of outputsOf(job.input)) {
      const directory = hostPath(root, output.localPath);
      await orFail(
        `Output upload failed for '${output.name}'`,
        () => upload(context, directory, output.uri, principal),
        failureText,
      );
    }
  };

  const operations: Record<string, Operation> = {
    CreateProcessingJob(input) {
      checkInput('CreateProcessingJob', CREATE, input);
      checkNames(input);
      const name = input['ProcessingJobName'] as string;
      const root = context.directory(`processing-${name}`);
      const job = jobs.start(input, name, {
        maxRuntimeSeconds: (input['StoppingCondition']?.['MaxRuntimeInSeconds'] as number | undefined) ?? 86_400,
        work: (running) => work(running, root),
        finish: (running) => finish(running, root),
      });
      return { ProcessingJobArn: job.arn };
    },
    DescribeProcessingJob(input) {
      checkInput('DescribeProcessingJob', BY_NAME, input);
      const job = jobs.find(input['ProcessingJobName'] as string);
      return {
        ProcessingJobName: job.name,
        ProcessingJobArn: job.arn,
        ProcessingJobStatus: job.status,
        ExitMessage: job.exitMessage,
        FailureReason: job.failureReason,
        ...structuredClone(pick(job.input, ...ECHOED)),
        ...times(job, 'Processing'),
      };
    },
    StopProcessingJob(input) {
      checkInput('StopProcessingJob', BY_NAME, input);
      jobs.stop(input['ProcessingJobName'] as string);
      return {};
    },
    ListProcessingJobs(input) {
      checkInput('ListProcessingJobs', JOB_LISTING, input);
      const result = jobs.page(input, { descending: false });
      const items = result.items.map((job) => ({
        ProcessingJobName: job.name,
        ProcessingJobArn: job.arn,
        ProcessingJobStatus: job.status,
        FailureReason: job.failureReason,
        ExitMessage: job.exitMessage,
        ...times(job, 'Processing'),
      }));
      return { ProcessingJobSummaries: items, NextToken: result.NextToken };
    },
  };
  return { operations, jobs };
}
