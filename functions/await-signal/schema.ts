/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.union([
  z.object({
    subject: z.literal('rollout'),
    model: z.string().check(z.minLength(1)),
    rolloutId: z.string().check(z.minLength(1)),
    wait: z.string().check(z.minLength(1)),
    token: z.string().check(z.minLength(1), z.maxLength(2048)),
  }),
  z.object({
    subject: z.literal('release'),
    model: z.string().check(z.minLength(1)),
    releaseId: z.string().check(z.minLength(1)),
    wait: z.string().check(z.minLength(1)),
    token: z.string().check(z.minLength(1), z.maxLength(2048)),
  }),
]);
