/** The data plane: routes requests by the live weights and answers them with real inference, virtual latency and injected faults. */
import { AwsError } from '../kernel/errors.ts';
import { type SageMakerContext } from './context.ts';
import { type DataCapture } from './data-capture.ts';
import { type Endpoint, type LiveVariant } from './endpoint.ts';
import { endpointLogGroup } from './fleet.ts';
import { type Answer, inferAll } from './inference.ts';
import { drawLatencyMs, LATENCY, type Observation, recordInvocations } from './invocation-metrics.ts';

export interface TrafficRequest {
  readonly body: Uint8Array;
  readonly inferenceId?: string;
}

export interface TrafficOptions {
  /** `application/jsonlines` if absent. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly targetVariant?: string;
}

export interface TrafficResult {
  /** Empty when no variant could be chosen (no such endpoint, all weights 0). */
  readonly variantName: string;
  readonly modelName: string;
  /** What the caller of InvokeEndpoint sees: 200, 424 (the container answered non-2xx), 503 (no instance), 400. */
  readonly statusCode: number;
  /** The answer's body; of a failed request what the container said. */
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Virtual: model plus overhead. */
  readonly latencyMs: number;
  readonly inferenceId?: string;
  /** With statusCode 424: what the container answered. */
  readonly originalStatusCode?: number;
  /** With statusCode 400. */
  readonly error?: AwsError;
}

export interface Traffic {
  /** @throws AwsError ValidationError when there is no variant to send to */
  send(endpoint: Endpoint, requests: readonly TrafficRequest[], options: TrafficOptions): Promise<TrafficResult[]>;
}

/** One request on its way to a variant. */
interface Routed {
  readonly index: number;
  readonly request: TrafficRequest;
  readonly modelLatencyMs: number;
  readonly overheadLatencyMs: number;
  readonly injectedError: boolean;
}

const runtimeError = (message: string): AwsError => new AwsError('ValidationError', message);
const INJECTED: Answer = { statusCode: 500, body: Buffer.from('injected failure'), contentType: 'text/plain' };

/** Chooses a variant for each request: share = weight / sum of weights. */
function newRouter(
  context: SageMakerContext,
  endpoint: Endpoint,
  targetVariant: string | undefined,
): () => LiveVariant {
  if (targetVariant !== undefined) {
    const pinned = endpoint.variants.find((variant) => variant.config.VariantName === targetVariant);
    if (!pinned)
      throw runtimeError(
        `Variant ${targetVariant} not found for Request: endpoint ${endpoint.name} has no such variant.`,
      );
    return () => pinned;
  }
  const total = endpoint.variants.reduce((sum, variant) => sum + variant.currentWeight, 0);
  if (!(total > 0)) {
    throw runtimeError(
      `All variants of endpoint ${endpoint.name} have weight 0: specify a TargetVariant or set a weight.`,
    );
  }
  const random = context.random(`routing/${endpoint.name}`);
  return () => {
    let left = random.next() * total;
    for (const variant of endpoint.variants) {
      left -= variant.currentWeight;
      if (left < 0) return variant;
    }
    return endpoint.variants.findLast((variant) => variant.currentWeight > 0)!;
  };
}

