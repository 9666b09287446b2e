import { describe, expect, it, test } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { newScheduler } from '../../../../local/scheduler/service.ts';
import {
  ACCOUNT,
  drain,
  functionArn,
  newConnectedCloud,
  queueArn,
  REGION,
  roleArn,
  type ConnectedCloud,
} from '../eventbridge/connected-cloud.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const START = Date.UTC(2026, 0, 5);

function schedule(more: object = {}, target: object = {}): object {
  return {
    Name: 's',
    ScheduleExpression: 'at(2026-01-05T01:00:00)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: functionArn('f'), RoleArn: roleArn('deadman'), Input: '{"endpoint":"e"}', ...target },
    ...more,
  };
}

/** A cloud in which invocations of functions are noted with their times. */
function recording(): { cloud: ConnectedCloud; fired: { atMs: number; payload: string }[] } {
  const cloud = newConnectedCloud();
  const fired: { atMs: number; payload: string }[] = [];
  cloud.intercepts['lambda:Invoke'] = ({ Payload }) => {
    fired.push({ atMs: cloud.kernel.clock.now() - START, payload: Buffer.from(Payload as Uint8Array).toString() });
    return {};
  };
  return { cloud, fired };
}

/** Due times in minutes, each after at most one minute's delay. */
const dueMinutes = (fired: readonly { atMs: number }[]): number[] => fired.map(({ atMs }) => Math.floor(atMs / MINUTE));

describe('a one-time schedule', () => {
  it('fires once, within a minute of its time, as its role, with its input', async () => {
    const { cloud, fired } = recording();
    const answer = await cloud.do('scheduler', 'CreateSchedule', schedule());
    expect(answer).toEqual({ ScheduleArn: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/s` });
    await cloud.kernel.runFor(DAY);
    expect(dueMinutes(fired)).toEqual([60]);
    expect(fired[0]!.payload).toBe('{"endpoint":"e"}');
    expect(cloud.calls.at(-1)?.principal).toEqual({ kind: 'role', arn: roleArn('deadman'), roleName: 'deadman' });
    expect(await cloud.do('scheduler', 'GetSchedule', { Name: 's' })).toMatchObject({
      Name: 's',
      GroupName: 'default',
      State: 'ENABLED',
      ActionAfterCompletion: 'NONE',
    });
  });

  it('that is postponed in time does not fire at the old time', async () => {
    const { cloud, fired } = recording();
    await cloud.do('scheduler', 'CreateSchedule', schedule());
    for (let minute = 0; minute < 90; minute += 10) {
      const later = new Date(START + (minute + 65) * MINUTE).toISOString().slice(0, 19);
      await cloud.do('scheduler', 'UpdateSchedule', schedule({ ScheduleExpression: `at(${later})` }));
      await cloud.kernel.runFor(10 * MINUTE);
    }
    expect(fired).toEqual([]);
    await cloud.kernel.runFor(DAY);
    expect(dueMinutes(fired)).toEqual([145]);
  });

  it('deletes itself when told, once it has fired', async () => {
    const { cloud, fired } = recording();
    await cloud.do('scheduler', 'CreateSchedule', schedule({ ActionAfterCompletion: 'DELETE' }));
    await cloud.kernel.runFor(59 * MINUTE);
    await cloud.do('scheduler', 'GetSchedule', { Name: 's' });
    await cloud.kernel.runFor(2 * MINUTE);
    expect(fired).toHaveLength(1);
    await expect(cloud.do('scheduler', 'GetSchedule', { Name: 's' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      statusCode: 404,
    });
  });

  it('that is deleted, disabled or over does not fire', async () => {
    const { cloud, fired } = recording();
    await cloud.do('scheduler', 'CreateSchedule', schedule({ Name: 'deleted' }));
    await cloud.do('scheduler', 'DeleteSchedule', { Name: 'deleted' });
    await cloud.do('scheduler', 'CreateSchedule', schedule({ Name: 'off', State: 'DISABLED' }));
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule({ Name: 'past', ScheduleExpression: 'at(2026-01-04T00:00:00)' }),
    );
    await cloud.kernel.runFor(DAY);
    expect(fired).toEqual([]);
  });

  it('fills the context attributes in', async () => {
    const { cloud, fired } = recording();
    const Input =
      '{"arn":"<aws.scheduler.schedule-arn>","due":"<aws.scheduler.scheduled-time>","try":<aws.scheduler.attempt-number>}';
    await cloud.do('scheduler', 'CreateSchedule', schedule({}, { Input }));
    await cloud.kernel.runFor(DAY);
    expect(JSON.parse(fired[0]!.payload)).toEqual({
      arn: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/s`,
      due: '2026-01-05T01:00:00Z',
      try: 1,
    });
  });
});

