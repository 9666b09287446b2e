/** Endpoint invocation metrics of namespace `AWS/SageMaker`, per (EndpointName, VariantName), recorded per batch of requests. */
import { type SageMakerContext } from './context.ts';
import { type Random } from '../kernel/random.ts';

/**
 * Assumed latency of an ml.m5-class CPU endpoint: log-normal around a median, per request, by seed. Never measured: the
 * laptop answers in microseconds.
 */
export const LATENCY = {
  model: { medianMs: 8, sigma: 0.35 },
  overhead: { medianMs: 1.5, sigma: 0.25 },
} as const;

/** Latencies are recorded in steps of 100 microseconds, so that a minute's list of distinct values stays short. */
const QUANTUM_MICROSECONDS = 100;

/** A log-normal draw in milliseconds: median * exp(sigma * z), z by Box and Muller. */
export function drawLatencyMs(random: Random, shape: { readonly medianMs: number; readonly sigma: number }): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return shape.medianMs * Math.exp(shape.sigma * radius * Math.cos(2 * Math.PI * random.next()));
}

/** One request as metrics see it. */
export interface Observation {
  /** Undefined when no container answered. */
  readonly modelLatencyMs: number | undefined;
  readonly overheadLatencyMs: number;
  /** What the container answered; undefined when it did not. */
  readonly containerStatus: number | undefined;
}

function histogram(latenciesMs: readonly number[]): { values: number[]; counts: number[] } {
  const counts = new Map<number, number>();
  for (const ms of latenciesMs) {
    const steps = Math.max(1, Math.round((ms * 1000) / QUANTUM_MICROSECONDS));
    const value = steps * QUANTUM_MICROSECONDS;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const values = [...counts.keys()].sort((a, b) => a - b);
  return { values, counts: values.map((value) => counts.get(value) ?? 0) };
}

/** 1 for each request with the property and 0 for each other: Average is a rate, Sum a count. */
function share(total: number, withProperty: number): { values: number[]; counts: number[] } {
  const rows = [
    [0, total - withProperty],
    [1, withProperty],
  ] as const;
  const present = rows.filter(([, count]) => count > 0);
  return { values: present.map(([value]) => value), counts: present.map(([, count]) => count) };
}

const isClass = (hundreds: number) => (observation: Observation) =>
  Math.floor((observation.containerStatus ?? 500) / 100) === hundreds;

/** Records a batch of requests to one variant in the current virtual minute. */
export function recordInvocations(
  context: SageMakerContext,
  target: { endpointName: string; variantName: string; instanceCount: number },
  observations: readonly Observation[],
  timestampMs: number,
): void {
  const total = observations.length;
  if (total === 0) return;
  const record = (name: string, data: { values: number[]; counts: number[] }, unit: string): void => {
    if (data.values.length === 0) return;
    context.cloud.recordMetric({
      namespace: 'AWS/SageMaker',
      name,
      dimensions: { EndpointName: target.endpointName, VariantName: target.variantName },
      ...data,
      timestampMs,
      unit,
    });
  };
  const clientErrors = observations.filter(isClass(4)).length;
  const serverErrors = observations.filter(isClass(5)).length;
  const modelErrors = observations.filter((observation) => !isClass(2)(observation)).length;
  const modelLatencies = observations.flatMap((o) => (o.modelLatencyMs === undefined ? [] : [o.modelLatencyMs]));
  record('Invocations', { values: [1], counts: [total] }, 'None');
  record('InvocationsPerInstance', { values: [1 / Math.max(1, target.instanceCount)], counts: [total] }, 'None');
  record('Invocation4XXErrors', share(total, clientErrors), 'None');
  record('Invocation5XXErrors', share(total, serverErrors), 'None');
  record('InvocationModelErrors', share(total, modelErrors), 'None');
  record('ModelLatency', histogram(modelLatencies), 'Microseconds');
  record('OverheadLatency', histogram(observations.map((o) => o.overheadLatencyMs)), 'Microseconds');
}
