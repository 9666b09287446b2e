/** SSM Parameter Store on the laptop. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';

const TYPES = ['String', 'StringList', 'SecureString'] as const;
type ParameterType = (typeof TYPES)[number];

interface ParameterVersion {
  readonly version: number;
  readonly type: ParameterType;
  readonly value: string;
  readonly description: string | undefined;
  readonly keyId: string | undefined;
  readonly modifiedMs: number;
}

function parameterNotFound(name: string): AwsError {
  return new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
}

function page<T>(items: readonly T[], input: WireInput, most: number): { items: T[]; NextToken: string | undefined } {
  const limit = input.MaxResults === undefined ? most : asNumber(input.MaxResults, 'MaxResults');
  if (limit < 1 || limit > most) throw validationError(`MaxResults ${limit} must be between 1 and ${most}`);
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from)) throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  return {
    items: items.slice(from, from + limit),
    NextToken: from + limit < items.length ? String(from + limit) : undefined,
  };
}

class ParameterStore {
  readonly #cloud: CloudContext;
  /** Versions of each parameter, oldest first. */
  readonly #parameters = new Map<string, ParameterVersion[]>();

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
  }

  arn(name: string): string {
    return `arn:aws:ssm:${this.#cloud.region}:${this.#cloud.accountId}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
  }

  names(): string[] {
    return [...this.#parameters.keys()].sort();
  }

  newest(name: string): ParameterVersion {
    return this.#parameters.get(name)!.at(-1)!;
  }

  put(input: WireInput): object {
    const name = String(input.Name ?? '');
    if (!/^\/?[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/.test(name))
      throw validationError(`Parameter name: '${name}' is not valid`);
    const versions = this.#parameters.get(name) ?? [];
    const overwrite = input.Overwrite !== undefined && asBoolean(input.Overwrite, 'Overwrite');
    if (versions.length > 0 && !overwrite) {
      const message =
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
      throw new AwsError('ParameterAlreadyExists', message);
    }
    for (const member of ['Policies', 'AllowedPattern']) {
      if (input[member] !== undefined) throw new UnsupportedFeature(`PutParameter ${member}`);
    }
    if (input.DataType !== undefined && input.DataType !== 'text')
      throw new UnsupportedFeature(`DataType '${String(input.DataType)}'`);
    const type = (input.Type ?? versions.at(-1)?.type) as ParameterType | undefined;
    if (type === undefined || !TYPES.includes(type))
      throw validationError(`Type '${String(type)}' is not one of ${TYPES.join(', ')}`);
    const value = String(input.Value ?? '');
    if (value === '') throw validationError('Value must have at least 1 character');
    if (Buffer.byteLength(value) > (input.Tier === 'Advanced' ? 8192 : 4096)) {
      throw validationError('Standard tier parameters support a maximum parameter value of 4096 characters.');
    }
    const version = (versions.at(-1)?.version ?? 0) + 1;
    const keyId = type === 'SecureString' ? String(input.KeyId ?? 'alias/aws/ssm') : undefined;
    const description = input.Description === undefined ? undefined : String(input.Description);
    const added = { version, type, value, description, keyId, modifiedMs: this.#cloud.kernel.clock.now() };
    // AWS keeps a hundred versions.
    this.#parameters.set(name, [...versions, added].slice(-100));
    return { Version: version, Tier: input.Tier === 'Advanced' ? 'Advanced' : 'Standard' };
  }

  /** `name`, `name:3` or an ARN. */
  find(selector: string): { name: string; version: ParameterVersion } | undefined {
    const plain = this.nameOf(selector);
    const [, name = '', number] = /^(.*?)(?::(\d+))?$/.exec(plain)!;
    const versions = this.#parameters.get(name);
    const version =
      number === undefined ? versions?.at(-1) : versions?.find((candidate) => candidate.version === Number(number));
    return version && { name, version };
  }

  /** The name behind an ARN; both `/a/b` and `a` are stored as they were put. */
  nameOf(selector: string): string {
    const path = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter(\/.*)$/.exec(selector)?.[1];
    if (path === undefined) return selector;
    const bare = path.slice(1);
    return this.#parameters.has(bare.replace(/:\d+$/, '')) ? bare : path;
  }

  delete(name: string): boolean {
    return this.#parameters.delete(this.nameOf(name));
  }
}

function describe(store: ParameterStore, found: { name: string; version: ParameterVersion }, input: WireInput): object {
  const { name, version } = found;
  const decrypt = input.WithDecryption !== undefined && asBoolean(input.WithDecryption, 'WithDecryption');
  const hidden = version.type === 'SecureString' && !decrypt;
  return {
    Name: name,
    Type: version.type,
    // What AWS gives back here is ciphertext; only that it is not the value matters.
    Value: hidden ? Buffer.from(`encrypted:${name}:${version.version}`).toString('base64') : version.value,
    Version: version.version,
    LastModifiedDate: new Date(version.modifiedMs),
    ARN: store.arn(name),
    DataType: 'text',
  };
}

function getByPath(store: ParameterStore, input: WireInput): object {
  const path = String(input.Path);
  if (!path.startsWith('/')) throw validationError(`The parameter path '${path}' must begin with a forward slash "/".`);
  if (input.ParameterFilters !== undefined) throw new UnsupportedFeature('GetParametersByPath ParameterFilters');
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const recursive = input.Recursive !== undefined && asBoolean(input.Recursive, 'Recursive');
  const found = store
    .names()
    .filter((name) => name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/')));
  const { items, NextToken } = page(found, input, 10);
  return { Parameters: items.map((name) => describe(store, { name, version: store.newest(name) }, input)), NextToken };
}

function matchesFilter(store: ParameterStore, name: string, filter: WireInput): boolean {
  const values = ((filter.Values ?? []) as unknown[]).map(String);
  const option = String(filter.Option ?? 'Equals');
  if (filter.Key === 'Type') return values.includes(store.newest(name).type);
  if (filter.Key === 'Path') return values.some((path) => name.startsWith(path.endsWith('/') ? path : `${path}/`));
  if (filter.Key !== 'Name') throw new UnsupportedFeature(`DescribeParameters filter '${String(filter.Key)}'`);
  return values.some((value) =>
    option === 'BeginsWith' ? name.startsWith(value) : option === 'Contains' ? name.includes(value) : name === value,
  );
}

function describeParameters(store: ParameterStore, input: WireInput): object {
  if (input.Filters !== undefined) throw new UnsupportedFeature('DescribeParameters Filters', 'use ParameterFilters');
  const filters = (input.ParameterFilters ?? []) as WireInput[];
  const found = store.names().filter((name) => filters.every((filter) => matchesFilter(store, name, filter)));
  const { items, NextToken } = page(found, input, 50);
  const parameters = items.map((name) => {
    const version = store.newest(name);
    return {
      Name: name,
      ARN: store.arn(name),
      Type: version.type,
      KeyId: version.keyId,
      LastModifiedDate: new Date(version.modifiedMs),
      Description: version.description,
      Version: version.version,
      Tier: 'Standard',
      DataType: 'text',
    };
  });
  return { Parameters: parameters, NextToken };
}

function parameterOperations(store: ParameterStore): Record<string, Operation> {
  const namesOf = (input: WireInput): string[] => ((input.Names ?? []) as unknown[]).map(String);
  return {
    PutParameter: (input) => store.put(input),
    GetParameter: (input) => {
      const found = store.find(String(input.Name));
      if (!found) throw parameterNotFound(String(input.Name));
      return { Parameter: describe(store, found, input) };
    },
    GetParameters: (input) => {
      const names = namesOf(input);
      if (names.length > 10) throw validationError(`Names: ${names.length} are more than 10`);
      const found = names.map((name) => ({ name, hit: store.find(name) }));
      return {
        Parameters: found.flatMap(({ hit }) => (hit ? [describe(store, hit, input)] : [])),
        InvalidParameters: found.flatMap(({ name, hit }) => (hit ? [] : [name])),
      };
    },
    GetParametersByPath: (input) => getByPath(store, input),
    DescribeParameters: (input) => describeParameters(store, input),
    DeleteParameter: (input) => {
      if (!store.delete(String(input.Name))) throw parameterNotFound(String(input.Name));
    },
    DeleteParameters: (input) => {
      const outcome = namesOf(input).map((name) => ({ name, deleted: store.delete(name) }));
      return {
        DeletedParameters: outcome.flatMap(({ name, deleted }) => (deleted ? [name] : [])),
        InvalidParameters: outcome.flatMap(({ name, deleted }) => (deleted ? [] : [name])),
      };
    },
  };
}

/** SSM Parameter Store (`ssm`): String, StringList and SecureString with versions. */
export function newSsm(cloud: CloudContext): Service {
  const store = new ParameterStore(cloud);
  const access = (operation: string, input: WireInput): Access[] => {
    const action = `ssm:${operation}`;
    if (operation === 'DescribeParameters') {
      return [{ action, resource: `arn:aws:ssm:${cloud.region}:${cloud.accountId}:*` }];
    }
    const names = ((input.Names ?? [input.Name ?? input.Path]) as unknown[]).map((name) => store.nameOf(String(name)));
    return names.map((name) => ({ action, resource: store.arn(name.replace(/:\d+$/, '').replace(/(?<=.)\/$/, '')) }));
  };
  return { id: 'ssm', operations: parameterOperations(store), access };
}
