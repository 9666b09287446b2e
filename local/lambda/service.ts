/** AWS Lambda: functions, execution environments, asynchronous invocations, SQS event source mappings. */
import { asBytes } from '../kernel/coerce.ts';
import type { LambdaRuntime } from '../kernel/containers.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Access, CallContext, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';
import { AsyncInvocations } from './async-invocations.ts';
import { EventSourceMappings } from './event-source-mappings.ts';
import { Executor } from './execution.ts';
import {
  describeFunction,
  FunctionStore,
  invalidParameter,
  parseFunctionName,
  type Destinations,
  type LambdaFunction,
} from './functions.ts';
import { authorizeInvoke, permissionOperations } from './permissions.ts';
import { LAMBDA_ROUTES } from './routes.ts';

export type Lambda = Service & {
  /** Handlers started since the beginning, of one function or of all. */
  invocations(functionName?: string): number;
};

/** Request limits in bytes. */
const REQUEST_LIMIT = { RequestResponse: 6_291_556, Event: 1_048_576, DryRun: 6_291_556 } as const;
/** An answer above this fails the invocation. */
const RESPONSE_LIMIT = 6_291_556;
const UNRESERVED_MINIMUM = 100;
const ACCOUNT_CONCURRENCY = 1000;

function requestText(input: WireInput, limit: number): string {
  if (input.Payload === undefined || input.Payload === null) return '{}';
  const bytes = asBytes(input.Payload, 'Payload');
  if (bytes.length > limit) {
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
      { statusCode: 413, fields: { Type: 'User' } },
    );
  }
  const text = Buffer.from(bytes).toString('utf8');
  if (text === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    const message = `Could not parse request body into json: Could not parse payload into json: ${(error as Error).message}`;
    throw new AwsError('InvalidRequestContentException', message, { fields: { Type: 'User' } });
  }
  return text;
}

function newInvoke(
  cloud: CloudContext,
  functions: FunctionStore,
  executor: Executor,
  queue: AsyncInvocations,
): Operation {
  const wait = async (fn: LambdaFunction, input: WireInput, { requestId }: CallContext): Promise<object> => {
    const result = await executor.invoke(fn, requestText(input, REQUEST_LIMIT.RequestResponse), requestId);
    const tooLarge = Buffer.byteLength(result.payload) > RESPONSE_LIMIT;
    const payload = tooLarge
      ? JSON.stringify({
          errorType: 'Function.ResponseSizeTooLarge',
          errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_LIMIT} bytes).`,
        })
      : result.payload;
    const tail = Buffer.from(result.log.join('\n')).subarray(-4096);
    return {
      StatusCode: 200,
      FunctionError: tooLarge ? 'Unhandled' : result.functionError,
      LogResult: input.LogType === 'Tail' ? tail.toString('base64') : undefined,
      ExecutedVersion: '$LATEST',
      Payload: new Uint8Array(Buffer.from(payload)),
    };
  };

  return (input, context) => {
    for (const member of ['ClientContext', 'DurableExecutionName', 'TenantId']) {
      if (input[member] !== undefined) throw new UnsupportedFeature(`${member} of Invoke`);
    }
    const fn = functions.find(input.FunctionName, input.Qualifier);
    authorizeInvoke(cloud, fn, context.principal);
    const type = (input.InvocationType ?? 'RequestResponse') as string;
    if (type === 'RequestResponse') return wait(fn, input, context);
    if (type === 'DryRun') return { StatusCode: 204 };
    if (type !== 'Event') throw invalidParameter(`InvocationType '${type}' is not RequestResponse, Event or DryRun`);
    queue.accept(fn, requestText(input, REQUEST_LIMIT.Event), context.requestId);
    return { StatusCode: 202, Payload: new Uint8Array() };
  };
}

function checkDestinations(destinations: Destinations): Destinations {
  for (const kind of ['OnSuccess', 'OnFailure'] as const) {
    const arn = destinations[kind]?.Destination;
    if (arn !== undefined && !/^arn:aws:(sqs|sns|lambda|events):/.test(arn)) {
      throw new UnsupportedFeature(
        `destination '${arn}'`,
        'destinations are queues, topics, functions and event buses',
      );
    }
  }
  return destinations;
}

function boundedOrUndefined(value: unknown, min: number, max: number, member: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw invalidParameter(`${member} ${JSON.stringify(value)} is not a whole number from ${min} to ${max}`);
  }
  return number;
}

function eventInvokeOperations(cloud: CloudContext, functions: FunctionStore): Record<string, Operation> {
  const describe = (fn: LambdaFunction): object => {
    const configuration = fn.eventInvoke;
    if (!configuration) {
      const message = `The function ${fn.arn}:$LATEST doesn't have an EventInvokeConfig`;
      throw new AwsError('ResourceNotFoundException', message, { statusCode: 404, fields: { Type: 'User' } });
    }
    return {
      LastModified: new Date(configuration.lastModifiedMs),
      FunctionArn: `${fn.arn}:$LATEST`,
      MaximumRetryAttempts: configuration.maximumRetryAttempts,
      MaximumEventAgeInSeconds: configuration.maximumEventAgeSeconds,
      DestinationConfig: { OnSuccess: {}, OnFailure: {}, ...configuration.destinations },
    };
  };
  return {
    PutFunctionEventInvokeConfig: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      fn.eventInvoke = {
        maximumRetryAttempts: boundedOrUndefined(input.MaximumRetryAttempts, 0, 2, 'MaximumRetryAttempts'),
        maximumEventAgeSeconds: boundedOrUndefined(
          input.MaximumEventAgeInSeconds,
          60,
          21_600,
          'MaximumEventAgeInSeconds',
        ),
        destinations: checkDestinations((input.DestinationConfig ?? {}) as Destinations),
        lastModifiedMs: cloud.kernel.clock.now(),
      };
      return describe(fn);
    },
    GetFunctionEventInvokeConfig: (input) => describe(functions.find(input.FunctionName, input.Qualifier)),
    DeleteFunctionEventInvokeConfig: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      describe(fn);
      fn.eventInvoke = undefined;
    },
  };
}

