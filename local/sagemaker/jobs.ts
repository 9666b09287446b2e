/** What training, processing and transform jobs have in common: unique names, states over virtual time, stopping, listing. */
import { type JobResult } from '../kernel/containers.ts';
import { AwsError, validationError } from '../kernel/errors.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { type WireInput } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { page } from './listing.ts';

/** Assumed durations beyond the instance's start (documented nowhere). */
const RUN_MS = { min: 60_000, max: 240_000 };
const STOPPING_MS = { min: 20_000, max: 60_000 };

export type JobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

export interface Job {
  readonly name: string;
  readonly arn: string;
  readonly input: WireInput;
  readonly creationMs: number;
  lastModifiedMs: number;
  status: JobStatus;
  failureReason: string | undefined;
  exitMessage: string | undefined;
  startMs: number | undefined;
  endMs: number | undefined;
  /** Resolves when the job has ended, however it ended. */
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** Ends a job as Failed; the message is its FailureReason. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

export interface JobKind {
  /** Resource type in ARNs, for instance `training-job`. */
  readonly resourceType: string;
  /** Log group and the word in messages, for instance `TrainingJobs`. */
  readonly logName: string;
  readonly alreadyExists: (arn: string) => string;
  readonly notFound: (name: string) => string;
  /** Called after each change of state, to tell the world. */
  readonly changed: (job: Job) => void;
}

export interface Jobs {
  /**
   * Starts a job in the background: after the instance's start, `work` really runs, and the job lasts as long as drawn.
   * @throws AwsError ResourceInUse when the name was ever used
   */
  start(input: WireInput, name: string, phases: JobPhases): Job;
  find(name: string): Job;
  stop(name: string): void;
  page(input: WireInput, defaults: { descending: boolean }): { items: Job[]; NextToken?: string };
  log(job: Job, lines: readonly string[]): void;
}

export interface JobPhases {
  /** Virtual limit of the running phase. */
  readonly maxRuntimeSeconds: number | undefined;
  /** Fetches the inputs and really runs the containers; throws JobFailed. Takes no virtual time. */
  readonly work: (job: Job) => Promise<void>;
  /** Uploads results; not called for jobs that failed. */
  readonly finish: (job: Job) => Promise<void>;
  /** Marks the beginning of a phase, for kinds that show them. */
  readonly enter?: (job: Job, phase: 'Downloading' | 'Running' | 'Uploading') => void;
  readonly exceeded?: (job: Job) => void;
}

export function newJobs(context: SageMakerContext, kind: JobKind): Jobs {
  // Names are unique whatever their case, since ARNs hold them in lower case.
  const jobs = new Map<string, Job>();
  const { clock } = context.cloud.kernel;

  const change = (job: Job, status: JobStatus): void => {
    job.status = status;
    job.lastModifiedMs = context.nowMs();
    context.cloud.kernel.trace(`sagemaker ${kind.resourceType} ${job.name} ${status}`);
    kind.changed(job);
  };
  const conclude = (job: Job, status: JobStatus, failureReason?: string): void => {
    job.endMs = context.nowMs();
    job.failureReason = failureReason?.slice(0, 1024);
    change(job, status);
    job.end();
  };
  const stopping = (job: Job): boolean => job.status === 'Stopping' || job.status === 'Stopped';

  /** Sleeps; true when the job was stopped meanwhile (whoever stopped it also ends it). */
  const stoppedWithin = async (job: Job, ms: number): Promise<boolean> => {
    await clock.sleep(ms, `${kind.resourceType} ${job.name}`);
    return stopping(job);
  };

  const run = async (job: Job, phases: JobPhases): Promise<void> => {
    const stream = kind.resourceType;
    if (await stoppedWithin(job, context.delayMs(SLOWNESS.jobStartMs, stream))) return;
    job.startMs = context.nowMs();
    phases.enter?.(job, 'Downloading');
    const runMs = context.delayMs(RUN_MS, stream);
    const maxMs = (phases.maxRuntimeSeconds ?? Infinity) * 1000;
    let failure: JobFailed | undefined;
    try {
      await phases.work(job);
    } catch (error) {
      if (!(error instanceof JobFailed)) throw error;
      failure = error;
    }
    phases.enter?.(job, 'Running');
    if (await stoppedWithin(job, Math.min(runMs, maxMs))) return;
    if (runMs > maxMs) {
      phases.exceeded?.(job);
      return conclude(job, 'Stopped');
    }
    if (failure) return conclude(job, 'Failed', failure.message);
    phases.enter?.(job, 'Uploading');
    try {
      await phases.finish(job);
    } catch (error) {
      if (!(error instanceof JobFailed)) throw error;
      return conclude(job, 'Failed', error.message);
    }
    conclude(job, 'Completed');
  };

  const find = (name: string): Job => {
    const job = jobs.get(name.toLowerCase());
    if (!job) throw validationError(kind.notFound(name));
    return job;
  };

  return {
    find,
    start(input, name, phases) {
      const arn = context.arn(kind.resourceType, name);
      if (jobs.has(name.toLowerCase())) throw new AwsError('ResourceInUse', kind.alreadyExists(arn));
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const job: Job = {
        name,
        arn,
        input: structuredClone(input),
        creationMs: context.nowMs(),
        lastModifiedMs: context.nowMs(),
        status: 'InProgress',
        failureReason: undefined,
        exitMessage: undefined,
        startMs: undefined,
        endMs: undefined,
        ended,
        end,
      };
      jobs.set(name.toLowerCase(), job);
      context.setTags(arn, input['Tags']);
      change(job, 'InProgress');
      context.cloud.kernel.spawn(`${kind.resourceType} ${name}`, () => run(job, phases));
      return job;
    },
    stop(name) {
      const job = find(name);
      if (job.status !== 'InProgress') {
        throw validationError(
          `The request was rejected because the ${kind.resourceType.replace('-', ' ')} is in status ${job.status}.`,
        );
      }
      change(job, 'Stopping');
      clock.after(context.delayMs(STOPPING_MS, kind.resourceType), `stop ${job.name}`, () => conclude(job, 'Stopped'));
    },
    page: (input, defaults) =>
      page([...jobs.values()], input, { sortBy: 'CreationTime', descending: defaults.descending }),
    log(job, lines) {
      const stream = `${job.name}/algo-1-${Math.floor(job.creationMs / 1000)}`;
      for (const line of lines) context.cloud.writeLog(`/aws/sagemaker/${kind.logName}`, stream, line);
    },
  };
}

/** @throws JobFailed in AWS's words when a container ended with another code than 0 */
export function checkExit(result: JobResult): void {
  if (result.exitCode === 0) return;
  const message = result.failureMessage ?? result.log.at(-1) ?? '';
  throw new JobFailed(`AlgorithmError: ${message}, exit code: ${result.exitCode}`);
}

/** Runs a step of a job whose AWS errors and missing data end the job as ClientError. */
export async function orFail<T>(what: string, task: () => Promise<T>, explain: (error: unknown) => string): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw new JobFailed(`ClientError: ${what}: ${explain(error)}`, { cause: error });
  }
}

/** Start and end as Date members; undefined ones are left out. */
export function times(job: Job, prefix: string): Record<string, Date | undefined> {
  return {
    CreationTime: new Date(job.creationMs),
    [`${prefix}StartTime`]: job.startMs === undefined ? undefined : new Date(job.startMs),
    [`${prefix}EndTime`]: job.endMs === undefined ? undefined : new Date(job.endMs),
    LastModifiedTime: new Date(job.lastModifiedMs),
  };
}
