/** One thing's trouble must not keep the next one from its turn; nor may it be forgotten. */
export interface Turns {
  /** Takes a turn. @returns undefined when it failed */
  take<T>(turn: () => Promise<T>): Promise<T | undefined>;
  /** @throws the failure of a turn; an AggregateError that quotes them all when there were several */
  end(): void;
}

export function newTurns(): Turns {
  const failures: unknown[] = [];
  return {
    async take(turn) {
      try {
        return await turn();
      } catch (error) {
        failures.push(error);
        return undefined;
      }
    },
    end() {
      if (failures.length === 0) return;
      if (failures.length === 1) throw failures[0];
      throw new AggregateError(failures, failures.map(String).join('; '));
    },
  };
}
