/** TestState: runs one state on its own, with a mock in the place of its work where AWS demands one. */
import { AwsError, validationError } from '../../kernel/errors.ts';
import type { Operation, WireInput } from '../../kernel/service.ts';
import { compileState } from '../compiler.ts';
import { Cancelled, StateError } from '../errors.ts';
import { Execution } from '../execution.ts';
import { accept, asStateError, enterState, errorOutput } from '../interpreter.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { matchesError, retryDelayMs } from '../retry.ts';
import type { Store } from '../store.ts';
import { parseResource } from '../tasks/resource.ts';
import type { QueryLanguage } from '../validator/fields.ts';
import { describeDiagnostics, validateDefinition } from '../validator/validator.ts';
import { Variables } from '../variables.ts';
import type { Frame, Inspection, Mock, Outcome, State } from '../workflow.ts';
import { parseJson, requireText } from './input.ts';

export function testStateOperations(store: Store): Record<string, Operation> {
  return { TestState: (input) => testState(store, input) };
}

interface Subject {
  readonly name: string;
  readonly definition: JsonObject;
  readonly language: QueryLanguage;
}

async function testState(store: Store, input: WireInput): Promise<object> {
  const subject = findSubject(
    parseDefinition(requireText(input, 'definition')),
    input['stateName'] as string | undefined,
  );
  validateSubject(subject);
  const mock = readMock(input['mock'] as WireInput | undefined);
  requireMock(subject, mock);
  if (subject.definition['Type'] === 'Task' && !mock && input['roleArn'] === undefined) {
    throw validationError('roleArn is required to test a Task state without a mock');
  }
  const state = compileState(subject.name, subject.definition, subject.language, store.expressions);
  const frame = newFrame(store, state, input, mock);
  const result = await runOnce(
    frame,
    Number((input['stateConfiguration'] as WireInput | undefined)?.['retrierRetryCount'] ?? 0),
  );
  const level = (input['inspectionLevel'] as string | undefined) ?? 'INFO';
  const { errorDetails, ...answer } = result;
  return { ...answer, ...(level === 'INFO' ? {} : { inspectionData: inspect(frame, errorDetails) }) };
}

function parseDefinition(text: string): JsonObject {
  const { definition, diagnostics } = validateSyntax(text);
  if (!definition) throw new AwsError('InvalidDefinition', describeDiagnostics(diagnostics));
  return definition;
}

/** Only the JSON itself is looked at here: the definition may be a single state. */
function validateSyntax(text: string): ReturnType<typeof validateDefinition> {
  try {
    const value = JSON.parse(text) as Json;
    if (isJsonObject(value)) return { definition: value, diagnostics: [] };
  } catch {
    // The validator words the error.
  }
  return { ...validateDefinition(text), definition: undefined };
}

function findSubject(definition: JsonObject, stateName: string | undefined): Subject {
  const language = (definition['QueryLanguage'] as QueryLanguage | undefined) ?? 'JSONPath';
  if (!isJsonObject(definition['States'])) return { name: stateName ?? 'TestState', definition, language };
  if (stateName === undefined) throw validationError('stateName is required when the definition is a state machine');
  const found = findNested(definition, stateName);
  if (!found) throw validationError(`The state '${stateName}' is not in the definition`);
  return { name: stateName, definition: found, language };
}

