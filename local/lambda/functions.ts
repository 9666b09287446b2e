/** Functions and their configuration. */
import { asNumber } from '../kernel/coerce.ts';
import type { FunctionConfiguration } from '../kernel/containers.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { CloudContext, WireInput } from '../kernel/service.ts';
import type { PolicyDocument } from '../eventbridge/resource-policy.ts';

export interface Destinations {
  readonly OnSuccess?: { readonly Destination?: string };
  readonly OnFailure?: { readonly Destination?: string };
}

/** How asynchronous invocations of a function are retried and where their results go. */
export interface EventInvokeConfiguration {
  readonly maximumRetryAttempts: number | undefined;
  readonly maximumEventAgeSeconds: number | undefined;
  readonly destinations: Destinations;
  readonly lastModifiedMs: number;
}

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  runtime: string;
  roleArn: string;
  handler: string;
  description: string;
  timeoutSeconds: number;
  memoryMb: number;
  environment: Readonly<Record<string, string>>;
  deadLetterArn: string | undefined;
  tracingMode: string;
  readonly architectures: readonly string[];
  readonly tags: Map<string, string>;
  lastModifiedMs: number;
  /** Changes with the configuration; containers of an older revision serve no more. */
  revisionId: string;
  reservedConcurrency: number | undefined;
  eventInvoke: EventInvokeConfiguration | undefined;
  policy: PolicyDocument;
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}

/** Members that change how code runs and that the laptop cloud can't honour. */
const REFUSED = [
  'FileSystemConfigs',
  'ImageConfig',
  'SnapStart',
  'LoggingConfig',
  'DurableConfig',
  'TenancyConfig',
].concat(['CapacityProviderConfig', 'PublishTo', 'CodeSigningConfigArn', 'KMSKeyArn']);

function isAsked(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== '';
}

function refuseUnsupported(input: WireInput): void {
  const member = REFUSED.find((name) => isAsked(input[name]));
  if (member !== undefined) throw new UnsupportedFeature(`${member} of a Lambda function`);
  if (input.PackageType === 'Image') throw new UnsupportedFeature('Lambda functions from container images');
  if (isAsked(input.Layers)) throw new UnsupportedFeature('Lambda layers');
  if (isAsked(input.VpcConfig?.SubnetIds)) throw new UnsupportedFeature('VpcConfig of a Lambda function');
}

function within(value: unknown, min: number, max: number, member: string): number {
  const number = asNumber(value, member);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw invalidParameter(`'${member}' is ${number}: it must be a whole number from ${min} to ${max}`);
  }
  return number;
}

function checkEnvironment(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const bytes = Object.entries(variables).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > 4096) {
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided ` +
        `exceeded the 4KB limit. String measured: ${JSON.stringify(variables).slice(0, 200)}`,
    );
  }
  const bad = Object.keys(variables).find((name) => !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name));
  if (bad !== undefined) throw invalidParameter(`Environment variable name '${bad}' is not valid`);
  return variables;
}

/** The mutable part of CreateFunction and UpdateFunctionConfiguration: what is absent stays as it is. */
function applyConfiguration(target: LambdaFunction, input: WireInput): void {
  refuseUnsupported(input);
  if (input.Role !== undefined && !/^arn:aws:iam::\d{12}:role\/.+$/.test(String(input.Role))) {
    throw invalidParameter(`'${String(input.Role)}' is not the ARN of a role`);
  }
  target.runtime = input.Runtime ?? target.runtime;
  target.roleArn = input.Role ?? target.roleArn;
  target.handler = input.Handler ?? target.handler;
  target.description = input.Description ?? target.description;
  if (input.Timeout !== undefined) target.timeoutSeconds = within(input.Timeout, 1, 900, 'timeout');
  if (input.MemorySize !== undefined) target.memoryMb = within(input.MemorySize, 128, 10_240, 'memorySize');
  if (input.Environment !== undefined) target.environment = checkEnvironment(input.Environment.Variables ?? {});
  if (input.DeadLetterConfig !== undefined) target.deadLetterArn = input.DeadLetterConfig.TargetArn || undefined;
  target.tracingMode = input.TracingConfig?.Mode ?? target.tracingMode;
}

/** Name and qualifier from a name, a partial ARN or an ARN. */
export function parseFunctionName(text: unknown): { name: string; qualifier: string | undefined } {
  const match =
    /^(?:arn:aws:lambda:[a-z0-9-]+:\d{12}:function:|\d{12}:function:|function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/.exec(
      String(text),
    );
  if (!match) throw invalidParameter(`'${String(text)}' is not the name or ARN of a function`);
  return { name: match[1]!, qualifier: match[2] };
}

/** AWS's description of a function, as GetFunctionConfiguration gives it. */
export function describeFunction(fn: LambdaFunction): object {
  return {
    FunctionName: fn.name,
    FunctionArn: fn.arn,
    Runtime: fn.runtime,
    Role: fn.roleArn,
    Handler: fn.handler,
    Description: fn.description,
    Timeout: fn.timeoutSeconds,
    MemorySize: fn.memoryMb,
    LastModified: new Date(fn.lastModifiedMs).toISOString().replace('Z', '+0000'),
    Version: '$LATEST',
    Environment: Object.keys(fn.environment).length > 0 ? { Variables: fn.environment } : undefined,
    DeadLetterConfig: fn.deadLetterArn === undefined ? undefined : { TargetArn: fn.deadLetterArn },
    TracingConfig: { Mode: fn.tracingMode },
    RevisionId: fn.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: fn.architectures,
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${fn.name}` },
  };
}

