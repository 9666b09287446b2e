import { describe, expect, it } from '@jest/globals';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newKms } from '../../../../local/kms/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

function setUp(seed = 1) {
  const service = newKms(newFakeCloudContext(seed));
  const call = (operation: string, input: WireInput = {}): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  const { KeyMetadata: key } = call('CreateKey', { Description: 'tokens' });
  call('CreateAlias', { AliasName: 'alias/tokens', TargetKeyId: key.KeyId });
  const encrypt = (text: string, more: WireInput = {}): Uint8Array =>
    call('Encrypt', { KeyId: 'alias/tokens', Plaintext: Buffer.from(text), ...more }).CiphertextBlob as Uint8Array;
  const decrypt = (blob: unknown, more: WireInput = {}): string =>
    Buffer.from(call('Decrypt', { CiphertextBlob: blob, ...more }).Plaintext as Uint8Array).toString();
  return { service, call, key, encrypt, decrypt };
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};

describe('encryption', () => {
  it('comes back only with the same context, in any order', () => {
    const { encrypt, decrypt } = setUp();
    const blob = encrypt('token', { EncryptionContext: { a: '1', b: '2' } });
    expect(Buffer.from(blob).includes('token')).toBe(false);
    expect(decrypt(blob, { EncryptionContext: { b: '2', a: '1' } })).toBe('token');
    expect(decrypt(Buffer.from(blob).toString('base64'), { EncryptionContext: { a: '1', b: '2' } })).toBe('token');
    expect(codeOf(() => decrypt(blob, { EncryptionContext: { a: '1' } }))).toBe('InvalidCiphertextException');
    expect(codeOf(() => decrypt(blob))).toBe('InvalidCiphertextException');
  });

  it('notices a changed or foreign blob', () => {
    const { call, encrypt, decrypt } = setUp();
    const blob = encrypt('token');
    const changed = Uint8Array.from(blob, (byte, index) => (index === blob.length - 1 ? byte ^ 1 : byte));
    expect(codeOf(() => decrypt(changed))).toBe('InvalidCiphertextException');
    expect(codeOf(() => decrypt(Buffer.from('nonsense')))).toBe('InvalidCiphertextException');
    const other = call('CreateKey').KeyMetadata.KeyId as string;
    expect(codeOf(() => decrypt(blob, { KeyId: other }))).toBe('IncorrectKeyException');
    expect(encrypt('token')).not.toEqual(blob);
  });

  it('is the same for the same seed', () => {
    expect(setUp(7).encrypt('x')).toEqual(setUp(7).encrypt('x'));
    expect(setUp(7).encrypt('x')).not.toEqual(setUp(8).encrypt('x'));
  });

  it('makes data keys that can be decrypted', () => {
    const { call } = setUp();
    const { Plaintext, CiphertextBlob } = call('GenerateDataKey', { KeyId: 'alias/tokens', KeySpec: 'AES_256' });
    expect(Plaintext).toHaveLength(32);
    expect(call('Decrypt', { CiphertextBlob }).Plaintext).toEqual(Plaintext);
    expect(codeOf(() => call('GenerateDataKey', { KeyId: 'alias/tokens' }))).toBe('ValidationException');
  });
});

describe('keys', () => {
  it('are described, disabled, rotated and scheduled for deletion', () => {
    const { call, key, encrypt } = setUp();
    expect(call('DescribeKey', { KeyId: key.Arn }).KeyMetadata).toMatchObject({
      KeyState: 'Enabled',
      Description: 'tokens',
    });
    expect(call('ListAliases', { KeyId: key.KeyId }).Aliases).toMatchObject([{ AliasName: 'alias/tokens' }]);
    expect(call('ListKeys').Keys).toHaveLength(1);
    call('EnableKeyRotation', { KeyId: key.KeyId });
    expect(call('GetKeyRotationStatus', { KeyId: key.KeyId }).KeyRotationEnabled).toBe(true);
    expect(JSON.parse(call('GetKeyPolicy', { KeyId: key.KeyId }).Policy as string)).toMatchObject({
      Statement: [{ Action: 'kms:*' }],
    });
    call('DisableKey', { KeyId: key.KeyId });
    expect(codeOf(() => encrypt('x'))).toBe('DisabledException');
    call('ScheduleKeyDeletion', { KeyId: key.KeyId, PendingWindowInDays: 7 });
    expect(codeOf(() => encrypt('x'))).toBe('KMSInvalidStateException');
    expect(codeOf(() => call('DescribeKey', { KeyId: 'alias/none' }))).toBe('NotFoundException');
    expect(codeOf(() => call('CreateKey', { KeySpec: 'RSA_2048' }))).toBe('UnsupportedFeature');
  });

  it('are named by their ARN to IAM, with the encryption context', () => {
    const { service, key, encrypt } = setUp();
    const blob = encrypt('x', { EncryptionContext: { model: 'm' } });
    expect(service.access('Encrypt', { KeyId: 'alias/tokens' })).toEqual([
      { action: 'kms:Encrypt', resource: key.Arn },
    ]);
    expect(service.access('Decrypt', { CiphertextBlob: blob, EncryptionContext: { model: 'm' } })).toEqual([
      {
        action: 'kms:Decrypt',
        resource: key.Arn,
        conditionKeys: { 'kms:EncryptionContext:model': 'm', 'kms:EncryptionContextKeys': ['model'] },
      },
    ]);
  });
});
