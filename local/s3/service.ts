/** S3 on the laptop: buckets, versions, conditional writes, Object Lock, multipart uploads, EventBridge notifications. */
import type { CloudContext, Operation, Service } from '../kernel/service.ts';
import { s3Access } from './access.ts';
import { bucketOperations } from './buckets.ts';
import { listingOperations } from './listing.ts';
import { s3Error, S3Store } from './model.ts';
import { multipartOperations } from './multipart.ts';
import { objectOperations } from './objects.ts';

/**
 * S3 (`s3`). In-process callers use the SDK's members: `Body` is bytes or text going in, and a Uint8Array coming out;
 * `LastModified` is a Date, `ETag` is quoted. Over the wire `wire.ts` translates.
 */
export function newS3(cloud: CloudContext): Service {
  const store = new S3Store(cloud.kernel);
  const guarded =
    (operation: Operation): Operation =>
    (input, context) => {
      if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== cloud.accountId) {
        throw s3Error(403, 'AccessDenied', 'Access Denied');
      }
      return operation(input, context);
    };
  const operations = {
    ...bucketOperations(store, cloud.region, cloud.accountId),
    ...objectOperations(cloud, store),
    ...listingOperations(cloud, store),
    ...multipartOperations(cloud, store),
  };
  return {
    id: 's3',
    operations: Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, guarded(operation)])),
    access: (operation, input) => s3Access(store, operation, input),
  };
}
