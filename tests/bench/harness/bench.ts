/** What a bench is: numbers as ratios against peers, measured in one run of one process; never a pass or a fail on time. */

/** Metric name with its unit (`writesPerSecond`) -> value. */
export type Metrics = Readonly<Record<string, number>>;

/** A ratio that we want to reach; missing it is said plainly, and fails nothing. */
export interface Goal {
  readonly peer: string;
  readonly metric: string;
  /** Smallest wanted value of ours divided by the peer's. */
  readonly minRatio: number;
}

export interface CaseResult {
  readonly case: string;
  readonly ours: Metrics;
  /** Peer -> its metrics, the same ones as ours. */
  readonly peers: Readonly<Record<string, Metrics>>;
  readonly goals: readonly Goal[];
}

/** Exported as `bench` by `tests/bench/<name>.ts`; a file there is all that a new bench needs. */
export interface Bench {
  /** The file's name without its ending. */
  readonly name: string;
  /** One line: what is compared. */
  readonly title: string;
  /**
   * Measures all cases.
   * @param progress receives lines for the person who waits
   * @throws DifferentOutcome when the sides of a case did not do the same work
   */
  run(progress: (line: string) => void): Promise<readonly CaseResult[]>;
}
