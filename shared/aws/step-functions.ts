/** State machines: starting them once, resuming their waits. */
import {
  DescribeExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ExecutionConflict } from '../domain/flow-errors.ts';
import { type Executions, type Tokens } from '../ports/flow.ts';
import { errorName } from './platform.ts';

/** Nobody waits for this token any more: the state timed out, was resumed before, or its execution is gone. */
const TOKEN_IS_SPENT: ReadonlySet<string> = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

function executionArnOf(machineArn: string, name: string): string {
  return `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

export function newExecutions(client: SFNClient): Executions {
  return {
    async start(machine, name, input) {
      const text = JSON.stringify(input);
      try {
        const { executionArn } = await client.send(
          new StartExecutionCommand({ stateMachineArn: machine, name, input: text }),
        );
        return { executionArn: executionArn ?? '', started: true };
      } catch (error) {
        if (errorName(error) !== 'ExecutionAlreadyExists') throw error;
        const executionArn = executionArnOf(machine, name);
        const existing = await client.send(new DescribeExecutionCommand({ executionArn }));
        if (existing.input !== text) throw new ExecutionConflict(name);
        return { executionArn, started: false };
      }
    },
    async isRunning(executionArn) {
      if (!executionArn.startsWith('arn:')) return false;
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
        return status === 'RUNNING' || status === 'PENDING_REDRIVE';
      } catch (error) {
        if (errorName(error) === 'ExecutionDoesNotExist') return false;
        throw error;
      }
    },
  };
}

async function unlessSpent(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (TOKEN_IS_SPENT.has(errorName(error))) return false;
    throw error;
  }
}

export function newTokens(client: SFNClient): Tokens {
  return {
    resume: (taskToken, output) =>
      unlessSpent(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }))),
    heartbeat: (taskToken) => unlessSpent(client.send(new SendTaskHeartbeatCommand({ taskToken }))),
  };
}
