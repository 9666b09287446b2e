/**
 * One write, in four phases that single requests and transactions share: parse (the request alone), prepare (the table's
 * schema), decide (the item as it is), commit.
 */
import { AwsError, validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';
import { type Item, newMap, readItem } from './attribute-value.ts';
import { holds } from './condition-evaluator.ts';
import { ExpressionContext } from './expression-context.ts';
import { type UpdateAction } from './expression-syntax.ts';
import { itemSizeBytes, MAX_ITEM_BYTES } from './item-size.ts';
import { type PrimaryKey, requireIndexKeys, requireItemKey, requireKey } from './primary-key.ts';
import { isPresent, refuseUnsupported, returnsOldOnFailure } from './request.ts';
import { type Table } from './table.ts';
import { type TableRegistry } from './table-registry.ts';
import { keyAttributes } from './table-schema.ts';
import { updated } from './update-evaluator.ts';
import { requireIndexKeyTypes } from './update-types.ts';

export type WriteKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** A write whose request is well formed. */
export interface ParsedWrite {
  readonly table: Table;
  /** Size of what the request carries: the limit of a transaction. */
  readonly payloadBytes: () => number;
  /** Checks the request against the table's schema. @throws AwsError ValidationException */
  readonly prepare: () => PreparedWrite;
}

/** A write that fits its table; whether it succeeds depends on the item. */
export interface PreparedWrite {
  readonly table: Table;
  readonly key: PrimaryKey;
  /** Whether the item (empty when absent) meets the condition. */
  readonly meets: (item: Item) => boolean;
  readonly showsOldOnFailure: boolean;
  /** The item afterwards; undefined for none; the old one itself for no change. @throws AwsError ValidationException */
  readonly next: (old: Item | undefined) => Item | undefined;
  /** The update's actions and bindings, for UPDATED_OLD and UPDATED_NEW. */
  readonly update?: { readonly actions: readonly UpdateAction[]; readonly context: ExpressionContext };
  /** The error of a condition that was not met. */
  readonly conditionError: () => AwsError;
}

/** A write whose condition holds, ready to be committed. */
export interface DecidedWrite {
  readonly write: PreparedWrite;
  readonly old: Item | undefined;
  readonly next: Item | undefined;
}

const NOTHING: Item = Object.freeze(newMap());
const ALWAYS = (): boolean => true;

const conditionFailed = (): AwsError =>
  new AwsError('ConditionalCheckFailedException', 'The conditional request failed');

/** The condition of a write and what depends on it; the last of the expressions to be read. */
function readCondition(
  input: WireInput,
  context: ExpressionContext,
): Pick<PreparedWrite, 'meets' | 'showsOldOnFailure' | 'conditionError'> {
  const condition = context.condition('ConditionExpression');
  context.requireAllUsed();
  return {
    meets: condition ? (item) => holds(condition, item, context) : ALWAYS,
    showsOldOnFailure: returnsOldOnFailure(input),
    conditionError: conditionFailed,
  };
}

function requireMember(input: WireInput, member: string): unknown {
  const value: unknown = input[member];
  if (isPresent(value)) return value;
  const path = member.charAt(0).toLowerCase() + member.slice(1);
  throw validationError(
    `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  );
}

/** Checks an item that a Put stores. @throws AwsError ValidationException */
export function requireStorable(item: Item, table: Table): void {
  requireItemKey(item, table.schema);
  requireIndexKeys(item, table.schema);
  if (itemSizeBytes(item) > MAX_ITEM_BYTES) throw validationError('Item size has exceeded the maximum allowed size');
}

function parsePut(table: Table, input: WireInput): ParsedWrite {
  const wire = requireMember(input, 'Item');
  const context = new ExpressionContext(input, ['ConditionExpression']);
  const item = readItem(wire);
  const condition = readCondition(input, context);
  return {
    table,
    payloadBytes: () => itemSizeBytes(item) + context.valuesSizeBytes(),
    prepare: () => {
      requireStorable(item, table);
      return { table, key: table.keyOf(item), next: () => item, ...condition };
    },
  };
}

/** Whether an update can do nothing to an item that is not there: AWS then does not create it. */
const onlyTakesAway = (actions: readonly UpdateAction[]): boolean =>
  actions.length > 0 && actions.every((action) => action.kind === 'remove' || action.kind === 'delete');

function requireKeyUntouched(table: Table, actions: readonly UpdateAction[], context: ExpressionContext): void {
  for (const action of actions) {
    const attribute = keyAttributes(table.schema.key).find(({ name }) => name === context.path(action.path)[0]);
    if (!attribute) continue;
    throw validationError(
      `One or more parameter values were invalid: Cannot update attribute ${attribute.name}. ` +
        'This attribute is part of the key',
    );
  }
}

function parseUpdate(table: Table, input: WireInput): ParsedWrite {
  const wire = requireMember(input, 'Key');
  const context = new ExpressionContext(input, ['UpdateExpression', 'ConditionExpression']);
  const key = readItem(wire);
  const actions = context.update() ?? [];
  const condition = readCondition(input, context);
  const next = (old: Item | undefined): Item | undefined => {
    if (!old && onlyTakesAway(actions)) return undefined;
    const item = updated(old ?? key, actions, context);
    requireIndexKeys(item, table.schema);
    if (itemSizeBytes(item) <= MAX_ITEM_BYTES) return item;
    throw validationError('Item size to update has exceeded the maximum allowed size');
  };
  return {
    table,
    payloadBytes: () => itemSizeBytes(key) + context.valuesSizeBytes(),
    prepare: () => {
      requireKey(key, table.schema.key);
      requireKeyUntouched(table, actions, context);
      requireIndexKeyTypes(actions, table.schema, context);
      return { table, key: table.keyOf(key), next, update: { actions, context }, ...condition };
    },
  };
}

function parseKeyed(kind: 'Delete' | 'ConditionCheck', table: Table, input: WireInput): ParsedWrite {
  const wire = requireMember(input, 'Key');
  if (kind === 'ConditionCheck') requireMember(input, 'ConditionExpression');
  const context = new ExpressionContext(input, ['ConditionExpression']);
  const key = readItem(wire);
  const condition = readCondition(input, context);
  const next = kind === 'Delete' ? () => undefined : (old: Item | undefined) => old;
  return {
    table,
    payloadBytes: () => itemSizeBytes(key) + context.valuesSizeBytes(),
    prepare: () => {
      requireKey(key, table.schema.key);
      return { table, key: table.keyOf(key), next, ...condition };
    },
  };
}

/** Reads a write request. @throws AwsError ResourceNotFoundException, ValidationException, UnsupportedFeature */
export function parseWrite(kind: WriteKind, registry: TableRegistry, input: WireInput): ParsedWrite {
  refuseUnsupported(input);
  const table = registry.table(input);
  switch (kind) {
    case 'Put':
      return parsePut(table, input);
    case 'Update':
      return parseUpdate(table, input);
    case 'Delete':
    case 'ConditionCheck':
      return parseKeyed(kind, table, input);
  }
}

/**
 * Decides a write against the table as it is.
 * @throws AwsError ConditionalCheckFailedException (with `Item` when asked for), ValidationException
 */
export function decide(write: PreparedWrite): DecidedWrite {
  const old = write.table.get(write.key)?.item;
  if (!write.meets(old ?? NOTHING)) {
    const error = write.conditionError();
    if (!write.showsOldOnFailure || !old) throw error;
    throw new AwsError(error.code, error.message, { statusCode: error.statusCode, fields: { Item: old } });
  }
  return { write, old, next: write.next(old) };
}

/** Makes a decided write happen. */
export function commit({ write, old, next }: DecidedWrite): void {
  if (next === undefined) write.table.delete(write.key);
  else if (next !== old) write.table.put(write.key, next, itemSizeBytes(next));
}
