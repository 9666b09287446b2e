/** AWS::Events::*. */
import { AwsError } from '../../kernel/errors.ts';
import { type ResourceType, resourceType } from '../resource-type.ts';
import { encryptionAtRest, json, jsonText, list, map, number, object, tagList, text } from '../shape.ts';

const target = object({
  Id: text,
  Arn: text,
  RoleArn: text,
  Input: text,
  InputPath: text,
  InputTransformer: object({ InputPathsMap: map(text), InputTemplate: text }),
  RetryPolicy: object({ MaximumEventAgeInSeconds: number, MaximumRetryAttempts: number }),
  DeadLetterConfig: object({ Arn: text }),
  SqsParameters: object({ MessageGroupId: text }),
  SageMakerPipelineParameters: object({ PipelineParameterList: list(object({ Name: text, Value: text })) }),
});

/** The last part of a bus's ARN, or the name itself. */
const busName = (nameOrArn: string): string => nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);

const rule = resourceType(
  {
    Name: text,
    Description: text,
    EventBusName: text,
    EventPattern: jsonText,
    ScheduleExpression: text,
    State: text,
    RoleArn: text,
    Targets: list(target),
    Tags: tagList,
  },
  async (properties, context) => {
    const { Targets = [], ...rest } = properties;
    const Name = rest.Name ?? context.generatedName(64);
    const bus = rest.EventBusName === undefined ? 'default' : busName(rest.EventBusName);
    const arn = context.arn('events', bus === 'default' ? `rule/${Name}` : `rule/${bus}/${Name}`);
    for (const { RoleArn } of Targets) {
      context.requireAssumable(
        RoleArn,
        'events',
        `Provided role '${RoleArn}' cannot be assumed by principal 'events.amazonaws.com'.`,
        arn,
      );
    }
    const { RuleArn = arn } = await context.call('events', 'PutRule', { ...rest, Name });
    if (Targets.length > 0) {
      const onBus = rest.EventBusName === undefined ? {} : { EventBusName: rest.EventBusName };
      const result = await context.call('events', 'PutTargets', { Rule: Name, ...onBus, Targets });
      if (result.FailedEntryCount > 0) {
        const [{ ErrorCode, ErrorMessage }] = result.FailedEntries;
        throw new AwsError(String(ErrorCode), String(ErrorMessage));
      }
    }
    return { physicalId: bus === 'default' ? Name : `${bus}|${Name}`, attributes: { Arn: RuleArn } };
  },
);

const eventBus = resourceType(
  {
    Name: text,
    Description: text,
    DeadLetterConfig: object({ Arn: text }),
    Policy: jsonText,
    KmsKeyIdentifier: encryptionAtRest,
    Tags: tagList,
  },
  async (properties, context) => {
    const { Policy, ...rest } = properties;
    const Name = rest.Name ?? context.generatedName(256);
    const { EventBusArn } = await context.call('events', 'CreateEventBus', { ...rest, Name });
    if (Policy !== undefined) await context.call('events', 'PutPermission', { EventBusName: Name, Policy });
    return { physicalId: Name, attributes: { Arn: EventBusArn, Name } };
  },
);

/** Either a whole Statement (an object), or Action, Principal and Condition. */
const eventBusPolicy = resourceType(
  {
    EventBusName: text,
    StatementId: text,
    Statement: json,
    Action: text,
    Principal: text,
    Condition: object({ Type: text, Key: text, Value: text }),
  },
  async (properties, context) => {
    const { Statement, EventBusName, StatementId, ...rest } = properties;
    const onBus = EventBusName === undefined ? {} : { EventBusName };
    if (Statement === undefined) {
      await context.call('events', 'PutPermission', { ...onBus, StatementId, ...rest });
    } else {
      const statement = { Sid: StatementId, ...(Statement as object) };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await context.call('events', 'PutPermission', { ...onBus, Policy });
    }
    return { physicalId: `${EventBusName ?? 'default'}|${StatementId}` };
  },
);

export const eventsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Events::Rule': rule,
  'AWS::Events::EventBus': eventBus,
  'AWS::Events::EventBusPolicy': eventBusPolicy,
};
