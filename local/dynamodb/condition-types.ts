/** What AWS refuses in a condition before it looks at any item: operands whose types can never fit. */
import { type AttributeType, type AttributeValue, compareScalars, isString, typeOf } from './attribute-value.ts';
import { describePath, equalPaths } from './document-path.ts';
import { type Bindings } from './bindings.ts';
import { ExpressionError } from './expression-lexer.ts';
import { type Condition, type Operand } from './expression-syntax.ts';

const ORDERED: readonly AttributeType[] = ['S', 'N', 'B'];
const TYPE_NAMES = ['S', 'N', 'B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'NS', 'M'];

/** The type of a value or of size(); undefined for a path, whose type only the item knows. */
function staticType(operand: Operand, bindings: Bindings): AttributeType | undefined {
  if (operand.kind === 'size') return 'N';
  return operand.kind === 'value' ? typeOf(bindings.value(operand.name)) : undefined;
}

function incorrectType(name: string, type: string): ExpressionError {
  return new ExpressionError(
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
  );
}

function requireType(name: string, operand: Operand, allowed: readonly AttributeType[], bindings: Bindings): void {
  const type = staticType(operand, bindings);
  if (type && !allowed.includes(type)) throw incorrectType(name, type);
}

function requireDistinct(name: string, first: Operand, second: Operand, bindings: Bindings): void {
  if (first.kind !== 'path' || second.kind !== 'path') return;
  const path = bindings.path(first.path);
  if (!equalPaths(path, bindings.path(second.path))) return;
  throw new ExpressionError(
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
      `operator: ${name}, first operand: ${describePath(path)}`,
  );
}

function describeValue(value: AttributeValue): string {
  const type = typeOf(value);
  return `AttributeValue: {${type}:${String((value as Record<string, unknown>)[type])}}`;
}

function checkBounds(low: Operand, high: Operand, bindings: Bindings): void {
  if (low.kind !== 'value' || high.kind !== 'value') return;
  const lower = bindings.value(low.name);
  const upper = bindings.value(high.name);
  const bounds = `lower bound operand: ${describeValue(lower)}, upper bound operand: ${describeValue(upper)}`;
  if (typeOf(lower) !== typeOf(upper)) {
    throw new ExpressionError(`The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`);
  }
  if ((compareScalars(lower, upper) ?? 0) > 0) {
    throw new ExpressionError(
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    );
  }
}

function checkSizes(operands: readonly Operand[], bindings: Bindings): void {
  for (const operand of operands) {
    if (operand.kind !== 'size') continue;
    const type = staticType(operand.operand, bindings);
    if (type === 'N' || type === 'BOOL' || type === 'NULL') throw incorrectType('size', type);
  }
}

function checkFunction(condition: Extract<Condition, { kind: 'function' }>, bindings: Bindings): void {
  const [first, second] = condition.operands;
  checkSizes(condition.operands, bindings);
  if (!first || !second) return;
  requireDistinct(condition.name, first, second, bindings);
  if (condition.name === 'begins_with') {
    condition.operands.forEach((operand) => requireType('begins_with', operand, ['S', 'B'], bindings));
  }
  if (condition.name !== 'attribute_type') return;
  const name = second.kind === 'value' ? bindings.value(second.name) : undefined;
  if (!name) throw incorrectType('attribute_type', '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}');
  if (!isString(name)) throw incorrectType('attribute_type', typeOf(name));
  if (!TYPE_NAMES.includes(name.S)) {
    throw new ExpressionError(
      `Invalid attribute type name found; type: ${name.S}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
  }
}

/** @throws ExpressionError with AWS's message */
export function checkOperandTypes(condition: Condition, bindings: Bindings): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      checkOperandTypes(condition.left, bindings);
      checkOperandTypes(condition.right, bindings);
      return;
    case 'not':
      checkOperandTypes(condition.condition, bindings);
      return;
    case 'function':
      checkFunction(condition, bindings);
      return;
    case 'compare':
      checkSizes([condition.left, condition.right], bindings);
      requireDistinct(condition.operator, condition.left, condition.right, bindings);
      if (condition.operator === '=' || condition.operator === '<>') return;
      requireType(condition.operator, condition.left, ORDERED, bindings);
      requireType(condition.operator, condition.right, ORDERED, bindings);
      return;
    case 'between':
      checkSizes([condition.operand, condition.low, condition.high], bindings);
      [condition.operand, condition.low, condition.high].forEach((operand) =>
        requireType('BETWEEN', operand, ORDERED, bindings),
      );
      checkBounds(condition.low, condition.high, bindings);
      return;
    case 'in':
      checkSizes([condition.operand, ...condition.options], bindings);
      if (condition.options.length > 100) {
        throw new ExpressionError(
          'Invalid number of operands for operator or function; operator or function: IN, ' +
            `number of operands: ${condition.options.length}; at most 100 are allowed`,
        );
      }
  }
}
