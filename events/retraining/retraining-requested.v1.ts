/** Somebody or something asks for a model to be retrained. Put by operators; consumed by request-retraining. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const retrainingRequested = defineEvent({
  detailType: 'retraining.requested.v1',
  schema: z.object({
    model: modelName,
    reason: freeText,
    requestedBy: identifier,
    /** Overrides of the pipeline's parameters; names that the pipeline does not declare are refused by it. */
    parameters: z.optional(z.record(z.string(), z.string())),
    /** Two requests with the same key are one request. */
    idempotencyKey: z.optional(identifier),
  }),
  example: {
    model: 'demand-forecast',
    reason: 'new holiday feature',
    requestedBy: 'ada',
    parameters: { FeatureRecipe: 'calendar-holiday' },
    idempotencyKey: 'ticket-4711',
  },
});
