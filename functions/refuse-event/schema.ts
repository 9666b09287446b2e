/** Input: any event at all; only its envelope is looked at. */
import * as z from 'zod/mini';

export const input = z.object({ source: z.string(), 'detail-type': z.string() });
