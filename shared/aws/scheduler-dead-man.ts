/** The dead man's switch as a one-shot EventBridge Scheduler schedule per rollout. */
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { type DeadManOrder, type DeadMansSwitch } from '../ports/flow.ts';
import { errorName } from './platform.ts';

export interface DeadManOptions {
  readonly groupName: string;
  readonly functionArn: string;
  /** The role that the Scheduler assumes to invoke the function. */
  readonly roleArn: string;
}

export function newDeadMansSwitch(client: SchedulerClient, options: DeadManOptions): DeadMansSwitch {
  const nameOf = (rolloutId: string): string => `dead-man-${rolloutId}`;
  const schedule = (order: DeadManOrder, fireAtMs: number) => ({
    Name: nameOf(order.rolloutId),
    GroupName: options.groupName,
    ScheduleExpression: `at(${new Date(fireAtMs).toISOString().slice(0, 19)})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' as const },
    ActionAfterCompletion: 'DELETE' as const,
    Target: { Arn: options.functionArn, RoleArn: options.roleArn, Input: JSON.stringify(order) },
  });
  const create = (order: DeadManOrder, fireAtMs: number) =>
    client.send(new CreateScheduleCommand(schedule(order, fireAtMs)));
  const update = (order: DeadManOrder, fireAtMs: number) =>
    client.send(new UpdateScheduleCommand(schedule(order, fireAtMs)));

  const arm = async (order: DeadManOrder, fireAtMs: number): Promise<void> => {
    try {
      await create(order, fireAtMs);
    } catch (error) {
      if (errorName(error) !== 'ConflictException') throw error;
      await update(order, fireAtMs);
    }
  };

  return {
    arm,
    async postpone(order, fireAtMs) {
      try {
        await update(order, fireAtMs);
      } catch (error) {
        // It has fired or was never armed: traffic must not be without it.
        if (errorName(error) !== 'ResourceNotFoundException') throw error;
        await arm(order, fireAtMs);
      }
    },
    async disarm(rolloutId) {
      try {
        await client.send(new DeleteScheduleCommand({ Name: nameOf(rolloutId), GroupName: options.groupName }));
      } catch (error) {
        if (errorName(error) !== 'ResourceNotFoundException') throw error;
      }
    },
  };
}
