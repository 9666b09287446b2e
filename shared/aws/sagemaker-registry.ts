/** The SageMaker Model Registry. */
import {
  DescribeModelPackageCommand,
  type DescribeModelPackageCommandOutput,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { UnknownVersion } from '../domain/flow-errors.ts';
import { type ApprovalStatus, type ModelRegistry, type VersionDescription } from '../ports/model-registry.ts';
import { errorMessage, errorName } from './platform.ts';

const APPROVAL: Readonly<Record<string, ApprovalStatus>> = {
  Approved: 'APPROVED',
  Rejected: 'REJECTED',
  PendingManualApproval: 'PENDING',
};
const DESCRIPTION_CHARACTERS_MAX = 1024;

function toDescription(version: string, output: DescribeModelPackageCommandOutput): VersionDescription {
  const container = output.InferenceSpecification?.Containers?.[0];
  const evaluationUri = output.ModelMetrics?.ModelQuality?.Statistics?.S3Uri;
  return {
    version,
    group: output.ModelPackageGroupName ?? '',
    number: output.ModelPackageVersion ?? 0,
    complete: output.ModelPackageStatus === 'Completed',
    approval: APPROVAL[output.ModelApprovalStatus ?? ''] ?? 'PENDING',
    artifactUri: container?.ModelDataSource?.S3DataSource?.S3Uri ?? container?.ModelDataUrl ?? '',
    image: container?.Image ?? '',
    metadata: output.CustomerMetadataProperties ?? {},
    ...(output.ApprovalDescription === undefined ? {} : { approvalDescription: output.ApprovalDescription }),
    ...(evaluationUri === undefined ? {} : { evaluationUri }),
    ...(output.MetadataProperties?.GeneratedBy === undefined
      ? {}
      : { generatedBy: output.MetadataProperties.GeneratedBy }),
  };
}

export function newSageMakerRegistry(client: SageMakerClient): ModelRegistry {
  return {
    async describe(version) {
      try {
        return toDescription(
          version,
          await client.send(new DescribeModelPackageCommand({ ModelPackageName: version })),
        );
      } catch (error) {
        const missing = errorName(error) === 'ValidationException' || errorName(error) === 'ResourceNotFound';
        if (missing && /not exist|not find/i.test(errorMessage(error))) throw new UnknownVersion(version);
        throw error;
      }
    },
    async markStage(version, stage, description) {
      const ModelLifeCycle = {
        Stage: stage,
        StageStatus: 'Current',
        StageDescription: description.slice(0, DESCRIPTION_CHARACTERS_MAX),
      };
      await client.send(new UpdateModelPackageCommand({ ModelPackageArn: version, ModelLifeCycle }));
    },
  };
}
