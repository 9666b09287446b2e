/** What the rest of AWS hears of executions: status-change events and metrics. */
import type { CloudContext } from '../kernel/service.ts';
import type { Execution } from './execution.ts';

/** Emits `Step Functions Execution Status Change`, as for every Standard execution at its start and at its end. */
export function emitStatus(cloud: CloudContext, execution: Execution): void {
  const { options, end } = execution;
  const succeeded = end?.status === 'SUCCEEDED';
  const output = succeeded ? JSON.stringify(end.output) : null;
  cloud.emit({
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: options.stateMachineArn,
      name: options.name,
      status: execution.status,
      startDate: execution.startMs,
      stopDate: execution.stopMs ?? null,
      input: options.inputText,
      output,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: end && !succeeded ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      redriveStatusReason: redriveReason(execution),
      inputDetails: { included: true },
      outputDetails: output === null ? null : { included: true },
      error: end && !succeeded ? (end.error ?? null) : null,
      cause: end && !succeeded ? (end.cause ?? null) : null,
    },
  });
}

/** Why an execution can't be redriven; null when it could be. */
export function redriveReason(execution: Execution): string | null {
  if (execution.status === 'RUNNING') return 'Execution is RUNNING and cannot be redriven';
  return execution.status === 'SUCCEEDED' ? 'Execution is SUCCEEDED and cannot be redriven' : null;
}

export function recordStart(cloud: CloudContext, stateMachineArn: string): void {
  count(cloud, stateMachineArn, 'ExecutionsStarted');
}

const METRICS = {
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
} as const;

export function recordEnd(cloud: CloudContext, execution: Execution): void {
  const { status, stopMs, startMs, options } = execution;
  if (status === 'RUNNING' || stopMs === undefined) return;
  count(cloud, options.stateMachineArn, METRICS[status]);
  cloud.recordMetric({
    namespace: 'AWS/States',
    name: 'ExecutionTime',
    dimensions: { StateMachineArn: options.stateMachineArn },
    values: [stopMs - startMs],
    unit: 'Milliseconds',
  });
}

function count(cloud: CloudContext, stateMachineArn: string, name: string): void {
  const dimensions = { StateMachineArn: stateMachineArn };
  cloud.recordMetric({ namespace: 'AWS/States', name, dimensions, values: [1], unit: 'Count' });
}
