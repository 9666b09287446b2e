/** Tags as the JSON services list them: `[{ Key, Value }]`. */

export type TagStore = Map<string, Map<string, string>>;

/** Adds tags to a resource; nothing given changes nothing. */
export function setTags(store: TagStore, arn: string, tags: unknown): void {
  if (!Array.isArray(tags)) return;
  const own = store.get(arn) ?? new Map<string, string>();
  for (const { Key, Value } of tags as { Key: string; Value: string }[]) own.set(Key, Value);
  store.set(arn, own);
}

/** Removes tags by key. */
export function removeTags(store: TagStore, arn: string, keys: readonly string[]): void {
  for (const key of keys) store.get(arn)?.delete(key);
}

/** The tags of a resource, in the order in which they were set. */
export function listTags(store: TagStore, arn: string): { Key: string; Value: string }[] {
  return [...(store.get(arn) ?? [])].map(([Key, Value]) => ({ Key, Value }));
}
