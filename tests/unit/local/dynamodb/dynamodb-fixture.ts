/** A DynamoDB with builders for tests: call operations as the operator, and look at errors as values. */
import { type AwsError } from '../../../../local/kernel/errors.ts';
import { type Access, type WireInput } from '../../../../local/kernel/service.ts';
import { newDynamoDb } from '../../../../local/dynamodb/service.ts';
import { type FakeCloudContext, newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

export interface DynamoDbFixture {
  readonly cloud: FakeCloudContext;
  /** Calls an operation and gives its output, or throws what it throws. */
  call(operation: string, input: WireInput): WireInput;
  /** Calls an operation that must fail, and gives its error. */
  error(operation: string, input: WireInput): AwsError;
  /** `Code: message` of an operation that must fail. */
  failure(operation: string, input: WireInput): string;
  access(operation: string, input: WireInput): readonly Access[];
  /** Creates a table: `keys` are `name:type`, hash first. */
  createTable(name: string, keys: readonly string[], more?: WireInput): void;
}

export function newFixture(seed = 1): DynamoDbFixture {
  const cloud = newFakeCloudContext(seed);
  const service = newDynamoDb(cloud);
  const call = (operation: string, input: WireInput): WireInput => {
    const run = service.operations[operation];
    if (!run) throw new Error(`no operation ${operation}`);
    return run(input, ROOT) ?? {};
  };
  const error = (operation: string, input: WireInput): AwsError => {
    try {
      call(operation, input);
    } catch (caught) {
      return caught as AwsError;
    }
    throw new Error(`${operation} was expected to fail`);
  };
  return {
    cloud,
    call,
    error,
    failure: (operation, input) => {
      const { code, message } = error(operation, input);
      return `${code}: ${message}`;
    },
    access: (operation, input) => service.access(operation, input),
    createTable: (name, keys, more = {}) => {
      call('CreateTable', { TableName: name, BillingMode: 'PAY_PER_REQUEST', ...keySchema(keys), ...more });
    },
  };
}

/** KeySchema and AttributeDefinitions from `name:type`, hash first. */
export function keySchema(keys: readonly string[]): WireInput {
  return {
    KeySchema: keys.map((key, i) => ({ AttributeName: key.split(':')[0], KeyType: i === 0 ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key.split(':')[0], AttributeType: key.split(':')[1] })),
  };
}

/** A secondary index over `hash` and `range`. */
export function index(
  name: string,
  keys: readonly string[],
  projection: WireInput = { ProjectionType: 'ALL' },
): WireInput {
  return { IndexName: name, KeySchema: keySchema(keys).KeySchema as unknown, Projection: projection };
}

export const S = (value: string): WireInput => ({ S: value });
export const N = (value: string | number): WireInput => ({ N: String(value) });
export const L = (...values: WireInput[]): WireInput => ({ L: values });
export const M = (value: Record<string, WireInput>): WireInput => ({ M: value });
