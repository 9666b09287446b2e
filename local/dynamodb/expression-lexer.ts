/** Splits a DynamoDB expression into tokens, and reads what all expressions share: document paths and value names. */
import { isReservedWord } from './reserved-words.ts';

/** What is wrong with an expression, in AWS's words but without the parameter's name ('Invalid ConditionExpression: '). */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** A document path as written: attribute names, `#aliases` and list indexes. */
export type RawPath = readonly (string | number)[];

type TokenKind = 'word' | 'alias' | 'value' | 'number' | 'symbol' | 'end';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /[ \t\r\n]*(?:([A-Za-z][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([0-9]+)|(<>|<=|>=|[=<>(),.[\]+-])|([^ \t\r\n]))/y;
const KINDS: readonly TokenKind[] = ['word', 'alias', 'value', 'number', 'symbol', 'symbol'];
const MAX_EXPRESSION_BYTES = 4096;
const MAX_PATH_DEPTH = 32;

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const group = match.findIndex((part, i) => i > 0 && part !== undefined);
    const word = match[group]!;
    const end = match.index + match[0].length;
    tokens.push({ kind: KINDS[group - 1]!, text: word, start: end - word.length, end });
  }
  tokens.push({ kind: 'end', text: '<EOF>', start: text.length, end: text.length });
  return tokens;
}

/** The tokens of one expression with a position, and the names it uses. */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #position = 0;
  /** `#aliases` used so far. */
  readonly aliases = new Set<string>();
  /** `:values` used so far. */
  readonly values = new Set<string>();

  /** @throws ExpressionError for an empty or oversized expression */
  constructor(text: string) {
    if (text.trim() === '') throw new ExpressionError('The expression can not be empty;');
    if (Buffer.byteLength(text) > MAX_EXPRESSION_BYTES) {
      throw new ExpressionError('Expression size has exceeded the maximum allowed size;');
    }
    this.#text = text;
    this.#tokens = tokenise(text);
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)]!;
  }

  /** The error that AWS reports at the current token. */
  syntaxError(): ExpressionError {
    const token = this.#peek();
    const before = this.#tokens[this.#position - 1] ?? token;
    const after = this.#peek(1);
    const near = this.#text.slice(before.start, after.end);
    return new ExpressionError(`Syntax error; token: "${token.text}", near: "${near}"`);
  }

  atEnd(): boolean {
    return this.#peek().kind === 'end';
  }

  atSymbol(symbol: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === symbol;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.atSymbol(symbol)) return false;
    this.#position++;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.syntaxError();
  }

  /** Takes one of the symbols, if one is next. */
  takeOneOf<T extends string>(symbols: readonly T[]): T | undefined {
    return symbols.find((symbol) => this.takeSymbol(symbol));
  }

  /** Takes a keyword (case does not matter), if it is next. */
  takeKeyword(keyword: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
    this.#position++;
    return true;
  }

  /** Takes `name(`, if that is next, and gives the function's name. */
  takeFunctionStart(): string | undefined {
    const token = this.#peek();
    const next = this.#peek(1);
    if (token.kind !== 'word' || next.kind !== 'symbol' || next.text !== '(') return undefined;
    this.#position += 2;
    return token.text;
  }

  takeValue(): string | undefined {
    const token = this.#peek();
    if (token.kind !== 'value') return undefined;
    this.#position++;
    this.values.add(token.text);
    return token.text;
  }

  /** Takes a document path: `a`, `#a.b[0].c`. @throws ExpressionError also for a reserved word */
  path(): RawPath {
    const path: (string | number)[] = [this.#name()];
    for (;;) {
      if (this.takeSymbol('.')) path.push(this.#name());
      else if (this.takeSymbol('[')) {
        path.push(this.#listIndex());
        this.expectSymbol(']');
      } else break;
    }
    if (path.length > MAX_PATH_DEPTH) {
      throw new ExpressionError('The document path has too many nesting elements;');
    }
    return path;
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind === 'alias') this.aliases.add(token.text);
    else if (token.kind !== 'word') throw this.syntaxError();
    else if (isReservedWord(token.text)) {
      throw new ExpressionError(`Attribute name is a reserved keyword; reserved keyword: ${token.text}`);
    }
    this.#position++;
    return token.text;
  }

  #listIndex(): number {
    const token = this.#peek();
    if (token.kind !== 'number') throw this.syntaxError();
    this.#position++;
    return Number(token.text);
  }

  /** Reads items separated by commas, at least one. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.takeSymbol(',')) items.push(item());
    return items;
  }
}
