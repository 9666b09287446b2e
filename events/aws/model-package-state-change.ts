/**
 * AWS's 'SageMaker Model Package State Change' (default bus). On creation UpdatedModelPackageFields is absent; on updates it
 * names what changed, and only a change of the approval counts: metadata written later must not start a release again.
 */
import * as z from 'zod/mini';

export const modelPackageStateChange = z.object({
  id: z.string(),
  source: z.literal('aws.sagemaker'),
  'detail-type': z.literal('SageMaker Model Package State Change'),
  time: z.string(),
  detail: z.object({
    ModelPackageGroupName: z.string(),
    ModelPackageVersion: z.number(),
    ModelPackageArn: z.string(),
    ModelPackageStatus: z.string(),
    ModelApprovalStatus: z.enum(['Approved', 'Rejected', 'PendingManualApproval']),
    UpdatedModelPackageFields: z.optional(z.array(z.string())),
  }),
});

export type ModelPackageStateChange = z.infer<typeof modelPackageStateChange>;
