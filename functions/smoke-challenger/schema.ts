/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  rolloutId: z.string().check(z.minLength(1)),
});

export const output = z.object({
  answered: z.int(),
});
