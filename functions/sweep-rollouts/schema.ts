/** Input: EventBridge's scheduled event; nothing in it matters but that it came. */
import * as z from 'zod/mini';

export const input = z.object({ source: z.literal('aws.events') });
