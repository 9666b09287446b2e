/** The condition keys of a request: what the service says, what the cloud says, and what is known of the principal. */
import { type Access, type CloudContext } from '../kernel/service.ts';
import { type RequestKeys } from './conditions.ts';
import { type Role } from './role-store.ts';

/**
 * Looks keys up by their lower-case names. Keys of the access win over the request's global keys, and these over the
 * ones known here: aws:PrincipalArn, PrincipalAccount, PrincipalType, PrincipalTag/x, userid, CurrentTime, EpochTime,
 * RequestedRegion, SecureTransport. A role session has no aws:username.
 */
export function newRequestKeys(
  cloud: CloudContext,
  role: Role,
  sessionName: string,
  access: Access,
  globalKeys: Readonly<Record<string, string>>,
): RequestKeys {
  // Made on the first question: most decisions never ask.
  let known: Map<string, string | readonly string[]> | undefined;
  return (key) => {
    known ??= collect(cloud, role, sessionName, access, globalKeys);
    return known.get(key);
  };
}

function collect(
  cloud: CloudContext,
  role: Role,
  sessionName: string,
  access: Access,
  globalKeys: Readonly<Record<string, string>>,
): Map<string, string | readonly string[]> {
  const nowMs = cloud.kernel.clock.now();
  const keys: [string, string | readonly string[]][] = [
    ['aws:PrincipalArn', role.arn],
    ['aws:PrincipalAccount', cloud.accountId],
    ['aws:PrincipalType', 'AssumedRole'],
    ['aws:PrincipalIsAWSService', 'false'],
    ['aws:userid', `${role.roleId}:${sessionName}`],
    ['aws:CurrentTime', new Date(nowMs).toISOString()],
    ['aws:EpochTime', String(Math.floor(nowMs / 1000))],
    ['aws:RequestedRegion', cloud.region],
    ['aws:SecureTransport', 'true'],
    ...Object.entries(role.tags).map(([tag, value]): [string, string] => [`aws:PrincipalTag/${tag}`, value]),
    ...Object.entries(globalKeys),
    ...Object.entries(access.conditionKeys ?? {}),
  ];
  return new Map(keys.map(([key, value]) => [key.toLowerCase(), value]));
}
