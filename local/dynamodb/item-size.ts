/** How large an item is, by the rules of the DynamoDB developer guide ('item sizes and formats'). */
import {
  type AttributeValue,
  isBinary,
  isBinarySet,
  isList,
  isMap,
  isNumber,
  isNumberSet,
  isString,
  isStringSet,
  type Item,
} from './attribute-value.ts';
import { numberSizeBytes } from './decimal.ts';

/** An item may be this large, names included. */
export const MAX_ITEM_BYTES = 400 * 1024;

const sum = <T>(members: readonly T[], size: (member: T) => number): number =>
  members.reduce((total, member) => total + size(member), 0);

function valueSizeBytes(value: AttributeValue): number {
  if (isString(value)) return Buffer.byteLength(value.S);
  if (isNumber(value)) return numberSizeBytes(value.N);
  if (isBinary(value)) return value.B.byteLength;
  if (isStringSet(value)) return sum(value.SS, (member) => Buffer.byteLength(member));
  if (isNumberSet(value)) return sum(value.NS, numberSizeBytes);
  if (isBinarySet(value)) return sum(value.BS, (member) => member.byteLength);
  if (isList(value)) return 3 + sum(value.L, (member) => 1 + valueSizeBytes(member));
  if (isMap(value)) return 3 + Object.keys(value.M).length + itemSizeBytes(value.M);
  return 1;
}

/** Bytes of names (UTF-8) and values. A list or map costs 3 bytes and 1 for each member. */
export function itemSizeBytes(item: Item): number {
  let total = 0;
  for (const name in item) total += Buffer.byteLength(name) + valueSizeBytes(item[name]!);
  return total;
}
