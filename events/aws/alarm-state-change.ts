/** AWS's 'CloudWatch Alarm State Change' (default bus), of single and composite alarms. */
import * as z from 'zod/mini';

export const alarmStateChange = z.object({
  id: z.string(),
  source: z.literal('aws.cloudwatch'),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  time: z.string(),
  resources: z.array(z.string()),
  detail: z.object({
    alarmName: z.string(),
    state: z.object({
      value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
      reason: z.optional(z.string()),
      /** A JSON text; of a composite alarm it holds `triggeringAlarms`. */
      reasonData: z.optional(z.string()),
      /** Ends in `+0000`. */
      timestamp: z.string(),
    }),
  }),
});

export type AlarmStateChange = z.infer<typeof alarmStateChange>;
