/**
 * The container contract of a SageMaker endpoint, without the socket.
 *
 * `POST /invocations`, one raw row with its date per prediction:
 * - `application/json`: one JSON object -> 200 `{"prediction":15.2}`, or 400 `{"error":{"code","message","field"?}}`;
 * - `application/jsonlines`: one JSON object a line -> 200 with one line for each request line, in the same order:
 *   `{"prediction":15.2}`, or `{"error":{"code","message","field"?}}` for a line that could not be used.
 * A missing or mistyped field is always an error, never a default. Codes: MissingField, WrongType, NotAnObject, InvalidJson.
 *
 * `GET /ping`: 200 once the artifact's self-check was answered as the trainer answered it. `GET /metadata`: metadata.json.
 */
import { InvalidRowError } from '../features/recipe.ts';
import { loadPredictor, type Predictor } from './predictor.ts';

export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly accept?: string;
  readonly body: Uint8Array;
}

export interface ServerResponse {
  readonly statusCode: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface ModelServer {
  /** True when the self-check inference agreed with the trainer. */
  ping(): boolean;
  /** Never rejects because of what a caller sent. */
  handle(request: ServerRequest): Promise<ServerResponse>;
  /** Frees the model. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly modelDirectory: string;
  /** `SELF_CHECK_TOLERANCE`: how far the self-check may be off, relative to 1 + |expected|; 1e-5 if absent. */
  readonly environment: Readonly<Record<string, string>>;
}

export class ServerConfigurationError extends Error {
  override readonly name = 'ServerConfigurationError';
}

const JSON_TYPE = 'application/json';
const JSON_LINES_TYPE = 'application/jsonlines';

/** @throws ArtifactError if the artifact cannot be loaded (the container then ends), ServerConfigurationError */
export async function newServer(options: ServerOptions): Promise<ModelServer> {
  const tolerance = Number(options.environment.SELF_CHECK_TOLERANCE ?? '1e-5');
  if (!(tolerance > 0)) {
    throw new ServerConfigurationError(
      `SELF_CHECK_TOLERANCE is ${JSON.stringify(options.environment.SELF_CHECK_TOLERANCE)}; set a positive number or leave it out`,
    );
  }
  const predictor = await loadPredictor(options.modelDirectory);
  const healthy = await passesSelfCheck(predictor, tolerance);
  const reader = newRowReader(predictor);
  return {
    ping: () => healthy,
    handle: (request) => handle(predictor, reader, healthy, request),
    stop: () => predictor.close(),
  };
}

async function passesSelfCheck(predictor: Predictor, tolerance: number): Promise<boolean> {
  const { row, prediction } = predictor.metadata.selfCheck;
  const [answer] = await predictor.predict([predictor.featuresOf(row)]);
  return Math.abs(answer! - prediction) <= tolerance * (1 + Math.abs(prediction));
}

async function handle(
  predictor: Predictor,
  reader: RowReader,
  healthy: boolean,
  request: ServerRequest,
): Promise<ServerResponse> {
  const route = `${request.method} ${request.path}`;
  if (route === 'GET /ping') return healthy ? json(200, {}) : failure(503, 'SelfCheckFailed', SELF_CHECK_MESSAGE);
  if (route === 'GET /metadata') return json(200, predictor.metadata);
  if (route !== 'POST /invocations') {
    return failure(404, 'NotFound', `no ${route}; this server answers GET /ping, GET /metadata and POST /invocations`);
  }
  if (!healthy) return failure(503, 'SelfCheckFailed', SELF_CHECK_MESSAGE);
  const contentType = mediaType(request.contentType);
  if (contentType !== JSON_TYPE && contentType !== JSON_LINES_TYPE) {
    return failure(
      415,
      'UnsupportedContentType',
      `content type "${request.contentType}"; send ${JSON_TYPE} or ${JSON_LINES_TYPE}`,
    );
  }
  if (!accepts(request.accept, contentType)) {
    return failure(406, 'NotAcceptable', `accept "${request.accept}"; ${contentType} is answered with ${contentType}`);
  }
  const text = decode(request.body);
  if (text === undefined) return failure(400, 'InvalidJson', 'the body is not UTF-8');
  return contentType === JSON_TYPE ? invokeOne(predictor, reader, text) : invokeLines(predictor, reader, text);
}

const SELF_CHECK_MESSAGE =
  "the model's answer to its self-check row differs from the trainer's; deploy the artifact with the server image of its release";

async function invokeOne(predictor: Predictor, reader: RowReader, text: string): Promise<ServerResponse> {
  const parsed = reader.read(text);
  if ('error' in parsed) return json(400, parsed);
  const [prediction] = await predictor.predict([parsed.features]);
  return json(200, { prediction });
}

async function invokeLines(predictor: Predictor, reader: RowReader, text: string): Promise<ServerResponse> {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  if (lines.length === 1 && lines[0] === '')
    return failure(400, 'InvalidJson', 'the body is empty; send one JSON object a line');
  const parsed = lines.map((line) => reader.read(line));
  const rows = parsed.flatMap((line) => ('features' in line ? [line.features] : []));
  const predictions = await predictor.predict(rows);
  let next = 0;
  const answers = parsed.map((line) =>
    'features' in line ? `{"prediction":${predictions[next++]}}` : JSON.stringify(line),
  );
  return { statusCode: 200, contentType: JSON_LINES_TYPE, body: encode(`${answers.join('\n')}\n`) };
}

type ParsedRow =
  | { readonly features: Float32Array }
  | { readonly error: { readonly code: string; readonly message: string; readonly field?: string } };

interface RowReader {
  read(text: string): ParsedRow;
}

/** Rows of which the features are kept. Predictions are not: each request is a real inference. */
const REMEMBERED_ROWS = 4096;

/**
 * Callers ask for the same row again and again within a day, and reading a row costs several times its inference. What a
 * text means depends on nothing but the text and the artifact, so the oldest entries may simply go.
 */
function newRowReader(predictor: Predictor): RowReader {
  const remembered = new Map<string, ParsedRow>();
  return {
    read(text) {
      const known = remembered.get(text);
      if (known !== undefined) return known;
      const parsed = parseRow(predictor, text);
      if (remembered.size >= REMEMBERED_ROWS) remembered.delete(remembered.keys().next().value!);
      remembered.set(text, parsed);
      return parsed;
    },
  };
}

function parseRow(predictor: Predictor, text: string): ParsedRow {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { error: { code: 'InvalidJson', message: `not JSON: ${(cause as Error).message}` } };
  }
  try {
    return { features: predictor.featuresOf(value) };
  } catch (error) {
    if (!(error instanceof InvalidRowError)) throw error;
    const { code, message, field } = error;
    return { error: field === '' ? { code, message } : { code, message, field } };
  }
}

/** `application/json; charset=utf-8` -> `application/json` */
function mediaType(header: string): string {
  return header.split(';', 1)[0]!.trim().toLowerCase();
}

function accepts(accept: string | undefined, contentType: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((entry) => ['*/*', 'application/*', contentType].includes(mediaType(entry)));
}

function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    // The only thing that a fatal decoder throws is "not UTF-8", which the caller of this function reports.
    return undefined;
  }
}

function json(statusCode: number, value: unknown): ServerResponse {
  return { statusCode, contentType: JSON_TYPE, body: encode(JSON.stringify(value)) };
}

function failure(statusCode: number, code: string, message: string): ServerResponse {
  return json(statusCode, { error: { code, message } });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
