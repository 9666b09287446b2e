/** A person approved or rejected a version in the registry. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { recordApproval, type RecordApprovalDependencies } from '../../shared/use-cases/record-approval.ts';
import { modelPackageStateChange } from '../../events/aws/model-package-state-change.ts';

export interface Dependencies extends RecordApprovalDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: modelPackageStateChange }, async (event) => {
    return recordApproval(deps, {
      group: event.detail.ModelPackageGroupName,
      version: event.detail.ModelPackageArn,
      versionNumber: event.detail.ModelPackageVersion,
      status: event.detail.ModelApprovalStatus === 'Approved' ? 'APPROVED' : 'REJECTED',
    });
  });
}
