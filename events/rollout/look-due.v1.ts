/** It is time to look at a rollout's evidence. Put by sweep-rollouts each minute; consumed by judge-rollout. */
import * as z from 'zod/mini';
import { defineEvent, identifier, modelName } from '../contract.ts';

export const lookDue = defineEvent({
  detailType: 'rollout.look-due.v1',
  schema: z.object({
    model: modelName,
    rolloutId: identifier,
    /** The step that the look is for; a late event for a step that is over changes nothing. */
    stepIndex: z.int().check(z.minimum(0)),
  }),
  example: {
    model: 'demand-forecast',
    rolloutId: 'demand-forecast-r7',
    stepIndex: 2,
  },
});
