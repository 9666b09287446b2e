/**
 * Declares what the members of a request may be, and checks them with AWS's own messages ("1 validation error detected: ...").
 * A member that is not declared is refused as UnsupportedFeature: nothing that changes behaviour is ignored in silence.
 */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { asEpochMs } from '../kernel/coerce.ts';
import { type WireInput } from '../kernel/service.ts';

interface Check {
  /** For the text of a refusal, for instance `CreateModel.VpcConfig`. */
  readonly member: string;
  /** AWS's spelling of the place, for instance `productionVariants.1.member.variantName`. */
  readonly place: string;
  readonly violations: string[];
}

export type Shape = (value: unknown, check: Check) => void;

type Members = Readonly<Record<string, Shape>>;

function show(value: unknown): string {
  if (value === undefined) return 'null';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fail(check: Check, value: unknown, constraint: string): void {
  check.violations.push(`Value '${show(value)}' at '${check.place}' failed to satisfy constraint: ${constraint}`);
}

function within(parent: Check, name: string): Check {
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  return {
    member: `${parent.member}.${name}`,
    place: parent.place === '' ? lower : `${parent.place}.${lower}`,
    violations: parent.violations,
  };
}

/** A string; `pattern` is AWS's own, matched against the whole value. */
export function text(limits: { min?: number; max?: number; pattern?: string } = {}): Shape {
  const pattern = limits.pattern === undefined ? undefined : new RegExp(`^(?:${limits.pattern})$`, 'u');
  return (value, check) => {
    if (typeof value !== 'string') return fail(check, value, 'Member must be a string');
    if (limits.max !== undefined && value.length > limits.max) {
      fail(check, value, `Member must have length less than or equal to ${limits.max}`);
    }
    if (limits.min !== undefined && value.length < limits.min) {
      fail(check, value, `Member must have length greater than or equal to ${limits.min}`);
    }
    if (pattern && !pattern.test(value)) {
      fail(check, value, `Member must satisfy regular expression pattern: ${limits.pattern}`);
    }
  };
}

/** One of AWS's enum values. */
export function oneOf(...values: readonly string[]): Shape {
  return (value, check) => {
    if (!values.includes(value as string)) {
      fail(check, value, `Member must satisfy enum value set: [${values.join(', ')}]`);
    }
  };
}

/** An enum of which the laptop cloud has only some values; the others are refused as unsupported. */
export function someOf(supported: readonly string[], others: readonly string[]): Shape {
  const known = oneOf(...supported, ...others);
  return (value, check) => {
    known(value, check);
    if (others.includes(value as string)) throw new UnsupportedFeature(`${check.member} = '${String(value)}'`);
  };
}

/** A member that the laptop cloud has with one value only. */
export function only(value: boolean | number | string): Shape {
  return (given, check) => {
    if (given !== value)
      throw new UnsupportedFeature(`${check.member} = '${show(given)}'`, `only ${show(value)} is supported`);
  };
}

function numeric(whole: boolean, limits: { min?: number; max?: number }): Shape {
  return (value, check) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      return fail(check, value, `Member must be ${whole ? 'an integer' : 'a number'}`);
    }
    if (limits.min !== undefined && value < limits.min) {
      fail(check, value, `Member must have value greater than or equal to ${limits.min}`);
    }
    if (limits.max !== undefined && value > limits.max) {
      fail(check, value, `Member must have value less than or equal to ${limits.max}`);
    }
  };
}

export const integer = (limits: { min?: number; max?: number } = {}): Shape => numeric(true, limits);
export const number = (limits: { min?: number; max?: number } = {}): Shape => numeric(false, limits);

export const flag: Shape = (value, check) => {
  if (typeof value !== 'boolean') fail(check, value, 'Member must be a boolean');
};

export const timestamp: Shape = (value, check) => {
  asEpochMs(value, check.place);
};

/** A structure that is stored and given back as it came; nothing in the laptop cloud depends on what it holds. */
export const opaque: Shape = () => undefined;

export function list(of: Shape, limits: { min?: number; max?: number } = {}): Shape {
  return (value, check) => {
    if (!Array.isArray(value)) return fail(check, value, 'Member must be a list');
    if (limits.max !== undefined && value.length > limits.max) {
      fail(check, value, `Member must have length less than or equal to ${limits.max}`);
    }
    if (limits.min !== undefined && value.length < limits.min) {
      fail(check, value, `Member must have length greater than or equal to ${limits.min}`);
    }
    value.forEach((item, index) =>
      of(item, { ...check, member: `${check.member}[${index}]`, place: `${check.place}.${index + 1}.member` }),
    );
  };
}

export function mapOf(key: Shape, of: Shape, limits: { min?: number; max?: number } = {}): Shape {
  return (value, check) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return fail(check, value, 'Member must be a map');
    }
    const entries = Object.entries(value);
    if (limits.max !== undefined && entries.length > limits.max) {
      fail(check, value, `Member must have length less than or equal to ${limits.max}`);
    }
    if (limits.min !== undefined && entries.length < limits.min) {
      fail(check, value, `Member must have length greater than or equal to ${limits.min}`);
    }
    for (const [name, item] of entries) {
      key(name, { ...check, place: `${check.place}.${name}.key` });
      of(item, { ...check, member: `${check.member}.${name}`, place: `${check.place}.${name}.value` });
    }
  };
}

export function struct(required: Members, optional: Members = {}): Shape {
  return (value, check) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return fail(check, value, 'Member must be a structure');
    }
    const members = value as Record<string, unknown>;
    for (const [name, shape] of Object.entries(required)) {
      const member = members[name] ?? undefined;
      const inner = within(check, name);
      if (member === undefined) fail(inner, undefined, 'Member must not be null');
      else shape(member, inner);
    }
    for (const [name, member] of Object.entries(members)) {
      if (member === undefined || member === null || name in required) continue;
      const shape = optional[name];
      if (!shape) throw new UnsupportedFeature(`${check.member}.${name}`);
      shape(member, within(check, name));
    }
  };
}

/**
 * Checks a request.
 * @throws AwsError ValidationException with all violations, or UnsupportedFeature for a member that is not declared
 */
export function checkInput(operation: string, shape: Shape, input: WireInput): void {
  const violations: string[] = [];
  shape(input, { member: operation, place: '', violations });
  if (violations.length === 0) return;
  const plural = violations.length === 1 ? 'error' : 'errors';
  throw validationError(`${violations.length} validation ${plural} detected: ${violations.join('; ')}`);
}
