/**
 * Runs a real definition on the laptop cloud's interpreter with canned functions around it. What the machine sends is held
 * against each function's input schema, and what the test answers against its output schema.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { AwsError } from '../../local/kernel/errors.ts';
import { newStepFunctions } from '../../local/stepfunctions/service.ts';
import { type FakeCloudContext, newFakeCloudContext, ROOT } from '../support/fake-cloud-context.ts';
import { definitionOf, substituted } from './definitions.ts';

const FUNCTIONS = path.resolve(import.meta.dirname, '../../functions');
const ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:';
const ROLE = 'arn:aws:iam::111122223333:role/machine';
const LONGEST_RUN_MS = 30 * 86_400_000;

type Json = Record<string, unknown>;

/** An error of a function, by its name. */
export class Thrown {
  readonly errorName: string;
  constructor(errorName: string) {
    this.errorName = errorName;
  }
}
/** What a task says of Lambda itself failing. */
export class Unavailable {}

/** How a task token fares: completed, kept alive for a while, or forgotten. */
export interface Waiting {
  /** Virtual seconds until the token is completed; absent: nobody ever does. */
  readonly resumedAfterSeconds?: number;
  /** A heartbeat each so many seconds, until then. */
  readonly heartbeatSeconds?: number;
  /** Heartbeats stop after so many seconds. */
  readonly heartbeatsUntilSeconds?: number;
}

export const resumed = (resumedAfterSeconds: number, more: Waiting = {}): Waiting => ({ resumedAfterSeconds, ...more });
export const throws = (errorName: string): Thrown => new Thrown(errorName);

export type Answer = Json | Thrown | Unavailable | Waiting | undefined;
/** By the function's room. A list is used up one call after the other; its last answer stays. */
export type Script = Readonly<Record<string, Answer | readonly Answer[] | ((payload: Json) => Answer)>>;

export interface Run {
  /** Names of the states in the order in which they were entered. */
  readonly states: readonly string[];
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly virtualSeconds: number;
  readonly transitions: number;
  /** What a function was called with, call by call. */
  payloads(room: string): readonly Json[];
}

interface Schemas {
  readonly input?: z.ZodMiniType;
  readonly output?: z.ZodMiniType;
}

async function schemasOf(rooms: readonly string[]): Promise<ReadonlyMap<string, Schemas>> {
  const read = async (room: string): Promise<readonly [string, Schemas]> => {
    const file = path.join(FUNCTIONS, room, 'schema.ts');
    if (!existsSync(file)) throw new Error(`functions/${room}/schema.ts is not there: state which task it is`);
    return [room, (await import(file)) as Schemas];
  };
  return new Map(await Promise.all(rooms.map(read)));
}

/** `OpenRolloutArn` -> `open-rollout`. */
const roomOf = (token: string): string =>
  token
    .replace(/Arn$/, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase();

const tokensIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\$\{([A-Za-z]+)\}/g)].map(([, token]) => token!)),
];

export interface RunOptions {
  readonly machine: string;
  readonly input: Json;
  readonly script: Script;
  /** The machine that `Roll Out` starts. */
  readonly nested?: Json;
}

type CallService = <T>(operation: string, request: object) => Promise<T>;

/** The functions behind a machine: they answer by the script, and note what breaks a contract. */
class CannedFunctions {
  readonly calls: { readonly room: string; readonly payload: Json }[] = [];
  readonly violations: string[] = [];
  readonly #script: Script;
  readonly #schemas: ReadonlyMap<string, Schemas>;
  readonly #keep: (taskToken: string, waiting: Waiting) => void;

  constructor(
    script: Script,
    schemas: ReadonlyMap<string, Schemas>,
    keep: (taskToken: string, waiting: Waiting) => void,
  ) {
    this.#script = script;
    this.#schemas = schemas;
    this.#keep = keep;
  }

  invoke(room: string, payload: Json): object {
    const nth = this.calls.filter((call) => call.room === room).length;
    this.calls.push({ room, payload });
    this.#check(room, 'input', payload);
    const answer = scripted(this.#script, room, payload, nth);
    if (answer instanceof Unavailable) throw new AwsError('ServiceException', 'try again', { statusCode: 500 });
    if (answer instanceof Thrown) {
      const body = { errorType: answer.errorName, errorMessage: 'as the test wants it' };
      return { ...lambdaAnswer(body), FunctionError: 'Unhandled' };
    }
    if (typeof payload['token'] === 'string') {
      this.#keep(payload['token'], answer ?? {});
      return lambdaAnswer(null);
    }
    this.#check(room, 'output', answer);
    return lambdaAnswer(answer ?? null);
  }

  /** An error that was thrown here would be caught by the machine, and the test would go on with it. */
  #check(room: string, side: 'input' | 'output', value: unknown): void {
    const schema = this.#schemas.get(room)?.[side];
    const result = schema ? z.safeParse(schema, value) : undefined;
    if (side === 'input' && !schema) this.violations.push(`${room} has no input schema`);
    if (result?.success === false)
      this.violations.push(`${room} ${side} ${JSON.stringify(value)}: ${result.error.message}`);
  }
}

