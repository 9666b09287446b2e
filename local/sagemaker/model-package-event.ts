/** `SageMaker Model Package State Change`, as the SageMaker guide shows it. */
import { isoSeconds, pick, type SageMakerContext } from './context.ts';
import { type ModelPackage } from './model-packages.ts';

/** @param updatedFields what an update changed; undefined on creation, where the member is absent */
export function announceModelPackage(
  context: SageMakerContext,
  item: ModelPackage,
  updatedFields: readonly string[] | undefined,
): void {
  const detail: Record<string, unknown> = {
    ModelPackageGroupName: item.group.name,
    ModelPackageVersion: item.version,
    ModelPackageArn: item.arn,
    CreationTime: isoSeconds(item.creationMs),
    ...structuredClone(
      pick(
        item.members,
        'ModelPackageDescription',
        'InferenceSpecification',
        'MetadataProperties',
        'ModelMetrics',
        'ModelLifeCycle',
        'ApprovalDescription',
        'CustomerMetadataProperties',
        'DriftCheckBaselines',
      ),
    ),
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CertifyForMarketplace: false,
    ModelApprovalStatus: item.approvalStatus,
    LastModifiedTime: isoSeconds(item.lastModifiedMs ?? item.creationMs),
  };
  // The guide spells this one field of the list in lower camel case.
  if (updatedFields) {
    detail['UpdatedModelPackageFields'] = updatedFields.map((name) => (name === 'SourceUri' ? 'sourceUri' : name));
  }
  context.announce('SageMaker Model Package State Change', [item.arn], detail);
}
