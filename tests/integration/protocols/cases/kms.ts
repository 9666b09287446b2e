import { bytes, refused, saved, savedBytes, type ServiceCases } from '../case.ts';

const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }],
});
const KeyId = saved('KeyId');

export const KMS: ServiceCases = {
  service: 'kms',
  cases: [
    {
      operation: 'CreateKey',
      input: { Description: 'audit', Policy: policy, Tags: [{ TagKey: 'stage', TagValue: 'dev' }] },
      answer: { 'KeyMetadata.KeyId': /-/, 'KeyMetadata.CreationDate': Date, 'KeyMetadata.Enabled': true },
      save: { KeyId: 'KeyMetadata.KeyId' },
    },
    { operation: 'DescribeKey', input: { KeyId }, answer: { 'KeyMetadata.KeyState': 'Enabled' } },
    { operation: 'ListKeys', input: { Limit: 10 }, answer: { 'Keys.0.KeyArn': /:key\//, Truncated: false } },
    { operation: 'DisableKey', input: { KeyId }, answer: {} },
    refused('Encrypt', { KeyId, Plaintext: bytes('x') }, 'DisabledException', 400, /is disabled/),
    { operation: 'EnableKey', input: { KeyId }, answer: {} },
    { operation: 'EnableKeyRotation', input: { KeyId }, answer: {} },
    { operation: 'GetKeyRotationStatus', input: { KeyId }, answer: { KeyRotationEnabled: true } },
    { operation: 'DisableKeyRotation', input: { KeyId }, answer: {} },
    { operation: 'PutKeyPolicy', input: { KeyId, PolicyName: 'default', Policy: policy }, answer: {} },
    { operation: 'GetKeyPolicy', input: { KeyId, PolicyName: 'default' }, answer: { Policy: policy } },
    { operation: 'CreateAlias', input: { AliasName: 'alias/audit', TargetKeyId: KeyId }, answer: {} },
    { operation: 'UpdateAlias', input: { AliasName: 'alias/audit', TargetKeyId: KeyId }, answer: {} },
    { operation: 'ListAliases', input: { KeyId }, answer: { 'Aliases.0.AliasName': 'alias/audit' } },
    {
      operation: 'Encrypt',
      input: { KeyId: 'alias/audit', Plaintext: bytes('the plain text'), EncryptionContext: { model: 'demand' } },
      answer: { CiphertextBlob: Uint8Array, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      save: { Ciphertext: 'CiphertextBlob' },
    },
    {
      operation: 'Decrypt',
      input: { CiphertextBlob: savedBytes('Ciphertext'), EncryptionContext: { model: 'demand' } },
      answer: { Plaintext: Uint8Array, KeyId: /:key\// },
    },
    {
      operation: 'GenerateDataKey',
      input: { KeyId, KeySpec: 'AES_256' },
      answer: { Plaintext: Uint8Array, CiphertextBlob: Uint8Array },
    },
    {
      operation: 'GenerateDataKeyWithoutPlaintext',
      input: { KeyId, NumberOfBytes: 24 },
      answer: { CiphertextBlob: Uint8Array },
    },
    { operation: 'DeleteAlias', input: { AliasName: 'alias/audit' }, answer: {} },
    {
      operation: 'ScheduleKeyDeletion',
      input: { KeyId, PendingWindowInDays: 7 },
      answer: { DeletionDate: Date, KeyState: 'PendingDeletion' },
    },
    refused('DescribeKey', { KeyId: 'alias/none' }, 'NotFoundException', 400, /alias\/none is not found/),
    refused(
      'Decrypt',
      { CiphertextBlob: bytes('garbage that nobody encrypted') },
      'InvalidCiphertextException',
      400,
      /^/,
    ),
  ],
};
