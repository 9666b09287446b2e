/** Map runs of Distributed Map states. */
import { AwsError } from '../../kernel/errors.ts';
import type { Operation, WireInput } from '../../kernel/service.ts';
import type { Execution } from '../execution.ts';
import type { MapRun } from '../map-run-store.ts';
import type { Store } from '../store.ts';
import { findExecution } from './executions.ts';
import { page, requireArn } from './input.ts';

export function mapRunOperations(store: Store): Record<string, Operation> {
  return {
    ListMapRuns: (input) => list(store, input),
    DescribeMapRun: (input) => describe(store, input),
  };
}

function list(store: Store, input: WireInput): object {
  const { execution } = findExecution(store, input);
  const runs = [...store.mapRuns.byArn.values()].filter(({ request }) => request.parent === execution).reverse();
  const { items, nextToken } = page(runs, input, 100);
  return { mapRuns: items.map(summary), nextToken };
}

function summary(run: MapRun): object {
  return {
    executionArn: run.request.parent.arn,
    mapRunArn: run.arn,
    stateMachineArn: run.stateMachineArn,
    startDate: new Date(run.startMs),
    stopDate: run.stopMs === undefined ? undefined : new Date(run.stopMs),
  };
}

function describe(store: Store, input: WireInput): object {
  const arn = requireArn(input, 'mapRunArn');
  const run = store.mapRuns.byArn.get(arn);
  if (!run) throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`, { fields: { resourceName: arn } });
  const { stateMachineArn: _, ...rest } = summary(run) as Record<string, unknown>;
  return {
    ...rest,
    status: run.status,
    maxConcurrency: run.request.maxConcurrency,
    toleratedFailurePercentage: run.request.toleratedFailurePercentage,
    toleratedFailureCount: run.request.toleratedFailureCount,
    itemCounts: counts(run, ({ options }) => options.itemCount ?? 1, run.expectedItems),
    executionCounts: counts(run, () => 1, run.expectedChildren),
    redriveCount: 0,
  };
}

function counts(run: MapRun, weight: (child: Execution) => number, total: number): object {
  const sum = (status: Execution['status']): number =>
    run.children.reduce((count, child) => count + (child.status === status ? weight(child) : 0), 0);
  const started = run.children.reduce((count, child) => count + weight(child), 0);
  return {
    pending: total - started,
    running: sum('RUNNING'),
    succeeded: sum('SUCCEEDED'),
    failed: sum('FAILED'),
    timedOut: sum('TIMED_OUT'),
    aborted: sum('ABORTED'),
    total,
    resultsWritten: run.children.slice(0, run.resultsWritten).reduce((count, child) => count + weight(child), 0),
    failuresNotRedrivable: 0,
    pendingRedrive: 0,
  };
}
