/** Batch transform: a model's container answers every record below an S3 prefix; answers are filtered, joined and stored. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type ServedContainer } from '../kernel/containers.ts';
import { type Operation, type Principal, rolePrincipal, type WireInput } from '../kernel/service.ts';
import { pick, type SageMakerContext } from './context.ts';
import { callContainer } from './inference.ts';
import { type Job, JobFailed, type Jobs, newJobs, orFail, times } from './jobs.ts';
import { parseJsonPath } from './json-path.ts';
import { ENVIRONMENT, INSTANCE_TYPE, JOB_LISTING, JOB_NAME, KMS_KEY, MODEL_NAME, S3_URI, TAGS } from './members.ts';
import { materialiseArtifact, type Model, type Models } from './models.ts';
import { checkInput, integer, oneOf, only, someOf, struct, text } from './shape.ts';
import { failureText, getObject, joinS3, listKeys, parseS3Uri, putObject, relativeKey } from './storage.ts';
import { filtered, formatOf, joined, linesOf, packed, type RecordFormat } from './transform-records.ts';

const CREATE = struct(
  {
    TransformJobName: JOB_NAME,
    ModelName: MODEL_NAME,
    TransformInput: struct(
      {
        DataSource: struct({
          S3DataSource: struct({ S3DataType: someOf(['S3Prefix'], ['ManifestFile']), S3Uri: S3_URI }),
        }),
      },
      {
        ContentType: text({ max: 256 }),
        CompressionType: someOf(['None'], ['Gzip']),
        SplitType: someOf(['None', 'Line'], ['RecordIO', 'TFRecord']),
      },
    ),
    TransformOutput: struct(
      { S3OutputPath: S3_URI },
      { Accept: text({ max: 256 }), AssembleWith: oneOf('None', 'Line'), KmsKeyId: KMS_KEY },
    ),
    TransformResources: struct({ InstanceType: INSTANCE_TYPE, InstanceCount: only(1) }, { VolumeKmsKeyId: KMS_KEY }),
  },
  {
    MaxConcurrentTransforms: integer({ min: 0 }),
    MaxPayloadInMB: integer({ min: 0, max: 100 }),
    BatchStrategy: oneOf('MultiRecord', 'SingleRecord'),
    Environment: ENVIRONMENT,
    DataProcessing: struct(
      {},
      { InputFilter: text({ max: 63 }), OutputFilter: text({ max: 63 }), JoinSource: oneOf('Input', 'None') },
    ),
    Tags: TAGS,
  },
);
const BY_NAME = struct({ TransformJobName: JOB_NAME });
const ECHOED = [
  'ModelName',
  'MaxConcurrentTransforms',
  'MaxPayloadInMB',
  'BatchStrategy',
  'Environment',
  'TransformInput',
  'TransformOutput',
  'TransformResources',
  'DataProcessing',
] as const;

export interface TransformJobs {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly jobs: Jobs;
}

/** How a job turns one object into one output object. */
interface Plan {
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly splitsLines: boolean;
  readonly assemblesLines: boolean;
  readonly single: boolean;
  readonly maxBytes: number;
  readonly inputFilter: string;
  readonly outputFilter: string;
  readonly joins: boolean;
  /** Set when records are filtered or joined one by one. */
  readonly format: RecordFormat | undefined;
  /** Latin 1 keeps every byte of data that is only passed through. */
  readonly encoding: 'utf8' | 'latin1';
}

function planOf(input: WireInput): Plan {
  const processing = (input['DataProcessing'] ?? {}) as {
    InputFilter?: string;
    OutputFilter?: string;
    JoinSource?: string;
  };
  const contentType = (input['TransformInput']['ContentType'] as string | undefined) ?? 'application/octet-stream';
  const inputFilter = processing.InputFilter ?? '$';
  const outputFilter = processing.OutputFilter ?? '$';
  const joins = processing.JoinSource === 'Input';
  const processes = joins || inputFilter !== '$' || outputFilter !== '$';
  const splitsLines = input['TransformInput']['SplitType'] === 'Line';
  const format = processes ? formatOf(contentType) : undefined;
  if (processes && !format) {
    throw validationError(
      `DataProcessing supports ContentType text/csv, application/jsonlines and application/json, not '${contentType}'.`,
    );
  }
  if (processes && !splitsLines) throw new UnsupportedFeature('DataProcessing with another SplitType than Line');
  if (processes && input['TransformOutput']['AssembleWith'] !== 'Line') {
    throw new UnsupportedFeature('DataProcessing with another AssembleWith than Line');
  }
  parseJsonPath(inputFilter);
  parseJsonPath(outputFilter);
  const maxMb = (input['MaxPayloadInMB'] as number | undefined) ?? 6;
  return {
    contentType,
    accept: input['TransformOutput']['Accept'] as string | undefined,
    splitsLines,
    assemblesLines: input['TransformOutput']['AssembleWith'] === 'Line',
    single: input['BatchStrategy'] === 'SingleRecord',
    // 0 means 'no limit'.
    maxBytes: maxMb === 0 ? Infinity : maxMb * 1024 * 1024,
    inputFilter,
    outputFilter,
    joins,
    format,
    encoding: format ? 'utf8' : 'latin1',
  };
}

