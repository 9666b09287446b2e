/** The JSONPath subset of batch transform's filters: `$`, `.name`, `['a','b']`, `[0,2]`, `[1:3]`. No wildcards, no filters. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';

type Selector =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indices'; readonly indices: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined };

export type JsonPath = readonly Selector[];

const TOKEN =
  /\.([A-Za-z_][\w-]*)|\[\s*((?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*\]|\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]|\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\]/y;

function selector(match: RegExpExecArray): Selector {
  const [, name, names, from, to, indices] = match;
  if (name !== undefined) return { kind: 'names', names: [name] };
  if (names !== undefined) {
    return { kind: 'names', names: [...names.matchAll(/'([^']*)'|"([^"]*)"/g)].map((m) => m[1] ?? m[2] ?? '') };
  }
  if (indices !== undefined) return { kind: 'indices', indices: indices.split(',').map(Number) };
  const bound = (text: string | undefined) => (text === undefined || text === '' ? undefined : Number(text));
  return { kind: 'slice', from: bound(from), to: bound(to) };
}

/** @throws AwsError when it is no path at all, UnsupportedFeature for operators that batch transform has not */
export function parseJsonPath(text: string): JsonPath {
  if (!text.startsWith('$')) throw validationError(`JSONPath '${text}' must start with $`);
  const selectors: Selector[] = [];
  TOKEN.lastIndex = 1;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new UnsupportedFeature(`JSONPath '${text}' from '${text.slice(at)}' on`);
    selectors.push(selector(match));
  }
  return selectors;
}

function pickNames(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = value as Record<string, unknown>;
  if (names.length === 1) return members[names[0]!];
  return Object.fromEntries(names.filter((name) => name in members).map((name) => [name, members[name]]));
}

function apply(value: unknown, step: Selector): unknown {
  if (step.kind === 'names') return pickNames(value, step.names);
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'slice') return value.slice(step.from, step.to);
  const at = (index: number): unknown => value.at(index);
  return step.indices.length === 1 ? at(step.indices[0]!) : step.indices.map(at);
}

/** What the path selects; undefined when it selects nothing. Several names give an object, several indices an array. */
export function select(value: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>((current, step) => apply(current, step), value);
}