function concurrencyOperations(functions: FunctionStore): Record<string, Operation> {
  return {
    PutFunctionConcurrency: (input) => {
      const fn = functions.find(input.FunctionName);
      const reserved = boundedOrUndefined(
        input.ReservedConcurrentExecutions,
        0,
        ACCOUNT_CONCURRENCY,
        'ReservedConcurrentExecutions',
      );
      if (reserved === undefined) throw invalidParameter('ReservedConcurrentExecutions is missing');
      const others = functions.all().filter((other) => other !== fn);
      const total = others.reduce((sum, other) => sum + (other.reservedConcurrency ?? 0), reserved);
      if (ACCOUNT_CONCURRENCY - total < UNRESERVED_MINIMUM) {
        throw invalidParameter(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MINIMUM}].`,
        );
      }
      fn.reservedConcurrency = reserved;
      return { ReservedConcurrentExecutions: reserved };
    },
    GetFunctionConcurrency: (input) => ({
      ReservedConcurrentExecutions: functions.find(input.FunctionName).reservedConcurrency,
    }),
    DeleteFunctionConcurrency: (input) => {
      functions.find(input.FunctionName).reservedConcurrency = undefined;
    },
  };
}

function functionOperations(
  functions: FunctionStore,
  onDelete: (fn: LambdaFunction) => void,
): Record<string, Operation> {
  return {
    CreateFunction: (input) => describeFunction(functions.create(input)),
    GetFunction: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      return {
        Configuration: describeFunction(fn),
        Code: { RepositoryType: 'S3' },
        Tags: fn.tags.size > 0 ? Object.fromEntries(fn.tags) : undefined,
        Concurrency:
          fn.reservedConcurrency === undefined ? undefined : { ReservedConcurrentExecutions: fn.reservedConcurrency },
      };
    },
    GetFunctionConfiguration: (input) => describeFunction(functions.find(input.FunctionName, input.Qualifier)),
    ListFunctions: (input) => {
      const from = Number(input.Marker ?? 0);
      const to = from + Number(input.MaxItems ?? 50);
      const all = functions.all();
      return {
        Functions: all.slice(from, to).map(describeFunction),
        NextMarker: to < all.length ? String(to) : undefined,
      };
    },
    UpdateFunctionConfiguration: (input) => {
      const fn = functions.find(input.FunctionName);
      functions.update(fn, input);
      return describeFunction(fn);
    },
    DeleteFunction: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      functions.delete(fn);
      onDelete(fn);
    },
    ListTags: (input) => ({ Tags: Object.fromEntries(functions.find(input.Resource).tags) }),
    TagResource: (input) => {
      const { tags } = functions.find(input.Resource);
      for (const [key, value] of Object.entries((input.Tags ?? {}) as Record<string, string>)) tags.set(key, value);
    },
  };
}

/** What each operation needs from IAM. */
function newAccess(cloud: CloudContext, functions: FunctionStore): Service['access'] {
  const mappings = `arn:aws:lambda:${cloud.region}:${cloud.accountId}:event-source-mapping:`;
  const functionArn = (name: unknown): string => functions.arnOf(parseFunctionName(name).name);
  return (operation, input): readonly Access[] => {
    const on = (resource: string, action = operation): Access => ({ action: `lambda:${action}`, resource });
    switch (operation) {
      case 'Invoke':
        return [on(functionArn(input.FunctionName), 'InvokeFunction')];
      case 'CreateFunction':
      case 'UpdateFunctionConfiguration': {
        const conditionKeys = { 'iam:PassedToService': 'lambda.amazonaws.com' };
        const pass: Access[] =
          input.Role === undefined ? [] : [{ action: 'iam:PassRole', resource: input.Role, conditionKeys }];
        return [on(functionArn(input.FunctionName)), ...pass];
      }
      case 'ListFunctions':
      case 'ListEventSourceMappings':
        return [on('*')];
      case 'CreateEventSourceMapping':
        return [{ ...on('*'), conditionKeys: { 'lambda:FunctionArn': functionArn(input.FunctionName) } }];
      case 'GetEventSourceMapping':
      case 'UpdateEventSourceMapping':
      case 'DeleteEventSourceMapping':
        return [on(`${mappings}${String(input.UUID)}`)];
      case 'ListTags':
      case 'TagResource':
        return [on(String(input.Resource))];
      default:
        return [on(functionArn(input.FunctionName))];
    }
  };
}

/** Builds Lambda. The runtime starts the containers that hold the product's handlers. */
export function newLambda(cloud: CloudContext, runtime: LambdaRuntime): Lambda {
  const functions = new FunctionStore(cloud);
  const executor = new Executor(cloud, runtime);
  const queue = new AsyncInvocations(cloud, executor, (fn) => functions.all().includes(fn));
  const mappings = new EventSourceMappings(cloud, functions, executor);
  return {
    id: 'lambda',
    routes: LAMBDA_ROUTES,
    operations: {
      ...functionOperations(functions, (fn) => {
        executor.forget(fn.name);
        mappings.removeFor(fn);
      }),
      ...eventInvokeOperations(cloud, functions),
      ...concurrencyOperations(functions),
      ...permissionOperations(functions),
      ...mappings.operations(),
      Invoke: newInvoke(cloud, functions, executor, queue),
    },
    access: newAccess(cloud, functions),
    invocations: (functionName) => executor.invocations(functionName),
  };
}
