/** Calls of other services on behalf of a state machine's role. */
import { AwsError } from '../../kernel/errors.ts';
import type { WireInput } from '../../kernel/service.ts';
import { type Json, type JsonObject, answerToJson, isJsonObject } from '../json.ts';
import type { Frame } from '../workflow.ts';
import { SDK_SERVICES } from './sdk-services.ts';
import { optimisedError, sdkError } from './service-errors.ts';

/** Members that are bytes on the wire, by service and operation; a workflow gives them as text or as JSON. */
const BLOBS: Readonly<Record<string, string>> = {
  'lambda:Invoke': 'Payload',
  's3:PutObject': 'Body',
  'sagemaker:InvokeEndpoint': 'Body',
  'kms:Encrypt': 'Plaintext',
};

/** `describeEndpoint` -> `DescribeEndpoint`. */
export function operationName(action: string): string {
  return action.charAt(0).toUpperCase() + action.slice(1);
}

/** Text of a member that may be given as JSON, as Step Functions writes it for the called service. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Calls an operation for an optimised integration. The answer stays as it came.
 * @throws StateError with the integration's error name
 */
export async function callOptimised(
  frame: Frame,
  service: string,
  operation: string,
  input: WireInput,
): Promise<Record<string, unknown>> {
  const { engine } = frame;
  try {
    const answer: unknown = await engine.cloud.call(
      service,
      operation,
      input,
      engine.principal(frame.thread.execution),
    );
    return (answer ?? {}) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
    throw optimisedError(service, error, engine.ids.uuid());
  }
}

/**
 * Runs an `aws-sdk:` task: members with capitals in both directions, timestamps as ISO 8601, bytes as text.
 * @throws StateError with the SDK's error name
 */
export async function callSdk(frame: Frame, serviceName: string, action: string, args: Json): Promise<Json> {
  const { engine } = frame;
  const service = SDK_SERVICES[serviceName]!;
  const operation = operationName(action);
  const input = withBlob(`${service.id}:${operation}`, isJsonObject(args) ? args : {});
  const wire = service.camelCaseMembers ? (renameMembers(input, lowerFirst) as WireInput) : input;
  try {
    const answer: unknown = await engine.cloud.call(
      service.id,
      operation,
      wire,
      engine.principal(frame.thread.execution),
    );
    const json = answerToJson(answer ?? {}, 'iso');
    return service.camelCaseMembers ? renameMembers(json, upperFirst) : json;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
    throw sdkError(service, error, engine.ids.uuid());
  }
}

function withBlob(operation: string, input: JsonObject): WireInput {
  const member = BLOBS[operation];
  const value = member === undefined ? undefined : input[member];
  if (member === undefined || value === undefined) return input;
  return { ...input, [member]: Buffer.from(asText(value)) };
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const upperFirst = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Renames all members, at every depth, of a JSON value. */
export function renameMembers(value: Json, rename: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => renameMembers(item, rename));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [rename(name), renameMembers(member, rename)]),
  );
}

export { lowerFirst, upperFirst };