const lambdaAnswer = (body: unknown): object => ({ StatusCode: 200, Payload: Buffer.from(JSON.stringify(body)) });

/** Completes tokens and sends heartbeats in virtual time. */
function keeper(cloud: FakeCloudContext, service: CallService) {
  const { clock } = cloud.kernel;
  const send = (operation: string, request: object): void =>
    cloud.kernel.spawn(operation, async () => void (await service(operation, request)));
  return (taskToken: string, waiting: Waiting): void => {
    const { resumedAfterSeconds: endSeconds, heartbeatSeconds } = waiting;
    const lastSeconds = waiting.heartbeatsUntilSeconds ?? endSeconds ?? 0;
    for (let at = heartbeatSeconds ?? Infinity; at < lastSeconds; at += heartbeatSeconds!) {
      clock.after(at * 1000, 'heartbeat', () => send('SendTaskHeartbeat', { taskToken }));
    }
    if (endSeconds === undefined) return;
    const output = JSON.stringify({ wait: 'a pointer, never the truth' });
    clock.after(endSeconds * 1000, 'resume', () => send('SendTaskSuccess', { taskToken, output }));
  };
}

async function createMachines(service: CallService, { machine, nested }: RunOptions): Promise<string> {
  const create = async (name: string, body: object): Promise<string> => {
    const request = { name, roleArn: ROLE, definition: JSON.stringify(body) };
    return (await service<{ stateMachineArn: string }>('CreateStateMachine', request)).stateMachineArn;
  };
  const nestedArn = nested ? await create('canary-blue-green', nested) : '';
  const valueOf = (token: string): string => (token === 'CanaryBlueGreenArn' ? nestedArn : `${ARN}${roomOf(token)}`);
  return create(machine, substituted(definitionOf(machine), valueOf));
}

/**
 * Lets virtual time pass until the execution has ended.
 * @throws Error when a function was sent, or was made to answer, what its schema does not allow
 */
export async function run(options: RunOptions): Promise<Run> {
  const cloud = newFakeCloudContext();
  const states = newStepFunctions(cloud);
  const service: CallService = async <T>(operation: string, request: object) =>
    (await states.operations[operation]!(request, ROOT)) as T;
  const rooms = tokensIn(JSON.stringify(definitionOf(options.machine))).map(roomOf);
  const schemas = await schemasOf(rooms.filter((room) => room !== 'canary-blue-green'));
  const functions = new CannedFunctions(options.script, schemas, keeper(cloud, service));
  cloud.answer = (id, operation, request) => {
    if (id === 'states') return service(operation, request);
    if (id !== 'lambda' || operation !== 'Invoke') throw new Error(`the machine may not call ${id}:${operation}`);
    const payload = JSON.parse(Buffer.from(request['Payload'] as Uint8Array).toString()) as Json;
    return functions.invoke(String(request['FunctionName']).slice(ARN.length), payload);
  };

  const stateMachineArn = await createMachines(service, options);
  const start = { stateMachineArn, input: JSON.stringify(options.input) };
  const { executionArn } = await service<{ executionArn: string }>('StartExecution', start);
  const hasEnded = (): boolean =>
    cloud.events.some(({ detail }) => detail['executionArn'] === executionArn && detail['status'] !== 'RUNNING');
  await cloud.kernel.runUntil(hasEnded, LONGEST_RUN_MS, `the end of ${options.machine}`);
  if (functions.violations.length > 0) throw new Error(`contracts were broken:\n${functions.violations.join('\n')}`);
  return {
    ...toEnd(await service<Json>('DescribeExecution', { executionArn })),
    states: await entered(service, executionArn),
    transitions: states.transitions(executionArn)!,
    payloads: (room) => functions.calls.filter((call) => call.room === room).map(({ payload }) => payload),
  };
}

function toEnd(description: Json): Pick<Run, 'status' | 'output' | 'error' | 'cause' | 'virtualSeconds'> {
  const { status, output, error, cause, startDate, stopDate } = description;
  return {
    status: status as string,
    output: output === undefined ? undefined : (JSON.parse(output as string) as unknown),
    error: error as string | undefined,
    cause: cause as string | undefined,
    virtualSeconds: ((stopDate as Date).getTime() - (startDate as Date).getTime()) / 1000,
  };
}

function scripted(script: Script, room: string, payload: Json, nth: number): Answer {
  if (!(room in script)) throw new Error(`the test did not say what ${room} answers`);
  const answer = script[room];
  if (typeof answer === 'function') return answer(payload);
  return Array.isArray(answer) ? (answer[Math.min(nth, answer.length - 1)] as Answer) : answer;
}

interface HistoryEvent {
  readonly type: string;
  readonly stateEnteredEventDetails?: { readonly name: string };
}

async function entered(service: CallService, executionArn: string): Promise<readonly string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const request = { executionArn, maxResults: 1000, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = await service<{ events: HistoryEvent[]; nextToken?: string }>('GetExecutionHistory', request);
    names.push(...page.events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return names;
}
