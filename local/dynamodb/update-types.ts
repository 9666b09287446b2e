/** What AWS refuses in an update expression before it looks at any item: values whose types can never fit. */
import { validationError } from '../kernel/errors.ts';
import { type AttributeType, typeOf } from './attribute-value.ts';
import { type Bindings } from './bindings.ts';
import { ExpressionError } from './expression-lexer.ts';
import { type SetValue, type UpdateAction } from './expression-syntax.ts';
import { keyAttributes, type TableSchema } from './table-schema.ts';

/** AWS's long names, used in the messages of ADD and DELETE. */
const LONG_NAMES: Partial<Record<AttributeType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
};

function requireType(name: string, operand: SetValue, allowed: AttributeType, bindings: Bindings): void {
  if (operand.kind !== 'value') return checkSetValue(operand, bindings);
  const type = typeOf(bindings.value(operand.name));
  if (type !== allowed) {
    throw new ExpressionError(
      `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
    );
  }
}

function checkSetValue(value: SetValue, bindings: Bindings): void {
  switch (value.kind) {
    case 'path':
    case 'value':
      return;
    case 'add':
    case 'subtract':
      requireType(value.kind === 'add' ? '+' : '-', value.left, 'N', bindings);
      requireType(value.kind === 'add' ? '+' : '-', value.right, 'N', bindings);
      return;
    case 'list_append':
      requireType('list_append', value.first, 'L', bindings);
      requireType('list_append', value.second, 'L', bindings);
      return;
    case 'if_not_exists':
      checkSetValue(value.otherwise, bindings);
  }
}

/** The type that a SET gives its attribute, where the expression alone tells. */
function staticType(value: SetValue, bindings: Bindings): AttributeType | undefined {
  switch (value.kind) {
    case 'value':
      return typeOf(bindings.value(value.name));
    case 'add':
    case 'subtract':
      return 'N';
    case 'list_append':
      return 'L';
    case 'path':
    case 'if_not_exists':
      return undefined;
  }
}

function assignedType(action: UpdateAction, bindings: Bindings): AttributeType | undefined {
  if (action.kind === 'set') return staticType(action.value, bindings);
  return action.kind === 'add' ? typeOf(bindings.value(action.value.name)) : undefined;
}

/** Refuses an update that can't but give an index's key the wrong type. @throws AwsError ValidationException */
export function requireIndexKeyTypes(actions: readonly UpdateAction[], schema: TableSchema, bindings: Bindings): void {
  if (schema.indexes.length === 0) return;
  for (const action of actions) {
    const path = bindings.path(action.path);
    const type = path.length === 1 ? assignedType(action, bindings) : undefined;
    for (const index of type ? schema.indexes : []) {
      const attribute = keyAttributes(index.key).find(({ name }) => name === path[0]);
      if (!attribute || attribute.type === type) continue;
      throw validationError(
        `One or more parameter values were invalid: Type mismatch for Index Key ${attribute.name} ` +
          `Expected: ${attribute.type} Actual: ${type} IndexName: ${index.name}`,
      );
    }
  }
}

/** @throws ExpressionError with AWS's message */
export function checkUpdateTypes(actions: readonly UpdateAction[], bindings: Bindings): void {
  for (const action of actions) {
    if (action.kind === 'set') checkSetValue(action.value, bindings);
    if (action.kind !== 'add' && action.kind !== 'delete') continue;
    const type = typeOf(bindings.value(action.value.name));
    const longName = LONG_NAMES[type];
    if (longName && !(action.kind === 'add' && type === 'N')) {
      throw new ExpressionError(
        'Incorrect operand type for operator or function; ' +
          `operator: ${action.kind.toUpperCase()}, operand type: ${longName}`,
      );
    }
  }
}