describe('a recurring schedule', () => {
  it('follows cron in its time zone', async () => {
    const { cloud, fired } = recording();
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule({ ScheduleExpression: 'cron(0 9 * * ? *)', ScheduleExpressionTimezone: 'America/New_York' }),
    );
    await cloud.kernel.runFor(2 * DAY);
    expect(dueMinutes(fired)).toEqual([14 * 60, 38 * 60]);
  });

  it('keeps to its start and end', async () => {
    const { cloud, fired } = recording();
    const StartDate = new Date(START + 30 * MINUTE);
    const EndDate = (START + 70 * MINUTE) / 1000;
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule({ ScheduleExpression: 'rate(20 minutes)', StartDate, EndDate, ActionAfterCompletion: 'DELETE' }),
    );
    await cloud.kernel.runFor(DAY);
    expect(dueMinutes(fired)).toEqual([30, 50, 70]);
    expect((await cloud.do('scheduler', 'ListSchedules', {})).Schedules).toEqual([]);
  });

  it('with a rate and no start begins at once', async () => {
    const { cloud, fired } = recording();
    await cloud.do('scheduler', 'CreateSchedule', schedule({ ScheduleExpression: 'rate(1 hour)' }));
    await cloud.kernel.runFor(125 * MINUTE);
    expect(dueMinutes(fired)).toEqual([0, 60, 120]);
  });

  it('with a flexible window fires inside of it', async () => {
    const { cloud, fired } = recording();
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule({
        ScheduleExpression: 'rate(1 days)',
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 60 },
      }),
    );
    await cloud.kernel.runFor(10 * DAY);
    const late = fired.map(({ atMs }) => atMs % DAY);
    expect(Math.max(...late)).toBeLessThan(60 * MINUTE);
    expect(Math.max(...late)).toBeGreaterThan(10 * MINUTE);
  });
});

