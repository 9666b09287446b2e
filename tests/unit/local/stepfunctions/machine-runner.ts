/** Runs definitions on the laptop cloud's Step Functions with a fake cloud around it. */
import { newStepFunctions } from '../../../../local/stepfunctions/service.ts';
import type { StepFunctionsService } from '../../../../local/stepfunctions/service.ts';
import { type FakeCloudContext, ROOT, newFakeCloudContext } from '../../../support/fake-cloud-context.ts';

export const ROLE = 'arn:aws:iam::111122223333:role/machine-role';

/** One event of a history, with the members that tests look at. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: Date;
  readonly [member: string]: unknown;
}

export interface Description {
  readonly executionArn: string;
  readonly status: string;
  readonly startDate: Date;
  readonly stopDate?: Date;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface Runner {
  readonly cloud: FakeCloudContext;
  readonly service: StepFunctionsService;
  call<T = Record<string, unknown>>(operation: string, input: object): Promise<T>;
  create(definition: object, extra?: object): Promise<string>;
  /** Starts an execution and lets virtual time pass until it has ended. */
  run(definition: object, input?: unknown): Promise<Description>;
  /** Starts an execution; the caller moves the clock. */
  start(definition: object, input?: unknown): Promise<string>;
  describe(executionArn: string): Promise<Description>;
  history(executionArn: string): Promise<HistoryEvent[]>;
}

export function newRunner(seed = 1): Runner {
  const cloud = newFakeCloudContext(seed);
  const service = newStepFunctions(cloud);
  let machines = 0;
  const runner: Runner = {
    cloud,
    service,
    call: async <T>(operation: string, input: object) => (await service.operations[operation]!(input, ROOT)) as T,
    create: async (definition, extra = {}) => {
      const name = `machine-${++machines}`;
      const request = { name, roleArn: ROLE, definition: JSON.stringify(definition), ...extra };
      return (await runner.call<{ stateMachineArn: string }>('CreateStateMachine', request)).stateMachineArn;
    },
    start: async (definition, input = {}) => {
      const stateMachineArn = await runner.create(definition);
      const request = { stateMachineArn, input: JSON.stringify(input) };
      return (await runner.call<{ executionArn: string }>('StartExecution', request)).executionArn;
    },
    run: async (definition, input = {}) => {
      const arn = await runner.start(definition, input);
      const isOver = (): boolean =>
        cloud.events.some(({ detail }) => detail['executionArn'] === arn && detail['stopDate'] !== null);
      await cloud.kernel.runUntil(isOver, 400 * 86_400_000, `the end of ${arn}`);
      return runner.describe(arn);
    },
    describe: (executionArn) => runner.call<Description>('DescribeExecution', { executionArn }),
    history: async (executionArn) =>
      (await runner.call<{ events: HistoryEvent[] }>('GetExecutionHistory', { executionArn, maxResults: 1000 })).events,
  };
  return runner;
}

/** A JSONata state machine. */
export function jsonata(startAt: string, states: Record<string, object>): object {
  return { QueryLanguage: 'JSONata', StartAt: startAt, States: states };
}

/** The output of an execution that must have succeeded. */
export function outputOf(description: Description): unknown {
  if (description.status !== 'SUCCEEDED') {
    throw new Error(`execution ${description.status}: ${description.error} ${description.cause}`);
  }
  return JSON.parse(description.output!);
}

/** Virtual seconds from start to end. */
export function seconds({ startDate, stopDate }: Description): number {
  return (stopDate!.getTime() - startDate.getTime()) / 1000;
}

/** What lambda:Invoke answers with a payload, or with a function error. */
export function lambdaAnswer(payload: unknown): object {
  return { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: Buffer.from(JSON.stringify(payload)) };
}

export function lambdaError(errorType: string, errorMessage = 'it failed'): object {
  return { ...lambdaAnswer({ errorType, errorMessage }), FunctionError: 'Unhandled' };
}

export const INVOKE = 'arn:aws:states:::lambda:invoke';
export const INVOKE_WITH_TOKEN = `${INVOKE}.waitForTaskToken`;

/** A Task that calls a function with the state's input. */
export function invoke(extra: object = {}): object {
  return {
    Type: 'Task',
    Resource: INVOKE,
    Arguments: { FunctionName: 'work', Payload: '{% $states.input %}' },
    Output: '{% $states.result.Payload %}',
    End: true,
    ...extra,
  };
}

/** A Task that hands its token to a function and waits for the callback. */
export function waitForToken(extra: object = {}): object {
  return {
    Type: 'Task',
    Resource: INVOKE_WITH_TOKEN,
    Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
    TimeoutSeconds: 3600,
    End: true,
    ...extra,
  };
}

/** The payload of the n-th Lambda invocation. */
export function payloadOf(cloud: FakeCloudContext, index: number): Record<string, unknown> {
  const invocations = cloud.calls.filter(({ operation }) => operation === 'Invoke');
  return JSON.parse(Buffer.from(invocations[index]!.input['Payload'] as Uint8Array).toString()) as Record<
    string,
    unknown
  >;
}
