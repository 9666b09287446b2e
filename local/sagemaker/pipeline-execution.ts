/** Runs a pipeline execution: steps whose dependencies are met run in parallel, over virtual time, until none is left. */
import { type SageMakerContext, isoSeconds } from './context.ts';
import { branchesOf, type PipelineDefinition, type Step } from './pipeline-definition.ts';

export type ExecutionStatus = 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';
export type StepStatus = 'Starting' | 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';

export interface StepRun {
  readonly step: Step;
  readonly startMs: number;
  endMs: number | undefined;
  status: StepStatus;
  failureReason: string | undefined;
  /** API form, for instance { ProcessingJob: { Arn } }. */
  metadata: Record<string, Record<string, unknown>>;
  /** What references to `Steps.<name>.` see. */
  properties: Record<string, unknown>;
  /** The execution whose results were reused. */
  cacheHitFrom: string | undefined;
  attempts: number;
}

export interface Execution {
  readonly id: string;
  readonly arn: string;
  readonly pipelineName: string;
  readonly pipelineArn: string;
  readonly roleArn: string;
  readonly displayName: string;
  readonly description: string | undefined;
  readonly definitionText: string;
  readonly definition: PipelineDefinition;
  readonly definitionMs: number;
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly creationMs: number;
  readonly createdBy: object;
  lastModifiedMs: number;
  status: ExecutionStatus;
  failureReason: string | undefined;
  readonly runs: Map<string, StepRun>;
}

/** How a step ended. */
export type StepOutcome =
  | { readonly status: 'Succeeded'; readonly branch?: readonly Step[] }
  | { readonly status: 'Failed'; readonly reason: string }
  | { readonly status: 'Stopped' };

export interface StepRunner {
  /** Runs a step to its end. `executing` is called when its work begins. */
  run(execution: Execution, run: StepRun, executing: () => void): Promise<StepOutcome>;
  /** Stops the job of a running step; nothing for steps that can't be stopped. */
  stop(execution: Execution, run: StepRun): Promise<void>;
}

/** `ProcessingJob` -> `processingJob`, as events spell metadata. */
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

export interface PipelineExecutor {
  start(execution: Execution): void;
  stop(execution: Execution): void;
}

export function newPipelineExecutor(context: SageMakerContext, runner: StepRunner): PipelineExecutor {
  const resources = (execution: Execution): string[] => [execution.pipelineArn, execution.arn];

  const enter = (execution: Execution, status: ExecutionStatus, previous?: ExecutionStatus): void => {
    execution.status = status;
    execution.lastModifiedMs = context.nowMs();
    context.cloud.kernel.trace(`sagemaker pipeline ${execution.pipelineName} ${execution.id} ${status}`);
    const ended = status === 'Succeeded' || status === 'Failed' || status === 'Stopped';
    context.announce('SageMaker Model Building Pipeline Execution Status Change', resources(execution), {
      pipelineArn: execution.pipelineArn,
      pipelineExecutionArn: execution.arn,
      pipelineExecutionDisplayName: execution.displayName,
      ...(execution.description === undefined ? {} : { pipelineExecutionDescription: execution.description }),
      currentPipelineExecutionStatus: status,
      ...(previous === undefined ? {} : { previousPipelineExecutionStatus: previous }),
      executionStartTime: isoSeconds(execution.creationMs),
      ...(ended ? { executionEndTime: isoSeconds(context.nowMs()) } : {}),
    });
  };

  const enterStep = (execution: Execution, run: StepRun, status: StepStatus, previous?: StepStatus): void => {
    run.status = status;
    if (status === 'Succeeded' || status === 'Failed' || status === 'Stopped') run.endMs = context.nowMs();
    context.cloud.kernel.trace(`sagemaker pipeline ${execution.id} step ${run.step.Name} ${status}`);
    const metadata = Object.entries(run.metadata).map(([name, value]) => [
      lowerFirst(name),
      Object.fromEntries(Object.entries(value).map(([key, item]) => [lowerFirst(key), item])),
    ]);
    context.announce('SageMaker Model Building Pipeline Execution Step Status Change', resources(execution), {
      pipelineArn: execution.pipelineArn,
      pipelineExecutionArn: execution.arn,
      stepName: run.step.Name,
      stepType: run.step.Type,
      ...(previous === undefined ? {} : { previousStepStatus: previous }),
      currentStepStatus: status,
      metadata: Object.fromEntries(metadata) as Record<string, unknown>,
      stepStartTime: isoSeconds(run.startMs),
      ...(run.endMs === undefined ? {} : { stepEndTime: isoSeconds(run.endMs) }),
      ...(run.failureReason === undefined ? {} : { failureReason: run.failureReason }),
      ...(run.cacheHitFrom === undefined ? {} : { cacheHitResult: { sourcePipelineExecutionArn: run.cacheHitFrom } }),
    });
  };

  const start = (execution: Execution): void => {
    const waiting = new Set<Step>(execution.definition.steps);
    let running = 0;

    const succeeded = (name: string): boolean => execution.runs.get(name)?.status === 'Succeeded';
    const ready = (step: Step): boolean =>
      [...(execution.definition.dependencies.get(step.Name) ?? [])].every(succeeded);
    const failed = (): boolean => [...execution.runs.values()].some((run) => run.status === 'Failed');

    const runStep = async (step: Step): Promise<void> => {
      const run: StepRun = {
        step,
        startMs: context.nowMs(),
        endMs: undefined,
        status: 'Starting',
        failureReason: undefined,
        metadata: {},
        properties: {},
        cacheHitFrom: undefined,
        attempts: 0,
      };
      execution.runs.set(step.Name, run);
      enterStep(execution, run, 'Starting');
      const outcome = await runner.run(execution, run, () => enterStep(execution, run, 'Executing', 'Starting'));
      if (outcome.status === 'Failed') run.failureReason = outcome.reason.slice(0, 1024);
      if (outcome.status === 'Succeeded') for (const next of outcome.branch ?? []) waiting.add(next);
      enterStep(execution, run, outcome.status, run.status);
      running--;
      pump();
    };

    /** Starts what is ready; ends the execution when nothing runs and nothing more may start. */
    const pump = (): void => {
      if (execution.status === 'Executing' && !failed()) {
        for (const step of [...waiting].filter(ready)) {
          waiting.delete(step);
          running++;
          context.cloud.kernel.spawn(`pipeline step ${step.Name}`, () => runStep(step));
        }
      }
      if (running > 0) return;
      const previous = execution.status;
      if (previous === 'Stopping') return enter(execution, 'Stopped', previous);
      if (!failed()) return enter(execution, 'Succeeded', previous);
      execution.failureReason = 'Step failure: One or multiple steps failed.';
      enter(execution, 'Failed', previous);
    };

    enter(execution, 'Executing');
    pump();
  };

  return {
    start,
    stop(execution) {
      enter(execution, 'Stopping', execution.status);
      for (const run of execution.runs.values()) {
        if (run.endMs === undefined)
          context.cloud.kernel.spawn(`stop step ${run.step.Name}`, () => runner.stop(execution, run));
      }
    },
  };
}

/** The steps of the branch that a condition's outcome chooses. */
export function chosenBranch(step: Step, outcome: boolean): readonly Step[] {
  const { ifSteps, elseSteps } = branchesOf(step);
  return outcome ? ifSteps : elseSteps;
}