export function newTransformJobs(context: SageMakerContext, models: Models): TransformJobs {
  const { kernel } = context.cloud;
  const results = new WeakMap<Job, { key: string; content: Uint8Array }[]>();
  const jobs = newJobs(context, {
    resourceType: 'transform-job',
    logName: 'TransformJobs',
    alreadyExists: (arn) =>
      `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`,
    notFound: (name) => `Could not find requested job with name: ${name}`,
    changed: (job) =>
      context.announce('SageMaker Transform Job State Change', [job.arn], {
        TransformJobName: job.name,
        TransformJobArn: job.arn,
        TransformJobStatus: job.status,
        ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
        ...pick(job.input, ...ECHOED),
        CreationTime: job.creationMs,
        ...(job.startMs === undefined ? {} : { TransformStartTime: job.startMs }),
        ...(job.endMs === undefined ? {} : { TransformEndTime: job.endMs }),
        Tags: context.tagMap(job.arn),
      }),
  });

  const startContainer = async (job: Job, model: Model): Promise<ServedContainer> => {
    const { served } = model;
    const fault = context.cloud.faults.container({ modelName: model.name, endpointName: '', variantName: '' });
    const modelDirectory = await orFail(
      `Failed to download model data from "${served.artifact?.uri ?? ''}"`,
      () => materialiseArtifact(context, served, `transform-${job.name}`),
      failureText,
    );
    const environment = {
      SAGEMAKER_BATCH: 'true',
      SAGEMAKER_BATCH_STRATEGY: job.input['BatchStrategy'] === 'SingleRecord' ? 'SINGLE_RECORD' : 'MULTI_RECORD',
      SAGEMAKER_MAX_PAYLOAD_IN_MB: String(job.input['MaxPayloadInMB'] ?? 6),
      ...served.environment,
      ...(job.input['Environment'] as Record<string, string> | undefined),
    };
    const start = async (): Promise<ServedContainer | undefined> => {
      if (fault.failsToStart) return undefined;
      const container = await context.host.startServer({ image: served.image, modelDirectory, environment });
      return (await container.ping()) ? container : undefined;
    };
    const container = await kernel.inFlight.track('start server', start).catch((error: unknown) => {
      jobs.log(job, [`container failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]);
      return undefined;
    });
    if (!container) throw new JobFailed('AlgorithmError: the container did not pass the ping health check');
    return container;
  };

  const invoke = async (job: Job, container: ServedContainer, plan: Plan, body: string): Promise<string> => {
    const answer = await callContainer(kernel.inFlight, container, {
      body: Buffer.from(body, plan.encoding),
      contentType: plan.contentType,
      ...(plan.accept === undefined ? {} : { accept: plan.accept }),
    });
    const said = Buffer.from(answer.body).toString(plan.encoding);
    if (answer.statusCode >= 200 && answer.statusCode < 300) {
      if (plan.format && formatOf(answer.contentType) !== plan.format) {
        throw new JobFailed(
          `ClientError: input of type ${plan.contentType} can't be processed together with output of type ${answer.contentType}`,
        );
      }
      return said;
    }
    jobs.log(job, [`Bad HTTP status received from algorithm: ${answer.statusCode}`, said]);
    const kind = answer.statusCode >= 400 && answer.statusCode < 500 ? 'ClientError' : 'AlgorithmError';
    throw new JobFailed(`${kind}: See job logs for more information`);
  };

  /** Output records of a batch of input lines, one for each. */
  const processed = async (
    job: Job,
    container: ServedContainer,
    plan: Plan,
    format: RecordFormat,
    lines: readonly string[],
  ) => {
    const inputPath = parseJsonPath(plan.inputFilter);
    const outputPath = parseJsonPath(plan.outputFilter);
    const answer = await invoke(
      job,
      container,
      plan,
      lines.map((line) => filtered(line, format, inputPath)).join('\n'),
    );
    const outputs = linesOf(answer);
    if (outputs.length !== lines.length) {
      throw new JobFailed(
        `ClientError: Fail to join data: mismatched line count between the input and the output (${lines.length} and ${outputs.length})`,
      );
    }
    return outputs.map((output, index) =>
      filtered(plan.joins ? joined(lines[index]!, output, format) : output, format, outputPath),
    );
  };

  const transformObject = async (
    job: Job,
    container: ServedContainer,
    plan: Plan,
    content: string,
  ): Promise<string> => {
    const batches = packed(
      plan.splitsLines ? linesOf(content) : [content],
      plan.single || !plan.splitsLines,
      plan.maxBytes,
      plan.encoding,
    );
    const parts: string[] = [];
    for (const batch of batches) {
      if (plan.format) parts.push(...(await processed(job, container, plan, plan.format, batch)));
      else parts.push(await invoke(job, container, plan, batch.join('\n')));
    }
    if (!plan.assemblesLines) return parts.join('');
    return parts.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('');
  };

  const work = async (job: Job, model: Model, principal: Principal): Promise<void> => {
    const plan = planOf(job.input);
    const uri = job.input['TransformInput']['DataSource']['S3DataSource']['S3Uri'] as string;
    const { bucket, key: prefix } = parseS3Uri(uri);
    const keys = await orFail('Data download failed', () => listKeys(context, uri, principal), failureText);
    if (keys.length === 0)
      throw new JobFailed(`ClientError: No S3 objects found under S3 URL "${uri}" given in input data source.`);
    const container = await startContainer(job, model);
    const outputs: { key: string; content: Uint8Array }[] = [];
    results.set(job, outputs);
    for (const key of keys) {
      const bytes = await orFail(
        'Data download failed',
        () => getObject(context, { bucket, key }, principal),
        failureText,
      );
      const content = await transformObject(job, container, plan, Buffer.from(bytes).toString(plan.encoding));
      outputs.push({ key: `${relativeKey(prefix, key)}.out`, content: Buffer.from(content, plan.encoding) });
    }
  };

  const finish = async (job: Job, principal: Principal): Promise<void> => {
    const target = parseS3Uri(job.input['TransformOutput']['S3OutputPath'] as string);
    for (const { key, content } of results.get(job) ?? []) {
      const location = { bucket: target.bucket, key: target.key === '' ? key : joinS3(target.key, key) };
      await orFail('Output upload failed', () => putObject(context, location, content, principal), failureText);
    }
    results.delete(job);
  };

  const operations: Record<string, Operation> = {
    CreateTransformJob(input) {
      checkInput('CreateTransformJob', CREATE, input);
      planOf(input);
      const model = models.find(input['ModelName'] as string);
      const principal = rolePrincipal(model.served.roleArn, 'SageMaker');
      const job = jobs.start(input, input['TransformJobName'] as string, {
        maxRuntimeSeconds: undefined,
        work: (running) => work(running, model, principal),
        finish: (running) => finish(running, principal),
      });
      return { TransformJobArn: job.arn };
    },
    DescribeTransformJob(input) {
      checkInput('DescribeTransformJob', BY_NAME, input);
      const job = jobs.find(input['TransformJobName'] as string);
      const { LastModifiedTime: _unlisted, ...stamps } = times(job, 'Transform');
      return {
        TransformJobName: job.name,
        TransformJobArn: job.arn,
        TransformJobStatus: job.status,
        FailureReason: job.failureReason,
        ...structuredClone(pick(job.input, ...ECHOED)),
        ...stamps,
      };
    },
    StopTransformJob(input) {
      checkInput('StopTransformJob', BY_NAME, input);
      jobs.stop(input['TransformJobName'] as string);
      return {};
    },
    ListTransformJobs(input) {
      checkInput('ListTransformJobs', JOB_LISTING, input);
      const result = jobs.page(input, { descending: true });
      const items = result.items.map((job) => {
        const { TransformStartTime: _unlisted, ...stamps } = times(job, 'Transform');
        return {
          TransformJobName: job.name,
          TransformJobArn: job.arn,
          TransformJobStatus: job.status,
          FailureReason: job.failureReason,
          ...stamps,
        };
      });
      return { TransformJobSummaries: items, NextToken: result.NextToken };
    },
  };
  return { operations, jobs };
}
