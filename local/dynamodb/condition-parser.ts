/** Parses condition, filter and key condition expressions. */
import { ExpressionError, TokenReader } from './expression-lexer.ts';
import {
  type Comparator,
  type Condition,
  type ConditionFunction,
  type Operand,
  type Parsed,
} from './expression-syntax.ts';

const COMPARATORS: readonly Comparator[] = ['<>', '<=', '>=', '=', '<', '>'];

/** Function -> number of operands. */
const FUNCTIONS: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};

const isOperand = (node: Condition | Operand): node is Operand =>
  node.kind === 'path' || node.kind === 'value' || node.kind === 'size';

function misused(name: string): ExpressionError {
  return new ExpressionError(`The function is not allowed to be used this way in an expression; function: ${name}`);
}

class ConditionParser {
  readonly reader: TokenReader;

  constructor(text: string) {
    this.reader = new TokenReader(text);
  }

  parse(): Condition {
    const node = this.#or();
    if (!this.reader.atEnd()) throw this.reader.syntaxError();
    return this.#asCondition(node);
  }

  #asCondition(node: Condition | Operand): Condition {
    if (!isOperand(node)) return node;
    throw node.kind === 'size' ? misused('size') : this.reader.syntaxError();
  }

  #asOperand(node: Condition | Operand): Operand {
    if (isOperand(node)) return node;
    throw node.kind === 'function' ? misused(node.name) : this.reader.syntaxError();
  }

  // 'or', 'and' and 'not' may turn out to be an operand in parentheses: `(a) = :b` begins like `(a = :b)`.
  #or(): Condition | Operand {
    let node = this.#and();
    while (this.reader.takeKeyword('OR')) {
      node = { kind: 'or', left: this.#asCondition(node), right: this.#asCondition(this.#and()) };
    }
    return node;
  }

  #and(): Condition | Operand {
    let node = this.#not();
    while (this.reader.takeKeyword('AND')) {
      node = { kind: 'and', left: this.#asCondition(node), right: this.#asCondition(this.#not()) };
    }
    return node;
  }

  #not(): Condition | Operand {
    if (this.reader.takeKeyword('NOT')) return { kind: 'not', condition: this.#asCondition(this.#not()) };
    return this.#comparison();
  }

  #comparison(): Condition | Operand {
    const left = this.#primary();
    const operator = this.reader.takeOneOf(COMPARATORS);
    if (operator) return { kind: 'compare', operator, left: this.#asOperand(left), right: this.#operand() };
    if (this.reader.takeKeyword('BETWEEN')) {
      const low = this.#operand();
      if (!this.reader.takeKeyword('AND')) throw this.reader.syntaxError();
      return { kind: 'between', operand: this.#asOperand(left), low, high: this.#operand() };
    }
    if (this.reader.takeKeyword('IN')) {
      this.reader.expectSymbol('(');
      const options = this.reader.list(() => this.#operand());
      this.reader.expectSymbol(')');
      return { kind: 'in', operand: this.#asOperand(left), options };
    }
    return left;
  }

  #operand(): Operand {
    return this.#asOperand(this.#primary());
  }

  #primary(): Condition | Operand {
    if (this.reader.takeSymbol('(')) {
      const node = this.#or();
      if (node === this.#parenthesised) throw new ExpressionError('The expression has redundant parentheses;');
      this.reader.expectSymbol(')');
      this.#parenthesised = node;
      return node;
    }
    const name = this.reader.takeFunctionStart();
    return name === undefined ? this.#leaf() : this.#call(name);
  }

  // What stood between the latest pair of parentheses: a second pair around the same node is redundant.
  #parenthesised: Condition | Operand | undefined;

  #leaf(): Operand {
    const value = this.reader.takeValue();
    return value === undefined ? { kind: 'path', path: this.reader.path() } : { kind: 'value', name: value };
  }

  #call(name: string): Condition | Operand {
    const operands = this.reader.atSymbol(')') ? [] : this.reader.list(() => this.#operand());
    this.reader.expectSymbol(')');
    const expected = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (expected === undefined) throw new ExpressionError(`Invalid function name; function: ${name}`);
    if (operands.length !== expected) {
      throw new ExpressionError(
        'Incorrect number of operands for operator or function; ' +
          `operator or function: ${name}, number of operands: ${operands.length}`,
      );
    }
    const first = operands[0]!;
    if (name === 'size') return { kind: 'size', operand: first };
    if ((name === 'attribute_exists' || name === 'attribute_not_exists') && first.kind !== 'path') {
      throw new ExpressionError(`Operator or function requires a document path; operator or function: ${name}`);
    }
    return { kind: 'function', name: name as ConditionFunction, operands };
  }
}

/** @throws ExpressionError with AWS's message */
export function parseCondition(text: string): Parsed<Condition> {
  const parser = new ConditionParser(text);
  const tree = parser.parse();
  return { tree, aliases: parser.reader.aliases, values: parser.reader.values };
}
