/** Task of model-release: is the candidate complete, good enough, and can its rollout be decided? */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { verifyCandidate, type VerifyCandidateDependencies } from '../../shared/use-cases/verify-candidate.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends VerifyCandidateDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (candidate) => {
    return verifyCandidate(deps, candidate);
  });
}
