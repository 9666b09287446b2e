/** What adapters stand on: real AWS, or whatever answers in its place. Nothing here reads the environment. */
import { createHash, randomUUID } from 'node:crypto';
import { type Clock, type Ids } from '../ports/clock.ts';

/** Credentials as every SDK client takes them. */
export interface PlatformCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Absent members mean the SDK's own defaults: real AWS and the role of the function. */
export interface Platform {
  readonly requestHandler?: unknown;
  readonly credentials?: PlatformCredentials;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Uniform [0, 1). */
  readonly random: () => number;
  readonly ids: Ids;
}

/** The SDK waits for ever by default: a connection gets one second, an answer five. */
const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 3;

export interface ClientOptions {
  readonly region: string;
  readonly maxAttempts: number;
  readonly requestHandler: never;
  readonly credentials?: PlatformCredentials;
}

/** Options that every client of a function shares. */
export function clientOptions(platform: Platform, region: string): ClientOptions {
  const timeouts = { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  return {
    region,
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: (platform.requestHandler ?? timeouts) as never,
    ...(platform.credentials ? { credentials: platform.credentials } : {}),
  };
}

/** Real AWS. */
export const awsPlatform: Platform = {
  fetch,
  clock: { nowMs: () => Date.now() },
  random: () => Math.random(),
  ids: { next: () => randomUUID() },
};

/** Hexadecimal SHA-256 of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Uniform [0, 1) numbers that depend on the seed text alone: the first 32 bits of SHA-256 over seed and counter. */
export function hashRandom(seed: string): () => number {
  let counter = 0;
  return () => createHash('sha256').update(`${seed}/${counter++}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** The name of an error from anywhere; SDK errors carry AWS's code there. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** The network never answered: the error carries Node's code, and the name `Error`. */
const NETWORK_CODES: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

const SERVER_ERROR_STATUS_MIN = 500;

/** No answer from the service at all, or one that blames the service itself. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return NETWORK_CODES.has(code) || ($metadata?.httpStatusCode ?? 0) >= SERVER_ERROR_STATUS_MIN;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
