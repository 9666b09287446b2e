/** An operator stops a rollout: the champion gets all traffic back. Put by operators; consumed by stop-rollout. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const abortRequested = defineEvent({
  detailType: 'rollout.abort-requested.v1',
  schema: z.object({
    model: modelName,
    rolloutId: z.optional(identifier),
    requestedBy: identifier,
    reason: freeText,
  }),
  example: {
    model: 'demand-forecast',
    rolloutId: 'demand-forecast-r7',
    requestedBy: 'grace',
    reason: 'complaints from the field',
  },
});
