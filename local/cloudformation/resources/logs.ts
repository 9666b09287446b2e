/** AWS::Logs::LogGroup. */
import { type ResourceType, resourceType } from '../resource-type.ts';
import { encryptionAtRest, number, only, tagList, tagMap, text } from '../shape.ts';

const logGroup = resourceType(
  {
    LogGroupName: text,
    RetentionInDays: number,
    LogGroupClass: only('STANDARD'),
    KmsKeyId: encryptionAtRest,
    Tags: tagList,
  },
  async (properties, context) => {
    const logGroupName = properties.LogGroupName ?? context.generatedName(512);
    await context.call('logs', 'CreateLogGroup', {
      logGroupName,
      ...(properties.Tags ? { tags: tagMap(properties.Tags) } : {}),
    });
    if (properties.RetentionInDays !== undefined) {
      await context.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: properties.RetentionInDays });
    }
    return { physicalId: logGroupName, attributes: { Arn: context.arn('logs', `log-group:${logGroupName}:*`) } };
  },
);

export const logsTypes: Readonly<Record<string, ResourceType>> = { 'AWS::Logs::LogGroup': logGroup };
