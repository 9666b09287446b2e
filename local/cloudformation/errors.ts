/** What CloudFormation says when a template or a resource is wrong. */
import { AwsError } from '../kernel/errors.ts';

/** The template itself is wrong: nothing was created. */
export function templateError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

/** A service refused a resource: the stack is left as it is, with the resources created so far. */
export class ResourceCreationFailed extends Error {
  override readonly name = 'ResourceCreationFailed';
  readonly logicalId: string;
  readonly resourceType: string;

  constructor(logicalId: string, resourceType: string, cause: unknown) {
    const reason = cause instanceof AwsError ? `${cause.code}: ${cause.message}` : String(cause);
    super(`CREATE_FAILED ${logicalId} (${resourceType}): ${reason}`, { cause });
    this.logicalId = logicalId;
    this.resourceType = resourceType;
  }
}
