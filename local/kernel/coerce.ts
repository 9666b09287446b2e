/** Reads members that arrive differently from protocol to protocol (query: strings; CBOR: dates; JSON: numbers). */
import { validationError } from './errors.ts';

/** Epoch milliseconds of a timestamp member: a Date, epoch seconds (number or numeric string) or an ISO 8601 string. */
export function asEpochMs(value: unknown, member: string): number {
  if (Object.prototype.toString.call(value) === '[object Date]') return (value as Date).getTime();
  if (typeof value === 'number') return value * 1000;
  if (typeof value === 'string') {
    const ms = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
    if (Number.isFinite(ms)) return ms;
  }
  throw validationError(`${member}: '${String(value)}' is not a timestamp`);
}

/** A finite number from a number or a numeric string. */
export function asNumber(value: unknown, member: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw validationError(`${member}: '${String(value)}' is not a number`);
}

/** A boolean from a boolean or 'true' / 'false'. */
export function asBoolean(value: unknown, member: string): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw validationError(`${member}: '${String(value)}' is not a boolean`);
}

/** Bytes of a blob member: bytes as they are, or base64 text. */
export function asBytes(value: unknown, member: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  throw validationError(`${member}: not a blob`);
}
