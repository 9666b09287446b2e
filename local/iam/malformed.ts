import { AwsError } from '../kernel/errors.ts';

/** IAM's answer to a policy document that it can't accept. */
export function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message);
}
