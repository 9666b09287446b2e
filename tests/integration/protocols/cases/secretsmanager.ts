import { bytes, refused, saved, type ServiceCases } from '../case.ts';

const SecretId = 'slack/signing';
const TOKEN = 'secret-version-token-00000000000000';

export const SECRETSMANAGER: ServiceCases = {
  service: 'secretsmanager',
  cases: [
    {
      operation: 'CreateSecret',
      input: {
        Name: SecretId,
        SecretString: '{"key":"größe <&>"}',
        Description: 'of Slack',
        Tags: [{ Key: 'stage', Value: 'dev' }],
        ClientRequestToken: `${TOKEN}1`,
      },
      answer: { ARN: /:secret:slack\/signing-/, VersionId: /./ },
      save: { First: 'VersionId' },
    },
    {
      operation: 'GetSecretValue',
      input: { SecretId },
      answer: { SecretString: '{"key":"größe <&>"}', CreatedDate: Date, 'VersionStages.0': 'AWSCURRENT' },
    },
    {
      operation: 'PutSecretValue',
      input: { SecretId, SecretBinary: bytes('binary'), ClientRequestToken: `${TOKEN}2` },
      answer: { VersionId: /./ },
      save: { Second: 'VersionId' },
    },
    { operation: 'GetSecretValue', input: { SecretId }, answer: { SecretBinary: Uint8Array } },
    {
      operation: 'UpdateSecretVersionStage',
      input: {
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: saved('First'),
        RemoveFromVersionId: saved('Second'),
      },
      answer: { Name: SecretId },
    },
    {
      operation: 'UpdateSecret',
      input: { SecretId, Description: 'of the workspace', ClientRequestToken: `${TOKEN}3` },
      answer: { Name: SecretId },
    },
    {
      operation: 'DescribeSecret',
      input: { SecretId },
      answer: {
        Description: 'of the workspace',
        LastChangedDate: Date,
        'Tags.0.Key': 'stage',
        VersionIdsToStages: /object/,
      },
    },
    {
      operation: 'ListSecrets',
      input: { Filters: [{ Key: 'name', Values: ['slack/'] }], MaxResults: 5 },
      answer: { 'SecretList.0.Name': SecretId, 'SecretList.0.CreatedDate': Date },
    },
    refused(
      'CreateSecret',
      { Name: SecretId, SecretString: 'x', ClientRequestToken: `${TOKEN}4` },
      'ResourceExistsException',
      400,
      /already exists/,
    ),
    { operation: 'DeleteSecret', input: { SecretId, RecoveryWindowInDays: 7 }, answer: { DeletionDate: Date } },
    refused('GetSecretValue', { SecretId }, 'InvalidRequestException', 400, /marked for deletion/),
    { operation: 'RestoreSecret', input: { SecretId }, answer: { Name: SecretId } },
    refused(
      'GetSecretValue',
      { SecretId: 'none' },
      'ResourceNotFoundException',
      400,
      /can't find the specified secret/,
    ),
  ],
};
