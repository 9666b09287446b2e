/** AWS's 'SageMaker Endpoint State Change' (default bus): best effort, doubled, late. A hint to look, never the truth. */
import * as z from 'zod/mini';

export const endpointStateChange = z.object({
  id: z.string(),
  source: z.literal('aws.sagemaker'),
  'detail-type': z.literal('SageMaker Endpoint State Change'),
  time: z.string(),
  detail: z.object({
    EndpointName: z.string(),
    /** UPPER_SNAKE in events (`IN_SERVICE`), PascalCase in the API: accept what comes, and Describe. */
    EndpointStatus: z.string(),
  }),
});

export type EndpointStateChange = z.infer<typeof endpointStateChange>;
