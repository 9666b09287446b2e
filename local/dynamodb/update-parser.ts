/** Parses update expressions. */
import { ExpressionError, TokenReader } from './expression-lexer.ts';
import { type Parsed, type SetValue, type UpdateAction, type ValueOperand } from './expression-syntax.ts';

const SECTIONS = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const;

class UpdateParser {
  readonly reader: TokenReader;

  constructor(text: string) {
    this.reader = new TokenReader(text);
  }

  parse(): UpdateAction[] {
    const actions: UpdateAction[] = [];
    const seen = new Set<string>();
    do {
      const section = SECTIONS.find((keyword) => this.reader.takeKeyword(keyword));
      if (!section) throw this.reader.syntaxError();
      if (seen.has(section)) {
        throw new ExpressionError(`The "${section}" section can only be used once in an update expression;`);
      }
      seen.add(section);
      actions.push(...this.reader.list(() => this.#action(section)));
    } while (!this.reader.atEnd());
    return actions;
  }

  #action(section: (typeof SECTIONS)[number]): UpdateAction {
    const path = this.reader.path();
    if (section === 'REMOVE') return { kind: 'remove', path };
    if (section !== 'SET') return { kind: section === 'ADD' ? 'add' : 'delete', path, value: this.#value() };
    this.reader.expectSymbol('=');
    return { kind: 'set', path, value: this.#sum() };
  }

  #value(): ValueOperand {
    const name = this.reader.takeValue();
    if (name === undefined) throw this.reader.syntaxError();
    return { kind: 'value', name };
  }

  #sum(): SetValue {
    const left = this.#term();
    const operator = this.reader.takeOneOf(['+', '-']);
    if (!operator) return left;
    return { kind: operator === '+' ? 'add' : 'subtract', left, right: this.#term() };
  }

  #term(): SetValue {
    if (this.reader.takeSymbol('(')) {
      const value = this.#sum();
      this.reader.expectSymbol(')');
      return value;
    }
    const name = this.reader.takeFunctionStart();
    if (name !== undefined) return this.#call(name);
    const value = this.reader.takeValue();
    return value === undefined ? { kind: 'path', path: this.reader.path() } : { kind: 'value', name: value };
  }

  #call(name: string): SetValue {
    const operands = this.reader.atSymbol(')') ? [] : this.reader.list(() => this.#sum());
    this.reader.expectSymbol(')');
    if (name !== 'if_not_exists' && name !== 'list_append') {
      throw new ExpressionError(`Invalid function name; function: ${name}`);
    }
    const [first, second] = operands;
    if (operands.length !== 2 || !first || !second) {
      throw new ExpressionError(
        'Incorrect number of operands for operator or function; ' +
          `operator or function: ${name}, number of operands: ${operands.length}`,
      );
    }
    if (name === 'list_append') return { kind: 'list_append', first, second };
    if (first.kind === 'path') return { kind: 'if_not_exists', path: first.path, otherwise: second };
    throw new ExpressionError(`Operator or function requires a document path; operator or function: ${name}`);
  }
}

/** @throws ExpressionError with AWS's message */
export function parseUpdate(text: string): Parsed<readonly UpdateAction[]> {
  const parser = new UpdateParser(text);
  const tree = parser.parse();
  return { tree, aliases: parser.reader.aliases, values: parser.reader.values };
}
