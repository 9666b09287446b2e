/** Reads and checks a pipeline definition (JSON, version 2020-12-01): only what the laptop cloud really runs gets in. */
import { type AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Condition, conditionDefect } from './pipeline-conditions.ts';
import { parseStepReference, references } from './pipeline-references.ts';

export interface ParameterDeclaration {
  readonly Name: string;
  readonly Type: 'String' | 'Integer' | 'Float' | 'Boolean';
  readonly DefaultValue?: unknown;
  readonly EnumValues?: readonly unknown[];
}

export interface PropertyFile {
  readonly PropertyFileName: string;
  readonly OutputName: string;
  readonly FilePath: string;
}

export interface RetryPolicy {
  readonly ExceptionType: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
}

export type StepType =
  'Processing' | 'Training' | 'Transform' | 'Model' | 'RegisterModel' | 'Condition' | 'Lambda' | 'Fail';

export interface Step {
  readonly Name: string;
  readonly Type: StepType;
  readonly DisplayName?: string;
  readonly Description?: string;
  readonly Arguments: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly CacheConfig?: { readonly Enabled: boolean; readonly ExpireAfter?: string };
  readonly RetryPolicies?: readonly RetryPolicy[];
  readonly PropertyFiles?: readonly PropertyFile[];
  readonly FunctionArn?: unknown;
  readonly OutputParameters?: readonly { readonly OutputName: string; readonly OutputType: string }[];
}

export interface PipelineDefinition {
  readonly parameters: readonly ParameterDeclaration[];
  /** Steps of the top level; those of Condition branches hang below them. */
  readonly steps: readonly Step[];
  /** All steps, branches included, by name. */
  readonly byName: ReadonlyMap<string, Step>;
  /** Names of the steps that each step waits for. */
  readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>;
}

const COMMON = ['Name', 'Type', 'DisplayName', 'Description', 'Arguments', 'DependsOn'];
const MEMBERS: Readonly<Record<StepType, readonly string[]>> = {
  Processing: ['CacheConfig', 'RetryPolicies', 'PropertyFiles'],
  Training: ['CacheConfig', 'RetryPolicies'],
  Transform: ['CacheConfig', 'RetryPolicies'],
  Model: ['RetryPolicies'],
  RegisterModel: ['RetryPolicies'],
  Condition: [],
  Lambda: ['CacheConfig', 'FunctionArn', 'OutputParameters'],
  Fail: [],
};
const JOB_NAMES = ['ProcessingJobName', 'TrainingJobName', 'TransformJobName'];
const EXECUTION = [
  'StartDateTime',
  'CurrentDateTime',
  'PipelineName',
  'PipelineArn',
  'PipelineExecutionId',
  'PipelineExecutionArn',
];
/** Jobs here fail by their own code alone, never for lack of capacity: the policies for that are accepted and never needed. */
const RETRYABLE = [
  'Step.SERVICE_FAULT',
  'Step.THROTTLING',
  'SageMaker.JOB_INTERNAL_ERROR',
  'SageMaker.CAPACITY_ERROR',
  'SageMaker.RESOURCE_LIMIT',
];

const invalid = (message: string): AwsError => validationError(`Unable to parse pipeline definition. ${message}`);

/** Branches of a Condition step. */
export function branchesOf(step: Step): { conditions: Condition[]; ifSteps: Step[]; elseSteps: Step[] } {
  const { Conditions, IfSteps, ElseSteps } = step.Arguments as {
    Conditions?: Condition[];
    IfSteps?: Step[];
    ElseSteps?: Step[];
  };
  return { conditions: Conditions ?? [], ifSteps: IfSteps ?? [], elseSteps: ElseSteps ?? [] };
}

/** Milliseconds of an ISO 8601 duration such as `P30D` or `PT1H30M`; a month has 30 days, a year 365. */
export function durationMs(text: string): number {
  const match =
    /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text);
  if (!match || match.slice(1).every((part) => part === undefined))
    throw invalid(`'${text}' is not an ISO 8601 duration.`);
  const factors = [31_536_000, 2_592_000, 604_800, 86_400, 3600, 60, 1];
  return factors.reduce((sum, seconds, index) => sum + seconds * 1000 * Number(match[index + 1] ?? 0), 0);
}

