/** Input and output of the task. */
import * as z from 'zod/mini';

export const input = z.object({
  model: z.string().check(z.minLength(1)),
  releaseId: z.string().check(z.minLength(1)),
  version: z.string().check(z.minLength(1)),
  versionNumber: z.int().check(z.minimum(1)),
  executionArn: z.string(),
});

export const output = z.object({
  endpointType: z.enum(['real-time', 'batch']),
  champion: z.nullable(z.string()),
});
