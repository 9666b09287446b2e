/** JSON values as they travel between states, and how large they may be. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Input, output and results of a state, in bytes of UTF-8 encoded JSON. */
export const DATA_LIMIT_BYTES = 262_144;

/** Raised for a value that has no JSON form (a function, undefined inside an array, NaN). */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A clean copy of what an expression yielded: JSONata's sequences become plain arrays (they carry extra keys), undefined
 * members are left out.
 * @throws NotJson for functions and numbers that JSON can't write
 */
export function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson(`the number ${value} has no JSON form`);
      return value;
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : toJson(item)));
      const record = value as Record<string, unknown>;
      if (record['_jsonata_lambda'] === true || record['_jsonata_function'] === true) throw new NotJson('a function');
      const copy: JsonObject = {};
      for (const key in record) {
        const member = record[key];
        if (member !== undefined) copy[key] = toJson(member);
      }
      return copy;
    }
    default:
      throw new NotJson(`a value of type ${typeof value} has no JSON form`);
  }
}

/** Never less than the bytes of the value's JSON, and cheap; stops counting above the limit. */
function upperBoundBytes(value: Json, budget: number): number {
  if (typeof value === 'string') return 6 * value.length + 2;
  if (typeof value !== 'object' || value === null) return 25;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      bytes += 1 + upperBoundBytes(item, budget - bytes);
      if (bytes > budget) return bytes;
    }
    return bytes;
  }
  for (const key in value) {
    bytes += 6 * key.length + 4 + upperBoundBytes(value[key]!, budget - bytes);
    if (bytes > budget) return bytes;
  }
  return bytes;
}

/** Whether the value's JSON is larger than the limit for payloads. */
export function exceedsDataLimit(value: Json): boolean {
  if (upperBoundBytes(value, DATA_LIMIT_BYTES) <= DATA_LIMIT_BYTES) return false;
  return Buffer.byteLength(JSON.stringify(value)) > DATA_LIMIT_BYTES;
}

/**
 * JSON of a service's answer: a Date becomes ISO text or epoch milliseconds, bytes become text, undefined is left out.
 * @param dates how the integration writes timestamps: SDK integrations ISO 8601, optimised ones epoch milliseconds
 */
export function answerToJson(value: unknown, dates: 'iso' | 'epochMs'): Json {
  if (value === null || value === undefined) return null;
  // A Date may come from another realm (a test sandbox), so instanceof would not do.
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const date = value as Date;
    return dates === 'iso' ? date.toISOString() : date.getTime();
  }
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  }
  if (Array.isArray(value)) return value.map((item: unknown) => answerToJson(item, dates));
  if (typeof value === 'object') {
    const copy: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) copy[key] = answerToJson(member, dates);
    }
    return copy;
  }
  return toJson(value);
}

let isoMs = NaN;
let isoText = '';

/** ISO 8601 text of a virtual time; remembers the last one, for many steps happen at the same instant. */
export function isoTime(atMs: number): string {
  if (atMs !== isoMs) {
    isoMs = atMs;
    isoText = new Date(atMs).toISOString();
  }
  return isoText;
}
