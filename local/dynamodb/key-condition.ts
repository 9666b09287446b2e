/** Turns a key condition expression into one partition and bounds on the range key. */
import { validationError } from '../kernel/errors.ts';
import { type AttributeValue, compareScalars, typeOf } from './attribute-value.ts';
import { type Bindings } from './bindings.ts';
import { beginsWith } from './condition-evaluator.ts';
import { type Comparator, type Condition, type Operand } from './expression-syntax.ts';
import { type KeyAttribute, type KeySchema } from './table-schema.ts';

/** Which range keys are too small and which too large; both monotonic in the order of the range key. */
export interface RangeBounds {
  readonly below: (range: AttributeValue) => boolean;
  readonly above: (range: AttributeValue) => boolean;
}

export interface KeyCondition {
  readonly hash: AttributeValue;
  /** Undefined when the condition says nothing about the range key. */
  readonly bounds: RangeBounds | undefined;
}

/** A condition on one key attribute, the attribute on the left. */
interface PartCondition {
  readonly operator: Comparator | 'BETWEEN' | 'begins_with';
  readonly values: readonly AttributeValue[];
}

const MIRRORED: Readonly<Record<Comparator, Comparator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

const NEVER = (): boolean => false;
export const UNBOUNDED: RangeBounds = { below: NEVER, above: NEVER };

function invalidOperator(name: string): Error {
  return validationError(`Invalid operator used in KeyConditionExpression: ${name}`);
}

function operandsOf(condition: Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'in' }>): readonly Operand[] {
  switch (condition.kind) {
    case 'compare':
      return [condition.left, condition.right];
    case 'between':
      return [condition.operand, condition.low, condition.high];
    case 'function':
      return condition.operands;
  }
}

function requireKeyOperator(
  condition: Condition,
): asserts condition is Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'in' }> {
  if (condition.kind === 'or' || condition.kind === 'not' || condition.kind === 'in') {
    throw invalidOperator(condition.kind.toUpperCase());
  }
  if (condition.kind === 'compare' && condition.operator === '<>') throw invalidOperator('<>');
  if (condition.kind === 'function' && condition.name !== 'begins_with') throw invalidOperator(condition.name);
}

/** The attribute that a simple condition is about, and the condition with that attribute on the left. */
function readPart(condition: Condition, bindings: Bindings): { name: string; part: PartCondition } {
  requireKeyOperator(condition);
  const operands = operandsOf(condition);
  if (operands.some((operand) => operand.kind === 'size')) {
    throw validationError('KeyConditionExpressions cannot contain nested operations');
  }
  const invalid = 'Invalid condition in KeyConditionExpression: ';
  const paths = operands.flatMap((operand) => (operand.kind === 'path' ? [bindings.path(operand.path)] : []));
  if (paths.length > 1) throw validationError(`${invalid}Multiple attribute names used in one condition`);
  const [path] = paths;
  if (!path) throw validationError(`${invalid}No key attribute specified`);
  if (path.length > 1) throw validationError('KeyConditionExpressions cannot have conditions on nested attributes');
  const values = operands.flatMap((operand) => (operand.kind === 'value' ? [bindings.value(operand.name)] : []));
  const first = operands[0]!.kind === 'path';
  if (condition.kind === 'compare') {
    return { name: path[0], part: { operator: first ? condition.operator : MIRRORED[condition.operator], values } };
  }
  const operator = condition.kind === 'between' ? 'BETWEEN' : 'begins_with';
  if (!first) throw validationError(`${invalid}${operator} operator must have the key attribute as its first operand`);
  return { name: path[0], part: { operator, values } };
}

function readParts(condition: Condition, bindings: Bindings): Map<string, PartCondition> {
  const conditions = condition.kind === 'and' ? [condition.left, condition.right] : [condition];
  const parts = new Map<string, PartCondition>();
  for (const simple of conditions) {
    if (simple.kind === 'and') throw validationError('Conditions can be of length 1 or 2 only');
    const { name, part } = readPart(simple, bindings);
    if (parts.has(name)) throw validationError('KeyConditionExpressions must only contain one condition per key');
    parts.set(name, part);
  }
  return parts;
}

function requireType(part: PartCondition, attribute: KeyAttribute): void {
  if (part.values.every((value) => typeOf(value) === attribute.type)) return;
  throw validationError(
    'One or more parameter values were invalid: Condition parameter type does not match schema type',
  );
}

function boundsOf({ operator, values }: PartCondition): RangeBounds {
  const low = values[0]!;
  const high = values[1] ?? low;
  const order = (range: AttributeValue, bound: AttributeValue): number => compareScalars(range, bound) ?? 0;
  const below = (range: AttributeValue): boolean => order(range, low) < 0;
  switch (operator) {
    case '<':
      return { below: NEVER, above: (range) => order(range, low) >= 0 };
    case '<=':
      return { below: NEVER, above: (range) => order(range, low) > 0 };
    case '>':
      return { below: (range) => order(range, low) <= 0, above: NEVER };
    case '>=':
      return { below, above: NEVER };
    case 'begins_with':
      return { below, above: (range) => order(range, low) > 0 && !beginsWith(range, low) };
    case '=':
    case 'BETWEEN':
    case '<>':
      return { below, above: (range) => order(range, high) > 0 };
  }
}

/** @throws AwsError ValidationException with AWS's messages */
export function readKeyCondition(condition: Condition, key: KeySchema, bindings: Bindings): KeyCondition {
  const parts = readParts(condition, bindings);
  const hash = parts.get(key.hash.name);
  if (!key.range && parts.size > 1) throw validationError('Query key condition not supported');
  if (!hash) throw validationError(`Query condition missed key schema element: ${key.hash.name}`);
  requireType(hash, key.hash);
  if (hash.operator !== '=') throw validationError('Query key condition not supported');
  const range = key.range && parts.get(key.range.name);
  if (parts.size > 1 && !range) {
    throw validationError(`Query condition missed key schema element: ${key.range?.name ?? ''}`);
  }
  if (range && key.range) requireType(range, key.range);
  return { hash: hash.values[0]!, bounds: range && boundsOf(range) };
}
