/** Attribute values: their types, how they are read from the wire, when they are equal and how they are ordered. */
import { AwsError, validationError } from '../kernel/errors.ts';
import { canonicalNumber, compareNumbers } from './decimal.ts';

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'L' | 'M' | 'SS' | 'NS' | 'BS';

/**
 * A value as the table keeps it: numbers canonical, blobs as bytes, deeply frozen (but for bytes), maps without a
 * prototype. Values are shared between items, index entries and answers, and never changed.
 */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly Uint8Array[] };

export type Item = Readonly<Record<string, AttributeValue>>;

const MAX_NESTING = 32;

/** An empty map without a prototype: any name, `constructor` too, is just an attribute's name. */
export function newMap(): Record<string, AttributeValue> {
  return Object.create(null) as Record<string, AttributeValue>;
}

/** The type of a value: its one member's name. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new Error('an attribute value without a type got past its validation');
}

export const isString = (value: AttributeValue): value is { S: string } => 'S' in value;
export const isNumber = (value: AttributeValue): value is { N: string } => 'N' in value;
export const isBinary = (value: AttributeValue): value is { B: Uint8Array } => 'B' in value;
export const isList = (value: AttributeValue): value is { L: readonly AttributeValue[] } => 'L' in value;
export const isMap = (value: AttributeValue): value is { M: Item } => 'M' in value;
export const isStringSet = (value: AttributeValue): value is { SS: readonly string[] } => 'SS' in value;
export const isNumberSet = (value: AttributeValue): value is { NS: readonly string[] } => 'NS' in value;
export const isBinarySet = (value: AttributeValue): value is { BS: readonly Uint8Array[] } => 'BS' in value;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', message);
}

/** A string member. @throws AwsError SerializationException in the words of AWS's JSON parser */
export function wireString(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') {
    throw serializationError(`${value ? 'TRUE' : 'FALSE'}_VALUE cannot be converted to String`);
  }
  if (typeof value === 'number') {
    throw serializationError(`${value % 1 === 0 ? 'NUMBER' : 'DECIMAL'}_VALUE cannot be converted to String`);
  }
  if (Array.isArray(value)) throw serializationError('Unrecognized collection type class java.lang.String');
  throw serializationError('Start of structure or map found where not expected');
}

function wireBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value !== 'string') {
    throw serializationError('only base-64-encoded strings are convertible to bytes');
  }
  if (value.length % 4 !== 0) {
    throw serializationError(`Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`);
  }
  const bytes = Buffer.from(value, 'base64');
  if (bytes.toString('base64') !== value) throw serializationError('Invalid last non-pad Base64 character dectected');
  return new Uint8Array(bytes);
}

function wireBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw serializationError('Unexpected token received from parser');
}

function wireList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw serializationError('Unexpected field type');
}

function wireMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw serializationError('Unexpected field type');
}

function requireNoDuplicates(keys: readonly string[], message: string): void {
  if (new Set(keys).size !== keys.length) throw validationError(message);
}

function readSet(type: 'SS' | 'NS' | 'BS', value: unknown): AttributeValue {
  const members = wireList(value);
  const invalid = 'One or more parameter values were invalid: ';
  if (type === 'SS') {
    const SS = members.map(wireString);
    if (SS.length === 0) throw validationError(`${invalid}An string set  may not be empty`);
    requireNoDuplicates(SS, `${invalid}Input collection [${SS.join(', ')}] contains duplicates.`);
    return Object.freeze({ SS: Object.freeze(SS) });
  }
  if (type === 'NS') {
    const NS = members.map((member) => canonicalNumber(wireString(member)));
    if (NS.length === 0) throw validationError(`${invalid}An number set  may not be empty`);
    requireNoDuplicates(NS, 'Input collection contains duplicates');
    return Object.freeze({ NS: Object.freeze(NS) });
  }
  const BS = members.map(wireBytes);
  const keys = BS.map(base64);
  if (BS.length === 0) throw validationError(`${invalid}Binary sets should not be empty`);
  requireNoDuplicates(keys, `${invalid}Input collection [${keys.join(', ')}]of type BS contains duplicates.`);
  return Object.freeze({ BS: Object.freeze(BS) });
}

function readTyped(type: AttributeType, value: unknown, depth: number): AttributeValue {
  switch (type) {
    case 'S':
      return Object.freeze({ S: wireString(value) });
    case 'N':
      return Object.freeze({ N: canonicalNumber(wireString(value)) });
    case 'B':
      return Object.freeze({ B: wireBytes(value) });
    case 'BOOL':
      return Object.freeze({ BOOL: wireBoolean(value) });
    case 'NULL':
      if (!wireBoolean(value)) {
        throw validationError(
          'One or more parameter values were invalid: Null attribute value types must have the value of true',
        );
      }
      return Object.freeze({ NULL: true });
    case 'L':
      return Object.freeze({ L: Object.freeze(wireList(value).map((member) => readValue(member, depth + 1))) });
    case 'M':
      return Object.freeze({ M: readMap(wireMap(value), depth + 1) });
    case 'SS':
    case 'NS':
    case 'BS':
      return readSet(type, value);
  }
}

