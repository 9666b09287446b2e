/** Parses the PartiQL that the laptop cloud speaks: INSERT INTO ... VALUE {...} and SELECT * ... WHERE key = value. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type AttributeValue, newMap, newSet, setMemberKey, typeOf } from './attribute-value.ts';
import { canonicalNumber } from './decimal.ts';

/** A value as written: a literal or `?`, or a collection of such. */
export type StatementValue =
  | { readonly kind: 'literal'; readonly value: AttributeValue }
  | { readonly kind: 'parameter'; readonly index: number }
  | { readonly kind: 'map'; readonly members: ReadonlyMap<string, StatementValue> }
  | { readonly kind: 'list' | 'set'; readonly members: readonly StatementValue[] };

export type Statement = { readonly table: string; readonly parameterCount: number } & (
  | { readonly kind: 'insert'; readonly item: StatementValue }
  | { readonly kind: 'select'; readonly equals: ReadonlyMap<string, StatementValue> }
);

type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const TOKEN =
  /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(<<|>>|<=|>=|<>|[{}[\](),:?=.*;<>])|(\S))/y;

const malformed = (detail: string): Error =>
  validationError(`Statement wasn't well formed, can't be processed: ${detail}`);

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [, word, quoted, string, number, symbol, unknown] = match;
    if (unknown !== undefined) throw malformed(`unexpected character '${unknown}'`);
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"') });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else tokens.push({ kind: 'symbol', text: symbol! });
  }
  return tokens;
}

class StatementParser {
  readonly #tokens: readonly Token[];
  #position = 0;
  #parameters = 0;

  constructor(text: string) {
    this.#tokens = tokenise(text);
  }

  parse(): Statement {
    const statement = this.#statement();
    this.#takeSymbol(';');
    const rest = this.#tokens[this.#position];
    if (rest) throw new UnsupportedFeature(`PartiQL clause '${rest.text}'`);
    return statement;
  }

  #statement(): Statement {
    if (this.#takeWord('INSERT')) return this.#insert();
    if (this.#takeWord('SELECT')) return this.#select();
    const first = this.#tokens[0]?.text ?? '';
    if (['UPDATE', 'DELETE', 'EXISTS'].includes(first.toUpperCase())) {
      throw new UnsupportedFeature(`PartiQL ${first.toUpperCase()}`, 'use UpdateItem, DeleteItem or a condition');
    }
    throw malformed(`it begins with '${first}'`);
  }

  #insert(): Statement {
    this.#expectWord('INTO');
    const table = this.#name();
    this.#expectWord('VALUE');
    const item = this.#value();
    return { kind: 'insert', table, item, parameterCount: this.#parameters };
  }

  #select(): Statement {
    if (!this.#takeSymbol('*')) throw new UnsupportedFeature('PartiQL SELECT of single attributes', 'use SELECT *');
    this.#expectWord('FROM');
    const table = this.#name();
    if (this.#takeSymbol('.')) throw new UnsupportedFeature('PartiQL SELECT from an index', 'use Query');
    if (!this.#takeWord('WHERE')) throw new UnsupportedFeature('PartiQL SELECT without WHERE', 'use Scan');
    const equals = new Map<string, StatementValue>();
    do {
      const attribute = this.#name();
      if (!this.#takeSymbol('='))
        throw new UnsupportedFeature('PartiQL conditions other than key = value', 'use Query');
      if (equals.has(attribute)) throw malformed(`two conditions on '${attribute}'`);
      equals.set(attribute, this.#value());
    } while (this.#takeWord('AND'));
    return { kind: 'select', table, equals, parameterCount: this.#parameters };
  }

  #takeWord(keyword: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
    this.#position++;
    return true;
  }

  #expectWord(keyword: string): void {
    if (!this.#takeWord(keyword)) throw malformed(`${keyword} expected, got '${this.#describeNext()}'`);
  }

  #describeNext(): string {
    return this.#tokens[this.#position]?.text ?? 'end of statement';
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#position++;
    return true;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw malformed(`'${symbol}' expected, got '${this.#describeNext()}'`);
  }

  #name(): string {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'word' && token?.kind !== 'quoted')
      throw malformed(`a name expected, got '${this.#describeNext()}'`);
    this.#position++;
    return token.text;
  }

  #value(): StatementValue {
    if (this.#takeSymbol('?')) return { kind: 'parameter', index: this.#parameters++ };
    if (this.#takeSymbol('{')) return { kind: 'map', members: this.#members() };
    if (this.#takeSymbol('[')) return { kind: 'list', members: this.#elements(']') };
    if (this.#takeSymbol('<<')) return { kind: 'set', members: this.#elements('>>') };
    return { kind: 'literal', value: this.#literal() };
  }

  #elements(end: string): StatementValue[] {
    const elements: StatementValue[] = [];
    if (this.#takeSymbol(end)) return elements;
    do elements.push(this.#value());
    while (this.#takeSymbol(','));
    this.#expectSymbol(end);
    return elements;
  }

  #members(): Map<string, StatementValue> {
    const members = new Map<string, StatementValue>();
    if (this.#takeSymbol('}')) return members;
    do {
      const token = this.#tokens[this.#position];
      if (token?.kind !== 'string') throw malformed(`a name in single quotes expected, got '${this.#describeNext()}'`);
      this.#position++;
      this.#expectSymbol(':');
      members.set(token.text, this.#value());
    } while (this.#takeSymbol(','));
    this.#expectSymbol('}');
    return members;
  }

  #literal(): AttributeValue {
    const token = this.#tokens[this.#position++];
    if (token?.kind === 'string') return { S: token.text };
    if (token?.kind === 'number') return { N: canonicalNumber(token.text) };
    const word = token?.kind === 'word' ? token.text.toUpperCase() : '';
    if (word === 'TRUE' || word === 'FALSE') return { BOOL: word === 'TRUE' };
    if (word === 'NULL') return { NULL: true };
    throw malformed(`a value expected, got '${token?.text ?? 'end of statement'}'`);
  }
}

/** @throws AwsError ValidationException, or UnsupportedFeature for PartiQL beyond INSERT and SELECT by key */
export function parseStatement(text: string): Statement {
  return new StatementParser(text).parse();
}

function boundSet(members: readonly AttributeValue[]): AttributeValue {
  const [first] = members;
  const type = first && typeOf(first);
  const keys = new Set(members.map(setMemberKey));
  if (
    !first ||
    keys.has(undefined) ||
    keys.size < members.length ||
    members.some((member) => typeOf(member) !== type)
  ) {
    throw validationError('A set must have distinct strings, numbers or blobs of one type');
  }
  return newSet(
    `${type as 'S' | 'N' | 'B'}S`,
    members.map((member) => Object.values(member)[0] as string | Uint8Array),
  )!;
}

/** The value that a written value stands for, with the request's parameters. */
export function bindValue(value: StatementValue, parameters: readonly AttributeValue[]): AttributeValue {
  switch (value.kind) {
    case 'literal':
      return value.value;
    case 'parameter':
      return parameters[value.index]!;
    case 'list':
      return { L: value.members.map((member) => bindValue(member, parameters)) };
    case 'set':
      return boundSet(value.members.map((member) => bindValue(member, parameters)));
    case 'map': {
      const map = newMap();
      for (const [name, member] of value.members) map[name] = bindValue(member, parameters);
      return { M: map };
    }
  }
}
