/** The loopback door: the same gateway on an HTTP port, for the AWS CLI and any SDK in any language. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { type InFlight } from './kernel/in-flight.ts';
import { type Gateway } from './protocols/gateway.ts';
import { signingName } from './protocols/query.ts';
import { type WireRequest } from './protocols/wire.ts';

/** More than any request of this system; a larger one is refused instead of filling the memory. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export class RequestTooLarge extends Error {
  override readonly name = 'RequestTooLarge';
}

async function readBody(message: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = (): Error =>
    new RequestTooLarge(`a request body of over ${BODY_BYTES_MAX} bytes: send less, for instance in parts`);
  // Refused before it is read where its length is known: so the answer reaches a client that is still sending.
  if (Number(message.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const toS3 = signingName(message.headers.authorization) === 's3';
  return message.headers['content-encoding'] === 'gzip' && !toS3 ? gunzipSync(body) : body;
}

async function toWire(message: IncomingMessage): Promise<WireRequest> {
  // Not by URL: it would normalise the path, and S3 keys may hold '..' and '//'.
  const [, path = '/', query = ''] = /^([^?]*)\??(.*)$/s.exec(message.url ?? '/') ?? [];
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    method: message.method ?? 'GET',
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers,
    body: await readBody(message),
  };
}

/**
 * Listens on 127.0.0.1.
 * @param port 0 lets the machine choose
 * @returns the server and the port it got
 */
export async function listen(
  gateway: Gateway,
  inFlight: InFlight,
  port: number,
): Promise<{ server: Server; port: number }> {
  const server = createServer((message, response) => {
    inFlight
      .track('http', () => toWire(message))
      .then(gateway)
      .then((answer) => {
        // The answer to HEAD has the length of the body that GET would get.
        const length = message.method === 'HEAD' ? {} : { 'content-length': String(answer.body.length) };
        response.writeHead(answer.statusCode, { ...answer.headers, ...length });
        response.end(answer.body);
      })
      .catch((error: unknown) => {
        const statusCode = error instanceof RequestTooLarge ? 413 : 500;
        response.writeHead(statusCode, { 'content-type': 'text/plain', connection: 'close' });
        response.end(String(error));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error(`the server listens on '${String(address)}', not on a port`);
  return { server, port: address.port };
}
