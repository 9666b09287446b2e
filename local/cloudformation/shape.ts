/**
 * What a resource type's properties look like: read strictly (an unknown property is refused by its path) and coerced as
 * CloudFormation does ("30" where a number is meant, 30 where text is meant).
 */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { templateError } from './errors.ts';
import { isObject } from './template.ts';

/** Reads a resolved value; the path names it in errors, for instance `Table (AWS::DynamoDB::Table).KeySchema[0]`. */
export type Shape<T> = (value: unknown, path: string) => T;

export type Fields = Readonly<Record<string, Shape<unknown>>>;

export type Properties<F extends Fields> = { readonly [K in keyof F]?: ReturnType<F[K]> | undefined };

function wrongType(path: string, value: unknown, wanted: string): Error {
  return templateError(`${path}: value of property must be of type ${wanted}, not ${JSON.stringify(value)}`);
}

export const text: Shape<string> = (value, path) => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongType(path, value, 'String');
};

export const number: Shape<number> = (value, path) => {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof read === 'number' && Number.isFinite(read)) return read;
  throw wrongType(path, value, 'Number');
};

export const boolean: Shape<boolean> = (value, path) => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw wrongType(path, value, 'Boolean');
};

/** Any JSON, as it is. */
export const json: Shape<unknown> = (value) => value;

/** JSON that the service wants as text: an object is written, text stays. */
export const jsonText: Shape<string> = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, value, 'List');
    return value.map((one, index) => item(one, `${path}[${index}]`));
  };
}

/** An object with free member names. */
export function map<T>(item: Shape<T>): Shape<Record<string, T>> {
  return (value, path) => {
    if (!isObject(value)) throw wrongType(path, value, 'Map');
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one, `${path}.${key}`)]));
  };
}

/** An object with exactly these members. @throws UnsupportedFeature for any other */
export function object<F extends Fields>(fields: F): Shape<Properties<F>> {
  return (value, path) => {
    if (!isObject(value)) throw wrongType(path, value, 'Object');
    const read: Record<string, unknown> = {};
    for (const [name, one] of Object.entries(value)) {
      const shape = fields[name];
      if (!shape) throw new UnsupportedFeature(`property ${path}.${name}`);
      const result = shape(one, `${path}.${name}`);
      if (result !== undefined) read[name] = result;
    }
    return read as Properties<F>;
  };
}

/** Accepts only this value, the one that the laptop cloud has anyway. */
export function only(expected: string | boolean | number): Shape<undefined> {
  return (value, path) => {
    if (String(value) !== String(expected)) {
      throw new UnsupportedFeature(
        `property ${path} = ${JSON.stringify(value)}`,
        `only ${JSON.stringify(expected)} is known`,
      );
    }
    return undefined;
  };
}

interface WithoutEffect extends Shape<undefined> {
  readonly reason: string;
}

/** A property that may be there and changes nothing in the laptop cloud, for the reason given. */
export function noEffect(reason: string): WithoutEffect {
  return Object.assign((): undefined => undefined, { reason });
}

/** The properties of a type that are accepted without effect, with the reason of each. */
export function withoutEffect(fields: Fields): Record<string, string> {
  const found = Object.entries(fields).filter((entry): entry is [string, WithoutEffect] => 'reason' in entry[1]);
  return Object.fromEntries(found.map(([name, shape]) => [name, shape.reason]));
}

/** Encryption at rest with any key. The laptop cloud does not ask callers for kms permissions on the key, as AWS would. */
export const encryptionAtRest = noEffect(
  'data at rest is in memory and in the clear; the callers’ kms permissions, which AWS would ask for, are not checked',
);

export const tagList = list(object({ Key: text, Value: text }));

/** Tags as the services take them whose API has a map of tags. */
export function tagMap(
  tags: readonly Properties<{ Key: Shape<string>; Value: Shape<string> }>[],
): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}
