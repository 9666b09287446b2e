/** The comparison operators of event patterns: each turns one element of a leaf array into a test of one event value. */
import { BlockList, isIP } from 'node:net';

export type Leaf = string | number | boolean | null;
export type Matcher = (value: Leaf) => boolean;
type Refuse = (reason: string) => Error;

/** AWS's range for values in numeric matching. */
const NUMERIC_LIMIT = 5e9;

const onText =
  (test: (text: string) => boolean): Matcher =>
  (value) =>
    typeof value === 'string' && test(value);

function singleEntry(value: unknown, what: string, refuse: Refuse): [string, unknown] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`${what} must be a string or an object, not ${JSON.stringify(value)}`);
  }
  const entries = Object.entries(value);
  if (entries.length !== 1) throw refuse('Only one key allowed in match expression');
  return entries[0]!;
}

function text(value: unknown, operator: string, refuse: Refuse): string {
  if (typeof value !== 'string')
    throw refuse(`${operator} match pattern must be a string, not ${JSON.stringify(value)}`);
  return value;
}

function affix(operator: 'prefix' | 'suffix', value: unknown, refuse: Refuse): Matcher {
  let ignoreCase = false;
  let part = value;
  if (typeof value === 'object' && value !== null) {
    const [inner, innerValue] = singleEntry(value, operator, refuse);
    if (inner !== 'equals-ignore-case') throw refuse(`Unsupported ${operator} pattern: ${inner}`);
    ignoreCase = true;
    part = innerValue;
  }
  const plain = text(part, operator, refuse);
  if (plain === '') throw refuse(`Null ${operator} not allowed`);
  const wanted = ignoreCase ? plain.toLowerCase() : plain;
  return onText((candidate) => {
    const compared = ignoreCase ? candidate.toLowerCase() : candidate;
    return operator === 'prefix' ? compared.startsWith(wanted) : compared.endsWith(wanted);
  });
}

function equalsIgnoreCase(value: unknown, refuse: Refuse): Matcher {
  const wanted = text(value, 'equals-ignore-case', refuse).toLowerCase();
  return onText((candidate) => candidate.toLowerCase() === wanted);
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(value: unknown, refuse: Refuse): Matcher {
  const pattern = text(value, 'wildcard', refuse);
  const pieces: string[] = [''];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === '*') {
      if (pattern[i + 1] === '*') throw refuse(`Consecutive wildcard characters at pos ${i}`);
      pieces.push('');
      continue;
    }
    let literal = character;
    if (character === '\\') {
      literal = pattern[++i] ?? '';
      if (literal !== '*' && literal !== '\\') throw refuse(`Invalid escape character at pos ${i - 1}`);
    }
    pieces[pieces.length - 1] += literal;
  }
  return onText((candidate) => matchesPieces(candidate, pieces));
}

/** Literal pieces with anything between them: the first is anchored at the start, the last at the end, the rest greedy. */
function matchesPieces(candidate: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  if (pieces.length === 1) return candidate === first;
  const last = pieces[pieces.length - 1]!;
  if (!candidate.startsWith(first) || !candidate.endsWith(last)) return false;
  let position = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = candidate.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return position + last.length <= candidate.length;
}

function numeric(value: unknown, refuse: Refuse): Matcher {
  if (!Array.isArray(value) || (value.length !== 2 && value.length !== 4)) {
    throw refuse(`Value of numeric must be an array of one or two comparisons, not ${JSON.stringify(value)}`);
  }
  const comparisons: { operator: string; bound: number }[] = [];
  for (let i = 0; i < value.length; i += 2) {
    const [operator, bound] = [value[i] as unknown, value[i + 1] as unknown];
    if (typeof operator !== 'string' || !['<', '<=', '=', '>', '>='].includes(operator)) {
      throw refuse(`Unrecognized numeric range operator: ${String(operator)}`);
    }
    if (typeof bound !== 'number') throw refuse(`Value of ${operator} must be numeric, not ${JSON.stringify(bound)}`);
    if (Math.abs(bound) > NUMERIC_LIMIT) {
      throw refuse(`Value ${bound} must be between -${NUMERIC_LIMIT} and ${NUMERIC_LIMIT}, inclusive`);
    }
    comparisons.push({ operator, bound });
  }
  const [low, high] = comparisons;
  if (high !== undefined) {
    if (!low!.operator.startsWith('>') || !high.operator.startsWith('<')) {
      throw refuse(`Bad numeric range operator: a lower bound comes first, then an upper one`);
    }
    if (low!.bound >= high.bound) throw refuse('Bottom must be less than top');
  }
  return (candidate) => typeof candidate === 'number' && comparisons.every((c) => compare(candidate, c));
}

