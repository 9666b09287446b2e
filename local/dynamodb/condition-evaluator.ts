/** Decides whether an item meets a condition. */
import {
  type AttributeValue,
  compareScalars,
  equalValues,
  isBinary,
  isList,
  isMap,
  isString,
  type Item,
  setMemberKey,
  setMembers,
  typeOf,
} from './attribute-value.ts';
import { type Bindings } from './bindings.ts';
import { valueAt } from './document-path.ts';
import { type Comparator, type Condition, type Operand } from './expression-syntax.ts';

/**
 * size(): UTF-16 units of a string, bytes of a blob, members of a set, list or map; undefined for other types.
 * Units, not UTF-8 bytes: so does AWS (tried by others on the real service).
 */
function sizeOf(value: AttributeValue | undefined): AttributeValue | undefined {
  if (!value) return undefined;
  if (isString(value)) return { N: String(value.S.length) };
  if (isBinary(value)) return { N: String(value.B.byteLength) };
  if (isList(value)) return { N: String(value.L.length) };
  if (isMap(value)) return { N: String(Object.keys(value.M).length) };
  const members = setMembers(value);
  return members && { N: String(members.size) };
}

function resolve(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  switch (operand.kind) {
    case 'path':
      return valueAt(item, bindings.path(operand.path));
    case 'value':
      return bindings.value(operand.name);
    case 'size':
      return sizeOf(resolve(operand.operand, item, bindings));
  }
}

/** Equality needs both values; without one of them only `<>` holds. Values of different types have no order. */
function compares(operator: Comparator, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (operator === '=') return a !== undefined && b !== undefined && equalValues(a, b);
  if (operator === '<>') return a === undefined || b === undefined || !equalValues(a, b);
  const order = a && b && compareScalars(a, b);
  if (order === undefined) return false;
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (isString(value)) return isString(prefix) && value.S.startsWith(prefix.S);
  if (!isBinary(value) || !isBinary(prefix)) return false;
  return Buffer.compare(value.B.subarray(0, prefix.B.byteLength), prefix.B) === 0;
}

/** A part of a string or blob, or a member of a set or list. */
function contains(value: AttributeValue, part: AttributeValue): boolean {
  if (isString(value)) return isString(part) && value.S.includes(part.S);
  if (isBinary(value)) return isBinary(part) && Buffer.from(value.B).includes(Buffer.from(part.B));
  if (isList(value)) return value.L.some((member) => equalValues(member, part));
  const member = setMemberKey(part);
  return member !== undefined && typeOf(value) === `${typeOf(part)}S` && setMembers(value)!.has(member);
}

function functionHolds(
  condition: Extract<Condition, { kind: 'function' }>,
  first: AttributeValue | undefined,
  second: AttributeValue | undefined,
): boolean {
  switch (condition.name) {
    case 'attribute_exists':
      return first !== undefined;
    case 'attribute_not_exists':
      return first === undefined;
    case 'attribute_type':
      return first !== undefined && second !== undefined && isString(second) && typeOf(first) === second.S;
    case 'begins_with':
      return first !== undefined && second !== undefined && beginsWith(first, second);
    case 'contains':
      return first !== undefined && second !== undefined && contains(first, second);
  }
}

/** Whether the item meets the condition; an absent item is an empty one. */
export function holds(condition: Condition, item: Item, bindings: Bindings): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item, bindings) && holds(condition.right, item, bindings);
    case 'or':
      return holds(condition.left, item, bindings) || holds(condition.right, item, bindings);
    case 'not':
      return !holds(condition.condition, item, bindings);
    case 'compare':
      return compares(
        condition.operator,
        resolve(condition.left, item, bindings),
        resolve(condition.right, item, bindings),
      );
    case 'between': {
      const value = resolve(condition.operand, item, bindings);
      return (
        compares('>=', value, resolve(condition.low, item, bindings)) &&
        compares('<=', value, resolve(condition.high, item, bindings))
      );
    }
    case 'in': {
      const value = resolve(condition.operand, item, bindings);
      return condition.options.some((option) => compares('=', value, resolve(option, item, bindings)));
    }
    case 'function': {
      const [first, second] = condition.operands;
      return functionHolds(
        condition,
        first && resolve(first, item, bindings),
        second && resolve(second, item, bindings),
      );
    }
  }
}

function operandsIn(condition: Condition): readonly Operand[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return [...operandsIn(condition.left), ...operandsIn(condition.right)];
    case 'not':
      return operandsIn(condition.condition);
    case 'compare':
      return [condition.left, condition.right];
    case 'between':
      return [condition.operand, condition.low, condition.high];
    case 'in':
      return [condition.operand, ...condition.options];
    case 'function':
      return condition.operands;
  }
}

function attributeIn(operand: Operand, bindings: Bindings): string[] {
  if (operand.kind === 'size') return attributeIn(operand.operand, bindings);
  return operand.kind === 'path' ? [bindings.path(operand.path)[0]] : [];
}

/** Names of the attributes that a condition looks at. */
export function attributesIn(condition: Condition, bindings: Bindings): string[] {
  return operandsIn(condition).flatMap((operand) => attributeIn(operand, bindings));
}
