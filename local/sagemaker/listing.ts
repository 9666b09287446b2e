/** Sorting, filtering and paging of SageMaker's List operations. */
import { asEpochMs } from '../kernel/coerce.ts';
import { validationError } from '../kernel/errors.ts';
import { type WireInput } from '../kernel/service.ts';

export interface Listed {
  readonly name: string;
  readonly creationMs: number;
  readonly lastModifiedMs?: number | undefined;
  readonly status?: string;
}

const AFTER_BEFORE = [
  ['CreationTimeAfter', 'CreationTimeBefore', 'creationMs'],
  ['CreatedAfter', 'CreatedBefore', 'creationMs'],
  ['LastModifiedTimeAfter', 'LastModifiedTimeBefore', 'lastModifiedMs'],
] as const;

function passes(item: Listed, input: WireInput): boolean {
  if (typeof input['NameContains'] === 'string') {
    if (!item.name.toLowerCase().includes(input['NameContains'].toLowerCase())) return false;
  }
  if (input['StatusEquals'] !== undefined && item.status !== input['StatusEquals']) return false;
  for (const [after, before, member] of AFTER_BEFORE) {
    const atMs = item[member] ?? item.creationMs;
    if (input[after] !== undefined && atMs <= asEpochMs(input[after], after)) return false;
    if (input[before] !== undefined && atMs >= asEpochMs(input[before], before)) return false;
  }
  return true;
}

function ordered<T extends Listed>(items: readonly T[], sortBy: string, descending: boolean): T[] {
  const sign = descending ? -1 : 1;
  const key = (item: T): string | number => {
    if (sortBy === 'Name') return item.name;
    return sortBy === 'Status' ? (item.status ?? '') : item.creationMs;
  };
  // Equal keys keep (or, descending, reverse) the order of creation, so that 'newest first' is never ambiguous.
  return items
    .map((item, index) => ({ item, index, key: key(item) }))
    .sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index))
    .map((entry) => entry.item);
}

/**
 * One page of a listing. NextToken is the offset into the filtered, sorted listing.
 * @param items in order of creation
 */
export function page<T extends Listed>(
  items: readonly T[],
  input: WireInput,
  defaults: { sortBy: string; descending: boolean; pageSize?: number },
): { items: T[]; NextToken?: string } {
  const descending = input['SortOrder'] === undefined ? defaults.descending : input['SortOrder'] === 'Descending';
  const sorted = ordered(
    items.filter((item) => passes(item, input)),
    (input['SortBy'] as string | undefined) ?? defaults.sortBy,
    descending,
  );
  const token = input['NextToken'] as string | undefined;
  const from = token === undefined ? 0 : Number(Buffer.from(token, 'base64').toString('utf8'));
  if (!Number.isInteger(from) || from < 0) throw validationError(`Invalid NextToken '${token}'`);
  const to = from + ((input['MaxResults'] as number | undefined) ?? defaults.pageSize ?? 10);
  const slice = sorted.slice(from, to);
  return to < sorted.length
    ? { items: slice, NextToken: Buffer.from(String(to)).toString('base64') }
    : { items: slice };
}
