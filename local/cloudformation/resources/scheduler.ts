/** AWS::Scheduler::*. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { encryptionAtRest, list, number, object, tagList, text } from '../shape.ts';

const schedule = resourceType(
  {
    Name: text,
    GroupName: text,
    Description: text,
    ScheduleExpression: text,
    ScheduleExpressionTimezone: text,
    StartDate: text,
    EndDate: text,
    State: text,
    FlexibleTimeWindow: object({ Mode: text, MaximumWindowInMinutes: number }),
    Target: object({
      Arn: text,
      RoleArn: text,
      Input: text,
      RetryPolicy: object({ MaximumEventAgeInSeconds: number, MaximumRetryAttempts: number }),
      DeadLetterConfig: object({ Arn: text }),
      EventBridgeParameters: object({ DetailType: text, Source: text }),
      SqsParameters: object({ MessageGroupId: text }),
      SageMakerPipelineParameters: object({ PipelineParameterList: list(object({ Name: text, Value: text })) }),
    }),
    KmsKeyArn: encryptionAtRest,
  },
  async (properties, context) => {
    const Name = properties.Name ?? context.generatedName(64);
    context.requireAssumable(
      properties.Target?.RoleArn,
      'scheduler',
      'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
      context.arn('scheduler', `schedule-group/${properties.GroupName ?? 'default'}`),
    );
    const { ScheduleArn } = await context.call('scheduler', 'CreateSchedule', { ...properties, Name });
    return { physicalId: Name, attributes: { Arn: ScheduleArn } };
  },
);

const scheduleGroup = resourceType({ Name: text, Tags: tagList }, async (properties, context) => {
  const Name = properties.Name ?? context.generatedName(64);
  const { ScheduleGroupArn } = await context.call('scheduler', 'CreateScheduleGroup', { ...properties, Name });
  return { physicalId: Name, attributes: { Arn: ScheduleGroupArn } };
});

export const schedulerTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Scheduler::ScheduleGroup': scheduleGroup,
};
