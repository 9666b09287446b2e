/** Compares an answer with what a case expects, and keeps what later cases need. */
import { expect } from '@jest/globals';
import { type Case, type Expected, type Saved, savedBytes, saved } from './case.ts';

/** The value at a dotted path; undefined when there is none. */
export function at(answer: unknown, path: string): unknown {
  let value = answer;
  const parts = path.split('.');
  for (let i = 0; i < parts.length; i++) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[parts[i]!];
  }
  return value;
}

/** What a pattern is held against; nothing and an empty list are an empty text, a structure is `object`. */
function text(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'object';
}

/** How a kind of value looks: in the SDK's output typed, on the wire as the protocol writes it. */
function isOfKind(value: unknown, kind: Expected, typed: boolean): boolean {
  if (kind === Date) {
    if (typed)
      return Object.prototype.toString.call(value) === '[object Date]' && Number.isFinite((value as Date).getTime());
    if (value instanceof Date) return true;
    if (typeof value === 'number') return value > 1.7e9 && value < 2e9;
    return typeof value === 'string' && /^2026-\d\d-\d\dT[\d:.]+Z$/.test(value);
  }
  if (kind === Uint8Array) return value instanceof Uint8Array || (!typed && typeof value === 'string' && value !== '');
  return Array.isArray(value);
}

/**
 * @param typed true for an output of the SDK; false for a bare answer, where XML has texts only
 * @throws when the answer lacks something, with its path
 */
export function check(testCase: Case, answer: unknown, typed: boolean): void {
  const found: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  for (const [path, expected] of Object.entries(testCase.answer ?? {})) {
    const value = at(answer, path);
    const holds =
      expected instanceof RegExp
        ? expected.test(text(value))
        : typeof expected === 'function'
          ? isOfKind(value, expected, typed)
          : typed
            ? value === expected
            : value === expected || (typeof value === 'string' && value === String(expected));
    if (holds) continue;
    found[path] = value;
    wanted[path] = expected;
  }
  if (Object.keys(wanted).length > 0) expect({ operation: testCase.operation, answer, ...found }).toEqual(wanted);
}

export function keep(testCase: Case, answer: unknown, values: Saved): void {
  for (const [name, path] of Object.entries(testCase.save ?? {})) {
    const value = at(answer, path);
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw new Error(`${testCase.operation}: nothing to save at '${path}'`);
    }
    values.set(name, value);
  }
}

/** The input with all saved values in their places. */
export function withSaved(input: unknown, values: Saved): unknown {
  if (typeof input === 'string') {
    let result = input;
    for (const [name, value] of values) if (typeof value === 'string') result = result.replaceAll(saved(name), value);
    return result;
  }
  if (input instanceof Uint8Array) {
    for (const [name, value] of values) {
      if (typeof value !== 'string' && Buffer.from(input).equals(savedBytes(name))) return value;
    }
    return input;
  }
  if (Array.isArray(input)) return input.map((item) => withSaved(item, values));
  if (input === null || typeof input !== 'object' || input instanceof Date) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, withSaved(value, values)]));
}
