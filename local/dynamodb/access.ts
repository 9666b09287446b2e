/** What IAM must allow for each call: the table (or index), the item-level actions, the leading keys where known. */
import { type Access, type WireInput } from '../kernel/service.ts';
import { type AttributeValue, isNumber, isString, readValue } from './attribute-value.ts';
import { ExpressionContext } from './expression-context.ts';
import { readKeyCondition } from './key-condition.ts';
import { readStatement } from './partiql-operations.ts';
import { bindValue, type Statement } from './partiql-parser.ts';
import { isPresent } from './request.ts';
import { type TableRegistry } from './table-registry.ts';
import { transactAction } from './transaction-operations.ts';

const TRANSACTION_ACTIONS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
} as const;

const TAG_OPERATIONS: readonly string[] = ['TagResource', 'UntagResource', 'ListTagsOfResource'];

/** A key as IAM sees it in dynamodb:LeadingKeys: text. */
function asText(value: AttributeValue | undefined): string | undefined {
  if (!value) return undefined;
  if (isString(value)) return value.S;
  return isNumber(value) ? value.N : undefined;
}

export class AccessRules {
  readonly #registry: TableRegistry;

  constructor(registry: TableRegistry) {
    this.#registry = registry;
  }

  /** @throws AwsError ValidationException for input from which the table can't be told */
  access(operation: string, input: WireInput): readonly Access[] {
    switch (operation) {
      case 'ListTables':
        return [{ action: 'dynamodb:ListTables', resource: '*' }];
      case 'PutItem':
        return [this.#onItem('PutItem', input, input.Item)];
      case 'GetItem':
      case 'UpdateItem':
      case 'DeleteItem':
        return [this.#onItem(operation, input, input.Key)];
      case 'Query':
        return [this.#onIndex(operation, input, this.#queriedKey(input))];
      case 'Scan':
        return [this.#onIndex(operation, input, [])];
      case 'BatchGetItem':
      case 'BatchWriteItem':
        return this.#onBatch(operation, input);
      case 'TransactGetItems':
        return list(input.TransactItems).map(({ Get: get }) => this.#onItem('GetItem', asInput(get), asInput(get).Key));
      case 'TransactWriteItems':
        return list(input.TransactItems).map((element) => {
          const { kind, action } = transactAction(element);
          return this.#onItem(TRANSACTION_ACTIONS[kind], action, kind === 'Put' ? action.Item : action.Key);
        });
      case 'ExecuteStatement':
        return [this.#onStatement(input)];
      case 'ExecuteTransaction':
        return list(input.TransactStatements).map((element) => this.#onStatement(element));
      default:
        return [this.#onTable(operation, input)];
    }
  }

  #onTable(operation: string, input: WireInput): Access {
    const action = `dynamodb:${operation}`;
    if (TAG_OPERATIONS.includes(operation)) return { action, resource: String(input.ResourceArn) };
    return { action, resource: this.#registry.arn(this.#registry.nameIn(input)) };
  }

  #withKeys(action: string, resource: string, keys: readonly (string | undefined)[]): Access {
    const known = keys.filter((key) => key !== undefined);
    return known.length === 0 || known.length < keys.length
      ? { action, resource }
      : { action, resource, conditionKeys: { 'dynamodb:LeadingKeys': known } };
  }

  /** The text of the hash key in an item or key from the wire. */
  #leadingKey(tableName: string, item: unknown): string | undefined {
    const hash = this.#registry.find(tableName)?.table.schema.key.hash.name;
    if (hash === undefined || typeof item !== 'object' || item === null) return undefined;
    const value = (item as Record<string, WireInput | undefined>)[hash];
    const text: unknown = value?.S ?? value?.N;
    return typeof text === 'string' ? text : undefined;
  }

  #onItem(action: string, input: WireInput, item: unknown): Access {
    const name = this.#registry.nameIn(input);
    return this.#withKeys(`dynamodb:${action}`, this.#registry.arn(name), [this.#leadingKey(name, item)]);
  }

  #onIndex(operation: string, input: WireInput, keys: readonly (string | undefined)[]): Access {
    const table = this.#registry.arn(this.#registry.nameIn(input));
    const resource = isPresent(input.IndexName) ? `${table}/index/${String(input.IndexName)}` : table;
    return this.#withKeys(`dynamodb:${operation}`, resource, keys);
  }

  #queriedKey(input: WireInput): readonly (string | undefined)[] {
    const schema = this.#registry.find(this.#registry.nameIn(input))?.table.schema;
    const index = schema?.indexes.find(({ name }) => name === input.IndexName);
    if (!schema || (isPresent(input.IndexName) && !index) || !isPresent(input.KeyConditionExpression)) return [];
    const context = new ExpressionContext(input, [
      'ProjectionExpression',
      'FilterExpression',
      'KeyConditionExpression',
    ]);
    const condition = context.condition('KeyConditionExpression');
    return condition ? [asText(readKeyCondition(condition, (index ?? schema).key, context).hash)] : [];
  }

  #onBatch(operation: 'BatchGetItem' | 'BatchWriteItem', input: WireInput): Access[] {
    const tables = Object.entries((input.RequestItems ?? {}) as Record<string, unknown>);
    return tables.map(([nameOrArn, request]) => {
      const name = this.#registry.nameOf(nameOrArn);
      const items: readonly unknown[] =
        operation === 'BatchGetItem'
          ? ((request as WireInput).Keys as unknown[])
          : (request as WireInput[]).map((write) => asInput(write.PutRequest).Item ?? asInput(write.DeleteRequest).Key);
      const keys = items.map((item) => this.#leadingKey(name, item));
      return this.#withKeys(`dynamodb:${operation}`, this.#registry.arn(name), keys);
    });
  }

  #onStatement(input: WireInput): Access {
    const statement = readStatement(input);
    const resource = this.#registry.arn(this.#registry.nameOf(statement.table));
    const action = statement.kind === 'insert' ? 'dynamodb:PartiQLInsert' : 'dynamodb:PartiQLSelect';
    return this.#withKeys(action, resource, [this.#statementKey(statement, input)]);
  }

  #statementKey(statement: Statement, input: WireInput): string | undefined {
    const hash = this.#registry.find(this.#registry.nameOf(statement.table))?.table.schema.key.hash.name;
    const members =
      statement.kind === 'select'
        ? statement.equals
        : statement.item.kind === 'map'
          ? statement.item.members
          : undefined;
    const value = hash === undefined ? undefined : members?.get(hash);
    const parameters = ((input.Parameters ?? []) as unknown[]).map((parameter) => readValue(parameter));
    // Too few parameters are the operation's to report.
    if (!value || parameters.length < statement.parameterCount) return undefined;
    return asText(bindValue(value, parameters));
  }
}

const list = (member: unknown): readonly WireInput[] => (Array.isArray(member) ? (member as WireInput[]) : []);
const asInput = (member: unknown): WireInput => (typeof member === 'object' && member !== null ? member : {});
