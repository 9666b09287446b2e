/** The one function that completes task tokens. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { resumeWait, type ResumeWaitDependencies } from '../../shared/use-cases/resume-wait.ts';
import { incoming } from '../../events/contract.ts';
import { waitResolved } from '../../events/wait/wait-resolved.v1.ts';

export interface Dependencies extends ResumeWaitDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: incoming(waitResolved) }, async (event) => {
    return resumeWait(deps, event.detail);
  });
}
