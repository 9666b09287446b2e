/** Step caching: the results of former steps with the same resolved arguments, as long as they have not expired. */
import { createHash } from 'node:crypto';
import { durationMs, type Step } from './pipeline-definition.ts';
import { type WireInput } from '../kernel/service.ts';
import { type Execution, type StepRun } from './pipeline-execution.ts';

export interface CachedStep {
  readonly executionArn: string;
  readonly endMs: number;
  readonly metadata: Record<string, Record<string, unknown>>;
  readonly properties: Record<string, unknown>;
}

/** JSON with sorted members, so that equal arguments have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(',')}}`;
}

/**
 * What SageMaker looks at when it compares a step with former runs (developer guide, 'Caching pipeline steps'): where outputs
 * go and on what instances does not count.
 */
const CONSIDERED: Readonly<Record<string, readonly string[]>> = {
  Processing: ['AppSpecification', 'Environment', 'ProcessingInputs'],
  Training: [
    'AlgorithmSpecification',
    'CheckpointConfig',
    'DebugHookConfig',
    'DebugRuleConfigurations',
    'Environment',
    'HyperParameters',
    'InputDataConfig',
  ],
  Transform: [
    'ModelName',
    'MaxConcurrentTransforms',
    'MaxPayloadInMB',
    'BatchStrategy',
    'Environment',
    'TransformInput',
    'DataProcessing',
  ],
};

/** The arguments that count for caching; all of them for a step type that the guide does not list. */
export function considered(step: Step, resolved: WireInput): WireInput {
  const members = CONSIDERED[step.Type];
  if (!members) return resolved;
  return Object.fromEntries(Object.entries(resolved).filter(([name]) => members.includes(name)));
}

export interface StepCache {
  /** A former result for this step, or undefined. */
  find(execution: Execution, step: Step, resolved: unknown, nowMs: number): CachedStep | undefined;
  store(execution: Execution, run: StepRun, resolved: unknown, nowMs: number): void;
}

export function newStepCache(): StepCache {
  const entries = new Map<string, CachedStep>();
  const keyOf = (execution: Execution, step: Step, resolved: unknown): string =>
    createHash('sha256')
      .update(canonicalJson([execution.pipelineArn, step.Name, step.Type, resolved]))
      .digest('hex');
  return {
    find(execution, step, resolved, nowMs) {
      if (step.CacheConfig?.Enabled !== true) return undefined;
      const entry = entries.get(keyOf(execution, step, resolved));
      const expiry = step.CacheConfig.ExpireAfter;
      const fresh = entry !== undefined && (expiry === undefined || nowMs <= entry.endMs + durationMs(expiry));
      return fresh ? entry : undefined;
    },
    store(execution, run, resolved, nowMs) {
      const { metadata, properties } = run;
      entries.set(keyOf(execution, run.step, resolved), {
        executionArn: execution.arn,
        endMs: nowMs,
        metadata,
        properties,
      });
    },
  };
}
