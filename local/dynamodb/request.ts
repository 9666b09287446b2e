/** Reads the plain members that many operations share, and refuses the ones that are not supported. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';

export const isPresent = (member: unknown): boolean => member !== undefined && member !== null;

const LEGACY = [
  'Expected',
  'ConditionalOperator',
  'AttributeUpdates',
  'AttributesToGet',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
];

/** Refuses the parameters from before expressions, and ItemCollectionMetrics. @throws AwsError UnsupportedFeature */
export function refuseUnsupported(input: WireInput): void {
  for (const member of LEGACY) {
    if (isPresent(input[member])) {
      throw new UnsupportedFeature(`DynamoDB legacy parameter ${member}`, 'use the expression parameter instead');
    }
  }
  if (isPresent(input.ReturnItemCollectionMetrics) && input.ReturnItemCollectionMetrics !== 'NONE') {
    throw new UnsupportedFeature('DynamoDB ReturnItemCollectionMetrics', 'leave it out');
  }
}

const memberPath = (member: string): string => member.charAt(0).toLowerCase() + member.slice(1);

/** A member that takes one of some values. @throws AwsError ValidationException */
export function readEnum<T extends string>(input: WireInput, member: string, allowed: readonly T[], absent: T): T {
  const value: unknown = input[member];
  if (!isPresent(value)) return absent;
  const known = allowed.find((option) => option === value);
  if (known !== undefined) return known;
  throw validationError(
    `1 validation error detected: Value '${String(value)}' at '${memberPath(member)}' failed to satisfy constraint: ` +
      `Member must satisfy enum value set: [${allowed.join(', ')}]`,
  );
}

/** A boolean member; false when absent. */
export function readFlag(input: WireInput, member: string, absent = false): boolean {
  return isPresent(input[member]) ? asBoolean(input[member], member) : absent;
}

/** An integer member of at least `least`; undefined when absent. @throws AwsError ValidationException */
export function readInteger(input: WireInput, member: string, least: number): number | undefined {
  if (!isPresent(input[member])) return undefined;
  const value = Math.floor(asNumber(input[member], member));
  if (value >= least) return value;
  throw validationError(
    `1 validation error detected: Value '${value}' at '${memberPath(member)}' failed to satisfy constraint: ` +
      `Member must have value greater than or equal to ${least}`,
  );
}

/** A list member with a number of elements in a range. @throws AwsError ValidationException */
export function readList(input: WireInput, member: string, most: number): readonly WireInput[] {
  const value: unknown = input[member];
  const length = Array.isArray(value) ? value.length : undefined;
  if (length !== undefined && length >= 1 && length <= most) return value as WireInput[];
  const constraint =
    length === undefined
      ? 'Member must not be null'
      : `Member must have length ${length < 1 ? 'greater than or equal to 1' : `less than or equal to ${most}`}`;
  throw validationError(
    `1 validation error detected: Value ${length === undefined ? 'null' : `'[${length} elements]'`} at ` +
      `'${memberPath(member)}' failed to satisfy constraint: ${constraint}`,
  );
}

/** Whether a failed condition shows the item. */
export function returnsOldOnFailure(input: WireInput): boolean {
  return readEnum(input, 'ReturnValuesOnConditionCheckFailure', ['ALL_OLD', 'NONE'], 'NONE') === 'ALL_OLD';
}
