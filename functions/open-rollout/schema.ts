/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.union([
  z.object({
    kind: z.literal('FORWARD'),
    model: z.string().check(z.minLength(1)),
    releaseId: z.string().check(z.minLength(1)),
    version: z.string().check(z.minLength(1)),
    versionNumber: z.int().check(z.minimum(1)),
    executionArn: z.string().check(z.minLength(1)),
  }),
  z.object({
    kind: z.literal('BACK'),
    model: z.string().check(z.minLength(1)),
    executionArn: z.string().check(z.minLength(1)),
  }),
]);

export const output = z.object({
  model: z.string(),
  rolloutId: z.string(),
  kind: z.enum(['FIRST_DEPLOYMENT', 'CANARY', 'ROLLBACK_ON_DEMAND']),
  endpoint: z.string(),
  epoch: z.int(),
  challengerVariant: z.enum(['blue', 'green']),
  championVariant: z.nullable(z.enum(['blue', 'green'])),
  warm: z.boolean(),
  lastStepIndex: z.int(),
});
