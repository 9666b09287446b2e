/** Filter patterns of FilterLogEvents: terms, quoted phrases, `-term`, `?term`, and JSON selectors. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import { parseObject } from './embedded-metrics.ts';

export type LineFilter = (message: string) => boolean;

function invalid(pattern: string, why: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid filter pattern '${pattern}': ${why}`);
}

/**
 * Compiles a pattern; an empty one matches everything.
 * @throws AwsError InvalidParameterException; UnsupportedFeature for space-delimited and regular-expression patterns
 */
export function parseFilterPattern(pattern: string): LineFilter {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{')) return jsonFilter(text);
  if (text.startsWith('[')) throw new UnsupportedFeature(`space-delimited filter pattern '${text}'`);
  if (/(^|\s)%/.test(text)) throw new UnsupportedFeature(`regular expression in filter pattern '${text}'`);
  return termFilter(text);
}

function termFilter(pattern: string): LineFilter {
  const terms = [...pattern.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map((match) => ({
    sign: match[1]!,
    text: match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!,
  }));
  const optional = terms.filter(({ sign }) => sign === '?');
  const others = terms.filter(({ sign }) => sign !== '?');
  if (optional.length > 0 && others.length > 0)
    throw new UnsupportedFeature(`mixing ?terms with other terms in '${pattern}'`);
  return (message) =>
    others.every(({ sign, text }) => message.includes(text) === (sign !== '-')) &&
    (optional.length === 0 || optional.some(({ text }) => message.includes(text)));
}

type Test = (document: Readonly<Record<string, unknown>>) => boolean;

const CONDITION =
  /^\$\.([\w.[\]-]+)\s*(?:(=|!=|<=|>=|<|>)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s&|(){}]+))|(IS\s+NULL|NOT\s+EXISTS|IS\s+TRUE|IS\s+FALSE))/i;

/** `{ ($.a = "x" && $.b.c > 3) || $.d IS TRUE }`; && binds tighter than ||. */
function jsonFilter(pattern: string): LineFilter {
  if (!pattern.endsWith('}')) throw invalid(pattern, "it must end in '}'");
  let rest = pattern.slice(1, -1).trim();
  const take = (symbol: string): boolean => {
    if (!rest.startsWith(symbol)) return false;
    rest = rest.slice(symbol.length).trimStart();
    return true;
  };
  const primary = (): Test => {
    if (take('(')) {
      const inner = either();
      if (!take(')')) throw invalid(pattern, "a ')' is missing");
      return inner;
    }
    const match = CONDITION.exec(rest);
    if (!match) throw invalid(pattern, `unexpected '${rest.slice(0, 20)}'`);
    rest = rest.slice(match[0].length).trimStart();
    return condition(pattern, match);
  };
  const both = (): Test => {
    const parts = [primary()];
    while (take('&&')) parts.push(primary());
    return (document) => parts.every((part) => part(document));
  };
  const either = (): Test => {
    const parts = [both()];
    while (take('||')) parts.push(both());
    return (document) => parts.some((part) => part(document));
  };
  const test = either();
  if (rest !== '') throw invalid(pattern, `unexpected '${rest.slice(0, 20)}'`);
  return (message) => {
    const document = parseObject(message);
    return document !== undefined && test(document);
  };
}

function select(document: unknown, path: string): unknown {
  return path.split(/[.[\]]+/).reduce<unknown>((value, member) => {
    if (member === '') return value;
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[member] : undefined;
  }, document);
}

function condition(pattern: string, match: RegExpExecArray): Test {
  const [, path = '', operator, quoted, bare, keyword] = match;
  if (keyword !== undefined) {
    switch (keyword.toUpperCase().replace(/\s+/, ' ')) {
      case 'IS NULL':
        return (document) => select(document, path) === null;
      case 'NOT EXISTS':
        return (document) => select(document, path) === undefined;
      case 'IS TRUE':
        return (document) => select(document, path) === true;
      default:
        return (document) => select(document, path) === false;
    }
  }
  if (bare?.startsWith('%')) throw new UnsupportedFeature(`regular expression in filter pattern '${pattern}'`);
  const expected = quoted?.replace(/\\(.)/g, '$1') ?? bare!;
  if (operator === '=' || operator === '!=') {
    const equal = equality(expected, quoted === undefined);
    // A missing member is neither equal nor unequal.
    return (document) => {
      const value = select(document, path);
      return value !== undefined && equal(value) === (operator === '=');
    };
  }
  const limit = Number(expected);
  if (Number.isNaN(limit)) throw invalid(pattern, `'${expected}' is not a number`);
  const compare = {
    '<': (a: number) => a < limit,
    '<=': (a: number) => a <= limit,
    '>': (a: number) => a > limit,
    '>=': (a: number) => a >= limit,
  }[operator as '<' | '<=' | '>' | '>='];
  return (document) => {
    const value = select(document, path);
    return typeof value === 'number' && compare(value);
  };
}

function equality(expected: string, numeric: boolean): (value: unknown) => boolean {
  const wildcard = new RegExp(
    `^${expected
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
  return (value) => {
    if (typeof value === 'number') return numeric ? value === Number(expected) : String(value) === expected;
    return typeof value === 'string' ? wildcard.test(value) : String(value) === expected;
  };
}
