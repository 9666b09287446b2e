/** Payload templates: JSON in which a member whose name ends in `.$` is read by a path or computed by an intrinsic function. */
import type { Random } from '../../kernel/random.ts';
import { StateError, runtimeError } from '../errors.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { type IntrinsicNode, evaluateIntrinsic, parseIntrinsic } from './intrinsics.ts';
import { type Path, type PathScope, parsePath, readPath } from './paths.ts';

/** Computes a value from a scope. */
export type Compute = (scope: PathScope, random: Random) => Json;

/** A path or an intrinsic function, as the value of a `.$` member or of a `...Path` field; undefined if it is neither. */
export function compileReference(text: string, field: string): Compute | undefined {
  const intrinsic = text.startsWith('States.') ? parseIntrinsic(text) : undefined;
  if (intrinsic) return computeIntrinsic(intrinsic, field);
  const path = parsePath(text);
  return path && ((scope) => mustRead(path, scope, field, 'States.ParameterPathFailure'));
}

function computeIntrinsic(node: IntrinsicNode, field: string): Compute {
  return (scope, random) =>
    evaluateIntrinsic(node, (path) => mustRead(path, scope, field, 'States.ParameterPathFailure'), random);
}

/** Reads a path that must lead somewhere. @throws StateError with the given error name */
export function mustRead(path: Path, scope: PathScope, field: string, errorName: string): Json {
  const value = readPath(path, scope);
  if (value !== undefined) return value;
  const cause = `The JSONPath '${path.text}' specified for the field '${field}' could not be found in the input '${JSON.stringify(scope.input).slice(0, 1000)}'`;
  throw errorName === 'States.Runtime' ? runtimeError(cause) : new StateError(errorName, cause);
}

/** @returns the template's function; without a `.$` member anywhere it returns the template itself */
export function compilePayloadTemplate(template: Json): Compute {
  return compileNode(template) ?? (() => template);
}

function compileNode(template: Json): Compute | undefined {
  if (Array.isArray(template)) {
    const items = template.map(compileNode);
    if (items.every((item) => item === undefined)) return undefined;
    return (scope, random) => template.map((item, i) => items[i]?.(scope, random) ?? item);
  }
  if (!isJsonObject(template)) return undefined;
  const members = Object.entries(template).map(([key, value]) => compileMember(key, value));
  if (members.every(({ compute }) => compute === undefined)) return undefined;
  return (scope, random) => {
    const object: JsonObject = {};
    for (const { key, value, compute } of members) object[key] = compute ? compute(scope, random) : value;
    return object;
  };
}

function compileMember(key: string, value: Json): { key: string; value: Json; compute: Compute | undefined } {
  if (!key.endsWith('.$')) return { key, value, compute: compileNode(value) };
  const compute = typeof value === 'string' ? compileReference(value, key) : undefined;
  // The validator has refused such templates already.
  if (!compute) throw runtimeError(`The value for the field '${key}' must be a valid JSONPath or intrinsic function`);
  return { key: key.slice(0, -2), value, compute };
}

/** The members of a template whose references are no path and no intrinsic function, with their places. */
export function templateProblems(template: Json, place: string): string[] {
  if (Array.isArray(template)) return template.flatMap((item, i) => templateProblems(item, `${place}[${i}]`));
  if (!isJsonObject(template)) return [];
  return Object.entries(template).flatMap(([key, value]) => {
    if (!key.endsWith('.$')) return templateProblems(value, `${place}/${key}`);
    return typeof value === 'string' && compileReference(value, key) ? [] : [`${place}/${key}`];
  });
}
