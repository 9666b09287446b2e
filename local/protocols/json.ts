/** AWS JSON 1.0 and 1.1: operation in x-amz-target, members in the body, timestamps in epoch seconds, blobs in base64. */
import { QUERY_ERROR_CODES } from '../cloudwatch/service.ts';
import { validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';
import { isDate, utf8, type Codec } from './codec.ts';

const SERVICE_OF_TARGET: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AWSStepFunctions: 'states',
  AWSEvents: 'events',
  SageMaker: 'sagemaker',
  Logs_20140328: 'logs',
  AmazonSSM: 'ssm',
  secretsmanager: 'secretsmanager',
  TrentService: 'kms',
  AmazonSQS: 'sqs',
  GraniteServiceVersion20100801: 'monitoring',
};

/** The SDKs of SQS still look for its old error names in this header. */
const SQS_QUERY_ERRORS: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
};

/** The query protocol's word for input that the model refuses; the JSON services say ValidationException. */
const QUERY_VALIDATION_ERROR = 'ValidationError';

/** The error's code in the query protocol. */
export function queryCodeOf(code: string): string {
  return code === 'ValidationException' ? QUERY_VALIDATION_ERROR : (QUERY_ERROR_CODES[code] ?? code);
}

/** Services that once spoke the query protocol name its code beside their own, and clients show that one. */
export function queryErrorCode(service: string, code: string): string | undefined {
  if (service === 'sqs') return SQS_QUERY_ERRORS[code] ?? code;
  return service === 'monitoring' ? queryCodeOf(code) : undefined;
}

/** Plain JSON of an output: dates become epoch seconds, bytes base64. */
export function toWireJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    // toJSON of dates and Buffers has run already: look at the holder's own value.
    const original = this[key];
    if (isDate(original)) return original.getTime() / 1000;
    return original instanceof Uint8Array ? base64(original) : item;
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The members of a JSON body; an empty body has none. */
export function parseJsonBody(body: Uint8Array): WireInput {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (error) {
    throw validationError(`the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw validationError('the body is not a JSON object');
  }
  return parsed;
}

export const jsonCodec: Codec = {
  decode(request) {
    const target = request.headers['x-amz-target'];
    if (target === undefined) return undefined;
    const dot = target.lastIndexOf('.');
    const prefix = target.slice(0, dot);
    const service = SERVICE_OF_TARGET[prefix] ?? prefix;
    return { service, operation: target.slice(dot + 1), input: parseJsonBody(request.body) };
  },
  encode(_call, output, requestId, request) {
    return {
      statusCode: 200,
      headers: {
        'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.1',
        'x-amzn-requestid': requestId,
      },
      body: utf8(toWireJson(output)),
    };
  },
  encodeError(service, error, requestId, request) {
    const headers: Record<string, string> = {
      'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.1',
      'x-amzn-requestid': requestId,
    };
    const queryCode = queryErrorCode(service, error.code);
    if (queryCode !== undefined) headers['x-amzn-query-error'] = `${queryCode};Sender`;
    const body = { __type: error.code, message: error.message, ...error.fields };
    return { statusCode: error.statusCode, headers, body: utf8(toWireJson(body)) };
  },
};
