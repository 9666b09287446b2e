/** Input: EventBridge Scheduler's, with the time that the schedule names; or `retraining.requested.v1`. */
import * as z from 'zod/mini';
import { incoming } from '../../events/contract.ts';
import { retrainingRequested } from '../../events/retraining/retraining-requested.v1.ts';

export const input = z.union([
  z.object({
    model: z.string().check(z.minLength(1)),
    /** ISO 8601: `<aws.scheduler.scheduled-time>`. */
    scheduledAt: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d/)),
    parameters: z.optional(z.record(z.string(), z.string())),
  }),
  incoming(retrainingRequested),
]);

export type Input = z.infer<typeof input>;
