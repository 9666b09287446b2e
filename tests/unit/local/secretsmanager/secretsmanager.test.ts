import { describe, expect, it } from '@jest/globals';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newSecretsManager } from '../../../../local/secretsmanager/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

function setUp() {
  const service = newSecretsManager(newFakeCloudContext());
  const call = (operation: string, input: WireInput): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  const created = call('CreateSecret', { Name: 'slack', SecretString: 'one', Tags: [{ Key: 'k', Value: 'v' }] });
  const value = (input: WireInput = {}): WireInput => call('GetSecretValue', { SecretId: 'slack', ...input });
  return { service, call, created, value };
}

describe('secrets', () => {
  it('move AWSCURRENT and AWSPREVIOUS with each new value', () => {
    const { call, created, value } = setUp();
    call('PutSecretValue', { SecretId: 'slack', SecretString: 'two' });
    expect(value()).toMatchObject({ SecretString: 'two', VersionStages: ['AWSCURRENT'] });
    expect(value({ VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'one', VersionId: created.VersionId });
    call('UpdateSecret', { SecretId: created.ARN, SecretString: 'three', Description: 'd' });
    expect(value({ VersionStage: 'AWSPREVIOUS' }).SecretString).toBe('two');
    expect(() => value({ VersionId: created.VersionId })).toThrow("can't find the specified secret value");
    expect(Object.values(call('DescribeSecret', { SecretId: 'slack' }).VersionIdsToStages)).toEqual([
      ['AWSPREVIOUS'],
      ['AWSCURRENT'],
    ]);
  });

  it('are staged apart and moved by hand', () => {
    const { call, created, value } = setUp();
    const { VersionId } = call('PutSecretValue', {
      SecretId: 'slack',
      SecretString: 'next',
      VersionStages: ['AWSPENDING'],
    });
    expect(value().SecretString).toBe('one');
    const move = { SecretId: 'slack', VersionStage: 'AWSCURRENT', MoveToVersionId: VersionId };
    expect(() => call('UpdateSecretVersionStage', move)).toThrow('RemoveFromVersionId');
    call('UpdateSecretVersionStage', { ...move, RemoveFromVersionId: created.VersionId });
    expect(value().SecretString).toBe('next');
    expect(value({ VersionStage: 'AWSPREVIOUS' }).SecretString).toBe('one');
  });

  it('are idempotent by their token and hold bytes, too', () => {
    const { call, value } = setUp();
    const input = {
      SecretId: 'slack',
      SecretBinary: Buffer.from([1, 2]).toString('base64'),
      ClientRequestToken: 'token-1',
    };
    expect(call('PutSecretValue', input).VersionId).toBe('token-1');
    expect(call('PutSecretValue', input).VersionId).toBe('token-1');
    expect(() => call('PutSecretValue', { ...input, SecretBinary: 'AAAA' })).toThrow('already in use');
    expect(value().SecretBinary).toEqual(Buffer.from([1, 2]));
  });

  it('are created once, listed, deleted and restored', () => {
    const { call, value } = setUp();
    expect(() => call('CreateSecret', { Name: 'slack' })).toThrow('already exists');
    expect(call('ListSecrets', { Filters: [{ Key: 'name', Values: ['sl'] }] }).SecretList).toMatchObject([
      { Name: 'slack' },
    ]);
    call('DeleteSecret', { SecretId: 'slack', RecoveryWindowInDays: 7 });
    expect(() => value()).toThrow('marked for deletion');
    expect(call('ListSecrets', {}).SecretList).toEqual([]);
    call('RestoreSecret', { SecretId: 'slack' });
    expect(value().SecretString).toBe('one');
    call('DeleteSecret', { SecretId: 'slack', ForceDeleteWithoutRecovery: true });
    expect(() => value()).toThrow("can't find the specified secret");
  });

  it('name their full ARN to IAM', () => {
    const { service, created } = setUp();
    expect(service.access('GetSecretValue', { SecretId: 'slack' })).toEqual([
      {
        action: 'secretsmanager:GetSecretValue',
        resource: created.ARN,
        conditionKeys: { 'secretsmanager:VersionStage': 'AWSCURRENT' },
      },
    ]);
    expect(created.ARN).toMatch(/^arn:aws:secretsmanager:eu-central-1:111122223333:secret:slack-[0-9a-f]{6}$/);
  });
});
