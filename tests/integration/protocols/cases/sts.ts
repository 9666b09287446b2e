import { ACCOUNT, makeRole, refused, role, type ServiceCases } from '../case.ts';

export const STS: ServiceCases = {
  service: 'sts',
  prepare: (cloud) => makeRole(cloud, 'reader', 'lambda.amazonaws.com'),
  cases: [
    { operation: 'GetCallerIdentity', input: {}, answer: { Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root` } },
    {
      operation: 'AssumeRole',
      input: { RoleArn: role('reader'), RoleSessionName: 'session-1', DurationSeconds: 900 },
      answer: {
        'Credentials.AccessKeyId': /^ASIA/,
        'Credentials.Expiration': Date,
        'AssumedRoleUser.Arn': `arn:aws:sts::${ACCOUNT}:assumed-role/reader/session-1`,
      },
    },
    refused(
      'AssumeRole',
      { RoleArn: 'arn:aws:iam::1:user/xxxxxxxxx', RoleSessionName: 'session-1' },
      'ValidationError',
      400,
      /is invalid/,
    ),
    refused(
      'AssumeRole',
      { RoleArn: role('none'), RoleSessionName: 'session-1' },
      'AccessDenied',
      403,
      /is not authorized to perform: sts:AssumeRole/,
    ),
  ],
};
