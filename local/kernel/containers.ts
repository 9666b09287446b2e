/** How the laptop cloud runs what AWS would run in containers. Implemented in local/launch, which alone knows the product's code. */

export interface FunctionConfiguration {
  readonly functionName: string;
  readonly arn: string;
  /** For instance `functions/request-retraining/main.handler`. */
  readonly handler: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/** What the Lambda runtime hands to a handler as its second argument. */
export interface LambdaInvocationContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Virtual milliseconds until the function's timeout. */
  getRemainingTimeInMillis(): number;
}

/** A warm Lambda container: one handler instance, used for one invocation at a time. */
export interface LambdaContainer {
  /** Resolves with the handler's result, rejects with what it threw. */
  invoke(event: unknown, context: LambdaInvocationContext): Promise<unknown>;
}

export interface LambdaRuntime {
  /** A cold start. `log` receives each line that the function writes to its console. */
  start(configuration: FunctionConfiguration, log: (line: string) => void): Promise<LambdaContainer>;
}

export interface ServedContainer {
  /** GET /ping: true when it answers 200. */
  ping(): Promise<boolean>;
  /** POST /invocations. */
  invoke(request: {
    readonly body: Uint8Array;
    readonly contentType: string;
    readonly accept?: string;
  }): Promise<{ readonly statusCode: number; readonly body: Uint8Array; readonly contentType: string }>;
}

export interface JobResult {
  readonly exitCode: number;
  /** The content of /opt/ml/output/failure (training) or the last words on stderr. */
  readonly failureMessage?: string;
  readonly log: readonly string[];
}

/** Runs the images that the templates name (`<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`). */
export interface ContainerHost {
  /** Starts a model server whose /opt/ml/model is `modelDirectory` on this machine's disk. */
  startServer(spec: {
    readonly image: string;
    readonly modelDirectory: string;
    readonly environment: Readonly<Record<string, string>>;
  }): Promise<ServedContainer>;
  /** Runs a training or processing container to its end; `root` on this machine's disk stands for /opt/ml. */
  runJob(spec: {
    readonly image: string;
    readonly entrypoint: readonly string[];
    readonly arguments: readonly string[];
    readonly root: string;
    readonly environment: Readonly<Record<string, string>>;
  }): Promise<JobResult>;
}
