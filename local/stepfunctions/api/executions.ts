/** Executions: start, describe, list, stop, history. */
import { AwsError, UnsupportedFeature } from '../../kernel/errors.ts';
import type { Operation, WireInput } from '../../kernel/service.ts';
import { Cancelled } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { historyEvent } from '../history.ts';
import { redriveReason } from '../notifications.ts';
import type { ExecutionRecord, Store } from '../store.ts';
import { checkName, page, parseJson, requireArn } from './input.ts';
import { describeRevision, findMachine } from './machines.ts';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];

export function executionOperations(store: Store): Record<string, Operation> {
  return {
    StartExecution: (input) => start(store, input),
    DescribeExecution: (input) => describe(store, input),
    ListExecutions: (input) => list(store, input),
    StopExecution: (input) => stop(store, input),
    GetExecutionHistory: (input) => history(store, input),
    DescribeStateMachineForExecution: (input) => describeMachine(store, input),
    RedriveExecution: () => {
      throw new UnsupportedFeature('RedriveExecution', 'start a new execution');
    },
  };
}

/** @throws AwsError ExecutionDoesNotExist */
export function findExecution(store: Store, input: WireInput): ExecutionRecord {
  const arn = requireArn(input, 'executionArn');
  const record = store.executions.get(arn);
  if (!record) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  return record;
}

/**
 * Starts an execution. The same name with the same input answers with the running one; a name that was used before, by a closed
 * execution or with another input, is refused.
 */
function start(store: Store, input: WireInput): object {
  const machine = findMachine(store, requireArn(input, 'stateMachineArn'));
  const inputText = (input['input'] as string | undefined) ?? '{}';
  const name = input['name'] === undefined ? store.names.uuid() : checkName(String(input['name']));
  const parsed = parseJson(inputText, 'InvalidExecutionInput', 'input');
  const arn = store.arn('execution', `${machine.name}:${name}`);
  const existing = store.executions.get(arn)?.execution;
  if (existing) {
    if (existing.status === 'RUNNING' && existing.options.inputText === inputText) return started(existing);
    throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  }
  const traceHeader = input['traceHeader'] as string | undefined;
  return started(store.start(machine, { arn, name, inputText, input: parsed, traceHeader }));
}

function started(execution: Execution): object {
  return { executionArn: execution.arn, startDate: new Date(execution.startMs) };
}

function describe(store: Store, input: WireInput): object {
  const { execution } = findExecution(store, input);
  const { options, end } = execution;
  const withData = input['includedData'] !== 'METADATA_ONLY';
  return {
    ...summary(execution),
    ...(withData ? { input: options.inputText, inputDetails: { included: true } } : {}),
    ...(withData && end?.status === 'SUCCEEDED'
      ? { output: JSON.stringify(end.output), outputDetails: { included: true } }
      : {}),
    ...(withData && end && end.status !== 'SUCCEEDED' ? { error: end.error, cause: end.cause } : {}),
    traceHeader: options.traceHeader,
    redriveStatus: redriveReason(execution) === null ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    redriveStatusReason: redriveReason(execution) ?? undefined,
  };
}

function summary(execution: Execution): object {
  const { options, stopMs } = execution;
  return {
    executionArn: execution.arn,
    stateMachineArn: options.stateMachineArn,
    name: options.name,
    status: execution.status,
    startDate: new Date(execution.startMs),
    stopDate: stopMs === undefined ? undefined : new Date(stopMs),
    mapRunArn: options.mapRunArn,
    redriveCount: 0,
  };
}

function list(store: Store, input: WireInput): object {
  const status = input['statusFilter'] as string | undefined;
  if (status !== undefined && !STATUSES.includes(status)) {
    throw new AwsError('ValidationException', `statusFilter: '${status}' is not one of ${STATUSES.join(', ')}`);
  }
  if (input['redriveFilter'] === 'REDRIVEN') return { executions: [] };
  const executions = listed(store, input).filter((execution) => status === undefined || execution.status === status);
  const { items, nextToken } = page(executions, input, 100);
  return {
    executions: items.map((execution) => ({ ...summary(execution), itemCount: execution.options.itemCount })),
    nextToken,
  };
}

/** Newest first, as AWS lists them. */
function listed(store: Store, input: WireInput): Execution[] {
  if (input['mapRunArn'] !== undefined) {
    const run = store.mapRuns.byArn.get(requireArn(input, 'mapRunArn'));
    if (!run) throw new AwsError('ResourceNotFound', `Resource not found: '${String(input['mapRunArn'])}'`);
    return run.children.toReversed();
  }
  const machine = findMachine(store, requireArn(input, 'stateMachineArn'));
  return [...store.executions.values()]
    .map(({ execution }) => execution)
    .filter(({ options }) => options.stateMachineArn === machine.arn && options.mapRunArn === undefined)
    .reverse();
}

function stop(store: Store, input: WireInput): object {
  const { execution } = findExecution(store, input);
  const error = input['error'] as string | undefined;
  const cause = input['cause'] as string | undefined;
  execution.finish(
    { status: 'ABORTED', ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) },
    execution.lastEventId,
    new Cancelled('the execution was stopped'),
  );
  return { stopDate: new Date(execution.stopMs!) };
}

function history(store: Store, input: WireInput): object {
  const { execution } = findExecution(store, input);
  const records = execution.history;
  const ids = Array.from(records, (_, i) => i + 1);
  const { items, nextToken } = page(input['reverseOrder'] === true ? ids.reverse() : ids, input, 100);
  const includeData = input['includeExecutionData'] !== false;
  return { events: items.map((id) => historyEvent(records[id - 1]!, id, includeData)), nextToken };
}

function describeMachine(store: Store, input: WireInput): object {
  const { execution, machine, revision } = findExecution(store, input);
  const { mapRunArn } = execution.options;
  const label = mapRunArn === undefined ? undefined : /\/([^:]+):[^:]+$/.exec(mapRunArn)?.[1];
  return {
    ...describeRevision(store, machine, revision),
    stateMachineArn: execution.options.stateMachineArn,
    updateDate: new Date(revision.updatedMs),
    mapRunArn,
    label,
  };
}
