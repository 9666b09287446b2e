import { describe, expect, it } from '@jest/globals';
import { newIam } from '../../../../local/iam/service.ts';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { type Access, rolePrincipal } from '../../../../local/kernel/service.ts';
import { newFakeCloudContext } from '../../../support/fake-cloud-context.ts';

const ROLE = 'arn:aws:iam::111122223333:role/judge';
const TABLE = 'arn:aws:dynamodb:eu-central-1:111122223333:table/rollouts';
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

type Statement = Record<string, unknown>;

function iamWith(...statements: Statement[]) {
  const cloud = newFakeCloudContext();
  const iam = newIam(cloud);
  iam.putRole({
    roleName: 'judge',
    arn: ROLE,
    assumeRolePolicy: TRUST,
    policies:
      statements.length === 0 ? [] : [{ name: 'own', document: { Version: '2012-10-17', Statement: statements } }],
    tags: { team: 'ml' },
  });
  return { iam, cloud };
}

const allow = (Action: unknown, Resource: unknown = '*', Condition?: unknown): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const deny = (Action: unknown, Resource: unknown = '*', Condition?: unknown): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});

/** The error with which a role of these statements is refused, or undefined when it is allowed. */
function refusal(
  statements: Statement[],
  access: Access,
  globalKeys: Record<string, string> = {},
  service?: string,
): AwsError | undefined {
  const { iam } = iamWith(...statements);
  try {
    iam.authorize(rolePrincipal(ROLE, 'look-1'), [access], globalKeys, service);
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

const allowed = (statements: Statement[], access: Access, globalKeys?: Record<string, string>): boolean => {
  const error = refusal(statements, access, globalKeys);
  if (error && !error.code.startsWith('AccessDenied')) throw error;
  return error === undefined;
};

const read = (resource = TABLE): Access => ({ action: 'dynamodb:GetItem', resource });

describe('a role', () => {
  it('is refused with AWS’s words when no policy allows the action', () => {
    expect(refusal([allow('dynamodb:PutItem', TABLE)], read())).toMatchObject({
      code: 'AccessDeniedException',
      statusCode: 400,
      message:
        `User: arn:aws:sts::111122223333:assumed-role/judge/look-1 is not authorized to perform: dynamodb:GetItem ` +
        `on resource: ${TABLE} because no identity-based policy allows the dynamodb:GetItem action`,
    });
  });

  it('is refused by an explicit deny, whatever is allowed', () => {
    expect(refusal([allow('*'), deny('dynamodb:Get*', TABLE)], read())?.message).toMatch(
      / on resource: .*rollouts with an explicit deny in an identity-based policy$/,
    );
  });

  it.each([
    ['s3', 's3:GetObject', 'AccessDenied', 403],
    ['sqs', 'sqs:SendMessage', 'AccessDenied', 403],
    ['sns', 'sns:Publish', 'AuthorizationError', 403],
    ['lambda', 'lambda:InvokeFunction', 'AccessDeniedException', 403],
    ['states', 'iam:PassRole', 'AccessDeniedException', 400],
    ['monitoring', 'cloudwatch:PutMetricData', 'AccessDenied', 403],
    ['sagemaker', 'sagemaker:InvokeEndpoint', 'AccessDeniedException', 403],
  ])('of %s:%s is refused with %s', (service, action, code, statusCode) => {
    const error = refusal([deny('*')], { action, resource: 'arn:aws:s3:::bucket/key' }, {}, service);
    expect(error).toMatchObject({ code, statusCode });
  });

  it('that was never made is refused', () => {
    const { iam } = iamWith();
    expect(() => iam.authorize(rolePrincipal('arn:aws:iam::111122223333:role/ghost'), [read()], {})).toThrow(
      'because the role does not exist',
    );
  });

  it('needs every access of a call, and what it was allowed is recorded only then', () => {
    const { iam } = iamWith(allow('dynamodb:GetItem', TABLE), allow('kms:Decrypt'));
    const principal = rolePrincipal(ROLE);
    iam.authorize(principal, [read(), { action: 'kms:Decrypt', resource: 'arn:aws:kms:::key/k' }], {});
    expect(() => iam.authorize(principal, [read(`${TABLE}2`), { action: 'kms:Decrypt', resource: 'x' }], {})).toThrow();
    expect(Object.fromEntries(iam.usage())).toEqual({
      judge: new Set([`dynamodb:GetItem ${TABLE}`, 'kms:Decrypt arn:aws:kms:::key/k']),
    });
  });

  it('gains and loses rights at once when its policies change', () => {
    const { iam } = iamWith(allow('dynamodb:GetItem', TABLE));
    const principal = rolePrincipal(ROLE);
    iam.authorize(principal, [read()], {});
    iam.putRolePolicy('judge', 'brake', { Version: '2012-10-17', Statement: deny('dynamodb:*') });
    expect(() => iam.authorize(principal, [read()], {})).toThrow('explicit deny');
  });
});

describe('root and services', () => {
  it('may do everything, and are not recorded', () => {
    const { iam } = iamWith();
    iam.authorize({ kind: 'root' }, [read()], {});
    iam.authorize({ kind: 'service', name: 'events.amazonaws.com' }, [read()], {});
    expect(iam.usage().size).toBe(0);
  });
});

describe('actions and resources', () => {
  it.each<[string, Statement, Access, boolean]>([
    ['actions ignore case', allow('DynamoDB:getitem'), read(), true],
    ['* in an action', allow('dynamodb:*Item'), read(), true],
    ['? in an action', allow('dynamodb:G?tItem'), read(), true],
    ['? is one character', allow('dynamodb:GetIt?'), read(), false],
    ['an action list', allow(['kms:Sign', 'dynamodb:GetItem']), read(), true],
    ['NotAction', { Effect: 'Allow', NotAction: 'dynamodb:Get*', Resource: '*' }, read(), false],
    ['NotAction of others', { Effect: 'Allow', NotAction: 'kms:*', Resource: '*' }, read(), true],
    ['an exact resource', allow('dynamodb:*', TABLE), read(), true],
    ['resources heed case', allow('dynamodb:*', TABLE.replace('rollouts', 'Rollouts')), read(), false],
    ['an index is another resource', allow('dynamodb:*', TABLE), read(`${TABLE}/index/byStatus`), false],
    ['* at the end', allow('dynamodb:*', `${TABLE}/index/*`), read(`${TABLE}/index/byStatus`), true],
    ['* spans : and / of the last segment', allow('logs:*', 'arn:aws:logs:*:*:*'), logs(), true],
    ['* stays in its segment', allow('dynamodb:*', 'arn:aws:dynamodb:*:table/rollouts:x'), read(), false],
    ['* as the region', allow('dynamodb:*', 'arn:aws:dynamodb:*:111122223333:table/*'), read(), true],
    ['another account', allow('dynamodb:*', 'arn:aws:dynamodb:*:999999999999:table/*'), read(), false],
    ['a short pattern', allow('dynamodb:*', 'arn:aws:dynamodb:*'), read(), true],
    ['NotResource', { Effect: 'Allow', Action: '*', NotResource: TABLE }, read(), false],
    ['no resource at all needs *', allow('dynamodb:*', 'arn:aws:dynamodb:*:*:*'), read('*'), false],
    [
      'dots are dots',
      allow('s3:*', 'arn:aws:s3:::a.b/*'),
      { action: 's3:GetObject', resource: 'arn:aws:s3:::axb/k' },
      false,
    ],
  ])('%s', (_, statement, access, expected) => {
    expect(allowed([statement], access)).toBe(expected);
  });

  function logs(): Access {
    return {
      action: 'logs:PutLogEvents',
      resource: 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/x:log-stream:y',
    };
  }
});

describe('conditions', () => {
  const keys = {
    'iam:PassedToService': 'sagemaker.amazonaws.com',
    'aws:ResourceTag/stage': 'prod',
    'aws:RequestTag/stage': 'Prod',
    'cloudwatch:namespace': 'Switchyard',
    'dynamodb:LeadingKeys': ['MODEL#a', 'MODEL#b'],
    'aws:SourceArn': 'arn:aws:events:eu-central-1:111122223333:rule/bus/r',
    's3:max-keys': '10',
  };
  const access: Access = { action: 'x:Do', resource: '*', conditionKeys: keys };

  it.each<[string, string, unknown, boolean]>([
    ['StringEquals', 'iam:PassedToService', 'sagemaker.amazonaws.com', true],
    ['StringEquals', 'IAM:passedtoservice', 'sagemaker.amazonaws.com', true],
    ['StringEquals', 'iam:PassedToService', ['lambda.amazonaws.com', 'sagemaker.amazonaws.com'], true],
    ['StringEquals', 'iam:PassedToService', '*.amazonaws.com', false],
    ['StringEquals', 'aws:SourceAccount', '111122223333', true],
    ['StringEquals', 'aws:Absent', 'x', false],
    ['StringEqualsIfExists', 'aws:Absent', 'x', true],
    ['StringEqualsIfExists', 'aws:ResourceTag/stage', 'dev', false],
    ['StringEqualsIgnoreCase', 'aws:RequestTag/stage', 'PROD', true],
    ['StringNotEqualsIgnoreCase', 'aws:RequestTag/stage', 'PROD', false],
    ['StringEquals', 'aws:RequestTag/stage', 'prod', false],
    ['StringNotEquals', 'aws:ResourceTag/stage', ['dev', 'prod'], false],
    ['StringNotEquals', 'aws:ResourceTag/stage', ['dev', 'test'], true],
    ['StringNotEquals', 'aws:Absent', 'x', true],
    ['StringLike', 'cloudwatch:namespace', 'Switch*', true],
    ['StringLike', 'cloudwatch:namespace', 'switch*', false],
    ['StringNotLike', 'cloudwatch:namespace', 'AWS/*', true],
    ['ArnEquals', 'aws:SourceArn', 'arn:aws:events:*:111122223333:rule/bus/*', true],
    ['ArnLike', 'aws:SourceArn', 'arn:aws:events:*:rule/bus/*', false],
    ['ArnNotLike', 'aws:SourceArn', 'arn:aws:events:*:*:rule/other/*', true],
    ['Bool', 'aws:SecureTransport', 'true', true],
    ['Bool', 'aws:SecureTransport', false, false],
    ['Null', 'aws:Absent', 'true', true],
    ['Null', 'aws:Absent', 'false', false],
    ['Null', 'iam:PassedToService', 'false', true],
    ['NumericLessThanEquals', 's3:max-keys', 10, true],
    ['NumericLessThan', 's3:max-keys', '10', false],
    ['NumericGreaterThan', 's3:max-keys', '9.5', true],
    ['NumericNotEquals', 's3:max-keys', '11', true],
    ['NumericEquals', 'cloudwatch:namespace', '0', false],
    ['DateGreaterThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', true],
    ['DateLessThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', false],
    ['DateLessThanEquals', 'aws:EpochTime', '2026-01-05T00:00:00Z', true],
    ['ForAllValues:StringLike', 'dynamodb:LeadingKeys', 'MODEL#*', true],
    ['ForAllValues:StringEquals', 'dynamodb:LeadingKeys', 'MODEL#a', false],
    ['ForAllValues:StringEquals', 'aws:Absent', 'MODEL#a', true],
    ['ForAnyValue:StringEquals', 'dynamodb:LeadingKeys', 'MODEL#a', true],
    ['ForAnyValue:StringEquals', 'dynamodb:LeadingKeys', 'MODEL#c', false],
    ['ForAnyValue:StringNotEquals', 'dynamodb:LeadingKeys', 'MODEL#a', true],
    ['ForAnyValue:StringNotEquals', 'aws:Absent', 'x', false],
    ['StringEquals', 'aws:PrincipalTag/team', 'ml', true],
    ['StringEquals', 'aws:PrincipalArn', ROLE, true],
    ['StringEquals', 'aws:ResourceTag/stage', '${aws:RequestedRegion}', false],
    ['StringEquals', 'aws:PrincipalTag/team', '${aws:PrincipalTag/team}', true],
    ['StringEquals', 'aws:PrincipalTag/team', "${aws:username, 'ml'}", true],
    ['StringEquals', 'aws:PrincipalTag/team', '${aws:username}', false],
  ])('%s of %s with %j is %s', (operator, key, value, expected) => {
    const statement = allow('x:Do', '*', { [operator]: { [key]: value } });
    expect(allowed([statement], access, { 'aws:SourceAccount': '111122223333' })).toBe(expected);
  });

  it('must all hold', () => {
    const statement = allow('x:Do', '*', {
      StringEquals: { 'cloudwatch:namespace': 'Switchyard', 'aws:ResourceTag/stage': 'dev' },
    });
    expect(allowed([statement], access)).toBe(false);
  });

  it('restrict a deny as well', () => {
    const statements = [allow('*'), deny('x:Do', '*', { StringEquals: { 'aws:ResourceTag/stage': 'prod' } })];
    expect(allowed(statements, access)).toBe(false);
    expect(allowed(statements, { ...access, conditionKeys: { 'aws:ResourceTag/stage': 'dev' } })).toBe(true);
  });

  it('are asked anew for each request', () => {
    const { iam } = iamWith(allow('x:Do', '*', { StringEquals: { 'aws:ResourceTag/stage': 'dev' } }));
    const ask = (stage: string) => () =>
      iam.authorize(rolePrincipal(ROLE), [{ ...access, conditionKeys: { 'aws:ResourceTag/stage': stage } }], {});
    expect(ask('prod')).toThrow();
    expect(ask('dev')).not.toThrow();
    expect(ask('prod')).toThrow();
  });

  it('that are not known are refused loudly', () => {
    expect(() => iamWith(allow('x:Do', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }))).toThrow(
      "UnsupportedFeature: IAM condition operator 'IpAddress' on 'aws:SourceIp'",
    );
  });

  it('on several values without a set operator are refused loudly', () => {
    const statement = allow('x:Do', '*', { StringLike: { 'dynamodb:LeadingKeys': 'MODEL#*' } });
    expect(() => allowed([statement], access)).toThrow('write ForAllValues: or ForAnyValue: before the operator');
  });
});

describe('policy variables in resources', () => {
  const statement = allow('s3:GetObject', 'arn:aws:s3:::reports/${aws:PrincipalTag/team}/${*}');
  const get = (key: string): Access => ({ action: 's3:GetObject', resource: `arn:aws:s3:::reports/${key}` });

  it('take the request’s values, and ${*} is a star', () => {
    expect(allowed([statement], get('ml/*'))).toBe(true);
    expect(allowed([statement], get('ml/a'))).toBe(false);
    expect(allowed([statement], get('bi/*'))).toBe(false);
  });

  it('match nothing without a value', () => {
    expect(allowed([allow('s3:GetObject', 'arn:aws:s3:::reports/${aws:username}')], get('x'))).toBe(false);
  });
});
