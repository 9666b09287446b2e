/** What each type of step must and may have, as far as our pipelines use it. */
import { type Step } from './steps.ts';

export interface Problem {
  /** For instance `Steps[4].Arguments.Conditions[0].Type`. */
  readonly path: string;
  readonly value: unknown;
  readonly remedy: string;
}

const STEP_NAME = /^[A-Za-z0-9\-_]{1,64}$/;
const STEP_MEMBERS = ['Name', 'Type', 'Arguments', 'DependsOn', 'CacheConfig', 'RetryPolicies', 'PropertyFiles'];
const DURATION = /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?)?$/;
const COMPARISONS = [
  'Equals',
  'GreaterThan',
  'GreaterThanOrEqualTo',
  'LessThan',
  'LessThanOrEqualTo',
  'In',
  'Not',
  'Or',
];
const METADATA_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

/** Type -> required members of Arguments. A type that is not here is refused. */
const REQUIRED_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  Processing: ['ProcessingResources', 'AppSpecification', 'RoleArn', 'ProcessingOutputConfig'],
  Training: ['AlgorithmSpecification', 'RoleArn', 'OutputDataConfig', 'ResourceConfig', 'StoppingCondition'],
  Condition: ['Conditions', 'IfSteps', 'ElseSteps'],
  RegisterModel: ['ModelPackageGroupName', 'InferenceSpecification'],
  Fail: ['ErrorMessage'],
};

export function parseReference(
  reference: string,
):
  | { readonly root: 'Parameters' | 'Execution' | 'Steps'; readonly name: string; readonly property: string }
  | undefined {
  const match = /^(Parameters|Execution|Steps)\.([A-Za-z0-9_-]+)(?:\.(.+))?$/.exec(reference);
  if (match === null) return undefined;
  const [, root, name, property = ''] = match;
  if ((root === 'Steps') !== (property !== '')) return undefined;
  return { root: root as 'Parameters' | 'Execution' | 'Steps', name: name!, property };
}

export function* problemsOfStep(step: Step, path: string): Iterable<Problem> {
  if (!STEP_NAME.test(step.Name)) {
    yield { path: `${path}.Name`, value: step.Name, remedy: 'use 1 to 64 letters, digits, hyphens and underscores' };
  }
  for (const member of Object.keys(step)) {
    if (!STEP_MEMBERS.includes(member)) {
      yield { path: `${path}.${member}`, value: member, remedy: `a step has only ${STEP_MEMBERS.join(', ')}` };
    }
  }
  const required = Object.hasOwn(REQUIRED_ARGUMENTS, step.Type) ? REQUIRED_ARGUMENTS[step.Type] : undefined;
  if (required === undefined) {
    yield {
      path: `${path}.Type`,
      value: step.Type,
      remedy: `use one of ${Object.keys(REQUIRED_ARGUMENTS).join(', ')}`,
    };
    return;
  }
  for (const member of required) {
    if (step.Arguments[member] === undefined) {
      yield { path: `${path}.Arguments.${member}`, value: undefined, remedy: `a ${step.Type} step needs it` };
    }
  }
  if (step.CacheConfig !== undefined && !DURATION.test(step.CacheConfig.ExpireAfter)) {
    yield {
      path: `${path}.CacheConfig.ExpireAfter`,
      value: step.CacheConfig.ExpireAfter,
      remedy: 'write an ISO 8601 duration such as P30D',
    };
  }
  if (step.Type === 'Processing') yield* problemsOfPropertyFiles(step, path);
  if (step.Type === 'Training') yield* problemsOfSpot(step, path);
  if (step.Type === 'Condition') yield* problemsOfConditions(step, path);
  if (step.Type === 'RegisterModel') yield* problemsOfMetadata(step, path);
}

function* problemsOfPropertyFiles(step: Step, path: string): Iterable<Problem> {
  const config = step.Arguments.ProcessingOutputConfig as { Outputs?: readonly { OutputName: string }[] } | undefined;
  const outputs = (config?.Outputs ?? []).map((output) => output.OutputName);
  for (const [index, file] of (step.PropertyFiles ?? []).entries()) {
    if (!outputs.includes(file.OutputName)) {
      yield {
        path: `${path}.PropertyFiles[${index}].OutputName`,
        value: file.OutputName,
        remedy: `name one of the step's outputs: ${outputs.join(', ')}`,
      };
    }
  }
}

function* problemsOfSpot(step: Step, path: string): Iterable<Problem> {
  const stopping = step.Arguments.StoppingCondition as
    { MaxRuntimeInSeconds?: number; MaxWaitTimeInSeconds?: number } | undefined;
  const { MaxRuntimeInSeconds: runtime = 0, MaxWaitTimeInSeconds: wait } = stopping ?? {};
  if (step.Arguments.EnableManagedSpotTraining === true && !(wait !== undefined && wait >= runtime)) {
    yield {
      path: `${path}.Arguments.StoppingCondition.MaxWaitTimeInSeconds`,
      value: wait,
      remedy: `managed spot training needs at least MaxRuntimeInSeconds (${runtime})`,
    };
  }
}

function* problemsOfConditions(step: Step, path: string): Iterable<Problem> {
  const conditions = step.Arguments.Conditions as readonly { readonly Type?: string }[] | undefined;
  if (!Array.isArray(conditions) || conditions.length === 0) {
    yield {
      path: `${path}.Arguments.Conditions`,
      value: conditions,
      remedy: 'give at least one condition: an empty gate passes all',
    };
    return;
  }
  for (const [index, condition] of (conditions as readonly { readonly Type?: string }[]).entries()) {
    if (condition.Type === undefined || !COMPARISONS.includes(condition.Type)) {
      yield {
        path: `${path}.Arguments.Conditions[${index}].Type`,
        value: condition.Type,
        remedy: `use one of ${COMPARISONS.join(', ')}`,
      };
    }
  }
}

function* problemsOfMetadata(step: Step, path: string): Iterable<Problem> {
  const properties = (step.Arguments.CustomerMetadataProperties ?? {}) as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'string' && !METADATA_VALUE.test(value)) {
      yield {
        path: `${path}.Arguments.CustomerMetadataProperties.${key}`,
        value,
        remedy: 'use 1 to 256 letters, digits, blanks and _ . : / = + - @; keep documents in S3 and their URI here',
      };
    }
  }
}
