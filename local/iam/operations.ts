/** IAM's operations for roles (query protocol). */
import { asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Access, type CloudContext, type Operation, type Service, type WireInput } from '../kernel/service.ts';
import { type Decision } from './decision.ts';
import { noSuchEntity, type Role, type RoleStore } from './role-store.ts';

type Evaluate = (
  role: Role,
  sessionName: string,
  access: Access,
  globalKeys: Readonly<Record<string, string>>,
) => Decision;

export function newIamOperations(
  cloud: CloudContext,
  roles: RoleStore,
  newRoleId: (roleName: string) => string,
  evaluate: Evaluate,
): Pick<Service, 'operations' | 'access'> {
  return {
    operations: {
      ...roleOperations(cloud, roles, newRoleId),
      ...inlinePolicyOperations(roles),
      ...managedPolicyOperations(roles),
      SimulatePrincipalPolicy: (input) => simulate(roles, evaluate, input),
    },
    access: (operation, input) => {
      if (operation === 'SimulatePrincipalPolicy') {
        return [{ action: `iam:${operation}`, resource: String(input.PolicySourceArn) }];
      }
      const name = input.RoleName === undefined ? '' : String(input.RoleName);
      const arn = roles.find(name)?.arn ?? roleArn(cloud, '/', name);
      return [{ action: `iam:${operation}`, resource: arn }];
    },
  };
}

const roleArn = (cloud: CloudContext, path: string, name: string): string =>
  `arn:aws:iam::${cloud.accountId}:role${path}${name}`;

/** IAM answers with policy documents percent-encoded as in RFC 3986. */
function encodeDocument(document: unknown): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function describe(role: Role): object {
  const tags = Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.createdAtMs),
    AssumeRolePolicyDocument: encodeDocument(role.assumeRolePolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDurationSeconds,
    Tags: tags.length > 0 ? tags : undefined,
  };
}