function checkCondition(step: Step): void {
  const extra = Object.keys(step.Arguments).find((name) => !['Conditions', 'IfSteps', 'ElseSteps'].includes(name));
  if (extra !== undefined) throw new UnsupportedFeature(`Arguments.${extra} of Condition step '${step.Name}'`);
  const { conditions } = branchesOf(step);
  if (conditions.length === 0) throw invalid(`Condition step '${step.Name}' has no Conditions.`);
  for (const condition of conditions) {
    const defect = conditionDefect(condition);
    if (defect?.kind === 'invalid') throw invalid(`Step '${step.Name}': ${defect.message}.`);
    if (defect) throw new UnsupportedFeature(`${defect.message} in step '${step.Name}'`);
  }
}

function checkStep(step: Step): void {
  if (typeof step?.Name !== 'string' || !/^[A-Za-z0-9\-_]{1,64}$/.test(step.Name)) {
    throw invalid(`Step name '${String(step?.Name)}' must satisfy ^[A-Za-z0-9\\-_]{1,64}$.`);
  }
  const allowed = MEMBERS[step.Type];
  if (!allowed) throw new UnsupportedFeature(`pipeline step '${step.Name}' of Type '${String(step.Type)}'`);
  const extra = Object.keys(step).find((name) => !COMMON.includes(name) && !allowed.includes(name));
  if (extra !== undefined) throw new UnsupportedFeature(`member ${extra} of ${step.Type} step '${step.Name}'`);
  if (typeof step.Arguments !== 'object' || step.Arguments === null) {
    if (step.Type !== 'Lambda') throw invalid(`Step '${step.Name}' has no Arguments.`);
  }
  const named = JOB_NAMES.find((name) => name in (step.Arguments ?? {}));
  if (named !== undefined)
    throw new UnsupportedFeature(`${named} in step '${step.Name}'`, 'pipelines name their jobs themselves');
  if (step.Type === 'Lambda' && step.FunctionArn === undefined)
    throw invalid(`Lambda step '${step.Name}' has no FunctionArn.`);
  if (step.Type === 'Condition') checkCondition(step);
  if (step.CacheConfig?.Enabled === true && step.CacheConfig.ExpireAfter !== undefined)
    durationMs(step.CacheConfig.ExpireAfter);
  for (const type of (step.RetryPolicies ?? []).flatMap((policy) => policy.ExceptionType)) {
    if (!RETRYABLE.includes(type))
      throw new UnsupportedFeature(`RetryPolicies ExceptionType '${type}' in step '${step.Name}'`);
  }
}

function collect(steps: readonly Step[], byName: Map<string, Step>): void {
  for (const step of steps) {
    checkStep(step);
    if (byName.has(step.Name)) throw invalid(`Step names must be unique: '${step.Name}' is used more than once.`);
    byName.set(step.Name, step);
    if (step.Type === 'Condition') {
      collect(branchesOf(step).ifSteps, byName);
      collect(branchesOf(step).elseSteps, byName);
    }
  }
}

/** References of a step itself, those of its branches left out. */
function ownReferences(step: Step): string[] {
  return references(step.Type === 'Condition' ? branchesOf(step).conditions : [step.Arguments, step.FunctionArn]);
}

function checkReference(
  step: Step,
  reference: string,
  byName: ReadonlyMap<string, Step>,
  parameters: ReadonlySet<string>,
): void {
  const [room, name = ''] = reference.split('.');
  const target = parseStepReference(reference);
  if (target) {
    const other = byName.get(target.stepName);
    if (!other) throw invalid(`Step '${step.Name}' refers to the unknown step '${target.stepName}'.`);
    const file = /^PropertyFiles\.(.+)$/.exec(target.path)?.[1];
    if (file !== undefined && !other.PropertyFiles?.some((item) => item.PropertyFileName === file)) {
      throw invalid(`Step '${step.Name}' refers to the unknown property file '${file}' of step '${target.stepName}'.`);
    }
  } else if (room === 'Parameters') {
    if (!parameters.has(name)) throw invalid(`Step '${step.Name}' refers to the unknown parameter '${name}'.`);
  } else if (room !== 'Execution' || !EXECUTION.includes(name)) {
    throw new UnsupportedFeature(`reference '${reference}' in step '${step.Name}'`);
  }
}

