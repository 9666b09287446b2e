/** What a state machine waits for is stored. A pointer only: never a token. Consumed by resume-wait. */
import * as z from 'zod/mini';
import { defineEvent, identifier, modelName } from '../contract.ts';

export const waitResolved = defineEvent({
  detailType: 'wait.resolved.v1',
  schema: z.object({
    subject: z.enum(['rollout', 'release']),
    model: modelName,
    id: identifier,
    /** What was waited for, e.g. 'approval', 'change-3', 'bake-1'. */
    wait: identifier,
  }),
  example: {
    subject: 'rollout' as const,
    model: 'demand-forecast',
    id: 'demand-forecast-r7',
    wait: 'bake-1',
  },
});
