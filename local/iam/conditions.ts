/** Conditions of IAM policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { malformed } from './malformed.ts';
import { compilePattern, type Pattern, type PatternOptions } from './pattern.ts';

/** The values of a request's condition keys by key (lower case). A key that the request lacks is undefined. */
export type RequestKeys = (lowerCaseKey: string) => string | readonly string[] | undefined;

/** True when the request fulfils the condition. */
export type Condition = (keys: RequestKeys) => boolean;

/** Compares one value of the request with one value of the policy. */
type Comparison = (requestValue: string, policyValue: Pattern, lookup: (key: string) => string | undefined) => boolean;

interface Operator {
  readonly compare: Comparison;
  readonly negated: boolean;
  readonly pattern: PatternOptions;
}

const byPattern: Comparison = (value, pattern, lookup) => pattern.matcher(lookup)?.(value) ?? false;

/** Both sides through one reading; a value that can't be read matches nothing. */
function byNumber(read: (text: string) => number, test: (request: number, policy: number) => boolean): Comparison {
  return (value, pattern) => {
    const [request, policy] = [read(value), read(pattern.source)];
    return !Number.isNaN(request) && !Number.isNaN(policy) && test(request, policy);
  };
}

/** Epoch milliseconds of an ISO 8601 text or of epoch seconds. */
const readDate = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const readNumber = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

const plain = { wildcards: false };
const positive = (compare: Comparison, pattern: PatternOptions = plain): Operator => ({
  compare,
  pattern,
  negated: false,
});
const negative = (compare: Comparison, pattern: PatternOptions = plain): Operator => ({
  compare,
  pattern,
  negated: true,
});

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: positive(byPattern),
  StringNotEquals: negative(byPattern),
  StringEqualsIgnoreCase: positive(byPattern, { wildcards: false, ignoreCase: true }),
  StringNotEqualsIgnoreCase: negative(byPattern, { wildcards: false, ignoreCase: true }),
  StringLike: positive(byPattern, {}),
  StringNotLike: negative(byPattern, {}),
  // AWS: "ArnEquals and ArnLike behave identically", wildcards included.
  ArnEquals: positive(byPattern, { arn: true }),
  ArnLike: positive(byPattern, { arn: true }),
  ArnNotEquals: negative(byPattern, { arn: true }),
  ArnNotLike: negative(byPattern, { arn: true }),
  Bool: positive((value, pattern) => value.toLowerCase() === pattern.source.toLowerCase()),
  ...comparisons('Numeric', readNumber),
  ...comparisons('Date', readDate),
};

function comparisons(prefix: string, read: (text: string) => number): Record<string, Operator> {
  return {
    [`${prefix}Equals`]: positive(byNumber(read, (a, b) => a === b)),
    [`${prefix}NotEquals`]: negative(byNumber(read, (a, b) => a === b)),
    [`${prefix}LessThan`]: positive(byNumber(read, (a, b) => a < b)),
    [`${prefix}LessThanEquals`]: positive(byNumber(read, (a, b) => a <= b)),
    [`${prefix}GreaterThan`]: positive(byNumber(read, (a, b) => a > b)),
    [`${prefix}GreaterThanEquals`]: positive(byNumber(read, (a, b) => a >= b)),
  };
}

const valuesOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** AWS writes and accepts booleans and numbers beside strings. */
function policyValues(raw: unknown, where: string): string[] {
  const values: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  return values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw malformed(`${where}: a condition value must be text, a number or a boolean, not ${JSON.stringify(value)}`);
  });
}

/**
 * Compiles a Condition block: all operators and all keys must hold; of several values one is enough (none, for the
 * negated operators). @throws UnsupportedFeature for an operator that is not known here
 */
export function compileConditions(block: Readonly<Record<string, unknown>>, variables: boolean): Condition[] {
  const conditions: Condition[] = [];
  for (const [operatorName, keys] of Object.entries(block)) {
    if (typeof keys !== 'object' || keys === null) throw malformed(`Condition ${operatorName} must map keys to values`);
    for (const [key, raw] of Object.entries(keys as Record<string, unknown>)) {
      const values = policyValues(raw, `Condition ${operatorName} ${key}`);
      conditions.push(compileCondition(operatorName, key, values, variables));
    }
  }
  return conditions;
}

function compileCondition(operatorName: string, key: string, values: readonly string[], variables: boolean): Condition {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operatorName);
  const [, quantifier, name = '', ifExists] = match ?? [];
  const lowerKey = key.toLowerCase();
  if (name === 'Null' && !ifExists && !quantifier) {
    const absent = values.some((value) => value.toLowerCase() === 'true');
    return (keys) => (keys(lowerKey) === undefined) === absent;
  }
  const operator = OPERATORS[name];
  if (!operator) throw new UnsupportedFeature(`IAM condition operator '${operatorName}' on '${key}'`);
  const patterns = values.map((value) => compilePattern(value, { ...operator.pattern, variables }));
  return (keys) => {
    const found = keys(lowerKey);
    if (found === undefined || valuesOf(found).length === 0) {
      if (quantifier === 'ForAllValues') return true;
      return ifExists !== undefined || (operator.negated && quantifier === undefined);
    }
    const lookup = singleValue(keys);
    const holds = (value: string): boolean =>
      patterns.some((pattern) => operator.compare(value, pattern, lookup)) !== operator.negated;
    const requested = valuesOf(found);
    if (quantifier === 'ForAllValues') return requested.every(holds);
    if (quantifier === 'ForAnyValue') return requested.some(holds);
    if (requested.length > 1) {
      throw new UnsupportedFeature(
        `IAM condition ${operatorName} on '${key}', which has ${requested.length} values in this request`,
        'write ForAllValues: or ForAnyValue: before the operator',
      );
    }
    return holds(requested[0] ?? '');
  };
}

/** Policy variables take single-valued keys only. */
export function singleValue(keys: RequestKeys): (key: string) => string | undefined {
  return (key) => {
    const value = keys(key.toLowerCase());
    return typeof value === 'string' ? value : undefined;
  };
}
