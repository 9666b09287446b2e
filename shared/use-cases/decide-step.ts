/** After the watch: what is stored says whether the next share, the promotion or the way back comes next. */
import { type Catalog } from '../catalog/catalog.ts';
import { type RolloutRecord, type RolloutRef, type RolloutStore } from '../ports/rollout-store.ts';

export interface DecideStepDependencies {
  readonly catalog: Catalog;
  readonly rollouts: RolloutStore;
}

export interface NextStep {
  readonly next: 'SHIFT' | 'PROMOTE' | 'RESTORE';
  readonly stepIndex: number;
  readonly reason: string;
}

function decided(record: RolloutRecord, stepIndex: number, lastStepIndex: number): NextStep {
  // A stop beats a verdict, whichever came first: giving the traffic back is the safe direction.
  if (record.stop) return { next: 'RESTORE', stepIndex, reason: `${record.stop.kind}: ${record.stop.detail}` };
  const { verdict } = record;
  if (verdict?.stepIndex !== stepIndex)
    return { next: 'RESTORE', stepIndex, reason: 'the watch ended without a verdict' };
  if (verdict.decision === 'ROLLBACK') return { next: 'RESTORE', stepIndex, reason: verdict.reason };
  if (stepIndex < lastStepIndex) return { next: 'SHIFT', stepIndex: stepIndex + 1, reason: verdict.reason };
  return { next: 'PROMOTE', stepIndex, reason: verdict.reason };
}

/** @throws UnknownRollout */
export async function decideStep(deps: DecideStepDependencies, ref: RolloutRef, stepIndex: number): Promise<NextStep> {
  const model = deps.catalog.realTime(ref.model);
  return decided(await deps.rollouts.get(ref), stepIndex, model.rollout.steps.length);
}