function compare(candidate: number, { operator, bound }: { operator: string; bound: number }): boolean {
  switch (operator) {
    case '<':
      return candidate < bound;
    case '<=':
      return candidate <= bound;
    case '>':
      return candidate > bound;
    case '>=':
      return candidate >= bound;
    default:
      return candidate === bound;
  }
}

function cidr(value: unknown, refuse: Refuse): Matcher {
  const block = text(value, 'cidr', refuse);
  const [address, bits, ...rest] = block.split('/');
  const version = isIP(address ?? '');
  const width = version === 6 ? 128 : 32;
  if (version === 0 || bits === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > width) {
    throw refuse(`Malformed CIDR, one '/' required: ${block}`);
  }
  const list = new BlockList();
  list.addSubnet(address!, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  return onText((candidate) => isIP(candidate) === version && list.check(candidate, version === 6 ? 'ipv6' : 'ipv4'));
}

const not =
  (matchers: readonly Matcher[]): Matcher =>
  (value) =>
    !matchers.some((matches) => matches(value));

function anythingBut(value: unknown, refuse: Refuse): Matcher {
  if (typeof value === 'string' || typeof value === 'number') return (candidate) => candidate !== value;
  if (Array.isArray(value)) {
    const types = new Set(value.map((element) => typeof element));
    if (value.length === 0 || types.size > 1 || !(types.has('string') || types.has('number'))) {
      throw refuse('Inside anything-but list, either all values are number or string, mixed type is not supported');
    }
    const excluded = new Set<unknown>(value);
    return (candidate) => !excluded.has(candidate);
  }
  if (typeof value !== 'object' || value === null) {
    throw refuse('Value of anything-but must be an array or single string/number value.');
  }
  const [operator, inner] = singleEntry(value, 'anything-but', refuse);
  const parse = ANYTHING_BUT[operator];
  if (!parse) throw refuse(`Unsupported anything-but pattern: ${operator}`);
  const excluded: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  if (excluded.length === 0) throw refuse(`Empty list inside anything-but ${operator}`);
  return not(excluded.map((element) => parse(element, refuse)));
}

const ANYTHING_BUT: Readonly<Record<string, (value: unknown, refuse: Refuse) => Matcher>> = {
  prefix: (value, refuse) => affix('prefix', value, refuse),
  suffix: (value, refuse) => affix('suffix', value, refuse),
  wildcard,
  'equals-ignore-case': equalsIgnoreCase,
};

const OPERATORS: Readonly<Record<string, (value: unknown, refuse: Refuse) => Matcher | 'absent'>> = {
  ...ANYTHING_BUT,
  numeric,
  cidr,
  'anything-but': anythingBut,
  exists: (value, refuse) => {
    if (typeof value !== 'boolean') throw refuse('exists match pattern must be either true or false.');
    return value ? () => true : 'absent';
  },
};

/**
 * Parses one element of a leaf array: a literal, or an object with one operator. `absent` stands for `exists: false`,
 * which looks at the whole event rather than at one value.
 */
export function parseMatcher(alternative: unknown, refuse: Refuse): Matcher | 'absent' {
  if (alternative === null || ['string', 'number', 'boolean'].includes(typeof alternative)) {
    return (value) => value === alternative;
  }
  if (Array.isArray(alternative)) throw refuse('Match value must be String, number, true, false, or null');
  const [operator, value] = singleEntry(alternative, 'match expression', refuse);
  const parse = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (!parse) throw refuse(`Unrecognized match type ${operator}`);
  return parse(value, refuse);
}
