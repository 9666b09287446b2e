/** Map runs of Distributed Map states and their child executions. */
import { Cancelled } from './errors.ts';
import { Execution } from './execution.ts';
import type { Json } from './json.ts';
import type { Store } from './store.ts';
import type { MapRunHandle, MapRunRequest, MapRuns } from './workflow.ts';

/** AWS ends an Express child after five minutes. */
const EXPRESS_LIMIT_MS = 300_000;

export interface MapRun {
  readonly arn: string;
  readonly stateMachineArn: string;
  readonly request: MapRunRequest;
  readonly startMs: number;
  stopMs: number | undefined;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  expectedChildren: number;
  expectedItems: number;
  resultsWritten: number;
  readonly children: Execution[];
}

export class MapRunStore implements MapRuns {
  readonly byArn = new Map<string, MapRun>();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  start(request: MapRunRequest): MapRunHandle {
    const { names, cloud } = this.#store;
    const machineName = request.parent.options.stateMachineName;
    const run: MapRun = {
      arn: this.#store.arn('mapRun', `${machineName}/${request.label}:${names.uuid()}`),
      stateMachineArn: `${request.parent.options.stateMachineArn}/${request.label}`,
      request,
      startMs: cloud.kernel.clock.now(),
      stopMs: undefined,
      status: 'RUNNING',
      expectedChildren: 0,
      expectedItems: 0,
      resultsWritten: 0,
      children: [],
    };
    this.byArn.set(run.arn, run);
    return {
      arn: run.arn,
      startChild: (_index, input, itemCount) => this.#startChild(run, input, itemCount),
      expect: (children, items) => {
        run.expectedChildren = children;
        run.expectedItems = items;
      },
      resultsWritten: () => void run.resultsWritten++,
      end: (status) => this.#end(run, status),
    };
  }

  #startChild(run: MapRun, input: Json, itemCount: number): Execution {
    const { parent, label, workflow, childType } = run.request;
    const { cloud, names } = this.#store;
    const { clock } = cloud.kernel;
    const machineName = `${parent.options.stateMachineName}/${label}`;
    const name = names.uuid();
    const child = new Execution({
      arn: this.#store.arn('execution', `${machineName}:${name}`),
      name,
      stateMachineArn: run.stateMachineArn,
      stateMachineName: machineName,
      roleArn: parent.options.roleArn,
      inputText: JSON.stringify(input),
      input,
      mapRunArn: run.arn,
      itemCount,
      now: () => clock.now(),
    });
    run.children.push(child);
    const record = this.#store.executions.get(parent.arn);
    // A child of a child has its parent's record; every chain begins at an execution that somebody started.
    if (record) this.#store.executions.set(child.arn, { ...record, execution: child });
    child.recordStart();
    if (childType === 'EXPRESS') this.#limit(child);
    this.#store.run(child, workflow);
    return child;
  }

  #limit(child: Execution): void {
    const { clock } = this.#store.cloud.kernel;
    const timer = clock.after(EXPRESS_LIMIT_MS, `limit of ${child.arn}`, () =>
      child.finish(
        { status: 'TIMED_OUT', error: 'States.Timeout' },
        child.lastEventId,
        new Cancelled('the execution has timed out'),
      ),
    );
    child.whenFinished(() => timer.cancel());
  }

  #end(run: MapRun, status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void {
    if (run.status !== 'RUNNING') return;
    run.status = status;
    run.stopMs = this.#store.cloud.kernel.clock.now();
  }
}