/** What the runtime needs for a cold start. */
export function runtimeConfiguration(fn: LambdaFunction): FunctionConfiguration {
  return {
    functionName: fn.name,
    arn: fn.arn,
    handler: fn.handler,
    roleArn: fn.roleArn,
    environment: fn.environment,
    timeoutSeconds: fn.timeoutSeconds,
    memoryMb: fn.memoryMb,
  };
}

/** The functions of the account and region. */
export class FunctionStore {
  readonly #cloud: CloudContext;
  readonly #random: Random;
  readonly #functions = new Map<string, LambdaFunction>();

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
    this.#random = cloud.kernel.random('lambda-functions');
  }

  arnOf(name: string): string {
    return `arn:aws:lambda:${this.#cloud.region}:${this.#cloud.accountId}:function:${name}`;
  }

  /** @throws AwsError ResourceNotFoundException for an unknown function, and for any version but $LATEST */
  find(nameOrArn: unknown, qualifier?: unknown): LambdaFunction {
    const parsed = parseFunctionName(nameOrArn);
    const version = parsed.qualifier ?? (qualifier as string | undefined) ?? '$LATEST';
    const fn = this.#functions.get(parsed.name);
    if (!fn || version !== '$LATEST') {
      const suffix = version === '$LATEST' ? '' : `:${version}`;
      throw new AwsError('ResourceNotFoundException', `Function not found: ${this.arnOf(parsed.name)}${suffix}`, {
        statusCode: 404,
        fields: { Type: 'User' },
      });
    }
    return fn;
  }

  create(input: WireInput): LambdaFunction {
    const { name } = parseFunctionName(input.FunctionName);
    if (this.#functions.has(name)) {
      const fields = { Type: 'User' };
      throw new AwsError('ResourceConflictException', `Function already exist: ${name}`, { statusCode: 409, fields });
    }
    for (const member of ['Role', 'Handler', 'Runtime']) {
      if (typeof input[member] !== 'string')
        throw invalidParameter(`${member} is mandatory for functions from zip files`);
    }
    const fn: LambdaFunction = {
      ...{ name, arn: this.arnOf(name), runtime: '', roleArn: '', handler: '', description: '' },
      ...{ timeoutSeconds: 3, memoryMb: 128, environment: {}, deadLetterArn: undefined, tracingMode: 'PassThrough' },
      architectures: input.Architectures ?? ['x86_64'],
      tags: new Map(Object.entries((input.Tags ?? {}) as Record<string, string>)),
      lastModifiedMs: this.#cloud.kernel.clock.now(),
      revisionId: this.#random.uuid(),
      ...{ reservedConcurrency: undefined, eventInvoke: undefined },
      policy: { Version: '2012-10-17', Id: 'default', Statement: [] },
    };
    applyConfiguration(fn, input);
    this.#functions.set(name, fn);
    return fn;
  }

  /** Changes the configuration; the next invocation starts a new container. */
  update(fn: LambdaFunction, input: WireInput): void {
    if (input.RevisionId !== undefined && input.RevisionId !== fn.revisionId) {
      throw new AwsError(
        'PreconditionFailedException',
        `The RevisionId provided does not match the latest RevisionId. Call the GetFunction API to retrieve the latest RevisionId`,
        { statusCode: 412 },
      );
    }
    applyConfiguration(fn, input);
    this.touch(fn);
  }

  touch(fn: LambdaFunction): void {
    fn.revisionId = this.#random.uuid();
    fn.lastModifiedMs = this.#cloud.kernel.clock.now();
  }

  delete(fn: LambdaFunction): void {
    this.#functions.delete(fn.name);
  }

  /** In the order of their names. */
  all(): LambdaFunction[] {
    return [...this.#functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
