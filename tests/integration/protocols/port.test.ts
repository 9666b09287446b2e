/** The loopback door: what HTTP changes on the way to the gateway and back. */
import { request, type IncomingMessage, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InFlight } from '../../../local/kernel/in-flight.ts';
import { listen } from '../../../local/port.ts';
import { type Gateway } from '../../../local/protocols/gateway.ts';
import { type WireRequest } from '../../../local/protocols/wire.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=operator/20260105/eu-central-1/${service}/aws4_request`;

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

/** Sends one request through a port whose gateway answers with what is given, and notes what reached it. */
async function send(
  sent: Sent,
  answer: Awaited<ReturnType<Gateway>> = { statusCode: 200, headers: {}, body: Buffer.from('body') },
): Promise<{ reached: WireRequest; response: IncomingMessage; body: string }> {
  const reached: WireRequest[] = [];
  const opened = await listen(async (wire) => (reached.push(wire), answer), new InFlight(), 0);
  server = opened.server;
  const { method = 'POST', path = '/', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: opened.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ reached: reached[0]!, response, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the port', () => {
  it('hands the path on as it was sent, and the query decoded', async () => {
    const { reached } = await send({ method: 'GET', path: '/bucket/a/../b//c%2Bd?prefix=x%20y&list-type=2&versions' });
    expect(reached.path).toBe('/bucket/a/../b//c%2Bd');
    expect(reached.query).toEqual({ prefix: 'x y', 'list-type': '2', versions: '' });
  });

  it('does not take a path that begins with two slashes for a host', async () => {
    expect((await send({ method: 'PUT', path: '//key' })).reached.path).toBe('//key');
  });

  it('unpacks compressed requests, but not what is stored compressed in S3', async () => {
    const body = gzipSync('{"a":1}');
    const headers = { 'content-encoding': 'gzip' };
    const other = await send({ headers: { ...headers, authorization: authorization('monitoring') }, body });
    expect(Buffer.from(other.reached.body).toString()).toBe('{"a":1}');
    await new Promise((resolve) => server?.close(resolve));
    const toS3 = await send({ headers: { ...headers, authorization: authorization('s3') }, body });
    expect(Buffer.from(toS3.reached.body).equals(body)).toBe(true);
  });

  it('answers HEAD with the length of the body that GET would get', async () => {
    const answer = { statusCode: 200, headers: { 'content-length': '1234' }, body: new Uint8Array() };
    const { response, body } = await send({ method: 'HEAD', path: '/bucket/key' }, answer);
    expect([response.headers['content-length'], body]).toEqual(['1234', '']);
  });

  it('passes status, headers and bytes on', async () => {
    const answer = { statusCode: 424, headers: { 'x-amzn-errortype': 'ModelError' }, body: Buffer.from('größe') };
    const { response, body } = await send({}, answer);
    expect([response.statusCode, response.headers['x-amzn-errortype'], body]).toEqual([424, 'ModelError', 'größe']);
  });

  it('refuses a body of over 64 MiB before it is sent', async () => {
    const { response, body } = await send({ headers: { 'content-length': String(64 * 1024 * 1024 + 1) } });
    expect([response.statusCode, body]).toEqual([413, expect.stringContaining('RequestTooLarge')]);
  });
});
