/** The two interpreters that run chains: ours as a service with its history, and the peer as a library with its event log. */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { newStepFunctions, type StepFunctionsService } from '../../../local/stepfunctions/service.ts';
import { newFakeCloudContext, ROOT } from '../../support/fake-cloud-context.ts';
import { type Round, type Side } from '../harness/measure.ts';

/** What an execution leaves behind on either side. */
export interface ChainOutcome {
  readonly output: unknown;
  /** As the interpreter counts them. */
  readonly transitions: number;
  /** StateEntered and StateExited events in the history that can be read afterwards. */
  readonly historyEvents: { readonly entered: number; readonly exited: number };
}

type Json = Parameters<StateMachine['run']>[0];

/** A side of our own: `local/stepfunctions/` with nothing around it. */
export function newOwnSide(name: string, definition: object, input: unknown): Side {
  return { name, open: () => openOwnRound(definition, input) };
}

async function openOwnRound(definition: object, input: unknown): Promise<Round> {
  const cloud = newFakeCloudContext();
  const service = newStepFunctions(cloud);
  const { stateMachineArn } = await call<{ stateMachineArn: string }>(service, 'CreateStateMachine', {
    name: 'chain',
    definition: JSON.stringify(definition),
    roleArn: `arn:aws:iam::${cloud.accountId}:role/chain`,
  });
  const inputText = JSON.stringify(input);
  let executionArn = '';
  return {
    work: async () => {
      ({ executionArn } = await call<{ executionArn: string }>(service, 'StartExecution', {
        stateMachineArn,
        input: inputText,
      }));
      await cloud.kernel.quiesce();
    },
    outcome: () => ownOutcome(service, executionArn),
    close: async () => undefined,
  };
}

async function ownOutcome(service: StepFunctionsService, executionArn: string): Promise<ChainOutcome> {
  const execution = await call<{ status: string; output?: string; cause?: string }>(service, 'DescribeExecution', {
    executionArn,
  });
  if (execution.output === undefined) throw new Error(`the chain ended ${execution.status}: ${execution.cause ?? ''}`);
  return {
    output: JSON.parse(execution.output),
    transitions: service.transitions(executionArn) ?? 0,
    historyEvents: countEvents(await readHistory(service, executionArn)),
  };
}

/** Types of all events of GetExecutionHistory, page by page. */
async function readHistory(service: StepFunctionsService, executionArn: string): Promise<readonly string[]> {
  const types: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await call<{ events: readonly { type: string }[]; nextToken?: string }>(
      service,
      'GetExecutionHistory',
      {
        executionArn,
        maxResults: 1000,
        includeExecutionData: false,
        ...(nextToken === undefined ? {} : { nextToken }),
      },
    );
    types.push(...page.events.map(({ type }) => type));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return types;
}

async function call<Output>(service: StepFunctionsService, operation: string, input: object): Promise<Output> {
  return (await service.operations[operation]!(input, ROOT)) as Output;
}

/** A side of aws-local-stepfunctions, without its validation, which costs a fifth of a second for each machine. */
export function newPeerSide(name: string, definition: object, input: unknown): Side {
  return {
    name,
    open: async () => {
      const machine = new StateMachine(definition as StateMachineDefinition, {
        validationOptions: { noValidate: true },
      });
      let output: unknown;
      let log: AsyncIterable<{ readonly type: string }> | undefined;
      return {
        work: async () => {
          const execution = machine.run(input as Json);
          output = await execution.result;
          log = execution.eventLogs;
        },
        outcome: async () => {
          const types: string[] = [];
          if (log) for await (const { type } of log) types.push(type);
          const historyEvents = countEvents(types);
          // The peer has no counter of its own: its event log is what there is.
          return { output, transitions: historyEvents.entered, historyEvents } satisfies ChainOutcome;
        },
        close: async () => undefined,
      };
    },
  };
}

/** Ours say `PassStateEntered`, the peer's `StateEntered`. */
function countEvents(types: readonly string[]): ChainOutcome['historyEvents'] {
  return {
    entered: types.filter((type) => type.endsWith('StateEntered')).length,
    exited: types.filter((type) => type.endsWith('StateExited')).length,
  };
}