function findNested(workflow: JsonObject, name: string): JsonObject | undefined {
  const states = isJsonObject(workflow['States']) ? workflow['States'] : {};
  if (isJsonObject(states[name])) return states[name];
  for (const state of Object.values(states)) {
    if (!isJsonObject(state)) continue;
    const branches = Array.isArray(state['Branches']) ? state['Branches'] : [];
    for (const inner of [...branches, state['ItemProcessor'] ?? state['Iterator']]) {
      const found = isJsonObject(inner) ? findNested(inner, name) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** Validates the state inside a machine of its own, in which all states that it points to exist. */
function validateSubject({ name, definition, language }: Subject): void {
  const states: JsonObject = { [name]: definition };
  const lists = [definition['Choices'], definition['Catch']].flatMap((list) => (Array.isArray(list) ? list : []));
  const targets = [definition, ...lists].flatMap((item) => (isJsonObject(item) ? [item['Next'], item['Default']] : []));
  for (const target of targets) if (typeof target === 'string' && target !== name) states[target] = { Type: 'Succeed' };
  const { diagnostics } = validateDefinition(
    JSON.stringify({ QueryLanguage: language, StartAt: name, States: states }),
  );
  if (diagnostics.length > 0) throw new AwsError('InvalidDefinition', describeDiagnostics(diagnostics));
}

function readMock(input: WireInput | undefined): Mock | undefined {
  if (input === undefined) return undefined;
  const { result, errorOutput: error } = input as { result?: string; errorOutput?: { error?: string; cause?: string } };
  if ((result === undefined) === (error === undefined)) {
    throw validationError('A mock must have exactly one of result and errorOutput');
  }
  if (error) return { error: new StateError(error.error ?? '', error.cause) };
  return { result: parseJson(result!, 'ValidationException', 'mock.result') };
}

function requireMock({ definition }: Subject, mock: Mock | undefined): void {
  if (mock) return;
  const type = definition['Type'];
  const resource = type === 'Task' ? parseResource(definition['Resource'] as string) : undefined;
  const waits = resource?.kind === 'integration' && resource.pattern !== 'response';
  if (type === 'Parallel' || type === 'Map' || waits) {
    throw validationError(
      `A mock is required to test this state: ${JSON.stringify(waits ? definition['Resource'] : type)}`,
    );
  }
}

function newFrame(store: Store, state: State, input: WireInput, mock: Mock | undefined): Frame {
  const text = (input['input'] as string | undefined) ?? '{}';
  const value = parseJson(text, 'InvalidExecutionInput', 'input');
  const variables =
    input['variables'] === undefined ? {} : parseJson(String(input['variables']), 'ValidationException', 'variables');
  const context =
    input['context'] === undefined ? undefined : parseJson(String(input['context']), 'ValidationException', 'context');
  const { clock } = store.cloud.kernel;
  const execution = new Execution({
    arn: store.arn('execution', 'TestState:test'),
    name: 'test',
    stateMachineArn: store.arn('stateMachine', 'TestState'),
    stateMachineName: 'TestState',
    roleArn: (input['roleArn'] as string | undefined) ?? '',
    inputText: text,
    input: value,
    now: () => clock.now(),
  });
  const thread = {
    execution,
    scope: execution.scope,
    variables: new Variables(undefined, isJsonObject(variables) ? variables : {}),
    previousEventId: 0,
    mapItem: undefined,
    current: undefined,
  };
  const engine = mock ? { ...store.engine, mock } : store.engine;
  const inspection: Inspection = { input: value };
  return {
    ...enterState(engine, thread, state, value),
    inspection,
    ...(isJsonObject(context) ? { context } : {}),
  };
}

interface Result {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'RETRIABLE' | 'CAUGHT_ERROR';
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string | undefined;
  readonly nextState?: string | undefined;
  readonly errorDetails?: object;
}

async function runOnce(frame: Frame, retryCount: number): Promise<Result> {
  frame.retryCount = retryCount;
  try {
    const outcome: Outcome = accept(frame, await frame.state.run(frame));
    return { status: 'SUCCEEDED', output: JSON.stringify(outcome.output), nextState: outcome.next };
  } catch (thrown) {
    if (thrown instanceof Cancelled) throw thrown;
    return handle(frame, asStateError(thrown), retryCount);
  }
}

async function handle(frame: Frame, error: StateError, retryCount: number): Promise<Result> {
  const { retriers, catchers } = frame.state;
  const failure = { error: error.error, cause: error.causeText };
  const retryIndex = retriers.findIndex(({ errorEquals }) => matchesError(errorEquals, error));
  const retrier = retriers[retryIndex];
  if (retrier && retryCount < retrier.maxAttempts) {
    const retryBackoffIntervalSeconds = Math.round(retryDelayMs(retrier, retryCount, frame.engine.jitter) / 1000);
    return { status: 'RETRIABLE', ...failure, errorDetails: { retryIndex, retryBackoffIntervalSeconds } };
  }
  const catchIndex = catchers.findIndex(({ errorEquals }) => matchesError(errorEquals, error));
  const catcher = catchers[catchIndex];
  if (!catcher) return { status: 'FAILED', ...failure };
  const completion = await catcher.complete(frame, errorOutput(error));
  accept(frame, { ...completion, next: catcher.next });
  return {
    status: 'CAUGHT_ERROR',
    ...failure,
    output: JSON.stringify(completion.output),
    nextState: catcher.next,
    errorDetails: { catchIndex },
  };
}

function inspect(frame: Frame, errorDetails: object | undefined): object {
  const data: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(frame.inspection ?? {})) {
    if (value !== undefined) data[member] = JSON.stringify(value);
  }
  data['variables'] = JSON.stringify(frame.thread.variables.visible);
  if (errorDetails) data['errorDetails'] = errorDetails;
  return data;
}
