/** Task of model-release: writes down how it ended and tells people. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { closeRelease, type CloseReleaseDependencies } from '../../shared/use-cases/close-release.ts';
import { input } from './schema.ts';

export interface Dependencies extends CloseReleaseDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (task) => {
    await closeRelease(deps, task);
    return {};
  });
}
