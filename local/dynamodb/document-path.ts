/** Document paths with their aliases resolved: reading through items, conflicts between paths, projections. */
import { type AttributeValue, isList, isMap, type Item, newMap } from './attribute-value.ts';
import { ExpressionError, type RawPath, TokenReader } from './expression-lexer.ts';
import { type Parsed } from './expression-syntax.ts';

/** Attribute name, then names (map members) and indexes (list elements). */
export type Path = readonly [string, ...(string | number)[]];

/** The value at a path, or undefined when there is none. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = item[path[0]];
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const step = path[i]!;
    if (typeof step === 'number') value = isList(value) ? value.L[step] : undefined;
    else value = isMap(value) ? value.M[step] : undefined;
  }
  return value;
}

/** AWS's way to write a path in messages: `[a, b, [0]]`. */
export function describePath(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;
}

export function equalPaths(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i]);
}

function requireNoConflict(a: Path, b: Path): void {
  const remedy = `must remove or rewrite one of these paths; path one: ${describePath(a)}, path two: ${describePath(b)}`;
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (typeof a[i] !== typeof b[i])
      throw new ExpressionError(`Two document paths conflict with each other; ${remedy}`);
    if (a[i] !== b[i]) return;
  }
  throw new ExpressionError(`Two document paths overlap with each other; ${remedy}`);
}

/** @throws ExpressionError when one path is a part of another, or one sees a list where another sees a map */
export function requireDisjoint(paths: readonly Path[]): void {
  paths.forEach((path, i) => paths.slice(0, i).forEach((earlier) => requireNoConflict(earlier, path)));
}

/** @throws ExpressionError with AWS's message */
export function parseProjection(text: string): Parsed<readonly RawPath[]> {
  const reader = new TokenReader(text);
  const tree = reader.list(() => reader.path());
  if (!reader.atEnd()) throw reader.syntaxError();
  return { tree, aliases: reader.aliases, values: reader.values };
}

/** What a set of paths selects below one value: everything, or some members. */
interface Selection {
  readonly members: Map<string | number, Selection>;
}

const selectionCache = new WeakMap<readonly Path[], Selection>();

function selectionOf(paths: readonly Path[]): Selection {
  const known = selectionCache.get(paths);
  if (known) return known;
  const root: Selection = { members: new Map() };
  for (const path of paths) {
    let node = root;
    for (const step of path) {
      let next = node.members.get(step);
      if (!next) node.members.set(step, (next = { members: new Map() }));
      node = next;
    }
  }
  selectionCache.set(paths, root);
  return root;
}

function selectMembers(map: Item, selection: Selection): Item | undefined {
  const selected = newMap();
  let any = false;
  for (const [name, below] of selection.members) {
    const value = typeof name === 'string' ? map[name] : undefined;
    const part = value && selectPart(value, below);
    if (typeof name !== 'string' || !part) continue;
    selected[name] = part;
    any = true;
  }
  return any ? selected : undefined;
}

function selectElements(list: readonly AttributeValue[], selection: Selection): AttributeValue | undefined {
  const indexes = [...selection.members.keys()].filter((step) => typeof step === 'number').sort((a, b) => a - b);
  const elements = indexes.flatMap((index) => {
    const element = list[index];
    const part = element && selectPart(element, selection.members.get(index)!);
    return part ? [part] : [];
  });
  return elements.length > 0 ? { L: elements } : undefined;
}

function selectPart(value: AttributeValue, selection: Selection): AttributeValue | undefined {
  if (selection.members.size === 0) return value;
  if (isList(value)) return selectElements(value.L, selection);
  const members = isMap(value) ? selectMembers(value.M, selection) : undefined;
  return members && { M: members };
}

/** The parts of an item at the given disjoint paths; elements of a list close ranks. Paths that lead nowhere are left out. */
export function project(item: Item, paths: readonly Path[]): Item {
  return selectMembers(item, selectionOf(paths)) ?? newMap();
}
