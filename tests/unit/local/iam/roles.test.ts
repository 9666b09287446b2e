import { describe, expect, it } from '@jest/globals';
import { newIam } from '../../../../local/iam/service.ts';
import { type Principal, rolePrincipal, type WireInput } from '../../../../local/kernel/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const ROLE = 'arn:aws:iam::111122223333:role/judge';

const trust = (Principal: unknown, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more }],
});
const policy = (Action: string, Resource = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});
const LAMBDA = trust({ Service: ['lambda.amazonaws.com', 'scheduler.amazonaws.com'] });

function setUp(assumeRolePolicy: unknown = LAMBDA) {
  const iam = newIam(newFakeCloudContext());
  iam.putRole({
    roleName: 'judge',
    arn: ROLE,
    assumeRolePolicy,
    policies: [{ name: 'own', document: policy('sqs:*') }],
  });
  const call = async (operation: string, input: WireInput): Promise<WireInput> =>
    (await iam.operations[operation]!(input, ROOT)) ?? {};
  return { iam, call };
}

describe('credentials', () => {
  it('tell role sessions apart, are the same in every run, and look like AWS’s', () => {
    const { iam } = setUp();
    const first = iam.credentialsFor(ROLE, 'one');
    const second = iam.credentialsFor(ROLE, 'two');
    expect(first.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(first.secretAccessKey).toHaveLength(40);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(setUp().iam.credentialsFor(ROLE, 'one')).toEqual(first);
    expect(iam.principalOf(first.accessKeyId)).toEqual(rolePrincipal(ROLE, 'one'));
    expect(iam.principalOf(iam.credentialsFor(ROLE).accessKeyId)).toEqual(rolePrincipal(ROLE, 'judge'));
  });

  it('of anybody else are the operator’s', () => {
    const { iam } = setUp();
    expect(iam.principalOf(undefined)).toEqual({ kind: 'root' });
    expect(iam.principalOf('test')).toEqual({ kind: 'root' });
  });

  it('are not made for a role that does not exist', () => {
    expect(() => setUp().iam.credentialsFor(`${ROLE}2`)).toThrow('cannot be found');
  });
});

describe('trust policies', () => {
  it.each<[string, unknown, string | Principal, Record<string, string>, boolean]>([
    ['a named service', LAMBDA, 'lambda.amazonaws.com', {}, true],
    ['another service', LAMBDA, 'states.amazonaws.com', {}, false],
    [
      'this account as the source',
      trust(
        { Service: 'states.amazonaws.com' },
        { Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } },
      ),
      'states.amazonaws.com',
      {},
      true,
    ],
    [
      'a source that is not the one wanted',
      trust(
        { Service: 'states.amazonaws.com' },
        { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:states:*:*:stateMachine:a' } } },
      ),
      'states.amazonaws.com',
      { 'aws:SourceArn': 'arn:aws:states:eu-central-1:111122223333:stateMachine:b' },
      false,
    ],
    ['the account for root', trust({ AWS: 'arn:aws:iam::111122223333:root' }), { kind: 'root' }, {}, true],
    ['the account for a role', trust({ AWS: '111122223333' }), rolePrincipal(`${ROLE}2`), {}, true],
    ['one role only', trust({ AWS: ROLE }), rolePrincipal(`${ROLE}2`), {}, false],
    ['a service principal', LAMBDA, { kind: 'service', name: 'lambda.amazonaws.com' }, {}, true],
    ['roles are not services', LAMBDA, rolePrincipal(ROLE), {}, false],
  ])('%s', (_, document, assumer, keys, expected) => {
    expect(setUp(document).iam.mayBeAssumedBy(ROLE, assumer, keys)).toBe(expected);
  });

  it('of unknown roles let nobody in', () => {
    expect(setUp().iam.mayBeAssumedBy(`${ROLE}2`, 'lambda.amazonaws.com')).toBe(false);
  });
});

describe('malformed policies', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'Syntax errors in policy.'],
    ['no statement', { Version: '2012-10-17' }, 'no Statement'],
    ['an empty list', { Version: '2012-10-17', Statement: [] }, 'no statement'],
    ['bad JSON', '{', 'invalid Json'],
    ['a wrong version', { ...policy('sqs:*'), Version: '2020-01-01' }, 'must be version 2012-10-17'],
    ['an action without a vendor', policy('PutItem'), 'must be prefaced by a vendor'],
    ['a resource that is no ARN', policy('sqs:*', 'queue'), 'Resource queue must be in ARN format or "*".'],
    ['an ARN without account', policy('sqs:*', 'arn:aws:sqs:*:queue'), 'must be in ARN format'],
    ['a principal', trust({ Service: 'x.amazonaws.com' }), 'should not specify a principal'],
    ['a typo', { Version: '2012-10-17', Statement: { Effect: 'Allow', Actions: 'x:*', Resource: '*' } }, "'Actions'"],
    [
      'a wrong effect',
      { Version: '2012-10-17', Statement: { Effect: 'allow', Action: 'x:*', Resource: '*' } },
      'effect',
    ],
    ['no action', { Version: '2012-10-17', Statement: { Effect: 'Allow', Resource: '*' } }, 'must contain actions'],
  ])('%s', (_, document, message) => {
    const { iam } = setUp();
    expect(() => iam.putRolePolicy('judge', 'bad', document)).toThrow(
      expect.objectContaining({ code: 'MalformedPolicyDocument', message: expect.stringContaining(message) }),
    );
  });

  it('without a principal are no trust policies', () => {
    expect(() => setUp(policy('sts:AssumeRole'))).toThrow('prohibited field Resource');
    expect(() => setUp({})).toThrow('no Statement');
  });
});

