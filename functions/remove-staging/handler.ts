/** Task of model-release: takes the staging endpoint away. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { removeStaging, type RemoveStagingDependencies } from '../../shared/use-cases/remove-staging.ts';
import { input } from './schema.ts';

export interface Dependencies extends RemoveStagingDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (task) => {
    await removeStaging(deps, task);
    return {};
  });
}
