/** State machines, executions and map runs of the account, and how executions are started. */
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import { type CloudContext, type Principal, rolePrincipal } from '../kernel/service.ts';
import type { CompiledMachine } from './compiler.ts';
import { Cancelled, type StateError } from './errors.ts';
import { Execution, type ExecutionEnd, type ExecutionOptions } from './execution.ts';
import { asStateError, runWorkflow } from './interpreter.ts';
import { Expressions } from './jsonata/expressions.ts';
import { type Logging, executionLogger } from './logging.ts';
import { MapRunStore } from './map-run-store.ts';
import { emitStatus, recordEnd, recordStart } from './notifications.ts';
import { TaskTokens } from './task-tokens.ts';
import { Variables } from './variables.ts';
import type { Engine, Thread } from './workflow.ts';

/** What an update replaces; running executions keep the revision with which they began. */
export interface Revision {
  readonly definitionText: string;
  readonly compiled: CompiledMachine;
  readonly roleArn: string;
  readonly logging: Logging;
  readonly tracingEnabled: boolean;
  readonly revisionId: string | undefined;
  readonly updatedMs: number;
}

export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly createdMs: number;
  revision: Revision;
  readonly tags: Map<string, string>;
}

/** An execution and the revision that it runs. */
export interface ExecutionRecord {
  readonly execution: Execution;
  readonly machine: Machine;
  readonly revision: Revision;
}

export class Store {
  readonly cloud: CloudContext;
  readonly machines = new Map<string, Machine>();
  readonly executions = new Map<string, ExecutionRecord>();
  readonly mapRuns: MapRunStore;
  readonly expressions: Expressions;
  readonly tokens: TaskTokens;
  readonly names: Random;
  readonly engine: Engine;
  readonly #principals = new Map<string, Principal>();

  constructor(cloud: CloudContext) {
    this.cloud = cloud;
    const { kernel } = cloud;
    this.expressions = new Expressions({ clock: kernel.clock, random: kernel.random('states-jsonata') });
    this.tokens = new TaskTokens(kernel.random('states-task-tokens'));
    this.names = kernel.random('states-names');
    this.mapRuns = new MapRunStore(this);
    this.engine = {
      cloud,
      tokens: this.tokens,
      jitter: kernel.random('states-jitter'),
      ids: kernel.random('states-ids'),
      mapRuns: this.mapRuns,
      principal: (execution) => this.#principal(execution.options.roleArn),
      execution: (arn) => this.executions.get(arn)?.execution,
    };
  }

  /** `arn:aws:states:<region>:<account>:<kind>:<rest>`. */
  arn(kind: 'stateMachine' | 'execution' | 'mapRun', rest: string): string {
    return `arn:aws:states:${this.cloud.region}:${this.cloud.accountId}:${kind}:${rest}`;
  }

  /** Starts an execution of a machine's current revision. */
  start(
    machine: Machine,
    options: Omit<ExecutionOptions, 'now' | 'onEvent' | 'roleArn' | 'stateMachineArn' | 'stateMachineName'>,
  ): Execution {
    const { revision } = machine;
    const { clock } = this.cloud.kernel;
    const execution: Execution = new Execution({
      ...options,
      roleArn: revision.roleArn,
      stateMachineArn: machine.arn,
      stateMachineName: machine.name,
      now: () => clock.now(),
      onEvent: executionLogger(this.cloud, machine.name, options.arn, revision.logging),
    });
    this.executions.set(execution.arn, { execution, machine, revision });
    execution.recordStart();
    this.cloud.kernel.trace(`states ${execution.arn} RUNNING`);
    recordStart(this.cloud, machine.arn);
    emitStatus(this.cloud, execution);
    execution.whenFinished(() => {
      this.cloud.kernel.trace(`states ${execution.arn} ${execution.status} after ${execution.transitions} transitions`);
      recordEnd(this.cloud, execution);
      emitStatus(this.cloud, execution);
    });
    this.#limitDuration(execution, revision.compiled.timeoutSeconds);
    this.run(execution, revision.compiled.workflow);
    return execution;
  }

  /** Runs a workflow as a task of its own. A defect of the laptop cloud stops the run; errors of states end the execution. */
  run(execution: Execution, workflow: CompiledMachine['workflow']): void {
    const thread: Thread = {
      execution,
      scope: execution.scope,
      variables: new Variables(),
      previousEventId: 0,
      mapItem: undefined,
      current: undefined,
    };
    this.cloud.kernel.spawn(`execution ${execution.arn}`, async () => {
      // The caller of StartExecution gets its answer before the first state is entered.
      await Promise.resolve();
      const end = await this.#outcome(thread, workflow);
      if (end) execution.finish(end, thread.previousEventId, new Cancelled('the execution has ended'));
    });
  }

  async #outcome(thread: Thread, workflow: CompiledMachine['workflow']): Promise<ExecutionEnd | undefined> {
    const { execution } = thread;
    try {
      const output = await runWorkflow(this.engine, thread, workflow, execution.options.input);
      return { status: 'SUCCEEDED', output };
    } catch (thrown) {
      // Whoever stopped the execution has recorded its end.
      if (thrown instanceof Cancelled) return undefined;
      const error: StateError = asStateError(thrown);
      return {
        status: 'FAILED',
        error: error.error,
        ...(error.causeText === undefined ? {} : { cause: error.causeText }),
      };
    }
  }

  #limitDuration(execution: Execution, timeoutSeconds: number | undefined): void {
    if (timeoutSeconds === undefined) return;
    const timer = this.cloud.kernel.clock.after(timeoutSeconds * 1000, `timeout of ${execution.arn}`, () => {
      const end: ExecutionEnd = { status: 'TIMED_OUT', error: 'States.Timeout' };
      execution.finish(end, execution.lastEventId, new Cancelled('the execution has timed out'));
    });
    execution.whenFinished(() => timer.cancel());
  }

  #principal(roleArn: string): Principal {
    let principal = this.#principals.get(roleArn);
    if (!principal) {
      principal = rolePrincipal(roleArn);
      this.#principals.set(roleArn, principal);
    }
    return principal;
  }
}

/** @throws UnsupportedFeature for ARNs with a version or an alias */
export function refuseQualifiedArn(stateMachineArn: string): void {
  if (/:stateMachine:[^:]+:[^:]+$/.test(stateMachineArn)) {
    throw new UnsupportedFeature(
      `state machine version or alias ${stateMachineArn}`,
      'use the ARN of the state machine',
    );
  }
}
