/**
 * EventBridge's event patterns. A pattern is flattened to alternatives (`$or` multiplies them), each a conjunction of
 * path -> value tests; an event is flattened to its leaves. As in AWS's own matcher (aws/event-ruler), values that come
 * from elements of one array must come from the same element, and `exists: false` means that no leaf has that path.
 */
import { AwsError } from '../kernel/errors.ts';
import { parseMatcher, type Leaf, type Matcher } from './pattern-matchers.ts';

/** More alternatives than this are refused, as AWS does. */
const MAXIMUM_COMBINATIONS = 1000;

interface Condition {
  readonly path: string;
  /** Any of them suffices. */
  readonly matchers: readonly Matcher[];
  /** `exists: false` is among the alternatives. */
  readonly absent: boolean;
}

type Conjunction = readonly Condition[];

/** Array identity -> index of the element, for each array on the way to a leaf. */
type Membership = ReadonlyMap<number, number>;

interface EventLeaf {
  readonly value: Leaf;
  readonly membership: Membership;
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseLeafTests(path: string, alternatives: readonly unknown[]): Condition {
  if (alternatives.length === 0) throw invalid(`Empty arrays are not allowed at ${path}`);
  const matchers: Matcher[] = [];
  let absent = false;
  for (const alternative of alternatives) {
    const parsed = parseMatcher(alternative, (reason) => invalid(`${reason} at ${path}`));
    if (parsed === 'absent') absent = true;
    else matchers.push(parsed);
  }
  return { path, matchers, absent };
}

/** The Cartesian product: each alternative on the left together with each on the right. */
function both(left: readonly Conjunction[], right: readonly Conjunction[]): Conjunction[] {
  if (left.length * right.length > MAXIMUM_COMBINATIONS) {
    throw invalid(`more than ${MAXIMUM_COMBINATIONS} combinations of $or`);
  }
  return left.flatMap((a) => right.map((b) => [...a, ...b]));
}

function parseOr(value: unknown, prefix: string): Conjunction[] {
  if (!Array.isArray(value) || value.length < 2) {
    throw invalid('There must have at least 2 Objects in $or relationship.');
  }
  return value.flatMap((branch) => {
    if (!isObject(branch)) throw invalid('Only object is allowed in array of $or relationship');
    return parseObject(branch, prefix);
  });
}

function parseObject(pattern: Record<string, unknown>, prefix: string): Conjunction[] {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw invalid(`Empty objects are not allowed${prefix === '' ? '' : ` at ${prefix}`}`);
  let alternatives: Conjunction[] = [[]];
  for (const [key, value] of entries) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (key === '$or') alternatives = both(alternatives, parseOr(value, prefix));
    else if (Array.isArray(value)) alternatives = both(alternatives, [[parseLeafTests(path, value)]]);
    else if (isObject(value)) alternatives = both(alternatives, parseObject(value, path));
    else throw invalid(`"${path}" must be an object or an array, not ${JSON.stringify(value)}`);
  }
  return alternatives;
}

function parseText(json: unknown): Record<string, unknown> {
  let pattern = json;
  if (typeof json === 'string') {
    try {
      pattern = JSON.parse(json);
    } catch (error) {
      throw invalid(`${(error as Error).message} in '${json.slice(0, 200)}'`);
    }
  }
  if (!isObject(pattern)) throw invalid('Filter is not an object');
  return pattern;
}

/** Leaves by path. An empty array or object has no leaf: the field counts as absent. */
function flatten(event: unknown): Map<string, EventLeaf[]> {
  const leaves = new Map<string, EventLeaf[]>();
  let arrays = 0;
  const walk = (value: unknown, path: string, membership: Membership): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      // Only objects and arrays have parts that belong together; a scalar is bound to no element of its own.
      value.forEach((element, index) => {
        const nested = typeof element === 'object' && element !== null;
        walk(element, path, nested ? new Map(membership).set(array, index) : membership);
      });
    } else if (isObject(value)) {
      for (const [key, child] of Object.entries(value)) walk(child, path === '' ? key : `${path}.${key}`, membership);
    } else {
      const leaf: EventLeaf = { value: value as Leaf, membership };
      const known = leaves.get(path);
      if (known) known.push(leaf);
      else leaves.set(path, [leaf]);
    }
  };
  walk(event, '', new Map());
  return leaves;
}

/** The two memberships together, or undefined when they name different elements of one array. */
function merge(a: Membership, b: Membership): Membership | undefined {
  for (const [array, index] of b) {
    const other = a.get(array);
    if (other !== undefined && other !== index) return undefined;
  }
  return new Map([...a, ...b]);
}

function holds(conditions: Conjunction, at: number, leaves: Map<string, EventLeaf[]>, membership: Membership): boolean {
  const condition = conditions[at];
  if (condition === undefined) return true;
  const candidates = leaves.get(condition.path) ?? [];
  if (condition.absent && candidates.length === 0) return holds(conditions, at + 1, leaves, membership);
  return candidates.some((leaf) => {
    const merged = merge(membership, leaf.membership);
    return (
      merged !== undefined &&
      condition.matchers.some((matches) => matches(leaf.value)) &&
      holds(conditions, at + 1, leaves, merged)
    );
  });
}

/**
 * Compiles an event pattern (JSON text, or the parsed object) to a test of events.
 * @throws AwsError InvalidEventPatternException for anything that EventBridge would refuse when a rule is put
 */
export function compilePattern(json: unknown): (event: unknown) => boolean {
  const alternatives = parseObject(parseText(json), '');
  return (event) => {
    const leaves = flatten(event);
    return alternatives.some((conditions) => holds(conditions, 0, leaves, new Map()));
  };
}
