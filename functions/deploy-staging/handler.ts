/** Task of model-release: candidate and champion side by side on an endpoint that no caller knows. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { deployStaging, type DeployStagingDependencies } from '../../shared/use-cases/deploy-staging.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends DeployStagingDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return deployStaging(deps, task);
  });
}