const TYPES: ReadonlySet<string> = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS']);

/**
 * Reads an attribute value from the wire (blobs as base64 text or bytes).
 * @throws AwsError ValidationException or SerializationException with AWS's messages
 */
export function readValue(wire: unknown, depth = 0): AttributeValue {
  if (typeof wire !== 'object' || wire === null) throw serializationError('Unexpected value type in payload');
  if (depth > MAX_NESTING) throw validationError('Nesting Levels have exceeded supported limits');
  let type: string | undefined;
  let types = 0;
  const members = wire as Record<string, unknown>;
  for (const name in members) {
    if (members[name] === undefined || members[name] === null || !TYPES.has(name)) continue;
    type ??= name;
    types++;
  }
  if (type === undefined) {
    throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  }
  const value = readTyped(type as AttributeType, members[type], depth);
  if (types > 1) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  }
  return value;
}

function readMap(wire: Readonly<Record<string, unknown>>, depth: number): Item {
  const map = newMap();
  for (const name of Object.keys(wire)) {
    if (wire[name] !== undefined) map[name] = readValue(wire[name], depth);
  }
  return Object.freeze(map);
}

/** Reads a whole item or key from the wire. @throws AwsError as readValue */
export function readItem(wire: unknown): Item {
  return readMap(wireMap(wire), 0);
}

/** Orders strings by their UTF-8 bytes, as DynamoDB does (JavaScript orders by UTF-16 units: surrogates come too early). */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) {
      // Units of a surrogate pair stand for code points above all of U+E000..U+FFFF.
      if (x >= 0xe000) x -= 0x2800;
      if (y >= 0xe000) y -= 0x2800;
    }
    return x - y;
  }
  return a.length - b.length;
}

/** Orders two values of one scalar type (S, N or B); undefined when they have no order. */
export function compareScalars(a: AttributeValue, b: AttributeValue): number | undefined {
  if (isString(a)) return isString(b) ? compareStrings(a.S, b.S) : undefined;
  if (isNumber(a)) return isNumber(b) ? compareNumbers(a.N, b.N) : undefined;
  if (isBinary(a)) return isBinary(b) ? Buffer.compare(a.B, b.B) : undefined;
  return undefined;
}

function equalSets(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(b);
  return a.every((member) => members.has(member));
}

function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => b[name] !== undefined && equalValues(a[name]!, b[name]));
}

/** Deep equality: same type and content; sets have no order. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if (isString(a)) return isString(b) && a.S === b.S;
  if (isNumber(a)) return isNumber(b) && a.N === b.N;
  if (isBinary(a)) return isBinary(b) && Buffer.compare(a.B, b.B) === 0;
  if ('BOOL' in a) return 'BOOL' in b && a.BOOL === b.BOOL;
  if ('NULL' in a) return 'NULL' in b;
  if (isStringSet(a)) return isStringSet(b) && equalSets(a.SS, b.SS);
  if (isNumberSet(a)) return isNumberSet(b) && equalSets(a.NS, b.NS);
  if (isBinarySet(a)) return isBinarySet(b) && equalSets(a.BS.map(base64), b.BS.map(base64));
  if (isList(a))
    return isList(b) && a.L.length === b.L.length && a.L.every((member, i) => equalValues(member, b.L[i]!));
  return isMap(a) && isMap(b) && equalMaps(a.M, b.M);
}

/** A text that stands for a scalar as a member of a set, equal for equal members; undefined for other types. */
export function setMemberKey(value: AttributeValue): string | undefined {
  if (isString(value)) return value.S;
  if (isNumber(value)) return value.N;
  return isBinary(value) ? base64(value.B) : undefined;
}

/** A set's members by key (see setMemberKey), or undefined when the value is no set. */
export function setMembers(value: AttributeValue): ReadonlyMap<string, string | Uint8Array> | undefined {
  if (isStringSet(value)) return new Map(value.SS.map((member) => [member, member]));
  if (isNumberSet(value)) return new Map(value.NS.map((member) => [member, member]));
  if (isBinarySet(value)) return new Map(value.BS.map((member) => [base64(member), member]));
  return undefined;
}

/** A set of the given type from its members; undefined when there is none, since DynamoDB keeps no empty set. */
export function newSet(type: AttributeType, members: Iterable<string | Uint8Array>): AttributeValue | undefined {
  const list = Object.freeze([...members]);
  return list.length === 0 ? undefined : (Object.freeze({ [type]: list }) as unknown as AttributeValue);
}
