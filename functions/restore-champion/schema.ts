/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  rolloutId: z.string().check(z.minLength(1)),
  endpoint: z.string().check(z.minLength(1)),
  epoch: z.int().check(z.minimum(1)),
  championVariant: z.nullable(z.enum(['blue', 'green'])),
  reason: z.string(),
});

export const output = z.object({
  changeId: z.nullable(z.string()),
});
