/** SageMaker's runtime: InvokeEndpoint, and many requests at once for a traffic generator. */
import { asBytes } from '../kernel/coerce.ts';
import { AwsError } from '../kernel/errors.ts';
import { type Operation, type RestRoute } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { type Endpoint } from './endpoint.ts';
import { type Endpoints } from './endpoints.ts';
import { endpointLogGroup } from './fleet.ts';
import { ENTITY_NAME } from './members.ts';
import { checkInput, opaque, struct, text } from './shape.ts';
import { type Traffic, type TrafficOptions, type TrafficRequest, type TrafficResult } from './traffic.ts';

const MAX_BODY_BYTES = 6_291_456;

export const RUNTIME_ROUTES: readonly RestRoute[] = [
  {
    method: 'POST',
    path: '/endpoints/{EndpointName}/invocations',
    operation: 'InvokeEndpoint',
    headerMembers: {
      'content-type': 'ContentType',
      accept: 'Accept',
      'x-amzn-sagemaker-custom-attributes': 'CustomAttributes',
      'x-amzn-sagemaker-target-model': 'TargetModel',
      'x-amzn-sagemaker-target-variant': 'TargetVariant',
      'x-amzn-sagemaker-target-container-hostname': 'TargetContainerHostname',
      'x-amzn-sagemaker-inference-id': 'InferenceId',
      'x-amzn-sagemaker-enable-explanations': 'EnableExplanations',
      'x-amzn-sagemaker-inference-component': 'InferenceComponentName',
      'x-amzn-sagemaker-session-id': 'SessionId',
    },
    payload: 'Body',
    // Header names are case-insensitive; lower case keeps one Content-Type in the answer.
    responseHeaders: { ContentType: 'content-type', InvokedProductionVariant: 'x-amzn-invoked-production-variant' },
    responsePayload: 'Body',
  },
];

// No TargetModel, TargetContainerHostname, EnableExplanations, InferenceComponentName, SessionId, CustomAttributes:
// the containers of the laptop cloud could not honour them.
const INVOKE = struct(
  { EndpointName: ENTITY_NAME, Body: opaque },
  {
    ContentType: text({ max: 1024 }),
    Accept: text({ max: 1024 }),
    TargetVariant: ENTITY_NAME,
    InferenceId: text({ min: 1, max: 64, pattern: '[\\x21-\\x7E][\\x20-\\x7E]*' }),
  },
);

export interface Runtime {
  readonly operations: Readonly<Record<string, Operation>>;
  sendTraffic(
    endpointName: string,
    requests: readonly TrafficRequest[],
    options?: TrafficOptions,
  ): Promise<TrafficResult[]>;
}

export function newRuntime(context: SageMakerContext, endpoints: Endpoints, traffic: Traffic): Runtime {
  /** @throws AwsError ValidationError when the endpoint does not serve */
  const serving = (name: string): Endpoint => {
    const endpoint = endpoints.get(name);
    if (!endpoint || (endpoint.status !== 'InService' && endpoint.status !== 'Updating')) {
      throw new AwsError('ValidationError', `Endpoint ${name} of account ${context.cloud.accountId} not found.`);
    }
    return endpoint;
  };

  const modelError = (endpointName: string, result: TrafficResult): AwsError => {
    const original = result.originalStatusCode ?? 500;
    const message = Buffer.from(result.body ?? []).toString('utf8');
    const group = endpointLogGroup(endpointName);
    const { region, accountId } = context.cloud;
    const kind = original >= 400 && original < 500 ? 'client' : 'server';
    return new AwsError(
      'ModelError',
      `Received ${kind} error (${original}) from primary with message "${message}". See ` +
        `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group} ` +
        `in account ${accountId} for more information.`,
      {
        statusCode: 424,
        fields: {
          OriginalStatusCode: original,
          OriginalMessage: message,
          LogStreamArn: `arn:aws:logs:${region}:${accountId}:log-group:${group}`,
        },
      },
    );
  };

  const operations: Record<string, Operation> = {
    async InvokeEndpoint(input) {
      checkInput('InvokeEndpoint', INVOKE, input);
      const body = asBytes(input['Body'], 'Body');
      if (body.length > MAX_BODY_BYTES) {
        throw new AwsError(
          'ValidationError',
          `Body of ${body.length} bytes exceeds the limit of ${MAX_BODY_BYTES} bytes.`,
        );
      }
      const name = input['EndpointName'] as string;
      const inferenceId = input['InferenceId'] as string | undefined;
      const [result] = await traffic.send(
        serving(name),
        [inferenceId === undefined ? { body } : { body, inferenceId }],
        {
          contentType: (input['ContentType'] as string | undefined) ?? 'application/octet-stream',
          ...(input['Accept'] === undefined ? {} : { accept: input['Accept'] as string }),
          ...(input['TargetVariant'] === undefined ? {} : { targetVariant: input['TargetVariant'] as string }),
        },
      );
      if (!result) throw new Error('one request must have one result');
      if (result.statusCode === 503) {
        throw new AwsError('ServiceUnavailable', `No instance of variant ${result.variantName} is available.`, {
          statusCode: 503,
        });
      }
      if (result.statusCode !== 200) throw modelError(name, result);
      return { Body: result.body, ContentType: result.contentType, InvokedProductionVariant: result.variantName };
    },
  };

  return {
    operations,
    async sendTraffic(endpointName, requests, options = {}) {
      try {
        return await traffic.send(serving(endpointName), requests, options);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return requests.map((request) => ({
          variantName: '',
          modelName: '',
          statusCode: error.statusCode,
          latencyMs: 0,
          error,
          ...(request.inferenceId === undefined ? {} : { inferenceId: request.inferenceId }),
        }));
      }
    },
  };
}
