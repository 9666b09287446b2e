/** Tags of alarms and dashboards, by ARN. */
import type { WireInput } from '../kernel/service.ts';

export class Tags {
  readonly #tags = new Map<string, Map<string, string>>();

  /** Adds or overwrites `[{Key, Value}]`. */
  set(arn: string, tags: readonly WireInput[]): void {
    const existing = this.#tags.get(arn) ?? new Map<string, string>();
    for (const { Key, Value } of tags) existing.set(String(Key), String(Value));
    this.#tags.set(arn, existing);
  }

  remove(arn: string, keys: readonly string[]): void {
    for (const key of keys) this.#tags.get(arn)?.delete(key);
  }

  list(arn: string): { Key: string; Value: string }[] {
    return [...(this.#tags.get(arn) ?? [])].map(([key, value]) => ({ Key: key, Value: value }));
  }

  forget(arn: string): void {
    this.#tags.delete(arn);
  }
}
