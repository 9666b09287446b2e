/** AWS::Lambda::*. */
import { type ResourceContext, type ResourceType, resourceType } from '../resource-type.ts';
import {
  boolean,
  encryptionAtRest,
  list,
  map,
  noEffect,
  number,
  object,
  only,
  tagList,
  tagMap,
  text,
} from '../shape.ts';

const destinations = object({ OnFailure: object({ Destination: text }), OnSuccess: object({ Destination: text }) });

const lambdaFunction = resourceType(
  {
    FunctionName: text,
    Description: text,
    Runtime: text,
    Handler: text,
    Role: text,
    Code: object({ S3Bucket: text, S3Key: text, S3ObjectVersion: text }),
    PackageType: only('Zip'),
    Timeout: number,
    MemorySize: number,
    Environment: object({ Variables: map(text) }),
    DeadLetterConfig: object({ TargetArn: text }),
    ReservedConcurrentExecutions: number,
    LoggingConfig: object({ LogGroup: text, LogFormat: text, ApplicationLogLevel: text, SystemLogLevel: text }),
    Architectures: list(text),
    TracingConfig: object({ Mode: text }),
    EphemeralStorage: noEffect('functions write to this machine’s disk'),
    KmsKeyArn: encryptionAtRest,
    Tags: tagList,
  },
  async (properties, context) => {
    const { ReservedConcurrentExecutions: concurrency, Tags, ...rest } = properties;
    const FunctionName = rest.FunctionName ?? context.generatedName(64);
    const arn = context.arn('lambda', `function:${FunctionName}`);
    context.requireAssumable(
      rest.Role,
      'lambda',
      'The role defined for the function cannot be assumed by Lambda.',
      arn,
    );
    const output = await context.call('lambda', 'CreateFunction', {
      ...rest,
      FunctionName,
      ...(Tags ? { Tags: tagMap(Tags) } : {}),
    });
    if (output.State === 'Pending') await untilActive(FunctionName, context);
    if (concurrency !== undefined) {
      await context.call('lambda', 'PutFunctionConcurrency', {
        FunctionName,
        ReservedConcurrentExecutions: concurrency,
      });
    }
    return { physicalId: FunctionName, attributes: { Arn: output.FunctionArn ?? arn } };
  },
);

const ACTIVE_WAIT_SECONDS_MAX = 600;

/** CloudFormation counts a function as made when it is Active. */
async function untilActive(FunctionName: string, context: ResourceContext): Promise<void> {
  for (let seconds = 0; seconds < ACTIVE_WAIT_SECONDS_MAX; seconds++) {
    await context.kernel.clock.sleep(1000, `cloudformation waits for function ${FunctionName}`);
    const { State, StateReason } = await context.call('lambda', 'GetFunctionConfiguration', { FunctionName });
    if (State === 'Active') return;
    if (State === 'Failed') throw new Error(`function ${FunctionName} failed: ${String(StateReason)}`);
  }
  throw new Error(`function ${FunctionName} was not Active within ${ACTIVE_WAIT_SECONDS_MAX} s`);
}

const permission = resourceType(
  {
    FunctionName: text,
    Action: text,
    Principal: text,
    SourceArn: text,
    SourceAccount: text,
    EventSourceToken: text,
    PrincipalOrgID: text,
  },
  async (properties, context) => {
    const StatementId = context.generatedName(100);
    await context.call('lambda', 'AddPermission', { ...properties, StatementId });
    return { physicalId: StatementId, attributes: { Id: StatementId } };
  },
);

const eventInvokeConfig = resourceType(
  {
    FunctionName: text,
    Qualifier: text,
    MaximumEventAgeInSeconds: number,
    MaximumRetryAttempts: number,
    DestinationConfig: destinations,
  },
  async (properties, context) => {
    await context.call('lambda', 'PutFunctionEventInvokeConfig', { ...properties });
    return { physicalId: `${properties.FunctionName}|${properties.Qualifier}` };
  },
);

const eventSourceMapping = resourceType(
  {
    EventSourceArn: text,
    FunctionName: text,
    Enabled: boolean,
    BatchSize: number,
    MaximumBatchingWindowInSeconds: number,
    ParallelizationFactor: number,
    StartingPosition: text,
    StartingPositionTimestamp: number,
    MaximumRecordAgeInSeconds: number,
    MaximumRetryAttempts: number,
    BisectBatchOnFunctionError: boolean,
    TumblingWindowInSeconds: number,
    FunctionResponseTypes: list(text),
    FilterCriteria: object({ Filters: list(object({ Pattern: text })) }),
    DestinationConfig: destinations,
    ScalingConfig: object({ MaximumConcurrency: number }),
    Tags: tagList,
    KmsKeyArn: encryptionAtRest,
  },
  async (properties, context) => {
    const { Tags, ...rest } = properties;
    const output = await context.call('lambda', 'CreateEventSourceMapping', {
      ...rest,
      ...(Tags ? { Tags: tagMap(Tags) } : {}),
    });
    return {
      physicalId: output.UUID,
      attributes: { Id: output.UUID, EventSourceMappingArn: output.EventSourceMappingArn },
    };
  },
);

const version = resourceType(
  {
    FunctionName: text,
    Description: text,
    CodeSha256: noEffect('functions run from the source tree, not from the packaged zip that this digest names'),
  },
  async (properties, context) => {
    const output = await context.call('lambda', 'PublishVersion', { ...properties });
    return {
      physicalId: output.FunctionArn,
      attributes: { Version: output.Version, FunctionArn: output.FunctionArn },
    };
  },
);

export const lambdaTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::Lambda::EventInvokeConfig': eventInvokeConfig,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::Lambda::Version': version,
};
