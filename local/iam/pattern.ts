/** Wildcards and variables of IAM policies: `*` any characters, `?` exactly one, `${key}` a value of the request. */

export type Matcher = (text: string) => boolean;

/** The value of a policy variable in the request at hand, or undefined when the request has none. */
export type VariableLookup = (key: string) => string | undefined;

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined };

export interface Pattern {
  readonly source: string;
  /** True when the pattern has policy variables, so that its meaning depends on the request. */
  readonly hasVariables: boolean;
  /** Undefined when a variable has neither a value nor a default: then nothing matches, as in AWS. */
  matcher(lookup: VariableLookup): Matcher | undefined;
}

export interface PatternOptions {
  /** Actions and some condition operators ignore case. */
  readonly ignoreCase?: boolean;
  /**
   * Wildcards of the first five colon-separated segments stay within their segment, so that `arn:aws:events:*:rule/x`
   * (which lacks the account) matches nothing. Only a bare prefix with one final `*` may be shorter.
   */
  readonly arn?: boolean;
  /** False: `*` and `?` stand for themselves (StringEquals). */
  readonly wildcards?: boolean;
  /** False for policies of version 2008-10-17, where `${...}` is plain text. */
  readonly variables?: boolean;
}

const VARIABLE = /\$\{([^}]*)\}/y;
const ESCAPED: Readonly<Record<string, string>> = { '*': '*', '?': '?', $: '$' };

/** Compiles a pattern once; without variables the matcher is built here and shared by every request. */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  const parts = parse(source, options);
  const hasVariables = parts.some((part) => part.kind === 'variable');
  const fixed = hasVariables ? undefined : build(parts, options, () => undefined);
  return { source, hasVariables, matcher: (lookup) => fixed ?? build(parts, options, lookup) };
}

function parse(source: string, options: PatternOptions): Part[] {
  const parts: Part[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') parts.push({ kind: 'literal', text: literal });
    literal = '';
  };
  for (let i = 0; i < source.length; i++) {
    const character = source.charAt(i);
    VARIABLE.lastIndex = i;
    const variable = options.variables === false || character !== '$' ? null : VARIABLE.exec(source);
    if (variable) {
      const name = variable[1] ?? '';
      i += variable[0].length - 1;
      if (ESCAPED[name] !== undefined) {
        literal += ESCAPED[name];
        continue;
      }
      flush();
      const [key = '', fallback] = name.split(/\s*,\s*/, 2);
      parts.push({ kind: 'variable', key: key.trim(), fallback: fallback?.trim().replace(/^'(.*)'$/, '$1') });
    } else if (options.wildcards !== false && (character === '*' || character === '?')) {
      flush();
      parts.push({ kind: character === '*' ? 'any' : 'one' });
    } else {
      literal += character;
    }
  }
  flush();
  return parts;
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const colons = (text: string): number => text.split(':').length - 1;

function build(parts: readonly Part[], options: PatternOptions, lookup: VariableLookup): Matcher | undefined {
  const only = parts[0];
  if (parts.length === 1 && only?.kind === 'any') return () => true;
  if (!options.ignoreCase && parts.length <= 1 && (only === undefined || only.kind === 'literal')) {
    const exact = only?.text ?? '';
    return (text) => text === exact;
  }
  const prefix = parts.length === 2 && only?.kind === 'literal' && parts[1]?.kind === 'any' && colons(only.text) < 5;
  let segment = options.arn === true && !prefix ? 0 : 5;
  let expression = '';
  for (const part of parts) {
    if (part.kind === 'literal') {
      expression += escapeRegExp(part.text);
      segment += colons(part.text);
    } else if (part.kind === 'variable') {
      const value = lookup(part.key) ?? part.fallback;
      if (value === undefined) return undefined;
      expression += escapeRegExp(value);
    } else {
      expression += (segment < 5 ? '[^:]' : '.') + (part.kind === 'any' ? '*' : '');
    }
  }
  const compiled = new RegExp(`^${expression}$`, options.ignoreCase ? 'is' : 's');
  return (text) => compiled.test(text);
}
