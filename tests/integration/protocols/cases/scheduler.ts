import { ACCOUNT, makeRole, refused, REGION, role, type ServiceCases } from '../case.ts';

const schedule = {
  Name: 'dead-man',
  GroupName: 'rollouts',
  ScheduleExpression: 'at(2026-01-05T01:00:00)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: {
    Arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:roll-back`,
    RoleArn: role('scheduler'),
    Input: '{"endpoint":"demand"}',
    RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
  },
};
const key = { Name: 'dead-man', GroupName: 'rollouts' };

export const SCHEDULER: ServiceCases = {
  service: 'scheduler',
  prepare: (cloud) => makeRole(cloud, 'scheduler', 'scheduler.amazonaws.com'),
  cases: [
    {
      operation: 'CreateScheduleGroup',
      input: { Name: 'rollouts' },
      answer: { ScheduleGroupArn: /schedule-group\/rollouts$/ },
    },
    { operation: 'GetScheduleGroup', input: { Name: 'rollouts' }, answer: { State: 'ACTIVE', CreationDate: Date } },
    { operation: 'ListScheduleGroups', input: { NamePrefix: 'roll' }, answer: { 'ScheduleGroups.0.Name': 'rollouts' } },
    {
      operation: 'CreateSchedule',
      input: { ...schedule, ClientToken: 'once-1' },
      answer: { ScheduleArn: /schedule\/rollouts\/dead-man$/ },
    },
    {
      operation: 'GetSchedule',
      input: key,
      answer: {
        ScheduleExpression: schedule.ScheduleExpression,
        'Target.Input': schedule.Target.Input,
        CreationDate: Date,
      },
    },
    {
      operation: 'UpdateSchedule',
      input: {
        ...schedule,
        State: 'DISABLED',
        StartDate: new Date('2026-01-05T00:30:00Z'),
        ScheduleExpression: 'rate(5 minutes)',
      },
      answer: { ScheduleArn: /dead-man$/ },
    },
    { operation: 'GetSchedule', input: key, answer: { State: 'DISABLED', StartDate: Date } },
    {
      operation: 'ListSchedules',
      input: { GroupName: 'rollouts', State: 'DISABLED', MaxResults: 5 },
      answer: { 'Schedules.0.Name': 'dead-man', 'Schedules.0.LastModificationDate': Date },
    },
    { operation: 'ListSchedules', input: { GroupName: 'default' }, answer: { Schedules: /^$/ } },
    refused(
      'CreateSchedule',
      { ...schedule, ClientToken: 'once-2' },
      'ConflictException',
      409,
      /Schedule dead-man already exists/,
    ),
    { operation: 'DeleteSchedule', input: key, answer: {} },
    refused('GetSchedule', key, 'ResourceNotFoundException', 404, /Schedule dead-man does not exist/),
    refused(
      'CreateSchedule',
      { ...schedule, GroupName: 'default', ScheduleExpression: 'sometimes' },
      'ValidationException',
      400,
      /sometimes|Invalid Schedule Expression/,
    ),
    { operation: 'DeleteScheduleGroup', input: { Name: 'rollouts' }, answer: {} },
  ],
};
