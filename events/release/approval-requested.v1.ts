/** A candidate waits for a person's decision. Put by request-approval. */
import * as z from 'zod/mini';
import { defineEvent, identifier, modelName } from '../contract.ts';

export const approvalRequested = defineEvent({
  detailType: 'release.approval-requested.v1',
  schema: z.object({
    model: modelName,
    releaseId: identifier,
    version: identifier,
    champion: z.optional(identifier),
    expiresAt: z.string(),
    /** Share of healthy rollouts that would stay undecided at the cap, by the pre-flight simulation. */
    undecidedShare: z.optional(z.number()),
  }),
  example: {
    model: 'demand-forecast',
    releaseId: 'demand-forecast-v7',
    version: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/7',
    champion: 'arn:aws:sagemaker:eu-central-1:111122223333:model-package/dev-demand-forecast/6',
    expiresAt: '2026-01-05T14:00:00Z',
    undecidedShare: 0.02,
  },
});
