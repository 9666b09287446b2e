/** Intrinsic functions: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { templateError } from './errors.ts';
import { isObject, type JsonObject } from './template.ts';

/** What names stand for at the moment of resolving. */
export interface Scope {
  readonly mappings: JsonObject;
  /** The value of a condition of the template. */
  condition(name: string): boolean;
  /** A parameter, a pseudo parameter or a resource's reference value. */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): unknown;
}

/** The value of `AWS::NoValue`: removes the property or the list item that it stands for. */
export const NO_VALUE = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => scope.ref(requireText(argument, 'Ref')),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, attribute] = parseGetAtt(argument);
    return scope.getAtt(logicalId, requireText(resolve(attribute, scope), 'Fn::GetAtt'));
  },
  'Fn::Sub': substitute,
  'Fn::Join': (argument, scope) => {
    const [delimiter, items] = requireArguments(argument, 2, 'Fn::Join');
    return requireList(resolve(items, scope), 'Fn::Join')
      .map((item) => scalarText(item, 'Fn::Join'))
      .join(requireText(delimiter, 'Fn::Join'));
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = requireArguments(argument, 2, 'Fn::Select');
    const list = requireList(resolve(items, scope), 'Fn::Select');
    const position = Number(resolve(index, scope));
    if (!Number.isInteger(position) || position < 0 || position >= list.length) {
      throw templateError(
        `Template error: Fn::Select cannot select nonexistent value at index ${String(resolve(index, scope))}`,
      );
    }
    return list[position];
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, text] = requireArguments(argument, 2, 'Fn::Split');
    return scalarText(resolve(text, scope), 'Fn::Split').split(requireText(delimiter, 'Fn::Split'));
  },
  'Fn::If': (argument, scope) => resolve(chosenBranch(argument, scope), scope),
  'Fn::FindInMap': findInMap,
  'Fn::Base64': (argument, scope) =>
    Buffer.from(scalarText(resolve(argument, scope), 'Fn::Base64'), 'utf8').toString('base64'),
  'Fn::Length': (argument, scope) => requireList(resolve(argument, scope), 'Fn::Length').length,
  'Fn::ToJsonString': (argument, scope) => JSON.stringify(resolve(argument, scope)),
  'Fn::Equals': (argument, scope) => {
    const [left, right] = requireArguments(argument, 2, 'Fn::Equals').map((side) => resolve(side, scope));
    return comparable(left) === comparable(right);
  },
  'Fn::And': (argument, scope) => conditionArguments(argument, scope, 'Fn::And').every(Boolean),
  'Fn::Or': (argument, scope) => conditionArguments(argument, scope, 'Fn::Or').some(Boolean),
  'Fn::Not': (argument, scope) => {
    const [inner] = requireArguments(argument, 1, 'Fn::Not');
    return !resolveCondition(inner, scope);
  },
};

/** The name of the function when a value is a call of one: an object with a single member `Ref` or `Fn::...`. */
export function intrinsicName(value: JsonObject): string | undefined {
  const [name, ...more] = Object.keys(value);
  return name !== undefined && more.length === 0 && (name === 'Ref' || name.startsWith('Fn::')) ? name : undefined;
}

/** Resolves every function in a value. @throws AwsError ValidationError; UnsupportedFeature for functions not known here */
export function resolve(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string' && value.includes('{{resolve:')) {
    throw new UnsupportedFeature(`dynamic reference '${value}'`);
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (!isObject(value)) return value;
  const name = intrinsicName(value);
  if (name !== undefined) {
    const intrinsic = INTRINSICS[name];
    if (!intrinsic) throw new UnsupportedFeature(`intrinsic function '${name}'`);
    return intrinsic(value[name], scope);
  }
  const resolved: [string, unknown][] = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]);
  return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
}

/** A member of the Conditions section, or of Fn::And, Fn::Or and Fn::Not. */
export function resolveCondition(value: unknown, scope: Scope): boolean {
  if (isObject(value) && typeof value.Condition === 'string' && Object.keys(value).length === 1) {
    return scope.condition(value.Condition);
  }
  const result = resolve(value, scope);
  if (typeof result === 'boolean') return result;
  throw templateError(`Template error: ${JSON.stringify(value)} is not a condition.`);
}

