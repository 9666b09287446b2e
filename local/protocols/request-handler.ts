/** The SDK's door: a requestHandler that answers in process, without a socket, so that a run is deterministic. */
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { type Gateway } from './gateway.ts';
import { signingName } from './query.ts';
import { type WireResponse } from './wire.ts';

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly hostname: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface SdkRequestHandler {
  handle(request: unknown): Promise<{ response: never }>;
  updateHttpClientConfig(key: never, value: never): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  throw new TypeError(`the SDK sent a body of type ${Object.prototype.toString.call(body)}: send text or bytes`);
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function flatQuery(query: SdkRequest['query']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query ?? {}).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : String(value ?? ''),
    ]),
  );
}

/** S3's GetObject streams its body; everything else is collected bytes, which resolve with micro-tasks alone. */
function sdkBody(response: WireResponse, streams: boolean): unknown {
  return streams ? Readable.from([response.body]) : response.body;
}

/**
 * Answers with micro-tasks alone; an operation that waits in virtual time (a long poll, a cold start) lets the clock run.
 * @param gateway the laptop cloud's entry
 */
export function newRequestHandler(gateway: Gateway): SdkRequestHandler {
  return {
    async handle(sdkRequest) {
      const request = sdkRequest as SdkRequest;
      const headers = lowerCaseNames(request.headers);
      headers['host'] ??= request.hostname;
      const sent = bytesOf(request.body);
      const toS3 = signingName(headers['authorization']) === 's3';
      // Of an S3 object the encoding is a property; of any other request it is how the body travels.
      const body = headers['content-encoding'] === 'gzip' && !toS3 ? gunzipSync(sent) : sent;
      const wire = { method: request.method, path: request.path, query: flatQuery(request.query), headers, body };
      const response = await gateway(wire);
      const streams = request.method === 'GET' && toS3;
      const answer = {
        statusCode: response.statusCode,
        headers: { ...response.headers },
        body: sdkBody(response, streams),
      };
      return { response: answer as never };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy: () => undefined,
  };
}
