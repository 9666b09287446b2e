/** What a handler of a resource type is, and what it may use. */
import { type Iam } from '../iam/service.ts';
import { type Kernel } from '../kernel/kernel.ts';
import { type Random } from '../kernel/random.ts';
import { type WireInput } from '../kernel/service.ts';
import { type Fields, object, type Properties, withoutEffect } from './shape.ts';

export interface ResourceContext {
  readonly logicalId: string;
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly kernel: Kernel;
  readonly iam: Iam;
  /** A stream of this resource alone. */
  readonly random: Random;
  /** Calls a service as cloudformation.amazonaws.com. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape of an answer is the operation's own
  call(service: string, operation: string, input: WireInput): Promise<any>;
  /** `<stack>-<LogicalId>-<12 hex digits>`, shortened to the limit; the same at every call. */
  generatedName(lengthMax: number): string;
  /** `arn:aws:<service>:<region>:<account>:<resource>`. */
  arn(service: string, resource: string): string;
  /**
   * Does nothing without a role. @param service for instance `lambda`; @param refusal the service's own words
   * @param sourceArn the resource that will assume the role
   * @throws AwsError ValidationException when the role doesn't exist or its trust policy doesn't let the service in
   */
  requireAssumable(roleArn: string | undefined, service: string, refusal: string, sourceArn: string): void;
}

export interface CreatedResource {
  /** What Ref gives. */
  readonly physicalId: string;
  /** What Fn::GetAtt gives. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export interface ResourceType {
  readonly propertyNames: ReadonlySet<string>;
  /** Accepted properties that change nothing here, with the reason of each. */
  readonly withoutEffect: Readonly<Record<string, string>>;
  /** @param properties resolved; @param path names the resource in errors */
  create(properties: unknown, path: string, context: ResourceContext): Promise<CreatedResource>;
}

/** A resource type from the shape of its properties and the calls that make it. */
export function resourceType<F extends Fields>(
  fields: F,
  create: (properties: Properties<F>, context: ResourceContext) => Promise<CreatedResource> | CreatedResource,
): ResourceType {
  const shape = object(fields);
  return {
    propertyNames: new Set(Object.keys(fields)),
    withoutEffect: withoutEffect(fields),
    create: async (properties, path, context) => create(shape(properties, path), context),
  };
}
