/** When schedules fire, and what they do then. */
import { deliverWithRetries } from '../eventbridge/delivery.ts';
import { nextDue } from '../eventbridge/schedule-expression.ts';
import { isoSeconds } from '../eventbridge/state.ts';
import { deliverTo } from '../eventbridge/targets.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { rolePrincipal, type CloudContext } from '../kernel/service.ts';
import type { StoredSchedule } from './schedules.ts';
import { callUniversalTarget, parseUniversalTarget } from './universal-target.ts';

export interface Firing {
  /** Arms the next firing, or none when the schedule is off or over. Call after each change. */
  arm(stored: StoredSchedule): void;
}

/** @param remove deletes a schedule whose ActionAfterCompletion is DELETE */
export function newFiring(cloud: CloudContext, remove: (stored: StoredSchedule) => void): Firing {
  const { kernel } = cloud;
  const { clock } = kernel;
  const random = kernel.random('scheduler');

  const count = (stored: StoredSchedule, name: string): void =>
    cloud.recordMetric({
      namespace: 'AWS/Scheduler',
      name,
      dimensions: { ScheduleGroup: stored.group },
      values: [1],
      unit: 'Count',
    });

  /** The Input with its context attributes filled in; EventBridge's own notification when there is none. */
  const payload = (stored: StoredSchedule, dueMs: number, executionId: string, attempt: number): string => {
    const input = stored.definition.target.Input;
    if (input === undefined) {
      return JSON.stringify({
        version: '0',
        id: executionId,
        'detail-type': 'Scheduled Event',
        source: 'aws.scheduler',
        account: cloud.accountId,
        time: isoSeconds(dueMs),
        region: cloud.region,
        resources: [stored.arn],
        detail: '{}',
      });
    }
    return input
      .replaceAll('<aws.scheduler.schedule-arn>', stored.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', isoSeconds(dueMs))
      .replaceAll('<aws.scheduler.execution-id>', executionId)
      .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
  };

  const deliver = async (stored: StoredSchedule, dueMs: number): Promise<void> => {
    const { target } = stored.definition;
    const executionId = random.uuid();
    const universal = parseUniversalTarget(target.Arn);
    let attempts = 1;
    const outcome = await deliverWithRetries(
      cloud,
      {
        label: `schedule ${stored.group}/${stored.name} -> ${target.Arn}`,
        retryPolicy: target.RetryPolicy,
        attempt: async (attempt) => {
          attempts = attempt;
          count(stored, 'InvocationAttemptCount');
          const text = payload(stored, dueMs, executionId, attempt);
          if (universal) return callUniversalTarget(cloud, universal, target.RoleArn, text);
          return deliverTo(cloud, {
            arn: target.Arn,
            roleArn: target.RoleArn,
            payload: text,
            deliveryId: executionId,
            sqsParameters: target.SqsParameters,
            eventBridgeParameters: target.EventBridgeParameters,
            sageMakerPipelineParameters: target.SageMakerPipelineParameters,
          });
        },
        deadLetter:
          target.DeadLetterConfig?.Arn === undefined
            ? undefined
            : {
                queueArn: target.DeadLetterConfig.Arn,
                principal: rolePrincipal(target.RoleArn),
                body: () => payload(stored, dueMs, executionId, attempts),
                attributes: {
                  SCHEDULE_ARN: stored.arn,
                  TARGET_ARN: target.Arn,
                  SCHEDULED_TIME: isoSeconds(dueMs),
                  IS_PAYLOAD_TRUNCATED: 'false',
                },
              },
      },
      random,
    );
    if (outcome !== 'delivered') count(stored, 'TargetErrorCount');
    if (outcome === 'dropped') count(stored, 'InvocationDroppedCount');
    if (outcome === 'dead-lettered') count(stored, 'InvocationsSentToDeadLetterCount');
    if (outcome === 'dead-letter-failed') count(stored, 'InvocationsFailedToBeSentToDeadLetterCount');
  };

  /** The next due time after an instant, inside the schedule's start and end. */
  const nextInside = (stored: StoredSchedule, afterMs: number): number | undefined => {
    const { schedule, startMs, endMs } = stored.definition;
    const anchorMs = startMs ?? stored.modifiedAtMs;
    // One-time schedules ignore start and end.
    if (schedule.kind === 'at') return nextDue(schedule, afterMs, anchorMs);
    const fromMs = startMs === undefined ? afterMs : Math.max(afterMs, startMs - 1);
    const dueMs = nextDue(schedule, fromMs, anchorMs);
    return dueMs !== undefined && endMs !== undefined && dueMs > endMs ? undefined : dueMs;
  };

  const lateness = (windowMinutes: number | undefined): number => {
    const { min, max } = SLOWNESS.schedulerLateMs;
    const lateMs = random.integer(min, max - 1);
    return windowMinutes === undefined ? lateMs : random.integer(0, windowMinutes * 60_000 - 1);
  };

  const armAfter = (stored: StoredSchedule, afterMs: number): void => {
    stored.timer?.cancel();
    stored.timer = undefined;
    if (stored.definition.state !== 'ENABLED') return;
    const dueMs = nextInside(stored, afterMs);
    if (dueMs === undefined) return;
    const { definition } = stored;
    stored.timer = clock.at(dueMs + lateness(definition.windowMinutes), `schedule ${stored.name}`, () => {
      const isLast = nextInside(stored, dueMs) === undefined;
      armAfter(stored, dueMs);
      kernel.trace(`schedule ${stored.group}/${stored.name} due ${isoSeconds(dueMs)}`);
      kernel.spawn(`schedule ${stored.name}`, async () => {
        await deliver({ ...stored }, dueMs);
        if (isLast && definition.deletesItself && stored.definition === definition) remove(stored);
      });
    });
  };

  return { arm: (stored) => armAfter(stored, clock.now() - 1) };
}
