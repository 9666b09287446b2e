/** Looks models up, and refuses a catalog that could not work: at build time, with the path, the value and the remedy. */
import { DomainError, quote, UnknownModel } from '../domain/errors.ts';
import { formatPolicyProblem, plannedMinutes, policyProblems } from '../domain/rollout/policy.ts';
import { type BusinessMetric, type ModelDefinition, type RealTimeModel } from './model-definition.ts';
import { models } from './models.ts';

/** Endpoint names are `<stage>-<model>-staging` and at most 63 characters long; the longest stage is `staging`. */
const MODEL_NAME_CHARACTERS_MAX = 40;
const MODEL_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** A weight change takes up to 5 minutes and provisioning up to 10 (assumed): a rollout's time beyond its steps. */
const SETTLING_MINUTES_PER_STEP = 5;
const PROVISIONING_MINUTES = 10;

/** The catalog contradicts itself or the platform. Thrown when the project is built, never in production. */
export class InvalidCatalog extends DomainError {
  override readonly name = 'InvalidCatalog';
  readonly retryable = false;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The catalog has ${problems.length} problem(s):\n- ${problems.join('\n- ')}`);
    this.problems = problems;
  }
}

/** `minRows` and its like: what is counted can't be halved. */
function countProblems(at: string, counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .filter(([, value]) => !(Number.isSafeInteger(value) && value >= 1))
    .map(
      ([path, value]) =>
        `${at}.${path} is ${quote(value)}: it must be a whole number of at least 1. Give a positive number.`,
    );
}

/** Minutes from the first change of an endpoint to the end of the last bake, if nothing holds. */
export function rolloutMinutes(model: RealTimeModel): number {
  return (
    plannedMinutes(model.rollout) + PROVISIONING_MINUTES + SETTLING_MINUTES_PER_STEP * (model.rollout.steps.length + 1)
  );
}

function realTimeProblems(at: string, model: RealTimeModel): string[] {
  const problems = policyProblems(model.rollout).map((problem) => formatPolicyProblem(`${at}.rollout`, problem));
  const positive = (path: string, value: number): void => {
    if (!(Number.isFinite(value) && value > 0))
      problems.push(`${at}.${path} is ${quote(value)}: it must be above 0. Give a positive number.`);
  };
  positive('traffic.requestsPerMinute', model.traffic.requestsPerMinute);
  problems.push(...countProblems(at, { 'serving.instanceCount': model.serving.instanceCount }));
  if (!(model.traffic.errorShare >= 0 && model.traffic.errorShare < 1)) {
    problems.push(
      `${at}.traffic.errorShare is ${quote(model.traffic.errorShare)}: it must lie in [0, 1). Write 1 % as 0.01.`,
    );
  }
  if (!(model.serving.capturePercent > 0 && model.serving.capturePercent <= 100)) {
    problems.push(
      `${at}.serving.capturePercent is ${quote(model.serving.capturePercent)}: without captured rows nothing can be compared. Give 1 to 100.`,
    );
  }
  const needed = rolloutMinutes(model);
  const { periodMinutes } = model.schedule;
  if (periodMinutes >= 1 && periodMinutes < needed && model.supersede !== 'queue-latest') {
    problems.push(
      `${at}.schedule.periodMinutes is ${periodMinutes}: a rollout takes ${needed} minutes. ` +
        `Retrain less often, shorten the steps, or set supersede to 'queue-latest'.`,
    );
  }
  return problems;
}

function gateProblems(at: string, model: ModelDefinition): string[] {
  if (model.gates.length === 0)
    return [`${at}.gates is []: a candidate must be judged by something. Add a metric and a threshold.`];
  return model.gates.flatMap((gate, index) => {
    const path = `${at}.gates[${index}]`;
    const found: string[] = [];
    if (!/^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)*$/.test(gate.metric)) {
      found.push(`${path}.metric is ${quote(gate.metric)}: no such metric. Name a metric of the evaluation report.`);
    }
    if (!(Number.isFinite(gate.threshold) && gate.threshold > 0)) {
      found.push(
        `${path}.threshold is ${quote(gate.threshold)}: it must be above 0. Give the share or value that is still good enough.`,
      );
    }
    return found;
  });
}

function businessMetricProblems(at: string, { name, threshold }: BusinessMetric): string[] {
  const found: string[] = [];
  if (name.trim() === '')
    found.push(`${at}.businessMetric.name is ${quote(name)}: no such metric. Name the figure that the model is for.`);
  if (!(Number.isFinite(threshold) && threshold > 0))
    found.push(
      `${at}.businessMetric.threshold is ${quote(threshold)}: it must be above 0. Give the value that is still good enough.`,
    );
  return found;
}

function modelProblems(model: ModelDefinition, index: number): string[] {
  const at = MODEL_NAME.test(model.name) ? model.name : `models[${index}]`;
  const problems = gateProblems(at, model);
  const share = (path: string, value: number): void => {
    if (!(value > 0 && value < 1))
      problems.push(`${at}.${path} is ${quote(value)}: it must lie between 0 and 1. Write 10 % as 0.1.`);
  };
  if (!MODEL_NAME.test(model.name) || model.name.length > MODEL_NAME_CHARACTERS_MAX) {
    problems.push(
      `${at}.name is ${quote(model.name)}: use at most ${MODEL_NAME_CHARACTERS_MAX} lower-case letters, digits and single dashes.`,
    );
  }
  if (!/^(cron|rate)\(.+\)$/.test(model.schedule.expression)) {
    problems.push(`${at}.schedule.expression is ${quote(model.schedule.expression)}: write cron(...) or rate(...).`);
  }
  if (!(model.approval.ttlMinutes >= 1)) {
    problems.push(
      `${at}.approval.ttlMinutes is ${quote(model.approval.ttlMinutes)}: nobody could answer. Give at least 1.`,
    );
  }
  share('drift.featureDistance', model.drift.featureDistance);
  share('drift.driftedShare', model.drift.driftedShare);
  const counts = { 'schedule.periodMinutes': model.schedule.periodMinutes, 'drift.minRows': model.drift.minRows };
  problems.push(...countProblems(at, counts), ...businessMetricProblems(at, model.businessMetric));
  if (model.endpointType === 'real-time') problems.push(...realTimeProblems(at, model));
  else {
    share('shadow.agreementShare', model.shadow.agreementShare);
    problems.push(...countProblems(at, { 'shadow.minRows': model.shadow.minRows }));
  }
  return problems;
}

/** What is made for a model is named `<stage>-<model>-...`: no other model's endpoint may be called so. */
function prefixProblems(names: readonly string[]): string[] {
  return [...new Set(names)].flatMap((name) => {
    const longer = names.find((other) => other.startsWith(`${name}-`));
    return longer === undefined
      ? []
      : [
          `${name}.name is ${quote(name)}: what is made for ${quote(longer)} would look as if made for it. Give it a name that begins no other.`,
        ];
  });
}

/** Everything wrong with a catalog, one line each; an empty list means that it can be used. */
export function catalogProblems(candidates: readonly ModelDefinition[]): string[] {
  const names = candidates.map((model) => model.name);
  const doubled = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...candidates.flatMap(modelProblems),
    ...doubled.map((name) => `models: ${quote(name)} is there twice. Give each model a name of its own.`),
    ...prefixProblems(names),
  ];
}

/** @throws InvalidCatalog with every problem found */
export function assertCatalog(candidates: readonly ModelDefinition[]): void {
  const problems = catalogProblems(candidates);
  if (problems.length > 0) throw new InvalidCatalog(problems);
}

/** The models by name; what use cases are given. */
export interface Catalog {
  readonly models: readonly ModelDefinition[];
  /** @throws UnknownModel */
  model(name: string): ModelDefinition;
  /** @throws UnknownModel for names that are unknown or belong to a batch model */
  realTime(name: string): RealTimeModel;
}

/** @throws InvalidCatalog */
export function newCatalog(definitions: readonly ModelDefinition[] = models): Catalog {
  assertCatalog(definitions);
  const byName = new Map(definitions.map((model) => [model.name, model]));
  const model = (name: string): ModelDefinition => {
    const found = byName.get(name);
    if (!found) throw new UnknownModel(name, [...byName.keys()]);
    return found;
  };
  return {
    models: definitions,
    model,
    realTime: (name) => {
      const found = model(name);
      if (found.endpointType !== 'real-time') {
        throw new UnknownModel(
          name,
          definitions.filter((each) => each.endpointType === 'real-time').map((each) => each.name),
        );
      }
      return found;
    },
  };
}
