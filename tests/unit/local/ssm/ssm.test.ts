import { describe, expect, it } from '@jest/globals';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newSsm } from '../../../../local/ssm/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

function setUp() {
  const service = newSsm(newFakeCloudContext());
  const call = (operation: string, input: WireInput): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  return { service, call };
}

describe('parameters', () => {
  it('have versions, and are overwritten only on request', () => {
    const { call } = setUp();
    expect(call('PutParameter', { Name: '/app/a', Value: '1', Type: 'String' })).toEqual({
      Version: 1,
      Tier: 'Standard',
    });
    expect(() => call('PutParameter', { Name: '/app/a', Value: '2', Type: 'String' })).toThrow('already exists');
    expect(call('PutParameter', { Name: '/app/a', Value: '2', Overwrite: true })).toMatchObject({ Version: 2 });
    expect(call('GetParameter', { Name: '/app/a' }).Parameter).toMatchObject({
      Value: '2',
      Version: 2,
      Type: 'String',
      ARN: 'arn:aws:ssm:eu-central-1:111122223333:parameter/app/a',
      LastModifiedDate: new Date(Date.UTC(2026, 0, 5)),
    });
    expect(call('GetParameter', { Name: '/app/a:1' }).Parameter.Value).toBe('1');
    expect(() => call('GetParameter', { Name: '/app/b' })).toThrow('Parameter /app/b not found.');
    call('DeleteParameter', { Name: '/app/a' });
    expect(() => call('DeleteParameter', { Name: '/app/a' })).toThrow('not found');
  });

  it('hide a SecureString unless it is decrypted', () => {
    const { call } = setUp();
    call('PutParameter', { Name: 'token', Value: 's3cret', Type: 'SecureString' });
    expect(call('GetParameter', { Name: 'token' }).Parameter.Value).not.toContain('s3cret');
    expect(call('GetParameter', { Name: 'token', WithDecryption: true }).Parameter.Value).toBe('s3cret');
    expect(call('DescribeParameters', {}).Parameters).toMatchObject([{ Name: 'token', KeyId: 'alias/aws/ssm' }]);
    expect(call('GetParameter', { Name: 'arn:aws:ssm:eu-central-1:111122223333:parameter/token' }).Parameter.Name).toBe(
      'token',
    );
  });

  it('are found by names and by path, in pages', () => {
    const { call } = setUp();
    for (const name of ['/a/1', '/a/2', '/a/b/3', '/c'])
      call('PutParameter', { Name: name, Value: 'v', Type: 'String' });
    expect(call('GetParameters', { Names: ['/a/1', '/x'] })).toMatchObject({
      Parameters: [{ Name: '/a/1' }],
      InvalidParameters: ['/x'],
    });
    const names = (input: WireInput): string[] =>
      call('GetParametersByPath', input).Parameters.map((p: WireInput) => p.Name);
    expect(names({ Path: '/a' })).toEqual(['/a/1', '/a/2']);
    expect(names({ Path: '/a/', Recursive: true })).toEqual(['/a/1', '/a/2', '/a/b/3']);
    const { NextToken } = call('GetParametersByPath', { Path: '/a', MaxResults: 1 });
    expect(names({ Path: '/a', MaxResults: 1, NextToken })).toEqual(['/a/2']);
    const filter = { Key: 'Name', Option: 'BeginsWith', Values: ['/a'] };
    expect(call('DescribeParameters', { ParameterFilters: [filter] }).Parameters).toHaveLength(3);
  });

  it('are refused with bad names, types and policies', () => {
    const { call } = setUp();
    expect(() => call('PutParameter', { Name: 'a b', Value: 'v', Type: 'String' })).toThrow("'a b' is not valid");
    expect(() => call('PutParameter', { Name: 'a', Value: 'v' })).toThrow("Type 'undefined' is not one of");
    expect(() => call('PutParameter', { Name: 'a', Value: 'v', Type: 'String', Policies: '[]' })).toThrow(
      'UnsupportedFeature',
    );
  });

  it('name their ARNs to IAM', () => {
    const { service } = setUp();
    expect(
      service.access('GetParameters', { Names: ['/a', 'b'] }).map(({ action, resource }) => [action, resource]),
    ).toEqual([
      ['ssm:GetParameters', 'arn:aws:ssm:eu-central-1:111122223333:parameter/a'],
      ['ssm:GetParameters', 'arn:aws:ssm:eu-central-1:111122223333:parameter/b'],
    ]);
  });
});