export function newTraffic(context: SageMakerContext, capture: DataCapture): Traffic {
  /** Draws everything that chance decides about a request before any waiting, so that the order of draws is fixed. */
  const route = (endpoint: Endpoint, requests: readonly TrafficRequest[], options: TrafficOptions) => {
    const choose = newRouter(context, endpoint, options.targetVariant);
    const random = context.random(`requests/${endpoint.name}`);
    const groups = new Map<LiveVariant, Routed[]>();
    const faults = new Map(
      endpoint.variants.map((variant) => [
        variant,
        context.cloud.faults.container({ ...namesOf(variant), endpointName: endpoint.name }),
      ]),
    );
    requests.forEach((request, index) => {
      const variant = choose();
      const fault = faults.get(variant) ?? {};
      const routed: Routed = {
        index,
        request,
        modelLatencyMs: drawLatencyMs(random, LATENCY.model) + (fault.extraLatencyMs ?? 0),
        overheadLatencyMs: drawLatencyMs(random, LATENCY.overhead),
        injectedError: random.chance(fault.errorRate ?? 0),
      };
      const group = groups.get(variant);
      if (group) group.push(routed);
      else groups.set(variant, [routed]);
    });
    return groups;
  };

  const answersOf = async (
    variant: LiveVariant,
    group: readonly Routed[],
    options: TrafficOptions,
  ): Promise<Answer[]> => {
    const healthy = group.filter((routed) => !routed.injectedError);
    const answers = await inferAll(
      context.cloud.kernel.inFlight,
      variant.container,
      healthy.map((routed) => routed.request.body),
      {
        contentType: options.contentType ?? 'application/jsonlines',
        ...(options.accept === undefined ? {} : { accept: options.accept }),
      },
    );
    let next = 0;
    return group.map((routed) => (routed.injectedError ? INJECTED : answers[next++]!));
  };

  const resultOf = (
    endpoint: Endpoint,
    variant: LiveVariant,
    routed: Routed,
    answer: Answer,
    options: TrafficOptions,
  ) => {
    const ok = answer.statusCode >= 200 && answer.statusCode < 300;
    const { variantName, modelName } = namesOf(variant);
    if (ok) {
      capture.offer(endpoint.capture, {
        endpointName: endpoint.name,
        variantName,
        input: { contentType: options.contentType ?? 'application/jsonlines', data: routed.request.body },
        output: { contentType: answer.contentType, data: answer.body },
        inferenceId: routed.request.inferenceId,
      });
    } else {
      const message = `inference failed with status ${answer.statusCode}: ${Buffer.from(answer.body).toString('utf8')}`;
      context.cloud.writeLog(endpointLogGroup(endpoint.name), `${variantName}/${variant.instanceId}`, message);
    }
    const result: TrafficResult = {
      variantName,
      modelName,
      statusCode: ok ? 200 : 424,
      body: answer.body,
      contentType: answer.contentType,
      latencyMs: routed.modelLatencyMs + routed.overheadLatencyMs,
      ...(routed.request.inferenceId === undefined ? {} : { inferenceId: routed.request.inferenceId }),
      ...(ok ? {} : { originalStatusCode: answer.statusCode }),
    };
    return result;
  };

  /** Sends a variant's requests to its container, or fails them when its instances are gone. */
  const sendGroup = async (
    endpoint: Endpoint,
    variant: LiveVariant,
    group: readonly Routed[],
    options: TrafficOptions,
  ): Promise<TrafficResult[]> => {
    const startMs = context.nowMs();
    const gone = variant.goneFromMs !== undefined && startMs >= variant.goneFromMs;
    const answers = gone ? [] : await answersOf(variant, group, options);
    const target = {
      endpointName: endpoint.name,
      variantName: variant.config.VariantName,
      instanceCount: variant.currentInstanceCount,
    };
    const observations = group.map((routed, index): Observation => ({
      modelLatencyMs: gone ? undefined : routed.modelLatencyMs,
      overheadLatencyMs: routed.overheadLatencyMs,
      containerStatus: gone ? undefined : answers[index]!.statusCode,
    }));
    recordInvocations(context, target, observations, startMs);
    if (!gone) return group.map((routed, index) => resultOf(endpoint, variant, routed, answers[index]!, options));
    return group.map((routed) => ({
      ...namesOf(variant),
      statusCode: 503,
      latencyMs: routed.overheadLatencyMs,
      ...(routed.request.inferenceId === undefined ? {} : { inferenceId: routed.request.inferenceId }),
    }));
  };

  return {
    async send(endpoint, requests, options) {
      const results: TrafficResult[] = new Array<TrafficResult>(requests.length);
      for (const [variant, group] of route(endpoint, requests, options)) {
        const groupResults = await sendGroup(endpoint, variant, group, options);
        group.forEach((routed, index) => (results[routed.index] = groupResults[index]!));
      }
      return results;
    },
  };
}

function namesOf(variant: LiveVariant): { variantName: string; modelName: string } {
  return { variantName: variant.config.VariantName, modelName: variant.config.ModelName };
}
