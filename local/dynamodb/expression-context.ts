/** The expressions of one request: parsed (cached by text), their aliases and values bound and checked. */
import { type AwsError, validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';
import { type AttributeValue, readValue, wireString } from './attribute-value.ts';
import { type Bindings } from './bindings.ts';
import { parseCondition } from './condition-parser.ts';
import { checkOperandTypes } from './condition-types.ts';
import { parseProjection, type Path, requireDisjoint } from './document-path.ts';
import { ExpressionError, type RawPath } from './expression-lexer.ts';
import { type Condition, type Parsed, type UpdateAction } from './expression-syntax.ts';
import { itemSizeBytes } from './item-size.ts';
import { LruCache } from './lru-cache.ts';
import { parseUpdate } from './update-parser.ts';
import { checkUpdateTypes } from './update-types.ts';

const CACHED_EXPRESSIONS = 1000;
const conditions = new LruCache(CACHED_EXPRESSIONS, parseCondition);
const updates = new LruCache(CACHED_EXPRESSIONS, parseUpdate);
const projections = new LruCache(CACHED_EXPRESSIONS, parseProjection);

type ConditionParameter = 'ConditionExpression' | 'FilterExpression' | 'KeyConditionExpression';
type Parameter = ConditionParameter | 'UpdateExpression' | 'ProjectionExpression';

/** Runs something and turns an ExpressionError into AWS's answer, which names the parameter. */
function inParameter<T>(parameter: Parameter, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ExpressionError) throw validationError(`Invalid ${parameter}: ${error.message}`);
    throw error;
  }
}

function readNames(wire: unknown): Readonly<Record<string, string>> | undefined {
  if (wire === undefined || wire === null) return undefined;
  const names = wire as Record<string, string>;
  const aliases = Object.keys(names);
  if (aliases.length === 0) throw validationError('ExpressionAttributeNames must not be empty');
  for (const alias of aliases) {
    if (!/^#[0-9a-zA-Z_]+$/.test(alias)) {
      throw validationError(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${alias}"`);
    }
    wireString(names[alias]);
  }
  return names;
}

function readValues(wire: unknown): ReadonlyMap<string, AttributeValue> | undefined {
  if (wire === undefined || wire === null) return undefined;
  const values = new Map<string, AttributeValue>();
  const entries = Object.entries(wire as Record<string, unknown>);
  if (entries.length === 0) throw validationError('ExpressionAttributeValues must not be empty');
  for (const [name, value] of entries) {
    if (!/^:[0-9a-zA-Z_]+$/.test(name)) {
      throw validationError(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${name}"`);
    }
    try {
      values.set(name, readValue(value));
    } catch (error) {
      const { code, message } = error as AwsError;
      if (code !== 'ValidationException') throw error;
      throw validationError(`ExpressionAttributeValues contains invalid value: ${message} for key ${name}`);
    }
  }
  return values;
}

/**
 * Reads ExpressionAttributeNames and -Values of a request (or of one element of a transaction), hands out its bound
 * expressions, and in the end refuses what no expression used.
 */
export class ExpressionContext implements Bindings {
  readonly #input: WireInput;
  readonly #names: Readonly<Record<string, string>> | undefined;
  readonly #values: ReadonlyMap<string, AttributeValue> | undefined;
  readonly #used: Parsed<unknown>[] = [];

  /**
   * @param parameters the expression parameters that this operation has
   * @throws AwsError ValidationException for malformed names or values, or when there is no expression to use them
   */
  constructor(input: WireInput, parameters: readonly Parameter[]) {
    this.#input = input;
    const present = parameters.filter((parameter) => isPresent(input[parameter]));
    if (isPresent(input.ExpressionAttributeNames) && present.length === 0) {
      throw validationError('ExpressionAttributeNames can only be specified when using expressions');
    }
    const withValues = parameters.filter((parameter) => parameter !== 'ProjectionExpression');
    if (isPresent(input.ExpressionAttributeValues) && !withValues.some((parameter) => present.includes(parameter))) {
      throw validationError(
        'ExpressionAttributeValues can only be specified when using expressions: ' +
          `${withValues.join(' and ')} ${withValues.length > 1 ? 'are' : 'is'} null`,
      );
    }
    this.#names = readNames(input.ExpressionAttributeNames);
    this.#values = readValues(input.ExpressionAttributeValues);
  }

  path(raw: RawPath): Path {
    if (!raw.some((step) => typeof step === 'string' && step.startsWith('#'))) return raw as Path;
    return raw.map((step) =>
      typeof step === 'string' && step.startsWith('#') ? this.#name(step) : step,
    ) as unknown as Path;
  }

  #name(alias: string): string {
    const name = this.#names && Object.hasOwn(this.#names, alias) ? this.#names[alias] : undefined;
    if (name !== undefined) return name;
    throw new ExpressionError(
      `An expression attribute name used in the document path is not defined; attribute name: ${alias}`,
    );
  }

  value(name: string): AttributeValue {
    const value = this.#values?.get(name);
    if (value !== undefined) return value;
    throw new ExpressionError(
      `An expression attribute value used in expression is not defined; attribute value: ${name}`,
    );
  }

  #parse<T>(parameter: Parameter, cache: LruCache<Parsed<T>>): T | undefined {
    const text: unknown = this.#input[parameter];
    if (!isPresent(text)) return undefined;
    const parsed = cache.get(String(text));
    this.#used.push(parsed);
    for (const name of parsed.values) this.value(name);
    for (const alias of parsed.aliases) this.#name(alias);
    return parsed.tree;
  }

  /** The condition in a parameter, or undefined when the parameter is absent. @throws AwsError ValidationException */
  condition(parameter: ConditionParameter): Condition | undefined {
    return inParameter(parameter, () => {
      const condition = this.#parse(parameter, conditions);
      if (condition) checkOperandTypes(condition, this);
      return condition;
    });
  }

  /** @throws AwsError ValidationException */
  update(): readonly UpdateAction[] | undefined {
    return inParameter('UpdateExpression', () => {
      const actions = this.#parse('UpdateExpression', updates);
      if (actions) {
        requireDisjoint(actions.map((action) => this.path(action.path)));
        checkUpdateTypes(actions, this);
      }
      return actions;
    });
  }

  /** @throws AwsError ValidationException */
  projection(): readonly Path[] | undefined {
    return inParameter('ProjectionExpression', () => {
      const paths = this.#parse('ProjectionExpression', projections)?.map((path) => this.path(path));
      if (paths) requireDisjoint(paths);
      return paths;
    });
  }

  /** Size of the values that the request carries. */
  valuesSizeBytes(): number {
    let total = 0;
    for (const [name, value] of this.#values ?? []) total += itemSizeBytes({ [name]: value });
    return total;
  }

  /** To be called when all expressions were asked for. @throws AwsError ValidationException for unused names or values */
  requireAllUsed(): void {
    requireUsed('ExpressionAttributeNames', Object.keys(this.#names ?? {}), (name) =>
      this.#used.some((parsed) => parsed.aliases.has(name)),
    );
    requireUsed('ExpressionAttributeValues', [...(this.#values?.keys() ?? [])], (name) =>
      this.#used.some((parsed) => parsed.values.has(name)),
    );
  }
}

function isPresent(member: unknown): boolean {
  return member !== undefined && member !== null;
}

function requireUsed(parameter: string, names: readonly string[], isUsed: (name: string) => boolean): void {
  const unused = names.filter((name) => !isUsed(name));
  if (unused.length > 0) {
    throw validationError(`Value provided in ${parameter} unused in expressions: keys: {${unused.join(', ')}}`);
  }
}
