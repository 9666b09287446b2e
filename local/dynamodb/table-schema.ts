/** What a table and its indexes look like: read from CreateTable, checked with AWS's messages. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';

export type KeyType = 'S' | 'N' | 'B';

export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

export interface KeySchema {
  readonly hash: KeyAttribute;
  readonly range: KeyAttribute | undefined;
}

export interface IndexSchema {
  readonly name: string;
  readonly kind: 'global' | 'local';
  readonly key: KeySchema;
  readonly projectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
  readonly nonKeyAttributes: readonly string[];
  /** Names of the attributes in the index, keys of table and index included; undefined for all. */
  readonly projected: ReadonlySet<string> | undefined;
}

export interface TableSchema {
  readonly name: string;
  readonly key: KeySchema;
  readonly indexes: readonly IndexSchema[];
  readonly attributes: readonly KeyAttribute[];
}

const INVALID = 'One or more parameter values were invalid: ';
const MAX_INDEXES = { global: 20, local: 5 } as const;

/** The attributes of a key schema, hash first. */
export function keyAttributes(key: KeySchema): readonly KeyAttribute[] {
  return key.range ? [key.hash, key.range] : [key.hash];
}

function readAttributes(wire: unknown): KeyAttribute[] {
  if (!Array.isArray(wire)) {
    throw validationError(
      "1 validation error detected: Value null at 'attributeDefinitions' failed to satisfy constraint: " +
        'Member must not be null',
    );
  }
  return wire.map((definition: WireInput) => {
    const type: unknown = definition.AttributeType;
    if (type !== 'S' && type !== 'N' && type !== 'B') {
      throw validationError(
        `1 validation error detected: Value '${String(type)}' at 'attributeDefinitions.1.member.attributeType' ` +
          'failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]',
      );
    }
    return { name: String(definition.AttributeName), type };
  });
}

function readKey(wire: unknown, attributes: readonly KeyAttribute[]): KeySchema {
  const elements = (Array.isArray(wire) ? wire : []) as WireInput[];
  const [hash, range] = elements;
  if (!hash || elements.length > 2) {
    throw validationError(`${INVALID}KeySchema must have one or two elements, got ${elements.length}`);
  }
  const names = elements.map((element) => String(element.AttributeName));
  const [hashAttribute, rangeAttribute] = names.map((name) => {
    const attribute = attributes.find((definition) => definition.name === name);
    if (attribute) return attribute;
    throw validationError(
      `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(', ')}], ` +
        `AttributeDefinitions: [${attributes.map((definition) => definition.name).join(', ')}]`,
    );
  });
  if (names[0] === names[1]) {
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name');
  }
  if (hash.KeyType !== 'HASH') {
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type');
  }
  if (range && range.KeyType !== 'RANGE') {
    throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type');
  }
  return { hash: hashAttribute!, range: rangeAttribute };
}

function readProjection(wire: WireInput | undefined): Pick<IndexSchema, 'projectionType' | 'nonKeyAttributes'> {
  const projectionType = wire?.ProjectionType as string | undefined;
  if (projectionType !== 'ALL' && projectionType !== 'KEYS_ONLY' && projectionType !== 'INCLUDE') {
    throw validationError(`${INVALID}Unknown ProjectionType: ${projectionType ?? 'null'}`);
  }
  const nonKeyAttributes = (wire?.NonKeyAttributes ?? []) as string[];
  if (nonKeyAttributes.length > 0 && projectionType !== 'INCLUDE') {
    throw validationError(`${INVALID}ProjectionType is ${projectionType}, but NonKeyAttributes is specified`);
  }
  if (nonKeyAttributes.length === 0 && projectionType === 'INCLUDE') {
    throw validationError(`${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`);
  }
  return { projectionType, nonKeyAttributes };
}

function readIndex(
  kind: 'global' | 'local',
  wire: WireInput,
  tableKey: KeySchema,
  attributes: readonly KeyAttribute[],
): IndexSchema {
  const name = String(wire.IndexName);
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
    throw validationError(
      `1 validation error detected: Value '${name}' at 'indexName' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]{3,255}',
    );
  }
  const key = readKey(wire.KeySchema, attributes);
  if (kind === 'local' && !key.range) {
    throw validationError(`${INVALID}Index KeySchema does not have a range key for index: ${name}`);
  }
  if (kind === 'local' && key.hash.name !== tableKey.hash.name) {
    throw validationError(
      `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. ` +
        `index hash key: ${key.hash.name}, table hash key: ${tableKey.hash.name}`,
    );
  }
  for (const member of ['ProvisionedThroughput', 'OnDemandThroughput', 'WarmThroughput']) {
    if (wire[member] !== undefined) throw new UnsupportedFeature(`DynamoDB ${member} of index ${name}`);
  }
  const projection = readProjection(wire.Projection as WireInput | undefined);
  const keys = [...keyAttributes(key), ...keyAttributes(tableKey)].map((attribute) => attribute.name);
  const projected =
    projection.projectionType === 'ALL' ? undefined : new Set([...keys, ...projection.nonKeyAttributes]);
  return { name, kind, key, ...projection, projected };
}

function readIndexes(
  kind: 'global' | 'local',
  wire: unknown,
  tableKey: KeySchema,
  attributes: readonly KeyAttribute[],
): IndexSchema[] {
  if (wire === undefined || wire === null) return [];
  const member = kind === 'global' ? 'GlobalSecondaryIndexes' : 'LocalSecondaryIndexes';
  const list = wire as WireInput[];
  if (list.length === 0) throw validationError(`${INVALID}List of ${member} is empty`);
  if (kind === 'local' && !tableKey.range) {
    throw validationError(
      `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    );
  }
  if (list.length > MAX_INDEXES[kind]) {
    throw validationError(
      kind === 'global'
        ? `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`
        : `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5`,
    );
  }
  return list.map((index) => readIndex(kind, index, tableKey, attributes));
}

/** Reads the schema members of CreateTable. @throws AwsError ValidationException, UnsupportedFeature */
export function readTableSchema(input: WireInput): TableSchema {
  const name = String(input.TableName);
  const attributes = readAttributes(input.AttributeDefinitions);
  const key = readKey(input.KeySchema, attributes);
  const indexes = [
    ...readIndexes('global', input.GlobalSecondaryIndexes, key, attributes),
    ...readIndexes('local', input.LocalSecondaryIndexes, key, attributes),
  ];
  const names = new Set<string>();
  for (const index of indexes) {
    if (names.has(index.name)) throw validationError(`${INVALID}Duplicate index name: ${index.name}`);
    names.add(index.name);
  }
  const used = new Set([key, ...indexes.map((index) => index.key)].flatMap(keyAttributes));
  if (attributes.length !== used.size) {
    throw validationError(
      indexes.length === 0
        ? `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in ` +
            'AttributeDefinitions'
        : `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: ` +
            `[${attributes.map((attribute) => attribute.name).join(', ')}], ` +
            `keys used: [${[...used].map((attribute) => attribute.name).join(', ')}]`,
    );
  }
  return { name, key, indexes, attributes };
}
