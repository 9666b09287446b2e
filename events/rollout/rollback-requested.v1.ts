/** An operator wants the previous version back. Put by operators; consumed by start-rollback. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const rollbackRequested = defineEvent({
  detailType: 'rollout.rollback-requested.v1',
  schema: z.object({
    model: modelName,
    requestedBy: identifier,
    reason: freeText,
    /** Two requests with the same key are one request. */
    idempotencyKey: z.optional(identifier),
  }),
  example: {
    model: 'demand-forecast',
    requestedBy: 'grace',
    reason: 'forecasts look wrong in the north',
    idempotencyKey: 'incident-12',
  },
});
