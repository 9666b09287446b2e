/** The MD5 digests that SQS answers with and that the SDKs check. */
import { createHash } from 'node:crypto';
import { asBytes } from '../kernel/coerce.ts';

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array | string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** Lower-case hexadecimal MD5. */
export const md5 = (content: string | Uint8Array): string => createHash('md5').update(content).digest('hex');

const withLength = (content: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/**
 * MD5 of message attributes: for each, ordered by name, length and bytes of name and data type, a transport byte (1 text,
 * 2 binary), length and bytes of the value. Algorithm: SQS developer guide, 'Calculating the MD5 message digest'.
 * Undefined when there are no attributes.
 */
export function md5OfAttributes(attributes: MessageAttributes | undefined): string | undefined {
  const names = Object.keys(attributes ?? {}).sort();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { DataType, StringValue, BinaryValue } = attributes![name]!;
    const binary = DataType.startsWith('Binary');
    const value = binary ? asBytes(BinaryValue, name) : Buffer.from(StringValue ?? '');
    return [
      withLength(Buffer.from(name)),
      withLength(Buffer.from(DataType)),
      Buffer.from([binary ? 2 : 1]),
      withLength(value),
    ];
  });
  return md5(Buffer.concat(parts));
}
