/** What SQS checks before it takes a message, and how it runs a batch. */
import { createHash } from 'node:crypto';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import type { MessageAttributes } from './digest.ts';
import type { Queue } from './queue.ts';

export const invalidValue = (message: string): AwsError => new AwsError('InvalidParameterValue', message);

/** At most ten, each typed and not empty. @throws AwsError InvalidParameterValue */
export function checkAttributes(attributes: MessageAttributes): MessageAttributes {
  const names = Object.keys(attributes);
  if (names.length > 10)
    throw invalidValue(`Number of message attributes [${names.length}] exceeds the allowed maximum [10].`);
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name]!;
    if (!/^(String|Number|Binary)(\..+)?$/.test(DataType ?? '')) {
      throw invalidValue(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    if ((DataType.startsWith('Binary') ? BinaryValue : StringValue) === undefined || StringValue === '') {
      throw invalidValue(
        `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
      );
    }
  }
  return attributes;
}

/** The body, when body and attributes together are within MaximumMessageSize. */
export function checkSize(queue: Queue, body: unknown, attributes: MessageAttributes): string {
  if (typeof body !== 'string' || body === '') {
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  const attributeBytes = Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum + Buffer.byteLength(name + DataType + (StringValue ?? '')) + (BinaryValue?.length ?? 0),
    0,
  );
  const limit = queue.number('MaximumMessageSize');
  if (Buffer.byteLength(body) + attributeBytes > limit) {
    throw invalidValue(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  return body;
}

/** Group and deduplication id of a FIFO message. */
export function fifoIdentity(
  queue: Queue,
  input: WireInput,
  body: string,
): { groupId?: string; deduplicationId?: string } {
  if (!queue.isFifo) {
    if (input.MessageDeduplicationId !== undefined) {
      throw invalidValue(
        'The request includes a parameter that is not valid for this queue type: MessageDeduplicationId',
      );
    }
    if (input.MessageGroupId !== undefined)
      throw new UnsupportedFeature('MessageGroupId (fair queues) on a standard queue');
    return {};
  }
  if (input.MessageGroupId === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  if (Number(input.DelaySeconds ?? 0) > 0) {
    throw invalidValue(
      `Value ${String(input.DelaySeconds)} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  }
  const contentBased = queue.attributes.get('ContentBasedDeduplication') === 'true';
  if (input.MessageDeduplicationId === undefined && !contentBased) {
    throw invalidValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  const deduplicationId = (input.MessageDeduplicationId ?? createHash('sha256').update(body).digest('hex')) as string;
  return { groupId: String(input.MessageGroupId), deduplicationId };
}

function batchEntries(input: WireInput): WireInput[] {
  const entries = (input.Entries ?? []) as WireInput[];
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set(entries.map(({ Id }): unknown => Id));
  if (ids.size < entries.length) throw new AwsError('BatchEntryIdsNotDistinct', 'Id of some entries are not distinct.');
  return entries;
}

/** Runs each entry of a batch; what the service refuses is reported for that entry alone. */
export function batch(input: WireInput, run: (entry: WireInput) => object): { Successful: object[]; Failed: object[] } {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of batchEntries(input)) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
      Failed.push({ Id: entry.Id, SenderFault: error.statusCode < 500, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}