/** The branch that Fn::If stands for, not yet resolved. */
export function chosenBranch(argument: unknown, scope: Pick<Scope, 'condition'>): unknown {
  const [name, whenTrue, whenFalse] = requireArguments(argument, 3, 'Fn::If');
  return scope.condition(requireText(name, 'Fn::If')) ? whenTrue : whenFalse;
}

/** `[id, attribute]` from the list form or the dotted form; attributes may have dots themselves. */
export function parseGetAtt(argument: unknown): [logicalId: string, attribute: unknown] {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    if (dot > 0) return [argument.slice(0, dot), argument.slice(dot + 1)];
  } else if (Array.isArray(argument) && argument.length === 2 && typeof argument[0] === 'string') {
    return [argument[0], argument[1]];
  }
  throw templateError(
    'Template error: Fn::GetAtt object requires two non-empty parameters, the resource name and the attribute',
  );
}

const PLACEHOLDER = /\$\{(!?)([^}]*)\}/g;

/** `[text, own names]` of Fn::Sub's two forms. */
export function parseSub(argument: unknown): { text: string; own: JsonObject; names: string[] } {
  const [text, own] = Array.isArray(argument) ? requireArguments(argument, 2, 'Fn::Sub') : [argument, {}];
  if (typeof text !== 'string' || !isObject(own)) {
    throw templateError(
      'Template error: One or more Fn::Sub intrinsic functions don’t specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string',
    );
  }
  const names = [...text.matchAll(PLACEHOLDER)].filter((match) => match[1] === '').map((match) => match[2]!.trim());
  return { text, own, names };
}

function substitute(argument: unknown, scope: Scope): string {
  const { text, own } = parseSub(argument);
  if (text.includes('{{resolve:')) throw new UnsupportedFeature(`dynamic reference '${text}'`);
  return text.replace(PLACEHOLDER, (_, literal: string, inner: string) => {
    if (literal === '!') return `\${${inner}}`;
    const name = inner.trim();
    if (Object.hasOwn(own, name)) return scalarText(resolve(own[name], scope), 'Fn::Sub');
    const dot = name.indexOf('.');
    const value = dot < 0 ? scope.ref(name) : scope.getAtt(name.slice(0, dot), name.slice(dot + 1));
    return scalarText(value, 'Fn::Sub');
  });
}

function findInMap(argument: unknown, scope: Scope): unknown {
  const [map, top, second] = requireArguments(argument, 3, 'Fn::FindInMap').map((key) =>
    scalarText(resolve(key, scope), 'Fn::FindInMap'),
  ) as [string, string, string];
  const found = scope.mappings[map];
  if (!isObject(found)) {
    throw templateError(`Template error: Mapping named '${map}' is not present in the 'Mappings' section of template.`);
  }
  const row = found[top];
  const value = isObject(row) ? row[second] : undefined;
  if (value === undefined) throw templateError(`Template error: Unable to get mapping for ${map}::${top}::${second}`);
  return value;
}

function conditionArguments(argument: unknown, scope: Scope, name: string): boolean[] {
  const list = requireList(argument, name);
  if (list.length < 2 || list.length > 10) {
    throw templateError(
      `Template error: every ${name} object requires a list of at least 2 and at most 10 boolean parameters.`,
    );
  }
  return list.map((item) => resolveCondition(item, scope));
}

/** Fn::Equals compares texts: 1 equals '1', true equals 'true'. */
const comparable = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value);

function requireText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw templateError(`Template error: ${name} needs text, not ${JSON.stringify(value)}.`);
}

function scalarText(value: unknown, name: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw templateError(
    `Template error: every ${name} value must be text, a number or a boolean, not ${JSON.stringify(value)}.`,
  );
}

function requireList(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw templateError(`Template error: ${name} needs a list, not ${JSON.stringify(value)}.`);
}

function requireArguments(argument: unknown, count: number, name: string): readonly unknown[] {
  const list = requireList(argument, name);
  if (list.length !== count) {
    throw templateError(
      `Template error: ${name} needs ${count} argument${count === 1 ? '' : 's'}, not ${list.length}.`,
    );
  }
  return list;
}
