/** What each type of pipeline step does, as the pipeline's role. */
import { asBytes } from '../kernel/coerce.ts';
import { AwsError } from '../kernel/errors.ts';
import { type Operation, type Principal, rolePrincipal, type WireInput } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { type Jobs } from './jobs.ts';
import { considered, newStepCache } from './pipeline-cache.ts';
import { allHold } from './pipeline-conditions.ts';
import { branchesOf, type PipelineDefinition, type Step } from './pipeline-definition.ts';
import { chosenBranch, type Execution, type StepOutcome, type StepRun, type StepRunner } from './pipeline-execution.ts';
import { resolve, type Scope, UnresolvedReference } from './pipeline-references.ts';
import { getObject, joinS3, parseS3Uri } from './storage.ts';

/** Assumed time that the service needs for a step besides its job. */
const OVERHEAD_MS = { min: 1_000, max: 5_000 };

/** A step fails with this message as its FailureReason. */
class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** How the step types that run a job do it: `<Noun>Job` in operations, members and metadata. */
const JOB_NOUNS = { Processing: 'ProcessingJob', Training: 'TrainingJob', Transform: 'TransformJob' } as const;

type JobStepType = keyof typeof JOB_NOUNS;
const isJobStep = (type: string): type is JobStepType => type in JOB_NOUNS;

export interface StepServices {
  readonly jobs: Readonly<Record<JobStepType, Jobs>>;
  /** SageMaker's own operations, for looking at what a step made (not subject to IAM). */
  readonly operations: () => Readonly<Record<string, Operation>>;
}

function retryDelayMs(step: Step, error: AwsError, attempt: number): number | undefined {
  const kind = /Throttl/.test(error.code)
    ? 'Step.THROTTLING'
    : error.statusCode >= 500
      ? 'Step.SERVICE_FAULT'
      : undefined;
  const policy = kind === undefined ? undefined : step.RetryPolicies?.find((item) => item.ExceptionType.includes(kind));
  if (!policy || attempt > (policy.MaxAttempts ?? 5)) return undefined;
  return (policy.IntervalSeconds ?? 1) * 1000 * (policy.BackoffRate ?? 2) ** (attempt - 1);
}

function lambdaOutput(step: Step, payload: unknown): Record<string, unknown> {
  const output = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  const values = (step.OutputParameters ?? []).map(({ OutputName: name }) => {
    if (output[name] === undefined)
      throw new StepFailed(`the Lambda function's answer lacks the output parameter '${name}'`);
    return [name, output[name]];
  });
  return Object.fromEntries(values) as Record<string, unknown>;
}

