/** What every emulated service looks like, and what it may ask of the cloud around it. */
import type { Faults } from './faults.ts';
import type { Kernel } from './kernel.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Principal?: unknown;
}

/** Who calls. `root` is the operator at the keyboard; `service` is AWS itself (an event target without a role, say). */
export type Principal =
  | { readonly kind: 'root' }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'role'; readonly arn: string; readonly roleName: string; readonly sessionName?: string };

export interface CallContext {
  readonly principal: Principal;
  readonly requestId: string;
}

/** One thing that a call does, as IAM sees it. */
export interface Access {
  /** For instance `dynamodb:PutItem`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys beyond the global ones, for instance `iam:PassedToService`. */
  readonly conditionKeys?: Readonly<Record<string, string | readonly string[]>>;
}

// Wire input has a shape that only the operation itself knows; each operation checks what it reads.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type WireInput = Record<string, any>;

/**
 * Input: members as the JSON protocols carry them (timestamps epoch seconds, ISO strings or Date; blobs base64 or bytes;
 * for query and XML protocols numbers may be strings: use `coerce.ts`). Output: plain objects; a timestamp is a Date, a blob
 * a Uint8Array; the protocol layer writes them as each protocol wants. An undefined member is left out.
 */
export type Operation = (input: WireInput, context: CallContext) => Promise<object | void> | object | void;

export interface RestRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD' | 'PATCH';
  /** Path with `{Name}` labels and an optional greedy last one `{Key+}`, for instance `/endpoints/{EndpointName}/invocations`. */
  readonly path: string;
  readonly operation: string;
  /** Query parameters that must be present (their value too, if one is given), as S3's `?list-type=2`. */
  readonly query?: Readonly<Record<string, string | true>>;
  /** Query parameter -> input member. */
  readonly queryMembers?: Readonly<Record<string, string>>;
  /** Request header (lower case) -> input member. */
  readonly headerMembers?: Readonly<Record<string, string>>;
  /** The whole request body is this member (bytes) instead of a JSON object of members. */
  readonly payload?: string;
  /** Output member -> response header. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
  /** This output member is the whole response body (bytes or text). */
  readonly responsePayload?: string;
  /** 200 if absent. */
  readonly status?: number;
}

export interface Service {
  /** The signing name, for instance `dynamodb`, `states`, `events`, `monitoring`, `sagemaker`. */
  readonly id: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** For services with a REST JSON protocol (lambda, scheduler, SageMaker's runtime). */
  readonly routes?: readonly RestRoute[];
  /** What IAM must allow for this call. An empty list means that no permission is needed. */
  access(operation: string, input: WireInput): readonly Access[];
}

/** An event on the default bus, as AWS services put them. */
export interface AwsEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
}

/** A batch of equal-dimension observations. `counts[i]` says how often `values[i]` was seen (default once). */
export interface MetricData {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly counts?: readonly number[];
  /** Epoch milliseconds; the virtual now if absent. */
  readonly timestampMs?: number;
  readonly unit?: string;
}

/** What a service may ask of the cloud around it. */
export interface CloudContext {
  readonly kernel: Kernel;
  readonly region: string;
  readonly accountId: string;
  readonly faults: Faults;
  /**
   * Calls another service as the principal: IAM is enforced, faults apply, the call is counted and traced.
   * Dates in the output stay Dates. @throws AwsError as the service would
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(service: string, operation: string, input: WireInput, principal: Principal): Promise<any>;
  /** Puts an AWS service's event on the default bus (subject to faults: lost, doubled, late). */
  emit(event: AwsEvent): void;
  /** Records observations as an AWS service does. */
  recordMetric(data: MetricData): void;
  /** Appends a line to a log group (made when absent); metrics embedded in it (EMF) are extracted. */
  writeLog(logGroup: string, logStream: string, message: string): void;
}

/** Builds the principal for a role's ARN, as sts:AssumeRole would; the role must exist when it is used. */
export function rolePrincipal(arn: string, sessionName?: string): Principal {
  const roleName = arn.slice(arn.lastIndexOf('/') + 1);
  return sessionName === undefined ? { kind: 'role', arn, roleName } : { kind: 'role', arn, roleName, sessionName };
}
