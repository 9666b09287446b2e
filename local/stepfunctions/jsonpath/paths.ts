/** Paths of the JSONPath query language: `$.a[0]['b']`, `$$.Execution.Id`, `$variable.a`, with wildcards, slices and descent. */
import { UnsupportedFeature } from '../../kernel/errors.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';

type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'descent'; readonly name: string | undefined }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'union'; readonly indexes: readonly number[] };

export interface Path {
  readonly text: string;
  /** Where it begins: the input, the context object, or a variable. */
  readonly root: 'input' | 'context' | { readonly variable: string };
  readonly steps: readonly Step[];
  /** Selects at most one node; others yield a list. */
  readonly definite: boolean;
}

/** What a path can begin at. */
export interface PathScope {
  readonly input: Json;
  context(): Json;
  readonly variables: Readonly<JsonObject>;
}

const HEAD = /^\$(\$|[\p{L}_][\p{L}\p{N}_]*)?/u;
const STEP =
  /^(?:\.\.(?<descent>\*|[^.[\s()'"]+)|\.(?<wild>\*)|\.(?<name>[^.[\s()'"*]+)|\[(?<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|\[(?<index>-?\d+)\]|\[(?<star>\*)\]|\[(?<from>-?\d*):(?<to>-?\d*)\]|\[(?<union>-?\d+(?:\s*,\s*-?\d+)+)\])/u;

/** @returns undefined when the text is no path; @throws UnsupportedFeature for filter expressions */
export function parsePath(text: string): Path | undefined {
  const head = HEAD.exec(text);
  if (!head) return undefined;
  const root = head[1] === undefined ? 'input' : head[1] === '$' ? 'context' : { variable: head[1] };
  const steps: Step[] = [];
  let rest = text.slice(head[0].length);
  while (rest !== '') {
    if (rest.startsWith('[?')) throw new UnsupportedFeature(`JSONPath filter in ${text}`, 'use JSONata');
    const match = STEP.exec(rest);
    if (!match) return undefined;
    steps.push(toStep(match.groups as Record<string, string | undefined>));
    rest = rest.slice(match[0].length);
  }
  return { text, root, steps, definite: steps.every(({ kind }) => kind === 'name' || kind === 'index') };
}

function toStep(groups: Record<string, string | undefined>): Step {
  const { descent, wild, name, quoted, index, star, from, to, union } = groups;
  if (descent !== undefined) return { kind: 'descent', name: descent === '*' ? undefined : descent };
  if (wild !== undefined || star !== undefined) return { kind: 'wildcard' };
  if (name !== undefined) return { kind: 'name', name };
  if (quoted !== undefined) return { kind: 'name', name: quoted.slice(1, -1).replace(/\\(.)/gu, '$1') };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (union !== undefined) return { kind: 'union', indexes: union.split(',').map(Number) };
  const bound = (part: string | undefined): number | undefined =>
    part === undefined || part === '' ? undefined : Number(part);
  return { kind: 'slice', from: bound(from), to: bound(to) };
}

/** The selected value; undefined when a definite path leads nowhere. Other paths yield a list, which may be empty. */
export function readPath(path: Path, scope: PathScope): Json | undefined {
  const start = root(path, scope);
  if (start === undefined) return undefined;
  if (path.definite) return readDefinite(path.steps, start);
  let nodes: Json[] = [start];
  for (const step of path.steps) nodes = nodes.flatMap((node) => select(step, node));
  return nodes;
}

function root(path: Path, scope: PathScope): Json | undefined {
  if (path.root === 'input') return scope.input;
  return path.root === 'context' ? scope.context() : scope.variables[path.root.variable];
}

function readDefinite(steps: readonly Step[], start: Json): Json | undefined {
  let node: Json | undefined = start;
  for (const step of steps) {
    if (node === undefined) return undefined;
    if (step.kind === 'name') node = isJsonObject(node) && Object.hasOwn(node, step.name) ? node[step.name] : undefined;
    else if (step.kind === 'index') node = Array.isArray(node) ? node.at(step.index) : undefined;
  }
  return node;
}

function select(step: Step, node: Json): Json[] {
  switch (step.kind) {
    case 'name':
    case 'index': {
      const found = readDefinite([step], node);
      return found === undefined ? [] : [found];
    }
    case 'wildcard':
      return children(node);
    case 'slice':
      return Array.isArray(node) ? node.slice(step.from, step.to) : [];
    case 'union':
      return Array.isArray(node) ? step.indexes.flatMap((i) => (node.at(i) === undefined ? [] : [node.at(i)!])) : [];
    case 'descent':
      return descend(node, step.name);
  }
}

function children(node: Json): Json[] {
  if (Array.isArray(node)) return node;
  return isJsonObject(node) ? Object.values(node) : [];
}

function descend(node: Json, name: string | undefined): Json[] {
  const here = name === undefined ? children(node) : select({ kind: 'name', name }, node);
  return [...here, ...children(node).flatMap((child) => descend(child, name))];
}

/**
 * A copy of the input with the value at a reference path; objects on the way are made when they are missing.
 * @returns undefined when the path can't be applied (it leads through a string, or into a missing array element)
 */
export function writePath(path: Path, input: Json, value: Json): Json | undefined {
  return write(path.steps, 0, input, value);
}

function write(steps: readonly Step[], at: number, node: Json | undefined, value: Json): Json | undefined {
  const step = steps[at];
  if (!step) return value;
  if (step.kind === 'name') {
    if (node !== undefined && !isJsonObject(node)) return undefined;
    const child = write(steps, at + 1, node?.[step.name], value);
    return child === undefined ? undefined : { ...node, [step.name]: child };
  }
  if (step.kind === 'index') {
    if (!Array.isArray(node) || node[step.index] === undefined) return undefined;
    const child = write(steps, at + 1, node[step.index], value);
    return child === undefined ? undefined : node.with(step.index, child);
  }
  return undefined;
}