function dependenciesOf(byName: ReadonlyMap<string, Step>, parameters: ReadonlySet<string>): Map<string, Set<string>> {
  const dependencies = new Map<string, Set<string>>();
  for (const step of byName.values()) {
    const needs = new Set(step.DependsOn ?? []);
    for (const name of needs) {
      if (!byName.has(name)) throw invalid(`Step '${step.Name}' depends on the unknown step '${name}'.`);
    }
    for (const reference of ownReferences(step)) {
      checkReference(step, reference, byName, parameters);
      const target = parseStepReference(reference);
      if (target) needs.add(target.stepName);
    }
    dependencies.set(step.Name, needs);
  }
  return dependencies;
}

function checkCycles(dependencies: ReadonlyMap<string, ReadonlySet<string>>): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw invalid(`Steps depend on each other in a circle: ${[...path, name].join(' -> ')}.`);
    if (done.has(name)) return;
    for (const next of dependencies.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of dependencies.keys()) visit(name, []);
}

function checkParameters(parameters: readonly ParameterDeclaration[]): void {
  for (const parameter of parameters) {
    const extra = Object.keys(parameter).find((name) => !['Name', 'Type', 'DefaultValue', 'EnumValues'].includes(name));
    if (extra !== undefined) throw new UnsupportedFeature(`member ${extra} of parameter '${parameter.Name}'`);
    if (!['String', 'Integer', 'Float', 'Boolean'].includes(parameter.Type)) {
      throw invalid(`Parameter '${parameter.Name}' has the unknown Type '${parameter.Type}'.`);
    }
  }
}

/**
 * Parses and checks a definition.
 * @throws AwsError ValidationException for a definition that AWS would refuse
 * @throws UnsupportedFeature for what AWS has and the laptop cloud has not
 */
export function parseDefinition(text: string): PipelineDefinition {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if (raw['Version'] !== '2020-12-01') throw invalid(`Version must be '2020-12-01', not '${String(raw['Version'])}'.`);
  const known = ['Version', 'Metadata', 'Parameters', 'Steps'];
  const extra = Object.keys(raw).find((name) => !known.includes(name));
  if (extra !== undefined) throw new UnsupportedFeature(`pipeline definition member ${extra}`);
  if (!Array.isArray(raw['Steps']) || raw['Steps'].length === 0) throw invalid('The definition has no Steps.');
  const parameters = (raw['Parameters'] ?? []) as ParameterDeclaration[];
  checkParameters(parameters);
  const steps = raw['Steps'] as Step[];
  const byName = new Map<string, Step>();
  collect(steps, byName);
  const dependencies = dependenciesOf(byName, new Set(parameters.map((parameter) => parameter.Name)));
  checkCycles(dependencies);
  return { parameters, steps, byName, dependencies };
}

/** The typed value of a parameter, which callers always send as text. @throws AwsError when it does not fit the declaration */
export function parameterValue(declaration: ParameterDeclaration, given: unknown): unknown {
  const { Name: name, Type: type, EnumValues: allowed } = declaration;
  const refuse = (): AwsError =>
    validationError(`Pipeline parameter '${name}' of type ${type} can't have the value '${String(given)}'.`);
  let value: unknown = String(given);
  if (type === 'Integer' || type === 'Float') {
    value = Number(given);
    if (String(given).trim() === '' || !Number.isFinite(value) || (type === 'Integer' && !Number.isInteger(value)))
      throw refuse();
  }
  if (type === 'Boolean') {
    if (!/^(true|false)$/i.test(String(given))) throw refuse();
    value = String(given).toLowerCase() === 'true';
  }
  if (allowed && !allowed.some((item) => String(item) === String(given))) throw refuse();
  return value;
}
