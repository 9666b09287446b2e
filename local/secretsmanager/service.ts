/** Secrets Manager on the laptop: secrets with versions and staging labels. */
import { asBoolean, asBytes, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';

const DAY_MS = 86_400_000;

interface SecretVersion {
  readonly id: string;
  readonly string: string | undefined;
  readonly binary: Uint8Array | undefined;
  readonly createdMs: number;
  readonly stages: Set<string>;
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly createdMs: number;
  changedMs: number;
  description: string | undefined;
  kmsKeyId: string | undefined;
  deletedMs?: number;
  readonly tags: Map<string, string>;
  readonly versions: Map<string, SecretVersion>;
}

function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message);
}

class SecretStore {
  readonly #cloud: CloudContext;
  readonly #random;
  readonly secrets = new Map<string, Secret>();

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
    this.#random = cloud.kernel.random('secretsmanager');
  }

  now(): number {
    return this.#cloud.kernel.clock.now();
  }

  uuid(): string {
    return this.#random.uuid();
  }

  /** The ARN ends in six random characters, as AWS's do. */
  newArn(name: string): string {
    return `arn:aws:secretsmanager:${this.#cloud.region}:${this.#cloud.accountId}:secret:${name}-${this.#random.hex(6)}`;
  }

  /** By name, ARN, or ARN without its random end. */
  find(secretId: unknown): Secret | undefined {
    const id = String(secretId);
    return this.secrets.get(id) ?? [...this.secrets.values()].find(({ arn }) => arn === id || arn.slice(0, -7) === id);
  }

  obtain(input: WireInput): Secret {
    const secret = this.find(input.SecretId);
    if (!secret) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return secret;
  }

  /** @throws AwsError InvalidRequestException for a secret that is scheduled for deletion */
  obtainLive(input: WireInput): Secret {
    const secret = this.obtain(input);
    if (secret.deletedMs !== undefined) {
      throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
    }
    return secret;
  }
}

/** Moves a staging label; a version that loses AWSCURRENT becomes AWSPREVIOUS. */
function moveStage(secret: Secret, stage: string, to: SecretVersion): void {
  const from = [...secret.versions.values()].find(({ stages }) => stages.has(stage));
  if (from === to) return;
  from?.stages.delete(stage);
  to.stages.add(stage);
  if (stage !== 'AWSCURRENT') return;
  to.stages.delete('AWSPREVIOUS');
  if (from) {
    for (const { stages } of secret.versions.values()) stages.delete('AWSPREVIOUS');
    from.stages.add('AWSPREVIOUS');
  }
}

function addVersion(store: SecretStore, secret: Secret, input: WireInput): SecretVersion {
  const id = String(input.ClientRequestToken ?? store.uuid());
  const string = input.SecretString === undefined ? undefined : String(input.SecretString);
  const binary = input.SecretBinary === undefined ? undefined : asBytes(input.SecretBinary, 'SecretBinary');
  if (string !== undefined && binary !== undefined) {
    throw new AwsError('InvalidParameterException', "You can't specify both SecretString and SecretBinary.");
  }
  const existing = secret.versions.get(id);
  if (existing) {
    const same = existing.string === string && Buffer.from(existing.binary ?? []).equals(Buffer.from(binary ?? []));
    if (same) return existing;
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const version: SecretVersion = { id, string, binary, createdMs: store.now(), stages: new Set() };
  secret.versions.set(id, version);
  const stages = ((input.VersionStages as unknown[] | undefined) ?? ['AWSCURRENT']).map(String);
  for (const stage of stages) moveStage(secret, stage, version);
  secret.changedMs = store.now();
  for (const [key, { stages: left }] of secret.versions) if (left.size === 0) secret.versions.delete(key);
  return version;
}

function createSecret(store: SecretStore, input: WireInput): object {
  const name = String(input.Name ?? '');
  if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(name)) {
    throw new AwsError(
      'ValidationException',
      `Invalid name '${name}'. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!`,
    );
  }
  const existing = store.secrets.get(name);
  if (existing?.deletedMs !== undefined) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  if (existing)
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
  if (input.AddReplicaRegions !== undefined) throw new UnsupportedFeature('CreateSecret AddReplicaRegions');
  const secret: Secret = {
    name,
    arn: store.newArn(name),
    createdMs: store.now(),
    changedMs: store.now(),
    description: input.Description === undefined ? undefined : String(input.Description),
    kmsKeyId: input.KmsKeyId === undefined ? undefined : String(input.KmsKeyId),
    tags: new Map(((input.Tags ?? []) as WireInput[]).map(({ Key, Value }) => [String(Key), String(Value)])),
    versions: new Map(),
  };
  const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
  const version = hasValue ? addVersion(store, secret, input) : undefined;
  store.secrets.set(name, secret);
  return { ARN: secret.arn, Name: name, VersionId: version?.id };
}