describe('the API', () => {
  it('makes, reads, lists and deletes roles', async () => {
    const { iam, call } = setUp();
    const made = await call('CreateRole', {
      RoleName: 'janitor',
      Path: '/ops/',
      AssumeRolePolicyDocument: JSON.stringify(LAMBDA),
    });
    expect(made.Role).toMatchObject({
      Arn: 'arn:aws:iam::111122223333:role/ops/janitor',
      RoleName: 'janitor',
      MaxSessionDuration: 3600,
      CreateDate: new Date('2026-01-05T00:00:00Z'),
    });
    expect(made.Role.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    const { Role } = await call('GetRole', { RoleName: 'janitor' });
    expect(JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument as string))).toEqual(LAMBDA);
    expect((await call('ListRoles', {})).Roles).toMatchObject([{ RoleName: 'janitor' }, { RoleName: 'judge' }]);
    expect((await call('ListRoles', { PathPrefix: '/ops/' })).Roles).toHaveLength(1);
    const first = await call('ListRoles', { MaxItems: '1' });
    expect(first).toMatchObject({ IsTruncated: true, Roles: [{ RoleName: 'janitor' }] });
    expect((await call('ListRoles', { MaxItems: 1, Marker: first.Marker })).Roles).toMatchObject([
      { RoleName: 'judge' },
    ]);
    await call('DeleteRole', { RoleName: 'janitor' });
    await expect(call('GetRole', { RoleName: 'janitor' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      statusCode: 404,
    });
    expect(iam.access('GetRole', { RoleName: 'judge' })).toEqual([{ action: 'iam:GetRole', resource: ROLE }]);
  });

  it('refuses a second role of a name, and to delete one with policies', async () => {
    const { call } = setUp();
    const again = { RoleName: 'judge', AssumeRolePolicyDocument: JSON.stringify(LAMBDA) };
    await expect(call('CreateRole', again)).rejects.toMatchObject({ code: 'EntityAlreadyExists', statusCode: 409 });
    await expect(call('DeleteRole', { RoleName: 'judge' })).rejects.toMatchObject({ code: 'DeleteConflict' });
    await call('DeleteRolePolicy', { RoleName: 'judge', PolicyName: 'own' });
    await call('DeleteRole', { RoleName: 'judge' });
  });

  it('puts, reads and lists inline policies', async () => {
    const { iam, call } = setUp();
    const PolicyDocument = JSON.stringify(policy('kms:Sign', 'arn:aws:kms:*:*:key/*'));
    await call('PutRolePolicy', { RoleName: 'judge', PolicyName: 'also', PolicyDocument });
    expect((await call('ListRolePolicies', { RoleName: 'judge' })).PolicyNames).toEqual(['also', 'own']);
    const read = await call('GetRolePolicy', { RoleName: 'judge', PolicyName: 'also' });
    expect(read.PolicyDocument).not.toContain('*');
    expect(decodeURIComponent(read.PolicyDocument as string)).toBe(PolicyDocument);
    iam.authorize(rolePrincipal(ROLE), [{ action: 'kms:Sign', resource: 'arn:aws:kms:r:a:key/k' }], {});
  });

  it('attaches the managed policies it knows, and refuses the others', async () => {
    const { iam, call } = setUp();
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    await call('AttachRolePolicy', { RoleName: 'judge', PolicyArn });
    expect((await call('ListAttachedRolePolicies', { RoleName: 'judge' })).AttachedPolicies).toEqual([
      { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn },
    ]);
    const logs = [{ action: 'logs:PutLogEvents', resource: 'arn:aws:logs:r:a:log-group:x:*' }];
    iam.authorize(rolePrincipal(ROLE), logs, {});
    await call('DetachRolePolicy', { RoleName: 'judge', PolicyArn });
    expect(() => iam.authorize(rolePrincipal(ROLE), logs, {})).toThrow('not authorized');
    await expect(
      call('AttachRolePolicy', { RoleName: 'judge', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
    ).rejects.toMatchObject({ code: 'UnsupportedFeature' });
  });

  it('simulates a role’s policies', async () => {
    const { iam, call } = setUp();
    iam.putRolePolicy('judge', 'brake', {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        Action: 'sqs:SendMessage',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/stage': 'prod' } },
      },
    });
    const result = await call('SimulatePrincipalPolicy', {
      PolicySourceArn: ROLE,
      ActionNames: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sns:Publish'],
      ContextEntries: [
        { ContextKeyName: 'aws:ResourceTag/stage', ContextKeyValues: ['prod'], ContextKeyType: 'string' },
      ],
    });
    expect(result.EvaluationResults).toMatchObject([
      {
        EvalActionName: 'sqs:SendMessage',
        EvalDecision: 'explicitDeny',
        MatchedStatements: [{ SourcePolicyId: 'brake' }],
      },
      { EvalActionName: 'sqs:ReceiveMessage', EvalDecision: 'allowed', MatchedStatements: [{ SourcePolicyId: 'own' }] },
      { EvalActionName: 'sns:Publish', EvalDecision: 'implicitDeny', MatchedStatements: [] },
    ]);
    expect(iam.usage().size).toBe(0);
  });
});
