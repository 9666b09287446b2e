/** A training pipeline runs. Put by request-retraining. */
import * as z from 'zod/mini';
import { defineEvent, freeText, identifier, modelName } from '../contract.ts';

export const retrainingStarted = defineEvent({
  detailType: 'retraining.started.v1',
  schema: z.object({
    model: modelName,
    trigger: z.enum(['schedule', 'manual']),
    reason: freeText,
    executionArn: identifier,
    requestToken: identifier,
  }),
  example: {
    model: 'demand-forecast',
    trigger: 'schedule' as const,
    reason: 'daily schedule',
    executionArn: 'arn:aws:sagemaker:eu-central-1:111122223333:pipeline/dev-demand-forecast/execution/abc123',
    requestToken: 'demand-forecast-schedule-2026-01-05T02-00',
  },
});
