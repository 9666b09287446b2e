import { describe, expect, it } from '@jest/globals';
import { rolePrincipal, type WireInput } from '../../../../local/kernel/service.ts';
import { newSts } from '../../../../local/sts/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const ROLE = 'arn:aws:iam::111122223333:role/path/judge';

function setUp() {
  const asked: string[][] = [];
  const service = newSts(newFakeCloudContext(), (roleArn, sessionName) => {
    asked.push([roleArn, sessionName]);
    return { AccessKeyId: 'ASIA1', SecretAccessKey: 's', SessionToken: 't' };
  });
  return { service, asked };
}

describe('STS', () => {
  it('says who calls', () => {
    const { service } = setUp();
    expect(service.operations.GetCallerIdentity!({}, ROOT)).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:iam::111122223333:root',
    });
    expect(
      service.operations.GetCallerIdentity!({}, { principal: rolePrincipal(ROLE, 'look'), requestId: 'r' }),
    ).toMatchObject({
      Arn: 'arn:aws:sts::111122223333:assumed-role/judge/look',
      UserId: expect.stringMatching(/^AROA[0-9A-Z]{17}:look$/),
    });
    expect(service.access('GetCallerIdentity', {})).toEqual([]);
  });

  it('hands out credentials of a role for a time', () => {
    const { service, asked } = setUp();
    const answer = service.operations.AssumeRole!(
      { RoleArn: ROLE, RoleSessionName: 'cli', DurationSeconds: '900' },
      ROOT,
    ) as WireInput;
    expect(answer).toMatchObject({
      Credentials: {
        AccessKeyId: 'ASIA1',
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration: new Date(Date.UTC(2026, 0, 5, 0, 15)),
      },
      AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/judge/cli' },
    });
    expect(asked).toEqual([[ROLE, 'cli']]);
    expect(service.access('AssumeRole', { RoleArn: ROLE })).toEqual([{ action: 'sts:AssumeRole', resource: ROLE }]);
  });

  it('refuses what is not valid or not supported', () => {
    const { service } = setUp();
    const assume = (input: WireInput) => () =>
      service.operations.AssumeRole!({ RoleArn: ROLE, RoleSessionName: 'cli', ...input }, ROOT);
    expect(assume({ RoleArn: 'judge' })).toThrow('judge is invalid');
    expect(assume({ RoleSessionName: 'a b' })).toThrow("Value 'a b' at 'roleSessionName'");
    expect(assume({ DurationSeconds: 10 })).toThrow('between 900 and 43200');
    expect(assume({ Policy: '{}' })).toThrow('UnsupportedFeature');
  });
});
