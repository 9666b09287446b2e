/** The container's process: the model server on port 8080. */
import { createServer, type IncomingMessage } from 'node:http';
import { newServer } from './server.ts';

const PORT = 8080;
const MODEL_DIRECTORY = '/opt/ml/model';
/** Batch transform sends at most 100 MB; a real-time endpoint less. */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
const model = await newServer({ modelDirectory: MODEL_DIRECTORY, environment });

const http = createServer((request, response) => {
  void (async () => {
    try {
      const body = await readBody(request);
      if (body === undefined) {
        response.writeHead(413).end();
        return;
      }
      const answer = await model.handle({
        method: request.method ?? 'GET',
        path: new URL(request.url ?? '/', 'http://container').pathname,
        contentType: request.headers['content-type'] ?? '',
        ...(request.headers.accept === undefined ? {} : { accept: request.headers.accept }),
        body,
      });
      response.writeHead(answer.statusCode, { 'content-type': answer.contentType }).end(answer.body);
    } catch (error) {
      console.error(error);
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"code":"InternalError"}}');
    }
  })();
});

/** @returns undefined when the body is too large */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

process.once('SIGTERM', () => {
  http.close(() => void model.stop().then(() => process.exit(0)));
});
http.listen(PORT, () =>
  console.log(`serving ${MODEL_DIRECTORY} on port ${PORT}, self-check ${model.ping() ? 'passed' : 'failed'}`),
);
