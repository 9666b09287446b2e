/**
 * Checks a pipeline definition before AWS sees it: every step type, reference and property file must exist, or the mistake
 * would only show in the middle of an execution, hours later.
 */
import { parseReference, problemsOfStep, type Problem } from './step-rules.ts';
import { type PipelineDefinition, type Step } from './steps.ts';

export type { Problem } from './step-rules.ts';

export class InvalidPipelineDefinition extends Error {
  override readonly name = 'InvalidPipelineDefinition';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ path, value, remedy }) => `${path}: ${JSON.stringify(value)}; ${remedy}`);
    super(`the pipeline definition has ${problems.length} problem(s)\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

const MAX_BYTES = 1024 * 1024;
const MAX_PARAMETERS = 200;
const NAME = /^[A-Za-z0-9](-*[A-Za-z0-9_]){0,255}$/;
const EXECUTION_VARIABLES = [
  'PipelineExecutionId',
  'PipelineExecutionArn',
  'PipelineName',
  'PipelineArn',
  'StartDateTime',
  'CurrentDateTime',
];

interface Scope {
  readonly parameters: ReadonlySet<string>;
  /** Steps by name, those within a condition's branches included. */
  readonly steps: ReadonlyMap<string, Step>;
}

/** @throws InvalidPipelineDefinition with every problem: where, what was there, what to do */
export function validatePipelineDefinition(definition: PipelineDefinition): void {
  const problems = [...problemsOfTop(definition)];
  const located = locateSteps(definition.Steps, 'Steps');
  const steps = new Map<string, Step>();
  for (const { step, path } of located) {
    if (steps.has(step.Name)) {
      problems.push({
        path: `${path}.Name`,
        value: step.Name,
        remedy: 'give each step of the pipeline a name of its own',
      });
    }
    steps.set(step.Name, step);
  }
  const scope: Scope = { parameters: new Set(definition.Parameters.map((each) => each.Name)), steps };
  for (const { step, path } of located) {
    problems.push(...problemsOfStep(step, path));
    problems.push(...problemsOfReferences(step, path, scope));
  }
  if (problems.length === 0) problems.push(...problemsOfCycles(located.map(({ step }) => step)));
  if (problems.length > 0) throw new InvalidPipelineDefinition(problems);
}

function* problemsOfTop(definition: PipelineDefinition): Iterable<Problem> {
  const members = ['Version', 'Metadata', 'Parameters', 'Steps'];
  for (const member of Object.keys(definition)) {
    if (!members.includes(member)) yield { path: member, value: member, remedy: `use only ${members.join(', ')}` };
  }
  if ((definition.Version as string) !== '2020-12-01') {
    yield { path: 'Version', value: definition.Version, remedy: 'write "2020-12-01", the only version there is' };
  }
  if (definition.Steps.length === 0) yield { path: 'Steps', value: [], remedy: 'give the pipeline at least one step' };
  if (definition.Parameters.length > MAX_PARAMETERS) {
    yield {
      path: 'Parameters',
      value: definition.Parameters.length,
      remedy: `use at most ${MAX_PARAMETERS} parameters`,
    };
  }
  const bytes = new TextEncoder().encode(JSON.stringify(definition)).length;
  if (bytes > MAX_BYTES)
    yield { path: '', value: bytes, remedy: `stay below ${MAX_BYTES} bytes or use PipelineDefinitionS3Location` };
  const seen = new Set<string>();
  for (const [index, { Name, Type, DefaultValue }] of definition.Parameters.entries()) {
    const path = `Parameters[${index}]`;
    if (!NAME.test(Name) || seen.has(Name)) {
      yield { path: `${path}.Name`, value: Name, remedy: 'use a unique name of letters and digits' };
    }
    seen.add(Name);
    const expected = { String: 'string', Integer: 'number', Float: 'number', Boolean: 'boolean' }[Type] as
      string | undefined;
    if (expected === undefined) {
      yield { path: `${path}.Type`, value: Type, remedy: 'use String, Integer, Float or Boolean' };
    } else if (DefaultValue !== undefined && typeof DefaultValue !== expected) {
      yield {
        path: `${path}.DefaultValue`,
        value: DefaultValue,
        remedy: `give a ${expected}, as Type ${Type} demands`,
      };
    }
  }
}

interface LocatedStep {
  readonly step: Step;
  readonly path: string;
}

function locateSteps(steps: readonly Step[], path: string): readonly LocatedStep[] {
  return steps.flatMap((step, index) => {
    const own = { step, path: `${path}[${index}]` };
    if (step.Type !== 'Condition') return [own];
    const { IfSteps = [], ElseSteps = [] } = step.Arguments as {
      IfSteps?: readonly Step[];
      ElseSteps?: readonly Step[];
    };
    return [
      own,
      ...locateSteps(IfSteps, `${own.path}.Arguments.IfSteps`),
      ...locateSteps(ElseSteps, `${own.path}.Arguments.ElseSteps`),
    ];
  });
}

function* problemsOfReferences(step: Step, path: string, scope: Scope): Iterable<Problem> {
  for (const name of step.DependsOn ?? []) {
    if (!scope.steps.has(name))
      yield { path: `${path}.DependsOn`, value: name, remedy: `name one of ${listed(scope.steps.keys())}` };
  }
  for (const { reference, path: where } of referencesOf(argumentsOf(step), `${path}.Arguments`)) {
    const problem = problemOfReference(reference, scope, step.Name);
    if (problem !== undefined) yield { path: where, value: reference, remedy: problem };
  }
}

/** @returns the remedy, or undefined when the reference resolves */
function problemOfReference(reference: string, scope: Scope, ownName: string): string | undefined {
  const parsed = parseReference(reference);
  if (parsed === undefined) return 'write Parameters.<name>, Execution.<variable> or Steps.<step>.<property>';
  if (parsed.root === 'Parameters') {
    return scope.parameters.has(parsed.name)
      ? undefined
      : `declare the parameter, or use one of ${listed(scope.parameters)}`;
  }
  if (parsed.root === 'Execution') {
    return EXECUTION_VARIABLES.includes(parsed.name) ? undefined : `use one of ${EXECUTION_VARIABLES.join(', ')}`;
  }
  const step = scope.steps.get(parsed.name);
  if (step === undefined) return `no such step; use one of ${listed(scope.steps.keys())}`;
  if (parsed.name === ownName) return 'a step cannot use its own results';
  return problemOfProperty(step, parsed.property);
}

function problemOfProperty(step: Step, property: string): string | undefined {
  const propertyFile = /^PropertyFiles\.(.+)$/.exec(property)?.[1];
  if (propertyFile !== undefined) {
    const declared = (step.PropertyFiles ?? []).map((file) => file.PropertyFileName);
    return declared.includes(propertyFile)
      ? undefined
      : `step ${step.Name} declares the property files [${declared.join(', ')}]`;
  }
  const output = /^ProcessingOutputConfig\.Outputs\['(.+)'\]\.S3Output\.S3Uri$/.exec(property)?.[1];
  if (output !== undefined) {
    const declared = outputNames(step);
    return declared.includes(output) ? undefined : `step ${step.Name} has the outputs [${declared.join(', ')}]`;
  }
  if (property === 'ModelArtifacts.S3ModelArtifacts') {
    return step.Type === 'Training' ? undefined : `step ${step.Name} is no training step and has no model artifacts`;
  }
  return undefined;
}

function outputNames(step: Step): readonly string[] {
  const config = step.Arguments.ProcessingOutputConfig as { Outputs?: readonly { OutputName: string }[] } | undefined;
  return (config?.Outputs ?? []).map((output) => output.OutputName);
}

/** A condition's branches are steps of their own; only its comparisons belong to it. */
function argumentsOf(step: Step): unknown {
  return step.Type === 'Condition' ? { Conditions: step.Arguments.Conditions } : step.Arguments;
}

function* referencesOf(value: unknown, path: string): Iterable<{ readonly reference: string; readonly path: string }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && 'Get' in value && Object.keys(value).length === 1) {
    yield { reference: String(value.Get), path };
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    yield* referencesOf(member, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
  }
}

function* problemsOfCycles(steps: readonly Step[]): Iterable<Problem> {
  const waitsFor = new Map(steps.map((step) => [step.Name, predecessors(step)]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (state.get(name) === 'done') return undefined;
    if (state.get(name) === 'open') return [...trail, name];
    state.set(name, 'open');
    for (const next of waitsFor.get(name) ?? []) {
      const cycle = visit(next, [...trail, name]);
      if (cycle !== undefined) return cycle;
    }
    state.set(name, 'done');
    return undefined;
  };
  for (const step of steps) {
    const cycle = visit(step.Name, []);
    if (cycle !== undefined) {
      yield { path: 'Steps', value: cycle.join(' -> '), remedy: 'break the circle: no step may wait for itself' };
      return;
    }
  }
}

function predecessors(step: Step): readonly string[] {
  const referenced = [...referencesOf(argumentsOf(step), '')].flatMap(({ reference }) => {
    const parsed = parseReference(reference);
    return parsed?.root === 'Steps' ? [parsed.name] : [];
  });
  return [...(step.DependsOn ?? []), ...referenced];
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ');
}
