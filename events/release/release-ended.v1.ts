/** A candidate has reached its end. Put by close-release; consumed by send-alert. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const releaseEnded = defineEvent({
  detailType: 'release.ended.v1',
  schema: z.object({
    model: modelName,
    releaseId: identifier,
    version: identifier,
    outcome: z.enum(['PROMOTED', 'ROLLED_BACK', 'REFUSED', 'REJECTED', 'EXPIRED', 'FAILED']),
    reason: freeText,
    /** Where the one-page explanation of a release that got no rollout is stored; a rollout has its own. */
    whyUri: z.optional(identifier),
  }),
  example: {
    model: 'demand-forecast',
    releaseId: 'demand-forecast-v7',
    version: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
    outcome: 'REFUSED' as const,
    reason: 'paired accuracy test: mean absolute error 2.31 against 1.42',
    whyUri: 's3://switchyard-dev-111122223333-eu-central-1/why/demand-forecast-v7.md',
  },
});
