/** How each service words its refusal. */
import { AwsError } from '../kernel/errors.ts';
import { type Decision } from './decision.ts';

interface Wording {
  readonly code: string;
  readonly statusCode: number;
  /** S3 puts the resource in quotation marks. */
  readonly quotesResource?: boolean;
}

const JSON_PROTOCOL: Wording = { code: 'AccessDeniedException', statusCode: 400 };
const REST_JSON: Wording = { code: 'AccessDeniedException', statusCode: 403 };
const QUERY: Wording = { code: 'AccessDenied', statusCode: 403 };

/** By signing name; the JSON 1.x services (dynamodb, states, events, logs, ssm, kms, sagemaker, ...) are the default. */
const WORDINGS: Readonly<Record<string, Wording>> = {
  s3: { ...QUERY, quotesResource: true },
  sns: { code: 'AuthorizationError', statusCode: 403 },
  sqs: QUERY,
  iam: QUERY,
  sts: QUERY,
  monitoring: QUERY,
  cloudwatch: QUERY,
  cloudformation: QUERY,
  lambda: REST_JSON,
  scheduler: REST_JSON,
  xray: REST_JSON,
  'sagemaker-runtime': REST_JSON,
};

/** @param service signing name of the service that was called (sagemaker's runtime signs as `sagemaker`) */
export function accessDenied(
  who: string,
  action: string,
  resource: string,
  effect: Exclude<Decision['effect'], 'allowed'> | 'noSuchRole',
  service: string,
): AwsError {
  const wording = WORDINGS[action === 'sagemaker:InvokeEndpoint' ? 'sagemaker-runtime' : service] ?? JSON_PROTOCOL;
  const where = wording.quotesResource ? `"${resource}"` : resource;
  const why = {
    implicitDeny: ` because no identity-based policy allows the ${action} action`,
    explicitDeny: ' with an explicit deny in an identity-based policy',
    noSuchRole: ' because the role does not exist',
  }[effect];
  return new AwsError(
    wording.code,
    `User: ${who} is not authorized to perform: ${action} on resource: ${where}${why}`,
    {
      statusCode: wording.statusCode,
    },
  );
}
