/** AWS::IAM::*: roles go straight into the laptop cloud's IAM. */
import { AwsError } from '../../kernel/errors.ts';
import { templateError } from '../errors.ts';
import { type ResourceType, resourceType } from '../resource-type.ts';
import { json, list, number, object, tagList, tagMap, text } from '../shape.ts';

const role = resourceType(
  {
    RoleName: text,
    Path: text,
    Description: text,
    AssumeRolePolicyDocument: json,
    Policies: list(object({ PolicyName: text, PolicyDocument: json })),
    ManagedPolicyArns: list(text),
    MaxSessionDuration: number,
    Tags: tagList,
  },
  (properties, context) => {
    const roleName = properties.RoleName ?? context.generatedName(64);
    const arn = `arn:aws:iam::${context.accountId}:role${properties.Path ?? '/'}${roleName}`;
    if (context.iam.hasRole(roleName)) {
      throw new AwsError('EntityAlreadyExists', `Role with name ${roleName} already exists.`, { statusCode: 409 });
    }
    const policies = (properties.Policies ?? []).map(({ PolicyName, PolicyDocument }) => {
      if (PolicyName === undefined) throw templateError(`${context.logicalId}: a policy of the role has no PolicyName`);
      return { name: PolicyName, document: PolicyDocument };
    });
    const { roleId } = context.iam.putRole({
      roleName,
      arn,
      assumeRolePolicy: properties.AssumeRolePolicyDocument,
      policies,
      managedPolicyArns: properties.ManagedPolicyArns ?? [],
      tags: tagMap(properties.Tags ?? []),
      ...(properties.Description === undefined ? {} : { description: properties.Description }),
      ...(properties.MaxSessionDuration === undefined
        ? {}
        : { maxSessionDurationSeconds: properties.MaxSessionDuration }),
    });
    return { physicalId: roleName, attributes: { Arn: arn, RoleId: roleId } };
  },
);

/** An inline policy of one or more roles; users and groups don't exist here. */
const policy = resourceType({ PolicyName: text, PolicyDocument: json, Roles: list(text) }, (properties, context) => {
  const { PolicyName: name, Roles: roles = [] } = properties;
  if (name === undefined) throw templateError(`${context.logicalId}: PolicyName is missing`);
  if (roles.length === 0) {
    throw new AwsError('ValidationError', 'At least one of [Groups,Roles,Users] must be non-empty.');
  }
  for (const roleName of roles) context.iam.putRolePolicy(roleName, name, properties.PolicyDocument);
  return { physicalId: name };
});

export const iamTypes: Readonly<Record<string, ResourceType>> = { 'AWS::IAM::Role': role, 'AWS::IAM::Policy': policy };
