/** One codec per AWS protocol: how a request is read and how an answer or an error is written. */
import { type AwsError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';
import { type WireRequest, type WireResponse } from './wire.ts';

export interface DecodedCall {
  readonly service: string;
  readonly operation: string;
  readonly input: WireInput;
}

export interface Codec {
  /** Undefined when the request is not in this protocol. */
  decode(request: WireRequest): DecodedCall | undefined;
  encode(call: DecodedCall, output: object, requestId: string, request: WireRequest): WireResponse;
  encodeError(service: string, error: AwsError, requestId: string, request: WireRequest): WireResponse;
}

const text = new TextEncoder();

/** UTF-8 bytes of a text. */
export function utf8(value: string): Uint8Array {
  return text.encode(value);
}

/** True for dates of any realm, replaced globals included. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