export function newStepRunner(context: SageMakerContext, services: StepServices): StepRunner {
  const { cloud } = context;
  const cache = newStepCache();
  const asRole = (execution: Execution): Principal => rolePrincipal(execution.roleArn, 'SageMakerPipeline');
  const look = async (operation: string, input: WireInput): Promise<Record<string, unknown>> => {
    const call = { principal: { kind: 'service', name: 'sagemaker.amazonaws.com' }, requestId: 'pipeline' } as const;
    return { ...(await services.operations()[operation]!(input, call)) };
  };

  const propertyFile = async (
    execution: Execution,
    definition: PipelineDefinition,
    stepName: string,
    fileName: string,
  ) => {
    const declared = definition.byName.get(stepName)?.PropertyFiles?.find((file) => file.PropertyFileName === fileName);
    const properties = execution.runs.get(stepName)?.properties as WireInput | undefined;
    const outputs = (properties?.['ProcessingOutputConfig']?.['Outputs'] ?? []) as WireInput[];
    const output = outputs.find((item) => item['OutputName'] === declared?.OutputName);
    if (!declared || !output)
      throw new UnresolvedReference(`step '${stepName}' has no output for property file '${fileName}'`);
    const uri = joinS3(output['S3Output']['S3Uri'] as string, declared.FilePath);
    const content = Buffer.from(await getObject(context, parseS3Uri(uri), asRole(execution))).toString('utf8');
    try {
      return JSON.parse(content) as unknown;
    } catch (error) {
      throw new UnresolvedReference(`property file ${uri} is not JSON: ${(error as Error).message}`, { cause: error });
    }
  };

  const scopeOf = (execution: Execution): Scope => ({
    parameters: execution.parameters,
    execution: {
      PipelineName: execution.pipelineName,
      PipelineArn: execution.pipelineArn,
      PipelineExecutionId: execution.id,
      PipelineExecutionArn: execution.arn,
      StartDateTime: new Date(execution.creationMs).toISOString(),
      CurrentDateTime: new Date(context.nowMs()).toISOString(),
    },
    properties: (stepName) => execution.runs.get(stepName)?.properties,
    propertyFile: (stepName, fileName) => propertyFile(execution, execution.definition, stepName, fileName),
  });

  /** Calls as the pipeline's role, again where the step's RetryPolicies say so. */
  const callWithRetries = async (
    execution: Execution,
    run: StepRun,
    [service, operation, input]: readonly [string, string, WireInput],
  ): Promise<WireInput> => {
    for (;;) {
      run.attempts++;
      try {
        return (await cloud.call(service, operation, input, asRole(execution))) as WireInput;
      } catch (error) {
        const delayMs = error instanceof AwsError ? retryDelayMs(run.step, error, run.attempts) : undefined;
        if (delayMs === undefined) throw error;
        await cloud.kernel.clock.sleep(delayMs, `retry of step ${run.step.Name}`);
      }
    }
  };

  /** `pipelines-<execution>-<step>-<suffix>`, at most 63 characters, as AWS names what its steps make. */
  const generatedName = (execution: Execution, step: Step): string => {
    const suffix = context.random('pipeline-names').hex(10);
    const name = step.Name.replace(/_/g, '-').slice(0, 63 - `pipelines-${execution.id}--${suffix}`.length);
    return `pipelines-${execution.id}-${name.replace(/^-+|-+$/g, '')}-${suffix}`.replace(/--+/g, '-');
  };

  const runJob = async (
    execution: Execution,
    run: StepRun,
    input: WireInput,
    executing: () => void,
  ): Promise<StepOutcome> => {
    const type = run.step.Type as JobStepType;
    const noun = JOB_NOUNS[type];
    const name = generatedName(execution, run.step);
    const created = await callWithRetries(execution, run, [
      'sagemaker',
      `Create${noun}`,
      { ...input, [`${noun}Name`]: name },
    ]);
    run.metadata = { [noun]: { Arn: created[`${noun}Arn`] } };
    executing();
    await services.jobs[type].find(name).ended;
    run.properties = await look(`Describe${noun}`, { [`${noun}Name`]: name });
    const status = run.properties[`${noun}Status`];
    if (status === 'Completed') return { status: 'Succeeded' };
    if (status === 'Stopped' && execution.status === 'Stopping') return { status: 'Stopped' };
    const reason = services.jobs[type].find(name).failureReason ?? `the job ended ${String(status)}`;
    return { status: 'Failed', reason: `ClientError: ${reason}` };
  };

  const runLambda = async (
    execution: Execution,
    run: StepRun,
    input: WireInput,
    functionArn: string,
    executing: () => void,
  ) => {
    run.metadata = { Lambda: { Arn: functionArn } };
    executing();
    const request = {
      FunctionName: functionArn,
      InvocationType: 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(input)),
    };
    const answer = await callWithRetries(execution, run, ['lambda', 'Invoke', request]);
    const text =
      answer['Payload'] === undefined ? '' : Buffer.from(asBytes(answer['Payload'], 'Payload')).toString('utf8');
    if (answer['FunctionError'] !== undefined) throw new StepFailed(`Lambda function ${functionArn} failed: ${text}`);
    const output = lambdaOutput(run.step, text === '' ? undefined : JSON.parse(text));
    run.metadata = {
      Lambda: {
        Arn: functionArn,
        OutputParameters: Object.entries(output).map(([Name, Value]) => ({ Name, Value: String(Value) })),
      },
    };
    run.properties = { OutputParameters: output };
  };

  const perform = async (execution: Execution, run: StepRun, executing: () => void): Promise<StepOutcome> => {
    const { step } = run;
    const scope = scopeOf(execution);
    if (step.Type === 'Condition') {
      executing();
      const outcome = await allHold(branchesOf(step).conditions, scope);
      run.metadata = { Condition: { Outcome: outcome ? 'True' : 'False' } };
      run.properties = { Outcome: outcome };
      return { status: 'Succeeded', branch: chosenBranch(step, outcome) };
    }
    const input = (await resolve(step.Arguments ?? {}, scope)) as WireInput;
    if (step.Type === 'Fail') {
      executing();
      run.metadata = { Fail: { ErrorMessage: String(input['ErrorMessage'] ?? '') } };
      return { status: 'Failed', reason: String(input['ErrorMessage'] ?? '') };
    }
    const functionArn = step.Type === 'Lambda' ? String(await resolve(step.FunctionArn, scope)) : undefined;
    const cacheable = [considered(step, input), functionArn];
    const hit = cache.find(execution, step, cacheable, context.nowMs());
    if (hit) {
      executing();
      run.cacheHitFrom = hit.executionArn;
      run.metadata = hit.metadata;
      run.properties = hit.properties;
      return { status: 'Succeeded' };
    }
    const outcome = await make(execution, run, input, functionArn, executing);
    if (outcome.status === 'Succeeded') cache.store(execution, run, cacheable, context.nowMs());
    return outcome;
  };

  const make = async (
    execution: Execution,
    run: StepRun,
    input: WireInput,
    functionArn: string | undefined,
    executing: () => void,
  ): Promise<StepOutcome> => {
    if (isJobStep(run.step.Type)) return runJob(execution, run, input, executing);
    if (functionArn !== undefined) await runLambda(execution, run, input, functionArn, executing);
    else if (run.step.Type === 'Model') {
      executing();
      const name = generatedName(execution, run.step);
      const created = await callWithRetries(execution, run, [
        'sagemaker',
        'CreateModel',
        { ...input, ModelName: name },
      ]);
      run.metadata = { Model: { Arn: created['ModelArn'] } };
      run.properties = await look('DescribeModel', { ModelName: name });
    } else {
      executing();
      const metadata = { ...(input['MetadataProperties'] as WireInput | undefined), GeneratedBy: execution.arn };
      const request = { ...input, MetadataProperties: metadata };
      const created = await callWithRetries(execution, run, ['sagemaker', 'CreateModelPackage', request]);
      run.metadata = { RegisterModel: { Arn: created['ModelPackageArn'] } };
      run.properties = await look('DescribeModelPackage', { ModelPackageName: created['ModelPackageArn'] });
    }
    return { status: 'Succeeded' };
  };

  return {
    async run(execution, run, executing) {
      await cloud.kernel.clock.sleep(context.delayMs(OVERHEAD_MS, 'pipeline-steps'), `step ${run.step.Name}`);
      if (execution.status === 'Stopping') return { status: 'Stopped' };
      try {
        return await perform(execution, run, executing);
      } catch (error) {
        if (error instanceof UnresolvedReference || error instanceof StepFailed)
          return { status: 'Failed', reason: error.message };
        if (error instanceof AwsError)
          return { status: 'Failed', reason: `ClientError: ${error.code}: ${error.message}` };
        throw error;
      }
    },
    async stop(execution, run) {
      if (!isJobStep(run.step.Type)) return;
      const noun = JOB_NOUNS[run.step.Type];
      const arn = run.metadata[noun]?.['Arn'] as string | undefined;
      if (arn === undefined) return;
      const name = arn.slice(arn.lastIndexOf('/') + 1);
      try {
        await cloud.call('sagemaker', `Stop${noun}`, { [`${noun}Name`]: name }, asRole(execution));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        // The job ended by itself, or the role may not stop it: the execution stops when the job has ended.
        cloud.kernel.trace(`sagemaker pipeline ${execution.id} could not stop ${name}: ${error.code}`);
      }
    },
  };
}
