/** The `aws-chunked` content encoding: signed or unsigned chunks, and trailing headers with checksums. */
import { s3Error } from './model.ts';

export interface DecodedBody {
  readonly body: Uint8Array;
  /** Trailing headers, names in lower case. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** Whether the headers announce chunks (JS SDK v3 and the CLI do for streams and trailing checksums). */
export function isAwsChunked(headers: Readonly<Record<string, string>>): boolean {
  return (
    (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ||
    (headers['content-encoding'] ?? '').split(',').some((encoding) => encoding.trim() === 'aws-chunked')
  );
}

/**
 * Decodes `<hex size>[;chunk-signature=...]\r\n<data>\r\n ... 0\r\n[name:value\r\n]*\r\n`.
 * @throws AwsError IncompleteBody when the chunks do not add up
 */
export function decodeAwsChunked(encoded: Uint8Array, headers: Readonly<Record<string, string>>): DecodedBody {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const incomplete = (why: string): Error =>
    s3Error(400, 'IncompleteBody', `The request body terminated unexpectedly: ${why}`);
  const lineAt = (at: number): string => {
    const end = bytes.indexOf('\r\n', at);
    return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
  };
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = lineAt(at);
    const size = /^([0-9a-fA-F]+)(;|$)/.exec(line)?.[1];
    if (size === undefined) throw incomplete(`'${line.slice(0, 40)}' is not a chunk header`);
    at += line.length + 2;
    const length = parseInt(size, 16);
    if (length === 0) break;
    if (at + length > bytes.length) throw incomplete(`a chunk of ${length} bytes is cut off`);
    chunks.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
  const trailers: Record<string, string> = {};
  while (at < bytes.length) {
    const line = lineAt(at);
    at += line.length + 2;
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = Buffer.concat(chunks);
  const expected = headers['x-amz-decoded-content-length'];
  if (expected !== undefined && Number(expected) !== body.length) {
    throw incomplete(`${body.length} bytes instead of the announced ${expected}`);
  }
  return { body, trailers };
}
