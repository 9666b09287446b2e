/** KMS on the laptop: symmetric keys that really encrypt (AES-256-GCM), with encryption context, aliases and grants by policy. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { asBoolean, asBytes, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_LENGTH = 36;
const DAY_MS = 86_400_000;

interface Key {
  readonly id: string;
  readonly arn: string;
  readonly material: Buffer;
  readonly createdMs: number;
  readonly description: string;
  policy: string;
  enabled: boolean;
  rotation: boolean;
  deletionMs?: number;
}

function invalidCiphertext(): AwsError {
  // AWS says no more than this, on purpose.
  return new AwsError('InvalidCiphertextException', '');
}

class KeyStore {
  readonly #cloud: CloudContext;
  readonly random: Random;
  readonly keys = new Map<string, Key>();
  /** Alias (with its `alias/`) -> key id. */
  readonly aliases = new Map<string, string>();

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
    this.random = cloud.kernel.random('kms');
  }

  now(): number {
    return this.#cloud.kernel.clock.now();
  }

  arn(resource: string): string {
    return `arn:aws:kms:${this.#cloud.region}:${this.#cloud.accountId}:${resource}`;
  }

  bytes(count: number): Buffer {
    return Buffer.from(this.random.hex(count * 2), 'hex');
  }

  /** By id, key ARN, alias or alias ARN. */
  find(keyId: unknown): Key | undefined {
    const resource = String(keyId).replace(/^arn:[^:]*:kms:[^:]*:[^:]*:/, '');
    if (resource.startsWith('alias/')) return this.keys.get(this.aliases.get(resource) ?? '');
    return this.keys.get(resource.replace(/^key\//, ''));
  }

  obtain(keyId: unknown): Key {
    const key = this.find(keyId);
    if (key) return key;
    const named = String(keyId);
    const what = named.includes('alias/')
      ? `Alias ${named.startsWith('arn:') ? named : this.arn(named)}`
      : `Key '${named.startsWith('arn:') ? named : this.arn(`key/${named}`)}'`;
    throw new AwsError('NotFoundException', `${what} ${what.startsWith('Alias') ? 'is not found.' : 'does not exist'}`);
  }

  /** @throws AwsError DisabledException, KMSInvalidStateException */
  obtainUsable(keyId: unknown): Key {
    const key = this.obtain(keyId);
    if (key.deletionMs !== undefined) throw new AwsError('KMSInvalidStateException', `${key.arn} is pending deletion.`);
    if (!key.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    return key;
  }
}

/** The context as authenticated data: sorted, so that the order of its entries does not matter. */
function contextBytes(context: unknown): Buffer {
  const entries = Object.entries((context ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(entries));
}

/** Ciphertext blob: key id, IV, tag, ciphertext. */
function encrypt(store: KeyStore, key: Key, plaintext: Uint8Array, context: unknown): Buffer {
  const iv = store.bytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from(key.id), iv, cipher.getAuthTag(), ciphertext]);
}

function keyOfCiphertext(store: KeyStore, blob: Buffer): Key | undefined {
  return store.keys.get(blob.toString('latin1', 0, KEY_ID_LENGTH));
}

function decrypt(store: KeyStore, input: WireInput): object {
  const blob = Buffer.from(asBytes(input.CiphertextBlob, 'CiphertextBlob'));
  const written = keyOfCiphertext(store, blob);
  if (!written || blob.length < KEY_ID_LENGTH + IV_BYTES + TAG_BYTES) throw invalidCiphertext();
  if (input.KeyId !== undefined && store.obtain(input.KeyId) !== written) {
    throw new AwsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  const key = store.obtainUsable(written.id);
  const tagAt = KEY_ID_LENGTH + IV_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(KEY_ID_LENGTH, tagAt), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(contextBytes(input.EncryptionContext))
    .setAuthTag(blob.subarray(tagAt, tagAt + TAG_BYTES));
  try {
    const plaintext = Buffer.concat([decipher.update(blob.subarray(tagAt + TAG_BYTES)), decipher.final()]);
    return { KeyId: key.arn, Plaintext: new Uint8Array(plaintext), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  } catch {
    // A wrong tag: other context, or a blob that was changed.
    throw invalidCiphertext();
  }
}

function refuseAsymmetric(input: WireInput): void {
  const spec = (input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT') as unknown;
  if (spec !== 'SYMMETRIC_DEFAULT')
    throw new UnsupportedFeature(`KMS key spec '${String(spec)}'`, 'only SYMMETRIC_DEFAULT');
  if (input.EncryptionAlgorithm !== undefined && input.EncryptionAlgorithm !== 'SYMMETRIC_DEFAULT') {
    throw new UnsupportedFeature(
      `encryption algorithm '${String(input.EncryptionAlgorithm)}'`,
      'only SYMMETRIC_DEFAULT',
    );
  }
  if (input.GrantTokens !== undefined && (input.GrantTokens as unknown[]).length > 0)
    throw new UnsupportedFeature('KMS grants');
  if (input.MultiRegion !== undefined && asBoolean(input.MultiRegion, 'MultiRegion'))
    throw new UnsupportedFeature('multi-region keys');
}

function createKey(store: KeyStore, accountId: string, input: WireInput): object {
  refuseAsymmetric(input);
  if (input.KeyUsage !== undefined && input.KeyUsage !== 'ENCRYPT_DECRYPT') {
    throw new UnsupportedFeature(`KMS key usage '${String(input.KeyUsage)}'`, 'only ENCRYPT_DECRYPT');
  }
  const id = store.random.uuid();
  const open = {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
  const key: Key = {
    id,
    arn: store.arn(`key/${id}`),
    material: store.bytes(32),
    createdMs: store.now(),
    description: String(input.Description ?? ''),
    policy: input.Policy === undefined ? JSON.stringify(open) : String(input.Policy),
    enabled: true,
    rotation: false,
  };
  store.keys.set(id, key);
  return { KeyMetadata: describeKey(key, accountId) };
}

function describeKey(key: Key, accountId: string): object {
  return {
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdMs),
    Enabled: key.enabled && key.deletionMs === undefined,
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: key.deletionMs !== undefined ? 'PendingDeletion' : key.enabled ? 'Enabled' : 'Disabled',
    DeletionDate: key.deletionMs === undefined ? undefined : new Date(key.deletionMs),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  };
}

function aliasOperations(store: KeyStore): Record<string, Operation> {
  const checked = (input: WireInput): string => {
    const name = String(input.AliasName);
    if (!/^alias\/[A-Za-z0-9/_-]+$/.test(name))
      throw new AwsError('ValidationException', `Alias '${name}' must be alias/ and letters, digits, / _ -`);
    if (name.startsWith('alias/aws/')) throw new AwsError('NotAuthorizedException', 'alias/aws/ is reserved for AWS.');
    return name;
  };
  const known = (name: string): string => {
    if (!store.aliases.has(name)) throw new AwsError('NotFoundException', `Alias ${store.arn(name)} is not found.`);
    return name;
  };
  return {
    CreateAlias: (input) => {
      const name = checked(input);
      if (store.aliases.has(name))
        throw new AwsError('AlreadyExistsException', `An alias with the name ${store.arn(name)} already exists`);
      store.aliases.set(name, store.obtain(input.TargetKeyId).id);
    },
    UpdateAlias: (input) => {
      store.aliases.set(known(checked(input)), store.obtain(input.TargetKeyId).id);
    },
    DeleteAlias: (input) => {
      store.aliases.delete(known(checked(input)));
    },
    ListAliases: (input) => {
      const key = input.KeyId === undefined ? undefined : store.obtain(input.KeyId);
      const aliases = [...store.aliases]
        .filter(([, id]) => key === undefined || id === key.id)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        Aliases: aliases.map(([name, id]) => ({ AliasName: name, AliasArn: store.arn(name), TargetKeyId: id })),
        Truncated: false,
      };
    },
  };
}

function keyOperations(store: KeyStore, accountId: string): Record<string, Operation> {
  const change =
    (apply: (key: Key, input: WireInput) => object | void): Operation =>
    (input) =>
      apply(store.obtain(input.KeyId), input);
  return {
    CreateKey: (input) => createKey(store, accountId, input),
    DescribeKey: change((key) => ({ KeyMetadata: describeKey(key, accountId) })),
    ListKeys: () => ({
      Keys: [...store.keys.values()].map((key) => ({ KeyId: key.id, KeyArn: key.arn })),
      Truncated: false,
    }),
    EnableKey: change((key) => void (key.enabled = true)),
    DisableKey: change((key) => void (key.enabled = false)),
    // Rotation keeps decrypting what older material encrypted; within a run of days the material stays the same.
    EnableKeyRotation: change((key) => void (key.rotation = true)),
    DisableKeyRotation: change((key) => void (key.rotation = false)),
    GetKeyRotationStatus: change((key) => ({ KeyRotationEnabled: key.rotation, KeyId: key.id })),
    GetKeyPolicy: change((key) => ({ Policy: key.policy, PolicyName: 'default' })),
    PutKeyPolicy: change((key, input) => void (key.policy = String(input.Policy))),
    ScheduleKeyDeletion: change((key, input) => {
      const days =
        input.PendingWindowInDays === undefined ? 30 : asNumber(input.PendingWindowInDays, 'PendingWindowInDays');
      if (days < 7 || days > 30)
        throw new AwsError('ValidationException', `PendingWindowInDays ${days} must be between 7 and 30`);
      key.deletionMs = store.now() + days * DAY_MS;
      return {
        KeyId: key.arn,
        DeletionDate: new Date(key.deletionMs),
        KeyState: 'PendingDeletion',
        PendingWindowInDays: days,
      };
    }),
  };
}

function cryptographicOperations(store: KeyStore): Record<string, Operation> {
  const dataKey = (input: WireInput): { key: Key; plaintext: Buffer; blob: Buffer } => {
    refuseAsymmetric({ ...input, KeySpec: undefined });
    const key = store.obtainUsable(input.KeyId);
    const sizes: Readonly<Record<string, number>> = { AES_256: 32, AES_128: 16 };
    const size =
      input.NumberOfBytes !== undefined ? asNumber(input.NumberOfBytes, 'NumberOfBytes') : sizes[String(input.KeySpec)];
    if (size === undefined || size < 1 || size > 1024) {
      throw new AwsError(
        'ValidationException',
        'Please specify either number of bytes (1 to 1024) or key spec (AES_256, AES_128).',
      );
    }
    const plaintext = store.bytes(size);
    return { key, plaintext, blob: encrypt(store, key, plaintext, input.EncryptionContext) };
  };
  return {
    Encrypt: (input) => {
      refuseAsymmetric(input);
      const key = store.obtainUsable(input.KeyId);
      const plaintext = asBytes(input.Plaintext, 'Plaintext');
      if (plaintext.length < 1 || plaintext.length > 4096) {
        throw new AwsError('ValidationException', `Plaintext of ${plaintext.length} bytes must have 1 to 4096`);
      }
      const blob = encrypt(store, key, plaintext, input.EncryptionContext);
      return { CiphertextBlob: new Uint8Array(blob), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt: (input) => {
      refuseAsymmetric(input);
      return decrypt(store, input);
    },
    GenerateDataKey: (input) => {
      const { key, plaintext, blob } = dataKey(input);
      return { CiphertextBlob: new Uint8Array(blob), Plaintext: new Uint8Array(plaintext), KeyId: key.arn };
    },
    GenerateDataKeyWithoutPlaintext: (input) => {
      const { key, blob } = dataKey(input);
      return { CiphertextBlob: new Uint8Array(blob), KeyId: key.arn };
    },
  };
}

function accessOf(store: KeyStore, operation: string, input: WireInput): Access[] {
  const action = `kms:${operation}`;
  if (['CreateKey', 'ListKeys', 'ListAliases'].includes(operation)) return [{ action, resource: '*' }];
  if (operation.endsWith('Alias')) {
    const alias = { action, resource: store.arn(String(input.AliasName)) };
    const target = input.TargetKeyId ?? store.aliases.get(String(input.AliasName));
    return [alias, { action, resource: store.find(target)?.arn ?? store.arn(`key/${String(target)}`) }];
  }
  const blob =
    operation === 'Decrypt' && input.CiphertextBlob !== undefined
      ? Buffer.from(asBytes(input.CiphertextBlob, 'CiphertextBlob'))
      : undefined;
  const key = blob ? keyOfCiphertext(store, blob) : store.find(input.KeyId);
  const context = Object.entries((input.EncryptionContext ?? {}) as Record<string, string>);
  const conditionKeys: Record<string, string | readonly string[]> = Object.fromEntries(
    context.map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
  );
  if (context.length > 0) conditionKeys['kms:EncryptionContextKeys'] = context.map(([name]) => name);
  const named = String(input.KeyId ?? '*');
  const unknown = named.startsWith('arn:') ? named : store.arn(`key/${named}`);
  return [{ action, resource: key?.arn ?? unknown, ...(context.length > 0 ? { conditionKeys } : {}) }];
}

/** KMS (`kms`): symmetric keys only. Key policies are kept and given back; who may do what is decided by the caller's role. */
export function newKms(cloud: CloudContext): Service {
  const store = new KeyStore(cloud);
  return {
    id: 'kms',
    operations: {
      ...keyOperations(store, cloud.accountId),
      ...aliasOperations(store),
      ...cryptographicOperations(store),
    },
    access: (operation, input) => accessOf(store, operation, input),
  };
}
