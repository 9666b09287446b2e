/** Asks the challenger itself, at weight 0, before anybody else does. */
import { CandidateRefused } from '../domain/flow-errors.ts';
import { type LabelledRows } from '../ports/documents.ts';
import { type Clock } from '../ports/clock.ts';
import { type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { checkNotStopped } from './rollout-signals.ts';

export interface SmokeChallengerDependencies {
  readonly rollouts: RolloutStore;
  readonly platform: ServingPlatform;
  readonly labelledRows: LabelledRows;
  readonly clock: Clock;
}

const PAYLOADS = 5;
const WINDOW_MS = 30 * 86_400_000;

/**
 * Sends a few recent production rows (or, where there are none yet, a row that must be refused) to the challenger's variant.
 * @throws CandidateRefused when an answer is not what the contract says; RolloutStopped
 */
export async function smokeChallenger(
  deps: SmokeChallengerDependencies,
  ref: RolloutRef,
): Promise<{ answered: number }> {
  const record = await deps.rollouts.get(ref);
  checkNotStopped(record);
  const { endpoint, challenger } = record;
  const nowMs = deps.clock.nowMs();
  const rows = await deps.labelledRows.recent({
    model: ref.model,
    endpoint,
    fromMs: nowMs - WINDOW_MS,
    untilMs: nowMs,
    limit: PAYLOADS,
  });
  for (const row of rows) {
    const reply = await deps.platform.ask(endpoint, challenger.variant, row.request, 'application/json');
    if (reply.statusCode !== 200)
      throw new CandidateRefused(
        challenger.servable.version,
        `a smoke request was answered ${reply.statusCode}: ${reply.body.slice(0, 200)}`,
      );
    if (reply.variant !== challenger.variant)
      throw new CandidateRefused(
        challenger.servable.version,
        `variant '${reply.variant}' answered for '${challenger.variant}'`,
      );
  }
  const empty = await deps.platform.ask(endpoint, challenger.variant, '{}', 'application/json');
  if (empty.statusCode < 400 || empty.statusCode >= 500) {
    throw new CandidateRefused(
      challenger.servable.version,
      `an empty row was answered ${empty.statusCode} instead of being refused`,
    );
  }
  return { answered: rows.length };
}