function requireName(input: WireInput, member: string, maxLength: number): string {
  const value: unknown = input[member];
  if (typeof value === 'string' && value.length <= maxLength && /^[\w+=,.@-]+$/.test(value)) return value;
  throw validationError(
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${maxLength} and satisfy regular expression pattern: [\\w+=,.@-]+`,
  );
}

/** Lists in pages, the marker being the number of items already given. */
function page<T>(items: readonly T[], input: WireInput): { items: T[]; IsTruncated: boolean; Marker?: string } {
  const start = input.Marker === undefined ? 0 : asNumber(input.Marker, 'Marker');
  const end = start + (input.MaxItems === undefined ? 100 : asNumber(input.MaxItems, 'MaxItems'));
  const more = end < items.length;
  return { items: items.slice(start, end), IsTruncated: more, ...(more ? { Marker: String(end) } : {}) };
}

function roleOperations(
  cloud: CloudContext,
  roles: RoleStore,
  newRoleId: (roleName: string) => string,
): Record<string, Operation> {
  return {
    CreateRole: (input) => {
      if (input.PermissionsBoundary !== undefined) throw new UnsupportedFeature('IAM permissions boundaries');
      const roleName = requireName(input, 'RoleName', 64);
      if (roles.find(roleName)) {
        throw new AwsError('EntityAlreadyExists', `Role with name ${roleName} already exists.`, { statusCode: 409 });
      }
      const path = String(input.Path ?? '/');
      const tags = (input.Tags ?? []) as { Key: string; Value: string }[];
      const role = roles.put({
        roleName,
        path,
        arn: roleArn(cloud, path, roleName),
        roleId: newRoleId(roleName),
        createdAtMs: cloud.kernel.clock.now(),
        description: input.Description === undefined ? undefined : String(input.Description),
        maxSessionDurationSeconds: asNumber(input.MaxSessionDuration ?? 3600, 'MaxSessionDuration'),
        tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
        assumeRolePolicy: input.AssumeRolePolicyDocument,
        policies: new Map(),
        managedPolicyArns: [],
      });
      return { Role: describe(role) };
    },
    GetRole: (input) => ({ Role: describe(roles.get(requireName(input, 'RoleName', 64))) }),
    ListRoles: (input) => {
      const prefix = String(input.PathPrefix ?? '/');
      const matching = roles.list().filter((role) => role.path.startsWith(prefix));
      const { items, ...rest } = page(matching, input);
      return { Roles: items.map(describe), ...rest };
    },
    UpdateAssumeRolePolicy: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      roles.put({ ...role, assumeRolePolicy: input.PolicyDocument });
    },
    DeleteRole: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      if (role.policies.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      if (role.managedPolicyArns.length > 0) {
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      }
      roles.delete(role.roleName);
    },
  };
}

function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', message, { statusCode: 409 });
}

function inlinePolicyOperations(roles: RoleStore): Record<string, Operation> {
  const locate = (input: WireInput) => {
    const role = roles.get(requireName(input, 'RoleName', 64));
    const name = requireName(input, 'PolicyName', 128);
    return { role, name, document: role.policies.get(name) };
  };
  const missing = (name: string): AwsError => noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return {
    PutRolePolicy: (input) => {
      const { role, name } = locate(input);
      roles.put({ ...role, policies: new Map(role.policies).set(name, input.PolicyDocument) });
    },
    GetRolePolicy: (input) => {
      const { role, name, document } = locate(input);
      if (document === undefined) throw missing(name);
      return { RoleName: role.roleName, PolicyName: name, PolicyDocument: encodeDocument(document) };
    },
    ListRolePolicies: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      const { items, ...rest } = page([...role.policies.keys()].sort(), input);
      return { PolicyNames: items, ...rest };
    },
    DeleteRolePolicy: (input) => {
      const { role, name, document } = locate(input);
      if (document === undefined) throw missing(name);
      roles.put({ ...role, policies: new Map([...role.policies].filter(([other]) => other !== name)) });
    },
  };
}

function managedPolicyOperations(roles: RoleStore): Record<string, Operation> {
  return {
    AttachRolePolicy: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      const arn = String(input.PolicyArn);
      if (!role.managedPolicyArns.includes(arn)) {
        roles.put({ ...role, managedPolicyArns: [...role.managedPolicyArns, arn] });
      }
    },
    DetachRolePolicy: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      const arn = String(input.PolicyArn);
      if (!role.managedPolicyArns.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
      roles.put({ ...role, managedPolicyArns: role.managedPolicyArns.filter((other) => other !== arn) });
    },
    ListAttachedRolePolicies: (input) => {
      const role = roles.get(requireName(input, 'RoleName', 64));
      const { items, ...rest } = page(role.managedPolicyArns, input);
      const AttachedPolicies = items.map((arn) => ({
        PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
        PolicyArn: arn,
      }));
      return { AttachedPolicies, ...rest };
    },
  };
}

const SIMULATION_MEMBERS = new Set(['PolicySourceArn', 'ActionNames', 'ResourceArns', 'ContextEntries']);

function simulate(roles: RoleStore, evaluate: Evaluate, input: WireInput): object {
  const stranger = Object.keys(input).find((member) => input[member] !== undefined && !SIMULATION_MEMBERS.has(member));
  if (stranger !== undefined) throw new UnsupportedFeature(`SimulatePrincipalPolicy with ${stranger}`);
  const arn = String(input.PolicySourceArn);
  const role = roles.findByArn(arn);
  if (!role) throw noSuchEntity(`The role with ARN ${arn} cannot be found.`);
  const entries = (input.ContextEntries ?? []) as { ContextKeyName: string; ContextKeyValues: readonly string[] }[];
  const conditionKeys = Object.fromEntries(
    entries.map(({ ContextKeyName, ContextKeyValues }): [string, string | readonly string[]] => [
      ContextKeyName,
      ContextKeyValues.length === 1 ? ContextKeyValues[0]! : ContextKeyValues,
    ]),
  );
  const resources = (input.ResourceArns ?? ['*']) as readonly string[];
  const EvaluationResults = ((input.ActionNames ?? []) as readonly string[]).flatMap((action) =>
    resources.map((resource) => {
      const decision = evaluate(role, role.roleName, { action, resource, conditionKeys }, {});
      return {
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: decision.effect,
        MatchedStatements: decision.policyNames.map((name) => ({
          SourcePolicyId: name,
          SourcePolicyType: 'IAM Policy',
        })),
        MissingContextValues: [],
      };
    }),
  );
  return { EvaluationResults, IsTruncated: false };
}
