/** Task of model-release: end-to-end tests and the paired accuracy test. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { testStaging, type TestStagingDependencies } from '../../shared/use-cases/test-staging.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends TestStagingDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task) => {
    return testStaging(deps, task);
  });
}
