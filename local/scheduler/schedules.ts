/** Schedules and groups as EventBridge Scheduler keeps them, and what it refuses. */
import { asEpochMs } from '../kernel/coerce.ts';
import type { Timer } from '../kernel/clock.ts';
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import type { RetryPolicy } from '../eventbridge/delivery.ts';
import { InvalidScheduleExpression, parseSchedule, type Schedule } from '../eventbridge/schedule-expression.ts';
import { parseTargetArn } from '../eventbridge/targets.ts';
import { isTimeZone } from '../eventbridge/time-zone.ts';
import { parseUniversalTarget } from './universal-target.ts';

export interface ScheduleTarget {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly RetryPolicy?: RetryPolicy;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly EventBridgeParameters?: { readonly DetailType: string; readonly Source: string };
  readonly SageMakerPipelineParameters?: {
    readonly PipelineParameterList?: readonly { readonly Name: string; readonly Value: string }[];
  };
}

/** What CreateSchedule and UpdateSchedule set; the latter replaces all of it. */
export interface ScheduleDefinition {
  readonly expression: string;
  readonly timeZone: string;
  readonly schedule: Schedule;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly windowMinutes: number | undefined;
  readonly deletesItself: boolean;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly description: string | undefined;
  readonly target: ScheduleTarget;
}

export interface StoredSchedule {
  readonly name: string;
  readonly group: string;
  readonly arn: string;
  readonly createdAtMs: number;
  modifiedAtMs: number;
  definition: ScheduleDefinition;
  timer: Timer | undefined;
}

const TARGET_MEMBERS = new Set(
  ['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig', 'SqsParameters', 'EventBridgeParameters'].concat([
    'SageMakerPipelineParameters',
  ]),
);

/** @throws AwsError ValidationException */
export function checkedName(name: unknown, member: string): string {
  if (typeof name !== 'string' || !/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) {
    throw validationError(
      `1 validation error detected: Value '${String(name)}' at '${member}' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$, 1 to 64 characters',
    );
  }
  return name;
}

function checkRange(value: unknown, min: number, max: number, member: string): void {
  if (value !== undefined && !(Number.isInteger(value) && (value as number) >= min && (value as number) <= max)) {
    throw validationError(`${member} ${JSON.stringify(value)} is not a whole number from ${min} to ${max}`);
  }
}

function checkTarget(target: WireInput | undefined): ScheduleTarget {
  if (!target) throw validationError('Target is missing');
  const unknown = Object.keys(target).find((member) => target[member] !== undefined && !TARGET_MEMBERS.has(member));
  if (unknown !== undefined) throw new UnsupportedFeature(`${unknown} of a Scheduler target`);
  const arn = String(target.Arn);
  if (!/^arn:aws(-[a-z]+)?:iam::\d{12}:role\/.+$/.test(String(target.RoleArn))) {
    throw validationError(`Target.RoleArn '${String(target.RoleArn)}' is not the ARN of a role`);
  }
  if (!parseUniversalTarget(arn)) {
    const { service } = parseTargetArn(arn);
    if (service === 'logs')
      throw validationError(`Provided Arn is not in correct format: '${arn}' is no Scheduler target`);
    if (service === 'events' && !target.EventBridgeParameters) {
      throw validationError('EventBridgeParameters with DetailType and Source are required for an event bus target');
    }
    if (service === 'sqs' && arn.endsWith('.fifo') && !target.SqsParameters?.MessageGroupId) {
      throw validationError('SqsParameters.MessageGroupId is required for a FIFO queue');
    }
  } else if (target.Input === undefined) throw validationError('Input is required for a universal target');
  checkRange(target.RetryPolicy?.MaximumRetryAttempts, 0, 185, 'MaximumRetryAttempts');
  checkRange(target.RetryPolicy?.MaximumEventAgeInSeconds, 60, 86_400, 'MaximumEventAgeInSeconds');
  return target as unknown as ScheduleTarget;
}

function checkWindow(window: WireInput | undefined): number | undefined {
  if (window?.Mode === 'OFF') {
    if (window.MaximumWindowInMinutes !== undefined) {
      throw validationError('MaximumWindowInMinutes must not be given when the flexible time window is OFF');
    }
    return undefined;
  }
  if (window?.Mode !== 'FLEXIBLE')
    throw validationError(`FlexibleTimeWindow.Mode '${String(window?.Mode)}' is not OFF or FLEXIBLE`);
  if (window.MaximumWindowInMinutes === undefined)
    throw validationError('FlexibleTimeWindow.MaximumWindowInMinutes is missing');
  checkRange(window.MaximumWindowInMinutes, 1, 1440, 'MaximumWindowInMinutes');
  return window.MaximumWindowInMinutes as number;
}

function parseExpression(expression: string, timeZone: string): Schedule {
  try {
    return parseSchedule(expression, { timeZone, at: true });
  } catch (error) {
    if (!(error instanceof InvalidScheduleExpression)) throw error;
    throw validationError(`Invalid Schedule Expression ${error.message}`);
  }
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], initial: T, member: string): T {
  const chosen = (value ?? initial) as T;
  if (!allowed.includes(chosen))
    throw validationError(`${member} '${String(value)}' is not one of ${allowed.join(', ')}`);
  return chosen;
}

/** Checks the input of CreateSchedule or UpdateSchedule. @throws AwsError ValidationException */
export function parseDefinition(input: WireInput): ScheduleDefinition {
  if (input.KmsKeyArn !== undefined) throw new UnsupportedFeature('KmsKeyArn of a schedule');
  const timeZone = (input.ScheduleExpressionTimezone ?? 'UTC') as string;
  if (!isTimeZone(timeZone)) throw validationError(`ScheduleExpressionTimezone '${timeZone}' is not a time zone`);
  const expression = String(input.ScheduleExpression);
  const startMs = input.StartDate === undefined ? undefined : asEpochMs(input.StartDate, 'StartDate');
  const endMs = input.EndDate === undefined ? undefined : asEpochMs(input.EndDate, 'EndDate');
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs) {
    throw validationError('The StartDate you specify must come before the EndDate');
  }
  return {
    expression,
    timeZone,
    schedule: parseExpression(expression, timeZone),
    startMs,
    endMs,
    windowMinutes: checkWindow(input.FlexibleTimeWindow),
    deletesItself: oneOf(input.ActionAfterCompletion, ['NONE', 'DELETE'], 'NONE', 'ActionAfterCompletion') === 'DELETE',
    state: oneOf(input.State, ['ENABLED', 'DISABLED'], 'ENABLED', 'State'),
    description: input.Description,
    target: checkTarget(input.Target),
  };
}

/** A schedule as GetSchedule answers. */
export function describeSchedule(stored: StoredSchedule): object {
  const { definition } = stored;
  const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
  return {
    Arn: stored.arn,
    Name: stored.name,
    GroupName: stored.group,
    ScheduleExpression: definition.expression,
    ScheduleExpressionTimezone: definition.timeZone,
    StartDate: date(definition.startMs),
    EndDate: date(definition.endMs),
    Description: definition.description,
    State: definition.state,
    FlexibleTimeWindow:
      definition.windowMinutes === undefined
        ? { Mode: 'OFF' }
        : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: definition.windowMinutes },
    ActionAfterCompletion: definition.deletesItself ? 'DELETE' : 'NONE',
    Target: {
      ...definition.target,
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185, ...definition.target.RetryPolicy },
    },
    CreationDate: date(stored.createdAtMs),
    LastModificationDate: date(stored.modifiedAtMs),
  };
}
