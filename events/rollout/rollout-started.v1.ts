/** A rollout holds the endpoint's lease. Put by open-rollout. */
import * as z from 'zod/mini';
import { defineEvent, identifier, modelName } from '../contract.ts';

export const rolloutStarted = defineEvent({
  detailType: 'rollout.started.v1',
  schema: z.object({
    model: modelName,
    rolloutId: identifier,
    endpoint: identifier,
    kind: z.enum(['FIRST_DEPLOYMENT', 'CANARY', 'ROLLBACK_ON_DEMAND']),
    challenger: identifier,
    champion: z.optional(identifier),
  }),
  example: {
    model: 'demand-forecast',
    rolloutId: 'demand-forecast-r7',
    endpoint: 'dev-demand-forecast',
    kind: 'CANARY' as const,
    challenger: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
    champion: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/6',
  },
});