function getSecretValue(store: SecretStore, input: WireInput): object {
  const secret = store.obtainLive(input);
  const stage = input.VersionStage === undefined ? undefined : String(input.VersionStage);
  const version = [...secret.versions.values()].find(
    ({ id, stages }) =>
      (input.VersionId === undefined || id === input.VersionId) &&
      (stage !== undefined ? stages.has(stage) : input.VersionId !== undefined || stages.has('AWSCURRENT')),
  );
  if (!version) {
    const wanted =
      input.VersionId !== undefined
        ? `VersionId: ${String(input.VersionId)}`
        : `staging label: ${stage ?? 'AWSCURRENT'}`;
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${wanted}`,
    );
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.string,
    SecretBinary: version.binary,
    VersionStages: [...version.stages],
    CreatedDate: new Date(version.createdMs),
  };
}

function describeSecret(secret: Secret): object {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: new Date(secret.createdMs),
    LastChangedDate: new Date(secret.changedMs),
    DeletedDate: secret.deletedMs === undefined ? undefined : new Date(secret.deletedMs),
    Tags: [...secret.tags].map(([key, value]) => ({ Key: key, Value: value })),
  };
}

const versionStages = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries([...secret.versions.values()].map(({ id, stages }) => [id, [...stages]]));

function deleteSecret(store: SecretStore, input: WireInput): object {
  const secret = store.obtainLive(input);
  const force =
    input.ForceDeleteWithoutRecovery !== undefined &&
    asBoolean(input.ForceDeleteWithoutRecovery, 'ForceDeleteWithoutRecovery');
  if (force && input.RecoveryWindowInDays !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  const days = force
    ? 0
    : input.RecoveryWindowInDays === undefined
      ? 30
      : asNumber(input.RecoveryWindowInDays, 'RecoveryWindowInDays');
  if (!force && (days < 7 || days > 30)) {
    throw new AwsError(
      'InvalidParameterException',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    );
  }
  const deletionMs = store.now() + days * DAY_MS;
  // Within a run nobody waits for the window's end: a scheduled secret stays refused until it is restored.
  if (force) store.secrets.delete(secret.name);
  else secret.deletedMs = deletionMs;
  return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(deletionMs) };
}

function updateStage(store: SecretStore, input: WireInput): object {
  const secret = store.obtainLive(input);
  const stage = String(input.VersionStage);
  const holder = [...secret.versions.values()].find(({ stages }) => stages.has(stage));
  if (holder && input.RemoveFromVersionId !== holder.id) {
    throw new AwsError(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty or another version. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (input.MoveToVersionId === undefined) {
    if (stage === 'AWSCURRENT')
      throw invalidRequest("You can't remove the staging label AWSCURRENT without moving it to another version.");
    holder?.stages.delete(stage);
  } else {
    const target = secret.versions.get(String(input.MoveToVersionId));
    if (!target)
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the version ${String(input.MoveToVersionId)}`,
      );
    moveStage(secret, stage, target);
  }
  secret.changedMs = store.now();
  return { ARN: secret.arn, Name: secret.name };
}

function listSecrets(store: SecretStore, input: WireInput): object {
  const filters = (input.Filters ?? []) as WireInput[];
  const includeDeleted =
    input.IncludePlannedDeletion !== undefined && asBoolean(input.IncludePlannedDeletion, 'IncludePlannedDeletion');
  const matches = (secret: Secret): boolean =>
    filters.every(({ Key, Values }) => {
      const values = ((Values ?? []) as unknown[]).map(String);
      if (Key === 'name') return values.some((value) => secret.name.startsWith(value));
      if (Key === 'tag-key') return values.some((value) => secret.tags.has(value));
      throw new UnsupportedFeature(`ListSecrets filter '${String(Key)}'`, 'name and tag-key are supported');
    });
  const found = [...store.secrets.values()]
    .filter((secret) => (includeDeleted || secret.deletedMs === undefined) && matches(secret))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const limit = input.MaxResults === undefined ? 100 : asNumber(input.MaxResults, 'MaxResults');
  const from = input.NextToken === undefined ? 0 : asNumber(input.NextToken, 'NextToken');
  return {
    SecretList: found
      .slice(from, from + limit)
      .map((secret) => ({ ...describeSecret(secret), SecretVersionsToStages: versionStages(secret) })),
    NextToken: from + limit < found.length ? String(from + limit) : undefined,
  };
}

function secretOperations(store: SecretStore): Record<string, Operation> {
  return {
    CreateSecret: (input) => createSecret(store, input),
    GetSecretValue: (input) => getSecretValue(store, input),
    PutSecretValue: (input) => {
      const secret = store.obtainLive(input);
      const version = addVersion(store, secret, input);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages] };
    },
    UpdateSecret: (input) => {
      const secret = store.obtainLive(input);
      if (input.Description !== undefined) secret.description = String(input.Description);
      if (input.KmsKeyId !== undefined) secret.kmsKeyId = String(input.KmsKeyId);
      const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
      const version = hasValue ? addVersion(store, secret, { ...input, VersionStages: undefined }) : undefined;
      secret.changedMs = store.now();
      return { ARN: secret.arn, Name: secret.name, VersionId: version?.id };
    },
    DescribeSecret: (input) => {
      const secret = store.obtain(input);
      return { ...describeSecret(secret), VersionIdsToStages: versionStages(secret) };
    },
    DeleteSecret: (input) => deleteSecret(store, input),
    RestoreSecret: (input) => {
      const secret = store.obtain(input);
      delete secret.deletedMs;
      return { ARN: secret.arn, Name: secret.name };
    },
    ListSecrets: (input) => listSecrets(store, input),
    UpdateSecretVersionStage: (input) => updateStage(store, input),
  };
}

/** Secrets Manager (`secretsmanager`): no rotation. */
export function newSecretsManager(cloud: CloudContext): Service {
  const store = new SecretStore(cloud);
  const access = (operation: string, input: WireInput): Access[] => {
    const action = `secretsmanager:${operation}`;
    if (operation === 'ListSecrets') return [{ action, resource: '*' }];
    const id = String(operation === 'CreateSecret' ? input.Name : input.SecretId);
    const unknown = id.startsWith('arn:')
      ? id
      : `arn:aws:secretsmanager:${cloud.region}:${cloud.accountId}:secret:${id}`;
    const stage =
      operation === 'GetSecretValue'
        ? { conditionKeys: { 'secretsmanager:VersionStage': String(input.VersionStage ?? 'AWSCURRENT') } }
        : {};
    return [{ action, resource: store.find(id)?.arn ?? unknown, ...stage }];
  };
  return { id: 'secretsmanager', operations: secretOperations(store), access };
}
