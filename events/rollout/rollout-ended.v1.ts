/** A rollout has reached its outcome, read back from the endpoint. Put by close-rollout; consumed by send-alert. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const rolloutEnded = defineEvent({
  detailType: 'rollout.ended.v1',
  schema: z.object({
    model: modelName,
    rolloutId: identifier,
    endpoint: identifier,
    kind: z.enum(['FIRST_DEPLOYMENT', 'CANARY', 'ROLLBACK_ON_DEMAND']),
    outcome: z.enum(['PROMOTED', 'ROLLED_BACK', 'FAILED_SAFE']),
    reason: freeText,
    champion: z.optional(identifier),
    challenger: identifier,
    /** Where the one-page explanation is stored. */
    whyUri: identifier,
  }),
  example: {
    model: 'demand-forecast',
    rolloutId: 'demand-forecast-r7',
    endpoint: 'dev-demand-forecast',
    kind: 'CANARY' as const,
    outcome: 'ROLLED_BACK' as const,
    reason: 'HARM_PROVEN errors5xx',
    champion: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/6',
    challenger: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
    whyUri: 's3://switchyard-dev-111122223333-eu-central-1/why/demand-forecast-r7.md',
  },
});
