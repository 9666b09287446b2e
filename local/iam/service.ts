/** IAM: roles, their policies, and the answer to 'may this principal do that?'. */
import { createHash } from 'node:crypto';
import { type Access, type CloudContext, type Principal, rolePrincipal, type Service } from '../kernel/service.ts';
import { accessDenied } from './access-denied.ts';
import { type RequestKeys } from './conditions.ts';
import { applies, inScope } from './decision.ts';
import { newIamOperations } from './operations.ts';
import { compileIdentityPolicy } from './policy-document.ts';
import { newRequestKeys } from './request-keys.ts';
import { noSuchEntity, type Role, RoleStore } from './role-store.ts';

export interface PutRole {
  readonly roleName: string;
  readonly arn: string;
  /** The trust policy: an object or JSON text. */
  readonly assumeRolePolicy: unknown;
  readonly policies: readonly { readonly name: string; readonly document: unknown }[];
  readonly managedPolicyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly maxSessionDurationSeconds?: number;
}

export interface Credentials {
  /** 20 characters, `ASIA...`, one for each role and session. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface Iam extends Service {
  /** Stores a role, replacing one of that name. Returns its unique id (`AROA...`). @throws AwsError MalformedPolicyDocument */
  putRole(role: PutRole): { readonly roleId: string };
  /** True when there is a role of this name. */
  hasRole(roleName: string): boolean;
  /** Adds or replaces an inline policy. @throws AwsError NoSuchEntity, MalformedPolicyDocument */
  putRolePolicy(roleName: string, policyName: string, document: unknown): void;
  /** The same for the same role and session in every run. @throws AwsError NoSuchEntity */
  credentialsFor(roleArn: string, sessionName?: string): Credentials;
  /** The role session of a key that `credentialsFor` made; any other key (or none) is the operator's: root. */
  principalOf(accessKeyId: string | undefined): Principal;
  /**
   * Refuses what a role's policies don't allow; root and services may do everything. Allowed accesses are recorded.
   * @param globalKeys condition keys of the request, for instance `aws:SourceAccount`; those of the principal, the region and the time are known here
   * @param service signing name of the service that was called, which decides the error's code; by default the action's prefix
   * @throws AwsError AccessDeniedException (AccessDenied, AuthorizationError: as the service words it)
   */
  authorize(
    principal: Principal,
    access: readonly Access[],
    globalKeys: Readonly<Record<string, string>>,
    service?: string,
  ): void;
  /**
   * What the role's trust policy says about an assumer: a service (`lambda.amazonaws.com`) or a principal of this account.
   * `aws:SourceAccount` is this account unless the keys say otherwise. False for an unknown role.
   */
  mayBeAssumedBy(roleArn: string, assumer: string | Principal, keys?: Readonly<Record<string, string>>): boolean;
  /** Everything that roles were allowed to do so far: role name -> `action resource`. */
  usage(): ReadonlyMap<string, ReadonlySet<string>>;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Upper-case letters and digits as in AWS's ids, derived from a text so that they never depend on the order of calls. */
function derivedId(prefix: string, length: number, text: string): string {
  const digest = createHash('sha512').update(text).digest();
  let id = prefix;
  for (let i = 0; id.length < length; i++) id += BASE32[digest[i]! % 32];
  return id;
}

/** Makes the service `iam` (query protocol) with its in-process methods. */
export function newIam(cloud: CloudContext): Iam {
  const roles = new RoleStore();
  const sessions = new Map<string, Principal>();
  const used = new Map<string, Set<string>>();
  const newRoleId = (roleName: string): string => derivedId('AROA', 21, `${cloud.accountId}/${roleName}`);
  const evaluate = (role: Role, sessionName: string, access: Access, globalKeys: Readonly<Record<string, string>>) =>
    role.evaluator.decide(access.action, access.resource, newRequestKeys(cloud, role, sessionName, access, globalKeys));

  const iam: Iam = {
    id: 'iam',
    ...newIamOperations(cloud, roles, newRoleId, evaluate),

    putRole: (role) => {
      const { roleId } = roles.put({
        roleName: role.roleName,
        arn: role.arn,
        path: /:role(\/.*\/|\/)[^/]+$/.exec(role.arn)?.[1] ?? '/',
        roleId: newRoleId(role.roleName),
        createdAtMs: cloud.kernel.clock.now(),
        description: role.description,
        maxSessionDurationSeconds: role.maxSessionDurationSeconds ?? 3600,
        tags: role.tags ?? {},
        assumeRolePolicy: role.assumeRolePolicy,
        policies: new Map(role.policies.map(({ name, document }) => [name, document])),
        managedPolicyArns: role.managedPolicyArns ?? [],
      });
      return { roleId };
    },

    hasRole: (roleName) => roles.find(roleName) !== undefined,

    putRolePolicy: (roleName, policyName, document) => {
      compileIdentityPolicy(policyName, document);
      const role = roles.get(roleName);
      roles.put({ ...role, policies: new Map(role.policies).set(policyName, document) });
    },

    credentialsFor: (roleArn, sessionName) => {
      const role = roles.findByArn(roleArn);
      if (!role) throw noSuchEntity(`The role with ARN ${roleArn} cannot be found.`);
      const session = sessionName ?? role.roleName;
      const identity = `${roleArn}/${session}`;
      const accessKeyId = derivedId('ASIA', 20, identity);
      sessions.set(accessKeyId, rolePrincipal(roleArn, session));
      return {
        accessKeyId,
        secretAccessKey: createHash('sha256').update(`secret/${identity}`).digest('base64').slice(0, 40),
        sessionToken: createHash('sha512').update(`token/${identity}`).digest('base64'),
      };
    },

    principalOf: (accessKeyId) => sessions.get(accessKeyId ?? '') ?? { kind: 'root' },

    authorize: (principal, access, globalKeys, service) => {
      if (principal.kind !== 'role') return;
      const role = roles.findByArn(principal.arn);
      const sessionName = principal.sessionName ?? principal.roleName;
      for (const one of access) {
        const effect = role ? evaluate(role, sessionName, one, globalKeys).effect : 'noSuchRole';
        if (effect !== 'allowed') {
          const who = `arn:aws:sts::${cloud.accountId}:assumed-role/${principal.roleName}/${sessionName}`;
          throw accessDenied(who, one.action, one.resource, effect, service ?? one.action.split(':', 1)[0]!);
        }
      }
      for (const { action, resource } of access) record(used, principal.roleName, `${action} ${resource}`);
    },

    mayBeAssumedBy: (roleArn, assumer, keys = {}) => {
      const role = roles.findByArn(roleArn);
      return role !== undefined && trusts(cloud, role, assumer, keys);
    },

    usage: () => used,
  };
  return iam;
}

function record(used: Map<string, Set<string>>, roleName: string, entry: string): void {
  const entries = used.get(roleName);
  if (entries) entries.add(entry);
  else used.set(roleName, new Set([entry]));
}

/** Evaluates a trust policy for sts:AssumeRole. */
function trusts(
  cloud: CloudContext,
  role: Role,
  assumer: string | Principal,
  keys: Readonly<Record<string, string>>,
): boolean {
  const given = new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]));
  const requestKeys: RequestKeys = (key) =>
    given.get(key) ?? (key === 'aws:sourceaccount' ? cloud.accountId : undefined);
  const matching = role.trust.filter(
    (statement) =>
      inScope(statement.actions, 'sts:AssumeRole', () => undefined) &&
      isNamed(statement.principal ?? { aws: [], services: [] }, assumer, cloud.accountId) &&
      applies(statement, role.arn, requestKeys),
  );
  return matching.length > 0 && matching.every((statement) => statement.effect === 'Allow');
}

function isNamed(
  principal: { readonly aws: readonly string[]; readonly services: readonly string[] },
  assumer: string | Principal,
  accountId: string,
): boolean {
  if (typeof assumer === 'string') return principal.services.includes(assumer);
  if (assumer.kind === 'service') return principal.services.includes(assumer.name);
  // Naming the account delegates to its own policies, so that every principal of it is meant.
  const names = ['*', accountId, `arn:aws:iam::${accountId}:root`, ...(assumer.kind === 'role' ? [assumer.arn] : [])];
  return principal.aws.some((name) => names.includes(name));
}
