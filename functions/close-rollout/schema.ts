/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  rolloutId: z.string().check(z.minLength(1)),
  reason: z.string(),
});

export const output = z.object({
  outcome: z.enum(['PROMOTED', 'ROLLED_BACK', 'FAILED_SAFE']),
  reason: z.string(),
});
