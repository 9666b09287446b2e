/** Requests that botocore made for the cases: what the AWS CLI sends, without dates, signatures and hosts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type WireRequest } from '../../../local/protocols/wire.ts';
import { type Case, REGION, type Saved, saved, savedBytes } from './case.ts';

export interface RecordedRequest {
  readonly operation: string;
  /** Of the case's input when it was recorded. */
  readonly digest: string;
  /** The service in the credential scope. */
  readonly signingName: string;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or bytes in base64; a repeated byte as `{ repeat, times }`. */
  readonly body?: string | { readonly base64: string } | { readonly repeat: string; readonly times: number };
}

/** Service -> protocol (the CLI's own: `default`) -> one request for each case, in order. */
export type Fixture = Readonly<Record<string, Readonly<Record<string, readonly RecordedRequest[]>>>>;

/** Reads the recordings: a request a line, with its service and protocol. */
export function loadFixture(): Fixture {
  const fixture: Record<string, Record<string, RecordedRequest[]>> = {};
  const lines = readFileSync(new URL('./cli-requests.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  for (const line of lines) {
    const { service, protocol, ...request } = JSON.parse(line) as RecordedRequest &
      Record<'service' | 'protocol', string>;
    ((fixture[service] ??= {})[protocol] ??= []).push(request);
  }
  return fixture;
}

/** JSON in which bytes and dates can be told apart. */
export function portable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Object.prototype.toString.call(value) === '[object Date]') return { $date: (value as Date).toISOString() };
  if (Array.isArray(value)) return value.map(portable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, portable(item)]));
}

/** Tells whether a recorded request still belongs to its case. */
export function inputDigest({ operation, input }: Case): string {
  return createHash('sha256')
    .update(JSON.stringify([operation, portable(input)]))
    .digest('hex')
    .slice(0, 8);
}

type Escape = (text: string) => string;
const inJson: Escape = (text) => JSON.stringify(text).slice(1, -1);
const inXml: Escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const asIs: Escape = (text) => text;

function fill(text: string, values: Saved, escape: Escape): string {
  let result = text;
  for (const [name, value] of values) {
    if (typeof value === 'string') result = result.replaceAll(saved(name), escape(value));
    else
      result = result.replaceAll(
        Buffer.from(savedBytes(name)).toString('base64'),
        Buffer.from(value).toString('base64'),
      );
  }
  return result;
}

function escapeOf(contentType: string | undefined, isS3: boolean): Escape {
  if (contentType?.startsWith('application/x-www-form-urlencoded')) return encodeURIComponent;
  return isS3 ? inXml : inJson;
}

function bodyOf({ body, headers, signingName }: RecordedRequest, values: Saved): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (typeof body !== 'string') {
    return 'base64' in body ? Buffer.from(body.base64, 'base64') : Buffer.from(body.repeat.repeat(body.times));
  }
  return Buffer.from(fill(body, values, escapeOf(headers?.['content-type'], signingName === 's3')));
}

/** The request as it would reach the gateway, with the values that earlier answers gave. */
export function replayed(recorded: RecordedRequest, values: Saved): WireRequest {
  const map = (members: Readonly<Record<string, string>> | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(members ?? {}).map(([name, value]) => [name, fill(value, values, asIs)]));
  return {
    method: recorded.method,
    path: fill(recorded.path, values, encodeURIComponent),
    query: map(recorded.query),
    headers: {
      ...map(recorded.headers),
      authorization: `AWS4-HMAC-SHA256 Credential=operator/20260105/${REGION}/${recorded.signingName}/aws4_request`,
    },
    body: bodyOf(recorded, values),
  };
}
