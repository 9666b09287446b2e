/** The tables of the account and region, by name. */
import { type Kernel } from '../kernel/kernel.ts';
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type CloudContext, type WireInput } from '../kernel/service.ts';
import { compareStrings } from './attribute-value.ts';
import { isPresent } from './request.ts';
import { Table } from './table.ts';
import { type TableSchema } from './table-schema.ts';
import { TimeToLive } from './time-to-live.ts';

export interface TableRecord {
  readonly table: Table;
  readonly arn: string;
  readonly id: string;
  readonly createdAtMs: number;
  readonly timeToLive: TimeToLive;
  readonly tags: Map<string, string>;
  /** Members of the description that were given at creation and change nothing here: encryption, table class. */
  readonly declared: Readonly<Record<string, unknown>>;
  deletionProtected: boolean;
  /** Since when point-in-time recovery has been on, and how far back it goes. */
  recovery: { readonly sinceMs: number; readonly days: number } | undefined;
}

const NAME = /^[a-zA-Z0-9_.-]{3,255}$/;

export class TableRegistry {
  readonly #kernel: Kernel;
  readonly #arnPrefix: string;
  readonly #tables = new Map<string, TableRecord>();
  readonly #random;

  constructor(cloud: CloudContext) {
    this.#kernel = cloud.kernel;
    this.#arnPrefix = `arn:aws:dynamodb:${cloud.region}:${cloud.accountId}:table/`;
    this.#random = cloud.kernel.random('dynamodb table ids');
  }

  /** The ARN of a table. */
  arn(name: string): string {
    return this.#arnPrefix + name;
  }

  /** The table's name in a `TableName` member, which may be a name or an ARN. @throws AwsError ValidationException */
  nameIn(input: WireInput): string {
    const given: unknown = input.TableName;
    if (!isPresent(given)) {
      throw validationError("The parameter 'TableName' is required but was not present in the request");
    }
    return this.nameOf(String(given));
  }

  /** @throws AwsError ValidationException for an impossible name, UnsupportedFeature for another account's table */
  nameOf(nameOrArn: string): string {
    let name = nameOrArn;
    if (name.startsWith('arn:')) {
      if (!name.startsWith(this.#arnPrefix)) throw new UnsupportedFeature(`table ${name} of another account or region`);
      name = name.slice(this.#arnPrefix.length);
    }
    if (name.length < 3 || name.length > 255) {
      throw validationError('TableName must be at least 3 characters long and at most 255 characters long');
    }
    if (!NAME.test(name)) {
      throw validationError(
        `1 validation error detected: Value '${name}' at 'tableName' failed to satisfy constraint: ` +
          'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+',
      );
    }
    return name;
  }

  find(name: string): TableRecord | undefined {
    return this.#tables.get(name);
  }

  /** The table of an item operation. @throws AwsError ResourceNotFoundException */
  table(input: WireInput): Table {
    const record = this.#tables.get(input.TableName as string) ?? this.#tables.get(this.nameIn(input));
    if (record) return record.table;
    throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
  }

  /** The table of a control operation. @throws AwsError ResourceNotFoundException, naming the table */
  record(input: WireInput): TableRecord {
    const name = this.nameIn(input);
    const record = this.#tables.get(name);
    if (record) return record;
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
  }

  /** Names in order. */
  names(): string[] {
    return [...this.#tables.keys()].sort(compareStrings);
  }

  /** @throws AwsError ResourceInUseException */
  create(schema: TableSchema, options: Pick<TableRecord, 'tags' | 'declared' | 'deletionProtected'>): TableRecord {
    if (this.#tables.has(schema.name)) {
      throw new AwsError('ResourceInUseException', `Table already exists: ${schema.name}`);
    }
    const table = new Table(schema);
    const record: TableRecord = {
      table,
      arn: this.arn(schema.name),
      id: this.#random.uuid(),
      createdAtMs: this.#kernel.clock.now(),
      timeToLive: new TimeToLive(this.#kernel, table),
      recovery: undefined,
      ...options,
    };
    this.#tables.set(schema.name, record);
    return record;
  }

  delete(record: TableRecord): void {
    record.timeToLive.disable();
    this.#tables.delete(record.table.schema.name);
  }
}
