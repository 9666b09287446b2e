/** Lambda: the `lambda:invoke` integration and functions that are named directly as a Resource. */
import { asBytes } from '../../kernel/coerce.ts';
import { StateError } from '../errors.ts';
import { type Json, type JsonObject, isJsonObject, toJson } from '../json.ts';
import type { Frame } from '../workflow.ts';
import { callOptimised } from './call.ts';

/**
 * `lambda:invoke`: answers `{ ExecutedVersion, Payload, StatusCode }` with the payload as JSON.
 * @throws StateError named after the function's own error type, with the error payload as its cause
 */
export async function invokeFunction(frame: Frame, args: JsonObject): Promise<Json> {
  const { Payload: payload, ...rest } = args;
  const answer = await callOptimised(frame, 'lambda', 'Invoke', {
    InvocationType: 'RequestResponse',
    ...rest,
    Payload: Buffer.from(payload === undefined ? '{}' : JSON.stringify(payload)),
  });
  const text = payloadText(answer['Payload']);
  if (answer['FunctionError'] !== undefined) throw functionError(text);
  return {
    ExecutedVersion: toJson(answer['ExecutedVersion'] ?? '$LATEST'),
    ...(text === '' ? {} : { Payload: parsePayload(text) }),
    StatusCode: toJson(answer['StatusCode'] ?? 200),
  };
}

/** A function's ARN as Resource: the whole effective input is the payload, and the payload is the result. */
export async function callFunction(frame: Frame, functionArn: string, input: Json): Promise<Json> {
  const answer = (await invokeFunction(frame, { FunctionName: functionArn, Payload: input })) as JsonObject;
  return answer['Payload'] ?? null;
}

function payloadText(payload: unknown): string {
  return payload === undefined || payload === null ? '' : Buffer.from(asBytes(payload, 'Payload')).toString('utf8');
}

function parsePayload(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Step Functions hands a payload that is no JSON on as a string.
    return text;
  }
}

function functionError(text: string): StateError {
  const payload = parsePayload(text);
  const type = isJsonObject(payload) ? payload['errorType'] : undefined;
  if (typeof type === 'string' && type !== '') return new StateError(type, text);
  return new StateError(
    'Lambda.Unknown',
    `The cause could not be determined because Lambda did not return an error type. Returned payload: ${text}`,
  );
}
