/** STS on the laptop: who am I, and becoming a role. */
import { accessDenied } from '../iam/access-denied.ts';
import { asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Access, CloudContext, Principal, Service, WireInput } from '../kernel/service.ts';
import { hash32 } from '../kernel/random.ts';

export interface TemporaryCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

/** AWS's unique ids are a prefix and 17 characters; here they are a function of the name. */
function uniqueId(prefix: string, name: string): string {
  return `${prefix}${hash32(name).toString(36).toUpperCase().padStart(17, '0')}`;
}

function assumedRole(cloud: CloudContext, roleArn: string, sessionName: string): { arn: string; userId: string } {
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return {
    arn: `arn:aws:sts::${cloud.accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${uniqueId('AROA', roleName)}:${sessionName}`,
  };
}

function identityOf(
  cloud: CloudContext,
  principal: Principal,
): { readonly UserId: string; readonly Account: string; readonly Arn: string } {
  if (principal.kind === 'role') {
    const { arn, userId } = assumedRole(cloud, principal.arn, principal.sessionName ?? 'session');
    return { UserId: userId, Account: cloud.accountId, Arn: arn };
  }
  // Services have no credentials of their own; only the operator at the keyboard gets here as root.
  return { UserId: cloud.accountId, Account: cloud.accountId, Arn: `arn:aws:iam::${cloud.accountId}:root` };
}

type CredentialsFor = (roleArn: string, sessionName: string) => TemporaryCredentials;

function assumeRole(
  cloud: CloudContext,
  input: WireInput,
  principal: Principal,
  credentialsFor: CredentialsFor,
): object {
  const roleArn = String(input.RoleArn ?? '');
  const sessionName = String(input.RoleSessionName ?? '');
  if (!/^arn:aws[^:]*:iam::\d{12}:role\/.+$/.test(roleArn))
    throw new AwsError('ValidationError', `${roleArn} is invalid`);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw new AwsError(
      'ValidationError',
      `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}`,
    );
  }
  for (const member of ['Policy', 'PolicyArns', 'SerialNumber', 'TokenCode', 'SourceIdentity', 'Tags']) {
    const given = input[member] as unknown;
    if (given !== undefined && !(Array.isArray(given) && given.length === 0))
      throw new UnsupportedFeature(`AssumeRole ${member}`);
  }
  const seconds = input.DurationSeconds === undefined ? 3600 : asNumber(input.DurationSeconds, 'DurationSeconds');
  if (seconds < 900 || seconds > 43_200)
    throw new AwsError('ValidationError', `DurationSeconds ${seconds} must be between 900 and 43200`);
  const { arn, userId } = assumedRole(cloud, roleArn, sessionName);
  const credentials = (): TemporaryCredentials => {
    try {
      return credentialsFor(roleArn, sessionName);
    } catch (error) {
      if (!(error instanceof AwsError && error.code === 'NoSuchEntity')) throw error;
      // STS does not tell whether a role exists.
      throw accessDenied(identityOf(cloud, principal).Arn, 'sts:AssumeRole', roleArn, 'noSuchRole', 'sts');
    }
  };
  return {
    Credentials: {
      ...credentials(),
      Expiration: new Date(cloud.kernel.clock.now() + seconds * 1000),
    },
    AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
    PackedPolicySize: 0,
  };
}

/**
 * STS (`sts`).
 * @param credentialsFor makes credentials that the gateway recognises as this role; throws when there is no such role
 */
export function newSts(cloud: CloudContext, credentialsFor: CredentialsFor): Service {
  return {
    id: 'sts',
    operations: {
      GetCallerIdentity: (_input, { principal }) => identityOf(cloud, principal),
      AssumeRole: (input, { principal }) => assumeRole(cloud, input, principal, credentialsFor),
    },
    // GetCallerIdentity needs no permission.
    access: (operation, input): Access[] =>
      operation === 'AssumeRole' ? [{ action: 'sts:AssumeRole', resource: String(input.RoleArn) }] : [],
  };
}
