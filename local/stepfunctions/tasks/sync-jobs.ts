/** `.sync`: waits for the end of what a task has started, and fails when that failed. */
import { AwsError } from '../../kernel/errors.ts';
import { StateError } from '../errors.ts';
import { type Json, type JsonObject, answerToJson, isJsonObject } from '../json.ts';
import type { Scope } from '../scope.ts';
import type { Frame } from '../workflow.ts';
import { callOptimised, renameMembers, upperFirst } from './call.ts';

/** How often a job is described. AWS is told by events where it may use them, and polls otherwise. */
const POLL_MS = 30_000;

/** The SageMaker jobs that can be waited for: `Describe<noun>`, `Stop<noun>`, `<noun>Name`, `<noun>Status`. */
const JOB_NOUNS: Readonly<Record<string, string>> = {
  createTrainingJob: 'TrainingJob',
  createTransformJob: 'TransformJob',
  createProcessingJob: 'ProcessingJob',
  createHyperParameterTuningJob: 'HyperParameterTuningJob',
};

/**
 * Waits until the job or execution that the request has started is over.
 * @param started the answer to the request; @param parse `.sync:2` parses the nested execution's input and output
 * @throws StateError States.TaskFailed with the description as its cause
 */
export async function waitForJob(
  frame: Frame,
  scope: Scope,
  job: { readonly service: string; readonly action: string; readonly parse: boolean },
  args: Json,
  started: Json,
): Promise<Json> {
  if (job.service === 'states') return waitForExecution(frame, scope, started, job.parse);
  const noun = JOB_NOUNS[job.action]!;
  const name = { [`${noun}Name`]: isJsonObject(args) ? args[`${noun}Name`] : undefined };
  try {
    for (;;) {
      const answer = await describe(frame, scope, noun, name);
      const status = answer?.[`${noun}Status`];
      if (answer && status === 'Completed') return answer;
      if (answer && (status === 'Failed' || status === 'Stopped')) {
        throw new StateError('States.TaskFailed', JSON.stringify(answer));
      }
      await scope.wait<void>((resolve) => {
        const timer = frame.engine.cloud.kernel.clock.after(POLL_MS, `describe ${noun}`, () => resolve());
        return () => timer.cancel();
      });
    }
  } catch (error) {
    if (scope.cancelled) stop(frame, 'sagemaker', `Stop${noun}`, name);
    throw error;
  }
}

/** The job's description, or undefined when the service is throttling or out of order: then the next poll will tell. */
async function describe(frame: Frame, scope: Scope, noun: string, name: object): Promise<JsonObject | undefined> {
  const { engine } = frame;
  try {
    const call = engine.cloud.call('sagemaker', `Describe${noun}`, name, engine.principal(frame.thread.execution));
    return answerToJson(await scope.race(call), 'epochMs') as JsonObject;
  } catch (error) {
    if (
      error instanceof AwsError &&
      (error.statusCode >= 500 || /Throttl/.test(error.code)) &&
      error.statusCode !== 501
    ) {
      engine.cloud.kernel.trace(
        `states ${frame.thread.execution.arn} Describe${noun} failed with ${error.code}, polling on`,
      );
      return undefined;
    }
    if (error instanceof AwsError && error.code !== 'UnsupportedFeature') {
      throw new StateError('States.TaskFailed', `${error.code}: ${error.message}`);
    }
    throw error;
  }
}

async function waitForExecution(frame: Frame, scope: Scope, started: Json, parse: boolean): Promise<Json> {
  const executionArn = (started as JsonObject)['ExecutionArn'] as string;
  const execution = frame.engine.execution(executionArn);
  if (!execution) throw new StateError('States.TaskFailed', `The execution ${executionArn} does not exist`);
  try {
    await scope.wait<void>((resolve) => {
      execution.whenFinished(() => resolve());
      return () => undefined;
    });
  } catch (error) {
    if (scope.cancelled) stop(frame, 'states', 'StopExecution', { executionArn });
    throw error;
  }
  const description = await callOptimised(frame, 'states', 'DescribeExecution', { executionArn });
  const { input, output, ...rest } = answerToJson(description, 'epochMs') as JsonObject;
  const text = (value: Json | undefined): Json =>
    parse && typeof value === 'string' ? (JSON.parse(value) as Json) : value!;
  const result: JsonObject = {
    ...(renameMembers(rest, upperFirst) as JsonObject),
    Input: text(input),
    ...(output === undefined ? {} : { Output: text(output) }),
  };
  if (result['Status'] !== 'SUCCEEDED') throw new StateError('States.TaskFailed', JSON.stringify(result));
  return result;
}

/** Stops what nobody waits for any longer. AWS does its best too, and nobody hears of its failure: it is traced. */
function stop(frame: Frame, service: string, operation: string, input: object): void {
  const { cloud } = frame.engine;
  const principal = frame.engine.principal(frame.thread.execution);
  cloud.kernel.spawn(`${operation} after the end of ${frame.thread.execution.arn}`, async () => {
    try {
      await cloud.call(service, operation, input, principal);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      cloud.kernel.trace(
        `states ${frame.thread.execution.arn} ${operation} failed with ${error.code}: ${error.message}`,
      );
    }
  });
}
