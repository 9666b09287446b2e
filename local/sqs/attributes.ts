/** Queue attributes: defaults, ranges, and the redrive policy. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

interface Range {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

/** Numeric attributes, in seconds or bytes. */
const NUMERIC: Readonly<Record<string, Range>> = {
  VisibilityTimeout: { initial: 30, min: 0, max: 43_200 },
  MaximumMessageSize: { initial: 1_048_576, min: 1024, max: 1_048_576 },
  MessageRetentionPeriod: { initial: 345_600, min: 60, max: 1_209_600 },
  DelaySeconds: { initial: 0, min: 0, max: 900 },
  ReceiveMessageWaitTimeSeconds: { initial: 0, min: 0, max: 20 },
  KmsDataKeyReusePeriodSeconds: { initial: 300, min: 60, max: 86_400 },
};
const BOOLEAN = new Set(['FifoQueue', 'ContentBasedDeduplication', 'SqsManagedSseEnabled']);
const TEXT = new Set(['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId']);
/** FIFO's high-throughput settings: only AWS's default values change nothing here. */
const FIXED: Readonly<Record<string, string>> = { DeduplicationScope: 'queue', FifoThroughputLimit: 'perQueue' };

export const initialAttributes = (): Map<string, string> =>
  new Map([
    ...[
      'VisibilityTimeout',
      'MaximumMessageSize',
      'MessageRetentionPeriod',
      'DelaySeconds',
      'ReceiveMessageWaitTimeSeconds',
    ].map((name): [string, string] => [name, String(NUMERIC[name]!.initial)]),
    ['SqsManagedSseEnabled', 'true'],
  ]);

/** A whole number in the attribute's range. @throws AwsError InvalidAttributeValue */
export function checkedNumber(name: string, value: unknown, code = 'InvalidAttributeValue'): number {
  const range = NUMERIC[name]!;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < range.min || number > range.max) {
    throw new AwsError(
      code,
      `Value ${String(value)} for parameter ${name} is invalid. Reason: Must be between ${range.min} and ${range.max}, if provided.`,
    );
  }
  return number;
}

/** @throws AwsError InvalidAttributeValue */
export function parseRedrivePolicy(text: string): RedrivePolicy {
  const refuse = (reason: string): AwsError =>
    new AwsError('InvalidAttributeValue', `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  let parsed: { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (error) {
    throw refuse(`Redrive policy is not a valid JSON map: ${(error as Error).message}`);
  }
  const maxReceiveCount = Number(parsed.maxReceiveCount);
  if (typeof parsed.deadLetterTargetArn !== 'string')
    throw refuse('Redrive policy does not contain mandatory attribute: deadLetterTargetArn.');
  if (!Number.isInteger(maxReceiveCount) || maxReceiveCount < 1 || maxReceiveCount > 1000) {
    throw refuse('Invalid value for maxReceiveCount: it must be between 1 and 1000.');
  }
  return { deadLetterTargetArn: parsed.deadLetterTargetArn, maxReceiveCount };
}

/** Checks and normalises attributes as CreateQueue and SetQueueAttributes take them. */
export function checkedAttributes(attributes: Readonly<Record<string, unknown>>): Map<string, string> {
  const checked = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (NUMERIC[name]) checked.set(name, String(checkedNumber(name, value)));
    else if (BOOLEAN.has(name)) {
      if (text !== 'true' && text !== 'false')
        throw new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
      checked.set(name, text);
    } else if (name in FIXED) {
      if (text !== FIXED[name]) throw new UnsupportedFeature(`SQS attribute ${name} = ${text}`);
      checked.set(name, text);
    } else if (TEXT.has(name)) {
      if (name === 'RedrivePolicy' && text !== '') parseRedrivePolicy(text);
      checked.set(name, text);
    } else throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
  }
  return checked;
}
