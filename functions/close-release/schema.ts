/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  releaseId: z.string().check(z.minLength(1)),
  version: z.string().check(z.minLength(1)),
  versionNumber: z.int().check(z.minimum(1)),
  outcome: z.enum(['PROMOTED', 'ROLLED_BACK', 'REFUSED', 'REJECTED', 'EXPIRED', 'FAILED']),
  reason: z.string(),
});
