/** One look at the evidence of a rollout. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { judgeRollout, type JudgeRolloutDependencies } from '../../shared/use-cases/judge-rollout.ts';
import { incoming } from '../../events/contract.ts';
import { lookDue } from '../../events/rollout/look-due.v1.ts';

export interface Dependencies extends JudgeRolloutDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: incoming(lookDue) }, async (event) => {
    return judgeRollout(deps, event.detail, event.detail.stepIndex);
  });
}
