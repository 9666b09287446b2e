/** The laptop cloud: every service around one kernel, one gateway and one IAM. Empty until a template is deployed into it. */
import { newCloudFormation } from './cloudformation/service.ts';
import { newCloudWatch } from './cloudwatch/service.ts';
import { newDynamoDb } from './dynamodb/service.ts';
import { newEventBridge } from './eventbridge/service.ts';
import { newIam } from './iam/service.ts';
import { type ContainerHost, type LambdaRuntime } from './kernel/containers.ts';
import { AwsError } from './kernel/errors.ts';
import { Faults } from './kernel/faults.ts';
import { Kernel } from './kernel/kernel.ts';
import { type CloudContext, type Principal, type Service, type WireInput } from './kernel/service.ts';
import { newKms } from './kms/service.ts';
import { newLambda } from './lambda/service.ts';
import { newLogs } from './logs/service.ts';
import { newGateway, unknownServiceOperation, type Gateway } from './protocols/gateway.ts';
import { newRequestHandler, type SdkRequestHandler } from './protocols/request-handler.ts';
import { newS3 } from './s3/service.ts';
import { newSageMaker } from './sagemaker/service.ts';
import { newScheduler } from './scheduler/service.ts';
import { newSecretsManager } from './secretsmanager/service.ts';
import { newSns } from './sns/service.ts';
import { newSqs } from './sqs/service.ts';
import { newSsm } from './ssm/service.ts';
import { newStepFunctions } from './stepfunctions/service.ts';
import { newSts } from './sts/service.ts';

export interface CloudOptions {
  readonly seed: number;
  /** Virtual epoch milliseconds at which the run begins. */
  readonly startMs: number;
  readonly region: string;
  readonly accountId: string;
  /** An empty directory for what containers read and write. */
  readonly scratchDirectory: string;
  /** Runs Lambda functions; made with the cloud, since functions call back into it. */
  readonly lambdaRuntime: (cloud: LaptopCloud) => LambdaRuntime;
  readonly containerHost: ContainerHost;
}

/** How often an operation was called, by whom. */
export interface CallCount {
  readonly caller: string;
  readonly service: string;
  readonly operation: string;
  count: number;
}

type Services = ReturnType<typeof newServices>;

export interface LaptopCloud {
  readonly kernel: Kernel;
  readonly faults: Faults;
  readonly region: string;
  readonly accountId: string;
  readonly context: CloudContext;
  readonly services: Services;
  readonly gateway: Gateway;
  /** For SDK clients in process: `new XClient({ region, credentials, requestHandler })`. */
  readonly requestHandler: SdkRequestHandler;
  /** Every call so far, by caller and operation. */
  readonly calls: ReadonlyMap<string, CallCount>;
}

function newServices(context: CloudContext, options: CloudOptions, runtime: LambdaRuntime) {
  const iam = newIam(context);
  return {
    iam,
    cloudformation: newCloudFormation(context, iam),
    cloudwatch: newCloudWatch(context),
    dynamodb: newDynamoDb(context),
    eventbridge: newEventBridge(context),
    kms: newKms(context),
    lambda: newLambda(context, runtime),
    logs: newLogs(context),
    s3: newS3(context),
    sagemaker: newSageMaker(context, options.containerHost, { scratchDirectory: options.scratchDirectory }),
    scheduler: newScheduler(context),
    secretsmanager: newSecretsManager(context),
    sns: newSns(context),
    sqs: newSqs(context),
    ssm: newSsm(context),
    stepfunctions: newStepFunctions(context),
    sts: newSts(context, (roleArn, sessionName) => {
      const key = iam.credentialsFor(roleArn, sessionName);
      return { AccessKeyId: key.accessKeyId, SecretAccessKey: key.secretAccessKey, SessionToken: key.sessionToken };
    }),
  };
}

/** A caller's short name, for counts and traces. */
function callerName(principal: Principal): string {
  if (principal.kind === 'root') return 'operator';
  return principal.kind === 'service' ? principal.name : principal.roleName;
}

/** Builds an empty laptop cloud. Nothing in it moves until the kernel runs. */
export function newCloud(options: CloudOptions): LaptopCloud {
  const kernel = new Kernel({ seed: options.seed, startMs: options.startMs });
  const faults = new Faults();
  const requestIds = kernel.random('request-ids');
  const calls = new Map<string, CallCount>();
  const byId = new Map<string, Service>();

  const perform = async (call: {
    service: string;
    operation: string;
    input: WireInput;
    principal: Principal;
    requestId: string;
  }): Promise<object> => {
    const service = byId.get(call.service);
    const operation = service?.operations[call.operation];
    if (!service || !operation) throw unknownServiceOperation(call.service, call.operation);
    const caller = callerName(call.principal);
    count(calls, caller, call.service, call.operation);
    try {
      services.iam.authorize(call.principal, service.access(call.operation, call.input), {}, call.service);
      const fault = faults.call(call);
      if (fault?.when === 'before') throw fault.error;
      const output = (await operation(call.input, call)) ?? {};
      if (fault) throw fault.error;
      kernel.trace(`${caller} ${call.service}:${call.operation} ok`);
      return output;
    } catch (error) {
      kernel.trace(
        `${caller} ${call.service}:${call.operation} ${error instanceof AwsError ? error.code : String(error)}`,
      );
      throw error;
    }
  };

  const context: CloudContext = {
    kernel,
    faults,
    region: options.region,
    accountId: options.accountId,
    call: (service, operation, input, principal) =>
      perform({ service, operation, input, principal, requestId: requestIds.uuid() }),
    // Services that are slow to tell (SageMaker) delay their events themselves.
    emit: (event) => services.eventbridge.put(event),
    recordMetric: (data) => services.cloudwatch.record(data),
    writeLog: (group, stream, message) => services.logs.write(group, stream, message),
  };

  // Function code is started by the cloud and calls back into it: the runtime sees the finished cloud at its first start.
  const runtime: LambdaRuntime = {
    start: (configuration, log) => (lambdaRuntime ??= options.lambdaRuntime(cloud)).start(configuration, log),
  };
  let lambdaRuntime: LambdaRuntime | undefined;
  const services = newServices(context, options, runtime);
  for (const service of Object.values(services) as Service[]) byId.set(service.id, service);

  const gateway = newGateway({
    services: () => byId.values(),
    principalOf: (accessKeyId) => services.iam.principalOf(accessKeyId),
    nextRequestId: () => requestIds.uuid(),
    perform,
  });
  const cloud: LaptopCloud = {
    kernel,
    faults,
    region: options.region,
    accountId: options.accountId,
    context,
    services,
    gateway,
    requestHandler: newRequestHandler(gateway),
    calls,
  };
  return cloud;
}

function count(calls: Map<string, CallCount>, caller: string, service: string, operation: string): void {
  const key = `${caller} ${service}:${operation}`;
  const entry = calls.get(key);
  if (entry) entry.count++;
  else calls.set(key, { caller, service, operation, count: 1 });
}
