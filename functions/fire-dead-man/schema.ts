/** Input: the order that was armed with the schedule. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  rolloutId: z.string().check(z.minLength(1)),
  endpoint: z.string().check(z.minLength(1)),
  championVariant: z.enum(['blue', 'green']),
  challengerVariant: z.enum(['blue', 'green']),
  epoch: z.int().check(z.minimum(1)),
});
