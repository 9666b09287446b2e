/** Keys of items: their identity, their place in a table, and what AWS demands of them. */
import { type AwsError, validationError } from '../kernel/errors.ts';
import { hash32 } from '../kernel/random.ts';
import { type AttributeValue, type Item, newMap, readItem, setMemberKey, typeOf } from './attribute-value.ts';
import {
  type IndexSchema,
  type KeyAttribute,
  keyAttributes,
  type KeySchema,
  type TableSchema,
} from './table-schema.ts';

export interface PrimaryKey {
  /** Equal for equal keys of one table. */
  readonly id: string;
  /** The hash attribute's value as text. */
  readonly hash: string;
  /** Decides where the hash comes in a scan. */
  readonly hashCode: number;
  readonly range: AttributeValue | undefined;
}

const MAX_HASH_BYTES = 2048;
const MAX_RANGE_BYTES = 1024;

/** A key value as text, equal for equal values of one type. */
export function keyText(value: AttributeValue): string {
  const text = setMemberKey(value);
  if (text === undefined) throw new Error(`a key of type ${typeOf(value)} got past its validation`);
  return text;
}

/** The primary key of an item (or key) that was checked before. */
export function primaryKeyOf(item: Item, schema: KeySchema): PrimaryKey {
  const hash = keyText(item[schema.hash.name]!);
  const range = schema.range && item[schema.range.name];
  // The length keeps ('a', 'bc') and ('ab', 'c') apart.
  const id = range ? `${hash.length}:${hash}${keyText(range)}` : hash;
  return { id, hash, hashCode: hash32(hash), range };
}

function sizeBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  return 'B' in value ? value.B.byteLength : 0;
}

function isEmpty(value: AttributeValue): boolean {
  return ('S' in value && value.S === '') || ('B' in value && value.B.byteLength === 0);
}

const kindOf = (value: AttributeValue): string => ('S' in value ? 'string' : 'binary');

function keySizeError(value: AttributeValue, isHash: boolean): AwsError | undefined {
  if (sizeBytes(value) <= (isHash ? MAX_HASH_BYTES : MAX_RANGE_BYTES)) return undefined;
  return validationError(
    isHash
      ? 'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes'
      : 'One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes',
  );
}

const MISMATCH = 'The provided key element does not match the schema';

function requireKeyPart(key: Item, attribute: KeyAttribute, isHash: boolean): void {
  const value = key[attribute.name];
  if (!value || typeOf(value) !== attribute.type) throw validationError(MISMATCH);
  if (isEmpty(value)) {
    throw validationError(
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
        `${kindOf(value)} value. Key: ${attribute.name}`,
    );
  }
  const tooLarge = keySizeError(value, isHash);
  if (tooLarge) throw tooLarge;
}

/** Checks that a key has exactly the attributes of the schemas, well typed. @throws AwsError ValidationException */
export function requireKey(key: Item, ...schemas: readonly KeySchema[]): void {
  const attributes = new Set(schemas.flatMap(keyAttributes));
  if (Object.keys(key).length !== attributes.size) throw validationError(MISMATCH);
  for (const schema of schemas) {
    requireKeyPart(key, schema.hash, true);
    if (schema.range) requireKeyPart(key, schema.range, false);
  }
}

/** Reads the `Key` of a request. @throws AwsError ValidationException when it does not match the schema */
export function readKey(wire: unknown, schema: TableSchema): Item {
  if (wire === undefined || wire === null) {
    throw validationError(
      "1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null",
    );
  }
  const key = readItem(wire);
  requireKey(key, schema.key);
  return key;
}

/** Checks the key attributes of a whole item. @throws AwsError ValidationException */
export function requireItemKey(item: Item, schema: TableSchema): void {
  for (const attribute of keyAttributes(schema.key)) {
    const value = item[attribute.name];
    const invalid = 'One or more parameter values were invalid: ';
    if (!value) throw validationError(`${invalid}Missing the key ${attribute.name} in the item`);
    if (typeOf(value) !== attribute.type) {
      throw validationError(
        `${invalid}Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
      );
    }
    requireKeyPart(item, attribute, attribute === schema.key.hash);
  }
}

function requireIndexKeyPart(item: Item, attribute: KeyAttribute, index: IndexSchema): void {
  const value = item[attribute.name];
  if (!value) return;
  if (typeOf(value) !== attribute.type) {
    throw validationError(
      `One or more parameter values were invalid: Type mismatch for Index Key ${attribute.name} ` +
        `Expected: ${attribute.type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
    );
  }
  if (isEmpty(value)) {
    throw validationError(
      'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
        `The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value. ` +
        `IndexName: ${index.name}, IndexKey: ${attribute.name}`,
    );
  }
  const tooLarge = keySizeError(value, attribute === index.key.hash);
  if (tooLarge) throw tooLarge;
}

/** Checks the attributes that are keys of indexes; they may be absent. @throws AwsError ValidationException */
export function requireIndexKeys(item: Item, schema: TableSchema): void {
  for (const index of schema.indexes) {
    requireIndexKeyPart(item, index.key.hash, index);
    if (index.key.range) requireIndexKeyPart(item, index.key.range, index);
  }
}

/** The key attributes of an item, in the order of the schemas. */
export function keyOf(item: Item, ...schemas: readonly KeySchema[]): Item {
  const key = newMap();
  for (const attribute of schemas.flatMap(keyAttributes)) key[attribute.name] = item[attribute.name]!;
  return key;
}
