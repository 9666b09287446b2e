/** The grammar of CloudWatch metric math. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[] };

// Lowest first; AWS names AND && OR || alike.
const PRECEDENCE: readonly (readonly string[])[] = [
  ['||', 'OR'],
  ['&&', 'AND'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/'],
  ['^'],
];

// Functions that bring their own data; refused when parsed, since nothing else in the expression may name a metric.
const DATA_SOURCES = [
  'SEARCH',
  'ANOMALY_DETECTION_BAND',
  'INSIGHT_RULE_METRIC',
  'SERVICE_QUOTA',
  'LAMBDA',
  'DB_PERF_INSIGHTS',
];

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|("[^"]*"|'[^']*')|([A-Za-z_][A-Za-z0-9_]*)|(\|\||&&|==|!=|<=|>=|[-+*/^<>!(),[\]]))/y;

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'symbol';
  readonly text: string;
}

export function expressionError(expression: string, why: string): AwsError {
  return new AwsError('ValidationError', `Error in expression '${expression}': ${why}`);
}

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (expression.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (!match) throw expressionError(expression, `unexpected '${expression.slice(at).trim()[0]}'`);
    if (match[1] !== undefined) tokens.push({ kind: 'number', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'text', text: match[2].slice(1, -1) });
    else if (match[3] !== undefined) tokens.push({ kind: 'word', text: match[3] });
    else tokens.push({ kind: 'symbol', text: match[4]! });
  }
  return tokens;
}

class Parser {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = tokenize(expression);
  }

  parse(): Expression {
    const result = this.#binary(0);
    const rest = this.#tokens[this.#at];
    if (rest) throw expressionError(this.#expression, `unexpected '${rest.text}'`);
    return result;
  }

  #take(...texts: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'number' || token.kind === 'text') return undefined;
    const text = token.kind === 'word' ? token.text.toUpperCase() : token.text;
    if (!texts.includes(text)) return undefined;
    this.#at++;
    return text;
  }

  #binary(level: number): Expression {
    const operators = PRECEDENCE[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#take(...operators);
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    if (this.#take('-') !== undefined) return { kind: 'negate', operand: this.#unary() };
    if (this.#take('!', 'NOT') !== undefined) return { kind: 'not', operand: this.#unary() };
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at];
    if (!token) throw expressionError(this.#expression, 'it ends too early');
    this.#at++;
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'text', value: token.text };
    if (token.kind === 'word') {
      if (this.#take('(') !== undefined) {
        const name = token.text.toUpperCase();
        if (DATA_SOURCES.includes(name)) throw new UnsupportedFeature(`the function ${name} of CloudWatch metric math`);
        return { kind: 'call', name, parameters: this.#sequence(')') };
      }
      return { kind: 'name', name: token.text };
    }
    if (token.text === '[') return { kind: 'list', items: this.#sequence(']') };
    if (token.text !== '(') throw expressionError(this.#expression, `unexpected '${token.text}'`);
    const inner = this.#binary(0);
    if (this.#take(')') === undefined) throw expressionError(this.#expression, "a ')' is missing");
    return inner;
  }

  #sequence(end: string): Expression[] {
    const items: Expression[] = [];
    if (this.#take(end) !== undefined) return items;
    for (;;) {
      items.push(this.#binary(0));
      if (this.#take(end) !== undefined) return items;
      if (this.#take(',') === undefined) throw expressionError(this.#expression, `a ',' or '${end}' is missing`);
    }
  }
}

/**
 * Parses metric math.
 * @throws AwsError ValidationError with the reason when the text is not an expression
 */
export function parseExpression(expression: string): Expression {
  if (/^\s*SELECT\s/i.test(expression))
    throw new UnsupportedFeature('CloudWatch Metrics Insights queries (SELECT ...)');
  return new Parser(expression).parse();
}

/** Ids of other queries that an expression names; `METRICS()` adds the id `*`. */
export function referencedIds(expression: Expression): string[] {
  switch (expression.kind) {
    case 'name':
      return ['REPEAT', 'LINEAR'].includes(expression.name) ? [] : [expression.name];
    case 'list':
      return expression.items.flatMap(referencedIds);
    case 'negate':
    case 'not':
      return referencedIds(expression.operand);
    case 'binary':
      return [...referencedIds(expression.left), ...referencedIds(expression.right)];
    case 'call':
      return expression.name === 'METRICS' ? ['*'] : expression.parameters.flatMap(referencedIds);
    default:
      return [];
  }
}
