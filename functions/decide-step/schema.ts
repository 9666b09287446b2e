/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  rolloutId: z.string().check(z.minLength(1)),
  stepIndex: z.int().check(z.minimum(0)),
});

export const output = z.object({
  next: z.enum(['SHIFT', 'PROMOTE', 'RESTORE']),
  stepIndex: z.int(),
  reason: z.string(),
});
