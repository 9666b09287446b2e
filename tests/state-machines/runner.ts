/**
 * Runs a real definition on the laptop cloud's interpreter with canned functions around it. What the machine sends is held
 * against each function's input schema, and what the test answers against its output schema.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { AwsError } from '../../local/kernel/errors.ts';
import { newStepFunctions } from '../../local/stepfunctions/service.ts';
import { newFakeCloudContext, ROOT } from '../support/fake-cloud-context.ts';
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

/** Lets virtual time pass until the execution has ended. */
export async function run({ machine, input, script, nested }: RunOptions): Promise<Run> {
  const cloud = newFakeCloudContext();
  const states = newStepFunctions(cloud);
  const definition = definitionOf(machine);
  const rooms = tokensIn(JSON.stringify(definition)).map(roomOf);
  const schemas = await schemasOf(rooms.filter((room) => room !== 'canary-blue-green'));
  const calls: { room: string; payload: Json }[] = [];
  const service = <T>(operation: string, request: object): T => states.operations[operation]!(request, ROOT) as T;

  cloud.answer = (id, operation, request) => {
    if (id === 'states') return service(operation, request);
    if (id !== 'lambda' || operation !== 'Invoke') throw new Error(`the machine may not call ${id}:${operation}`);
    const room = String(request['FunctionName']).slice(ARN.length);
    const payload = JSON.parse(Buffer.from(request['Payload'] as Uint8Array).toString()) as Json;
    z.parse(schemas.get(room)!.input!, payload);
    calls.push({ room, payload });
    const nth = calls.filter((call) => call.room === room).length - 1;
    return invocation(room, payload, scripted(script, room, payload, nth));
  };

  function invocation(room: string, payload: Json, answer: Answer): object {
    if (answer instanceof Unavailable) throw new AwsError('ServiceException', 'try again', { statusCode: 500 });
    if (answer instanceof Thrown) {
      const body = { errorType: answer.errorName, errorMessage: 'as the test wants it' };
      return { StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from(JSON.stringify(body)) };
    }
    if (typeof payload['token'] === 'string') {
      keep(payload['token'], (answer ?? {}) as Waiting);
      return { StatusCode: 200, Payload: Buffer.from('null') };
    }
    const { output } = schemas.get(room)!;
    if (output) z.parse(output, answer);
    return { StatusCode: 200, Payload: Buffer.from(JSON.stringify(answer ?? null)) };
  }

  function keep(taskToken: string, waiting: Waiting): void {
    const { clock } = cloud.kernel;
    const { resumedAfterSeconds: endSeconds, heartbeatSeconds } = waiting;
    const lastSeconds = waiting.heartbeatsUntilSeconds ?? endSeconds ?? 0;
    for (let at = heartbeatSeconds ?? Infinity; at < lastSeconds; at += heartbeatSeconds!) {
      clock.after(at * 1000, 'heartbeat', () => void service('SendTaskHeartbeat', { taskToken }));
    }
    if (endSeconds === undefined) return;
    const pointer = JSON.stringify({ wait: 'a pointer, never the truth' });
    clock.after(endSeconds * 1000, 'resume', () => void service('SendTaskSuccess', { taskToken, output: pointer }));
  }

  const create = (name: string, body: object): { stateMachineArn: string } =>
    service('CreateStateMachine', { name, roleArn: ROLE, definition: JSON.stringify(body) });
  const nestedArn = nested ? (await create('canary-blue-green', nested)).stateMachineArn : '';
  const valueOf = (token: string): string => (token === 'CanaryBlueGreenArn' ? nestedArn : `${ARN}${roomOf(token)}`);
  const { stateMachineArn } = await create(machine, substituted(definition, valueOf));

  const startMs = cloud.kernel.clock.now();
  const { executionArn } = await service<Promise<{ executionArn: string }>>('StartExecution', {
    stateMachineArn,
    input: JSON.stringify(input),
  });
  const describe = async (): Promise<Json> => service<Promise<Json>>('DescribeExecution', { executionArn });
  let ended: Json | undefined;
  const hasEnded = (): boolean =>
    cloud.events.some(({ detail }) => detail['executionArn'] === executionArn && detail['status'] !== 'RUNNING');
  await cloud.kernel.runUntil(hasEnded, LONGEST_RUN_MS, `the end of ${machine}`);
  ended = await describe();
  return {
    states: await entered(service, executionArn),
    status: ended['status'] as string,
    output: ended['output'] === undefined ? undefined : (JSON.parse(ended['output'] as string) as unknown),
    error: ended['error'] as string | undefined,
    cause: ended['cause'] as string | undefined,
    virtualSeconds: ((ended['stopDate'] as Date).getTime() - startMs) / 1000,
    transitions: states.transitions(executionArn)!,
    payloads: (room) => calls.filter((call) => call.room === room).map(({ payload }) => payload),
  };
}

function scripted(script: Script, room: string, payload: Json, nth: number): Answer {
  if (!(room in script)) throw new Error(`the test did not say what ${room} answers`);
  const answer = script[room];
  if (typeof answer === 'function') return answer(payload);
  return Array.isArray(answer) ? (answer[Math.min(nth, answer.length - 1)] as Answer) : (answer as Answer);
}

interface HistoryEvent {
  readonly type: string;
  readonly stateEnteredEventDetails?: { readonly name: string };
}

async function entered(
  service: <T>(operation: string, request: object) => T,
  executionArn: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const request = { executionArn, maxResults: 1000, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = await service<Promise<{ events: HistoryEvent[]; nextToken?: string }>>('GetExecutionHistory', request);
    names.push(...page.events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return names;
}
