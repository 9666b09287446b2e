/** Reads what the platform measured. */
import { type ChampionHistory, type EvidenceMinute } from '../domain/judge/evidence.ts';

export interface MinutesQuery {
  readonly endpoint: string;
  readonly challengerVariant: string;
  /** Absent after 100 %: there is no champion in the same minutes. */
  readonly championVariant?: string;
  /** Whole minutes since the epoch; `until` is exclusive. */
  readonly fromMinute: number;
  readonly untilMinute: number;
  readonly latencyLimitMs: number;
}

export interface MetricSource {
  /** Sums per variant and minute, as far as they can be read. A minute or an arm that is missing is left out. @throws MetricsUnreadable */
  minutes(query: MinutesQuery): Promise<readonly EvidenceMinute[]>;
  /** Sums of one variant over the given minutes. */
  history(
    query: Omit<MinutesQuery, 'challengerVariant' | 'championVariant'> & { readonly variant: string },
  ): Promise<ChampionHistory>;
  /** Those of the named alarms that are in ALARM now. */
  raised(alarmNames: readonly string[]): Promise<readonly string[]>;
}
