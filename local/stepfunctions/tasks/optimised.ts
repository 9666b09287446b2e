/** The request of each optimised integration, and what becomes of its answer. */
import type { WireInput } from '../../kernel/service.ts';
import { StateError } from '../errors.ts';
import { type Json, type JsonObject, answerToJson, isJsonObject } from '../json.ts';
import type { Frame } from '../workflow.ts';
import { asText, callOptimised, lowerFirst, operationName, renameMembers, upperFirst } from './call.ts';
import { invokeFunction } from './lambda.ts';

/** Runs the request of an optimised integration and returns its answer as JSON; timestamps are epoch milliseconds. */
export async function callIntegration(frame: Frame, service: string, action: string, args: Json): Promise<Json> {
  const input = isJsonObject(args) ? args : {};
  switch (service) {
    case 'lambda':
      return invokeFunction(frame, input);
    case 'events':
      return putEvents(frame, input);
    case 'states':
      return startExecution(frame, input);
    case 'sqs':
      return plainCall(frame, service, action, textMember(input, 'MessageBody'));
    case 'sns':
      return plainCall(frame, service, action, textMember(input, 'Message'));
    default:
      return plainCall(frame, service, action, input);
  }
}

async function plainCall(frame: Frame, service: string, action: string, input: WireInput): Promise<Json> {
  return answerToJson(await callOptimised(frame, service, operationName(action), input), 'epochMs');
}

function textMember(input: JsonObject, member: string): JsonObject {
  const value = input[member];
  return value === undefined ? input : { ...input, [member]: asText(value) };
}

/** Detail may be JSON; the state machine and the execution are added to the event's resources, as AWS does. */
async function putEvents(frame: Frame, input: JsonObject): Promise<Json> {
  const { arn, options } = frame.thread.execution;
  const entries = Array.isArray(input['Entries']) ? input['Entries'] : [];
  const answer = await plainCall(frame, 'events', 'putEvents', {
    ...input,
    Entries: entries.map((entry) => {
      if (!isJsonObject(entry)) return entry;
      const resources = Array.isArray(entry['Resources']) ? entry['Resources'] : [];
      return { ...textMember(entry, 'Detail'), Resources: [...resources, options.stateMachineArn, arn] };
    }),
  });
  const failed = isJsonObject(answer) ? answer['FailedEntryCount'] : 0;
  if (typeof failed === 'number' && failed > 0) throw new StateError('EventBridge.FailedEntry', JSON.stringify(answer));
  return answer;
}

async function startExecution(frame: Frame, input: JsonObject): Promise<Json> {
  const request = renameMembers(input, lowerFirst) as JsonObject;
  // Only the members' own names are renamed: what is inside Input belongs to the called workflow.
  if (input['Input'] !== undefined) request['input'] = asText(input['Input']);
  const answer = await plainCall(frame, 'states', 'startExecution', request);
  return renameMembers(answer, upperFirst);
}