describe('targets', () => {
  it('can be any API, as the role', async () => {
    const cloud = newConnectedCloud();
    cloud.intercepts['sagemaker:UpdateEndpointWeightsAndCapacities'] = () => ({});
    cloud.intercepts['states:StartExecution'] = () => ({});
    const universal = (Name: string, action: string, Input: object) =>
      cloud.do(
        'scheduler',
        'CreateSchedule',
        schedule({ Name }, { Arn: `arn:aws:scheduler:::aws-sdk:${action}`, Input: JSON.stringify(Input) }),
      );
    const request = { EndpointName: 'e', DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 1 }] };
    await universal('a', 'sagemaker:updateEndpointWeightsAndCapacities', request);
    await universal('b', 'sfn:startExecution', { StateMachineArn: 'arn', Input: '{}' });
    await cloud.kernel.runFor(DAY);
    const made = new Map(
      cloud.calls.filter(({ service }) => service !== 'scheduler').map((call) => [call.operation, call]),
    );
    expect(made.get('UpdateEndpointWeightsAndCapacities')).toMatchObject({
      service: 'sagemaker',
      input: request,
      principal: { roleName: 'deadman' },
    });
    expect(made.get('StartExecution')).toMatchObject({
      service: 'states',
      input: { stateMachineArn: 'arn', input: '{}' },
    });
    await expect(universal('c', 'sagemaker:describeEndpoint', {})).rejects.toThrow('only reads');
  });

  it('that stay broken end in the dead-letter queue, as the role', async () => {
    const cloud = newConnectedCloud();
    let tries = 0;
    cloud.intercepts['lambda:Invoke'] = () => {
      tries++;
      throw new AwsError('ServiceException', 'down', { statusCode: 500 });
    };
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'dead' });
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule(
        { ActionAfterCompletion: 'DELETE' },
        { RetryPolicy: { MaximumRetryAttempts: 2 }, DeadLetterConfig: { Arn: queueArn('dead') } },
      ),
    );
    await cloud.kernel.runFor(DAY);
    expect(tries).toBe(3);
    const [message] = await drain(cloud, 'dead');
    expect(message.Body).toBe('{"endpoint":"e"}');
    expect(message.MessageAttributes).toMatchObject({
      SCHEDULE_ARN: { StringValue: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/s` },
      TARGET_ARN: { StringValue: functionArn('f') },
      SCHEDULED_TIME: { StringValue: '2026-01-05T01:00:00Z' },
      RETRY_ATTEMPTS: { StringValue: '2' },
      EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
    });
    const sent = cloud.calls.find(({ operation }) => operation === 'SendMessage');
    expect(sent?.principal).toMatchObject({ kind: 'role', roleName: 'deadman' });
  });

  it('can be an event bus', async () => {
    const cloud = newConnectedCloud();
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'inbox' });
    const bus = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
    await cloud.do(
      'scheduler',
      'CreateSchedule',
      schedule({}, { Arn: bus, EventBridgeParameters: { DetailType: 'retrain.requested', Source: 'switchyard' } }),
    );
    await cloud.kernel.runFor(DAY);
    expect(cloud.calls.find(({ operation }) => operation === 'PutEvents')?.input.Entries).toEqual([
      { EventBusName: bus, Source: 'switchyard', DetailType: 'retrain.requested', Detail: '{"endpoint":"e"}' },
    ]);
  });
});

describe('the API', () => {
  it('is idempotent by client token, and else refuses a name twice', async () => {
    const cloud = newConnectedCloud();
    const create = (more: object) => cloud.do('scheduler', 'CreateSchedule', schedule(more));
    const first = await create({ ClientToken: 'one' });
    expect(await create({ ClientToken: 'one' })).toEqual(first);
    await expect(create({ ClientToken: 'one', State: 'DISABLED' })).rejects.toMatchObject({
      code: 'ConflictException',
      statusCode: 409,
    });
    await expect(create({ ClientToken: 'two' })).rejects.toThrow('Schedule s already exists.');
  });

  test.each([
    ['no zone', { ScheduleExpressionTimezone: 'Mars/Olympus' }],
    ['a wrong expression', { ScheduleExpression: 'cron(0 10 * * * *)' }],
    ['a date that is none', { ScheduleExpression: 'at(2026-02-30T00:00:00)' }],
    ['an end before the start', { StartDate: '2026-02-01T00:00:00Z', EndDate: '2026-01-01T00:00:00Z' }],
    ['no window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }],
    ['a wrong name', { Name: 'a b' }],
    ['no role', { Target: { Arn: functionArn('f') } }],
    ['an unknown state', { State: 'PAUSED' }],
  ])('refuses %s', async (_name, change) => {
    await expect(newConnectedCloud().do('scheduler', 'CreateSchedule', schedule(change))).rejects.toMatchObject({
      code: 'ValidationException',
    });
  });

  it('refuses targets that the laptop cloud lacks', async () => {
    const create = (target: object) => newConnectedCloud().do('scheduler', 'CreateSchedule', schedule({}, target));
    await expect(create({ EcsParameters: {} })).rejects.toMatchObject({ code: 'UnsupportedFeature' });
    await expect(create({ Arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/c` })).rejects.toMatchObject({
      code: 'UnsupportedFeature',
    });
  });

  it('keeps schedules in groups', async () => {
    const cloud = newConnectedCloud();
    await expect(cloud.do('scheduler', 'CreateSchedule', schedule({ GroupName: 'g' }))).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
    await cloud.do('scheduler', 'CreateScheduleGroup', { Name: 'g' });
    await cloud.do('scheduler', 'CreateSchedule', schedule({ GroupName: 'g' }));
    expect((await cloud.do('scheduler', 'ListSchedules', { GroupName: 'g' })).Schedules).toMatchObject([
      { Name: 's', GroupName: 'g', Target: { Arn: functionArn('f') } },
    ]);
    expect((await cloud.do('scheduler', 'ListScheduleGroups', {})).ScheduleGroups).toHaveLength(2);
    expect(await cloud.do('scheduler', 'GetScheduleGroup', { Name: 'g' })).toMatchObject({ State: 'ACTIVE' });
    await cloud.do('scheduler', 'DeleteScheduleGroup', { Name: 'g' });
    expect((await cloud.do('scheduler', 'ListSchedules', {})).Schedules).toEqual([]);
  });

  it('names the IAM actions and resources of each call, and has a route for each operation', () => {
    const service = newScheduler(newConnectedCloud());
    expect(service.access('CreateSchedule', schedule())).toEqual([
      { action: 'scheduler:CreateSchedule', resource: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/s` },
      {
        action: 'iam:PassRole',
        resource: roleArn('deadman'),
        conditionKeys: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
      },
    ]);
    expect(service.routes?.map(({ operation }) => operation).sort()).toEqual(Object.keys(service.operations).sort());
  });
});
