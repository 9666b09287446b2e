/** Reading and checking request members that several operations share. */
import { asNumber } from '../../kernel/coerce.ts';
import { AwsError, validationError } from '../../kernel/errors.ts';
import type { WireInput } from '../../kernel/service.ts';
import { DATA_LIMIT_BYTES, type Json } from '../json.ts';

const ARN = /^arn:(aws|aws-cn|aws-us-gov):states:[^:]+:\d{12}:/;

/** @throws AwsError ValidationException when absent, InvalidArn when it is no Step Functions ARN */
export function requireArn(input: WireInput, member: string): string {
  const value: unknown = input[member];
  if (typeof value !== 'string' || value === '') throw missing(member);
  if (!ARN.test(value)) throw new AwsError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${value}'`);
  return value;
}

export function requireText(input: WireInput, member: string): string {
  const value: unknown = input[member];
  if (typeof value !== 'string') throw missing(member);
  return value;
}

export function missing(member: string): AwsError {
  return validationError(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

/** 1 to 80 characters without whitespace, brackets, wildcards, special and control characters. @throws AwsError InvalidName */
export function checkName(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what AWS forbids in names
  if (name.length < 1 || name.length > 80 || /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/.test(name)) {
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  }
  return name;
}

/** Parses an execution's input or a task's output. @param code the error when it is not JSON or too large */
export function parseJson(text: string, code: string, what: string): Json {
  if (Buffer.byteLength(text) > DATA_LIMIT_BYTES) {
    throw validationError(
      `1 validation error detected: Value at '${what}' failed to satisfy constraint: Member must have length less than or equal to ${DATA_LIMIT_BYTES}`,
    );
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const label = code === 'InvalidOutput' ? 'Invalid Output' : 'Invalid State Machine Execution Input';
    throw new AwsError(code, `${label}: '${(error as Error).message}'`);
  }
}

/**
 * One page of a list. The token names the next position, so that lists that grow at their end stay in step.
 * @throws AwsError InvalidToken
 */
export function page<T>(
  items: readonly T[],
  input: WireInput,
  fallbackSize: number,
): { items: readonly T[]; nextToken?: string } {
  const size = asNumber(input['maxResults'] ?? 0, 'maxResults') || fallbackSize;
  if (size < 0 || size > 1000) throw validationError(`maxResults: ${size} is not between 0 and 1000`);
  const token: unknown = input['nextToken'];
  const from =
    token === undefined ? 0 : Number(Buffer.from(typeof token === 'string' ? token : '', 'base64url').toString());
  if (!Number.isInteger(from) || from < 0 || (token !== undefined && from === 0)) {
    throw new AwsError('InvalidToken', `Invalid Token: '${String(token)}'`);
  }
  const end = from + size;
  const part = items.slice(from, end);
  return end < items.length
    ? { items: part, nextToken: Buffer.from(String(end)).toString('base64url') }
    : { items: part };
}
