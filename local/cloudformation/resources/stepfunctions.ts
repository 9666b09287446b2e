/** AWS::StepFunctions::StateMachine. */
import { templateError } from '../errors.ts';
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, encryptionAtRest, json, list, map, object, tagList, text } from '../shape.ts';
import { isObject } from '../template.ts';

const TOKEN = /\$\{([^}]*)\}/g;

/**
 * Replaces every `${Token}` in a text as DefinitionSubstitutions does.
 * @throws AwsError ValidationError for a token without a substitution, since AWS would deploy it as it stands
 */
export function applySubstitutions(
  text: string,
  substitutions: Readonly<Record<string, string>>,
  where: string,
): string {
  return text.replace(TOKEN, (token, name: string) => {
    const value = Object.hasOwn(substitutions, name) ? substitutions[name] : undefined;
    if (value === undefined) {
      throw templateError(`${where}: the definition has '${token}', but DefinitionSubstitutions has no '${name}'`);
    }
    return value;
  });
}

function substituteStrings(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => substituteStrings(item, replace));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substituteStrings(item, replace)]));
}

const stateMachine = resourceType(
  {
    StateMachineName: text,
    StateMachineType: text,
    RoleArn: text,
    Definition: json,
    DefinitionString: text,
    DefinitionSubstitutions: map(text),
    LoggingConfiguration: object({
      Level: text,
      IncludeExecutionData: boolean,
      Destinations: list(object({ CloudWatchLogsLogGroup: object({ LogGroupArn: text }) })),
    }),
    TracingConfiguration: object({ Enabled: boolean }),
    EncryptionConfiguration: encryptionAtRest,
    Tags: tagList,
  },
  async (properties, context) => {
    const { Definition, DefinitionString, LoggingConfiguration: logging } = properties;
    if ((Definition === undefined) === (DefinitionString === undefined)) {
      throw templateError(`${context.logicalId}: exactly one of Definition and DefinitionString must be given`);
    }
    const replace = (part: string): string =>
      applySubstitutions(part, properties.DefinitionSubstitutions ?? {}, context.logicalId);
    const definition =
      DefinitionString === undefined
        ? JSON.stringify(substituteStrings(Definition, replace))
        : replace(DefinitionString);
    const name = properties.StateMachineName ?? context.generatedName(80);
    context.requireAssumable(
      properties.RoleArn,
      'states',
      'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
      context.arn('states', `stateMachine:${name}`),
    );
    const { stateMachineArn } = await context.call('states', 'CreateStateMachine', {
      name,
      definition,
      roleArn: properties.RoleArn,
      ...(properties.StateMachineType === undefined ? {} : { type: properties.StateMachineType }),
      ...(logging === undefined ? {} : { loggingConfiguration: toLoggingConfiguration(logging) }),
      ...(properties.TracingConfiguration === undefined
        ? {}
        : { tracingConfiguration: { enabled: properties.TracingConfiguration.Enabled } }),
      ...(properties.Tags ? { tags: properties.Tags.map(({ Key, Value }) => ({ key: Key, value: Value })) } : {}),
    });
    return {
      physicalId: stateMachineArn,
      attributes: { Arn: stateMachineArn, Name: name, StateMachineRevisionId: 'INITIAL' },
    };
  },
);

/** CloudFormation's member names to those of the API. */
function toLoggingConfiguration(logging: {
  readonly Level?: string | undefined;
  readonly IncludeExecutionData?: boolean | undefined;
  readonly Destinations?:
    | readonly { readonly CloudWatchLogsLogGroup?: { readonly LogGroupArn?: string | undefined } | undefined }[]
    | undefined;
}): object {
  return {
    ...(logging.Level === undefined ? {} : { level: logging.Level }),
    ...(logging.IncludeExecutionData === undefined ? {} : { includeExecutionData: logging.IncludeExecutionData }),
    ...(logging.Destinations === undefined
      ? {}
      : {
          destinations: logging.Destinations.map((one) => ({
            cloudWatchLogsLogGroup: { logGroupArn: one.CloudWatchLogsLogGroup?.LogGroupArn },
          })),
        }),
  };
}

export const stepFunctionsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::StepFunctions::StateMachine': stateMachine,
};
