/** A version was registered as pending: starts model-release, once. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { startRelease, type StartReleaseDependencies } from '../../shared/use-cases/start-release.ts';
import { modelPackageStateChange } from '../../events/aws/model-package-state-change.ts';

export interface Dependencies extends StartReleaseDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: modelPackageStateChange }, async (event) => {
    return startRelease(deps, {
      group: event.detail.ModelPackageGroupName,
      version: event.detail.ModelPackageArn,
      versionNumber: event.detail.ModelPackageVersion,
    });
  });
}
