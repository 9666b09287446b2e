/** Events, executions, tokens, the dead man's switch, the spool: what they were told, kept for the test to read. */
import { type OutgoingEvent } from '../../../events/contract.ts';
import { ExecutionConflict } from '../../../shared/domain/flow-errors.ts';
import {
  type DeadManOrder,
  type DeadMansSwitch,
  type EventPublisher,
  type Executions,
  type Spool,
  type Tokens,
} from '../../../shared/ports/flow.ts';
import { asStored } from './cells.ts';
import { faulty, type Faults } from './faults.ts';

export interface RecordedEvents extends EventPublisher {
  readonly published: OutgoingEvent[];
  /** Details of the published events of a type, without its version. */
  of(detailType: string): Record<string, unknown>[];
}

export function newRecordedEvents(faults: Faults): RecordedEvents {
  const published: OutgoingEvent[] = [];
  const publisher: EventPublisher = {
    publish: async (events) => {
      published.push(...events);
    },
  };
  return Object.assign(faulty('events', faults, publisher), {
    published,
    of: (detailType: string) =>
      published
        .filter((event) => event.detailType.startsWith(`${detailType}.v`))
        .map((event) => event.detail as Record<string, unknown>),
  });
}

export interface InMemoryExecutions extends Executions {
  readonly running: Set<string>;
  readonly started: { readonly machine: string; readonly name: string; readonly input: unknown }[];
}

export function newInMemoryExecutions(faults: Faults): InMemoryExecutions {
  const running = new Set<string>();
  const started: { machine: string; name: string; input: unknown }[] = [];
  const executions: Executions = {
    start: async (machine, name, input) => {
      const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
      const former = started.find((each) => each.machine === machine && each.name === name);
      if (former && JSON.stringify(asStored(former.input)) !== JSON.stringify(asStored(input)))
        throw new ExecutionConflict(name);
      if (former) return { executionArn, started: false };
      started.push({ machine, name, input });
      running.add(executionArn);
      return { executionArn, started: true };
    },
    isRunning: async (executionArn) => running.has(executionArn),
  };
  return Object.assign(faulty('executions', faults, executions), { running, started });
}

export interface InMemoryTokens extends Tokens {
  readonly resumed: { readonly token: string; readonly output: unknown }[];
  readonly heartbeats: string[];
  /** Tokens that nobody waits for any more. */
  readonly spent: Set<string>;
}

export function newInMemoryTokens(faults: Faults): InMemoryTokens {
  const resumed: { token: string; output: unknown }[] = [];
  const heartbeats: string[] = [];
  const spent = new Set<string>();
  const tokens: Tokens = {
    resume: async (token, output) => {
      if (spent.has(token)) return false;
      spent.add(token);
      resumed.push({ token, output });
      return true;
    },
    heartbeat: async (token) => {
      if (spent.has(token)) return false;
      heartbeats.push(token);
      return true;
    },
  };
  return Object.assign(faulty('tokens', faults, tokens), { resumed, heartbeats, spent });
}

export interface InMemoryDeadMan extends DeadMansSwitch {
  /** What fires when, by rollout. */
  readonly armed: Map<string, { readonly order: DeadManOrder; readonly fireAtMs: number }>;
}

export function newInMemoryDeadMan(faults: Faults): InMemoryDeadMan {
  const armed = new Map<string, { order: DeadManOrder; fireAtMs: number }>();
  const set = async (order: DeadManOrder, fireAtMs: number): Promise<void> => {
    armed.set(order.rolloutId, { order, fireAtMs });
  };
  const deadMan: DeadMansSwitch = {
    arm: set,
    postpone: set,
    disarm: async (rolloutId) => {
      armed.delete(rolloutId);
    },
  };
  return Object.assign(faulty('deadMan', faults, deadMan), { armed });
}

export interface InMemorySpool extends Spool {
  readonly kept: Parameters<Spool['keep']>[0][];
}

export function newInMemorySpool(faults: Faults): InMemorySpool {
  const kept: Parameters<Spool['keep']>[0][] = [];
  const spool: Spool = {
    keep: async (entry) => {
      kept.push(entry);
    },
    drain: async (apply) => {
      const waiting = kept.length;
      for (let entry = kept[0]; entry !== undefined; entry = kept[0]) {
        await apply(entry);
        kept.shift();
      }
      return waiting;
    },
  };
  return Object.assign(faulty('spool', faults, spool), { kept });
}
