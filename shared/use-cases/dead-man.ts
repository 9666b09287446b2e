/** The rollback that fires when nobody is alive to decide: armed before traffic rises, postponed by each completed look. */
import { type DeadManOrder } from '../ports/flow.ts';
import { type RolloutRecord } from '../ports/rollout-store.ts';

/** From the last completed look to the rollback. Twice the longest assumed `Updating`, which no look can shorten. */
export const DEAD_MAN_MS = 10 * 60_000;

/** Undefined for a first deployment: there is no champion that could get the traffic back. */
export function deadManOrder(record: RolloutRecord): DeadManOrder | undefined {
  if (!record.champion) return undefined;
  const { model, rolloutId, endpoint, epoch } = record;
  return {
    model,
    rolloutId,
    endpoint,
    epoch,
    championVariant: record.champion.variant,
    challengerVariant: record.challenger.variant,
  };
}
