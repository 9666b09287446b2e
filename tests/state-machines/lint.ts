/** Rules for state machines that no validator covers. Each rule names what is wrong by state and field. */
import jsonata from 'jsonata';
import { type Definition, type State } from './definitions.ts';

export interface LintContext {
  readonly definition: Definition;
  /** Names of DefinitionSubstitutions. */
  readonly substitutions: readonly string[];
  /** Literal names of errors that functions throw. */
  readonly errorNames: ReadonlySet<string>;
}

export interface LintRule {
  readonly name: string;
  readonly check: (context: LintContext) => string[];
}

type Named = readonly [name: string, state: State];
type Handler = { readonly ErrorEquals?: readonly string[]; readonly Next?: string; readonly [field: string]: unknown };
interface Workflow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** A machine and the workflows inside of its Parallel and Map states. */
function workflows(workflow: Workflow): Workflow[] {
  const inner = Object.values(workflow.States).flatMap((state) => [
    ...((state['Branches'] as Workflow[] | undefined) ?? []),
    ...(state['ItemProcessor'] === undefined ? [] : [state['ItemProcessor'] as Workflow]),
  ]);
  return [workflow, ...inner.flatMap(workflows)];
}

const allStates = ({ definition }: LintContext): Named[] =>
  workflows(definition).flatMap(({ States }) => Object.entries(States));
const tasks = (context: LintContext): Named[] => allStates(context).filter(([, { Type }]) => Type === 'Task');
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const resourceOf = (state: State): string => textOf(state['Resource']);
const waitsForToken = (state: State): boolean => resourceOf(state).endsWith('.waitForTaskToken');
const handlers = (state: State, field: 'Retry' | 'Catch'): Handler[] => (state[field] as Handler[] | undefined) ?? [];

/** Every string below a value, with its path. */
function strings(value: unknown, path: string): (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => strings(member, `${path}.${key}`));
}

function keys(value: unknown, path: string): (readonly [path: string, key: string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(Array.isArray(value) ? [] : [[path, key] as const]),
    ...keys(member, `${path}.${key}`),
  ]);
}

/** Integrations that the machines may use: `service:action` -> patterns. SageMaker knows no `.waitForTaskToken`. */
const INTEGRATIONS: Readonly<Record<string, readonly string[]>> = {
  'lambda:invoke': ['', '.waitForTaskToken'],
  'states:startExecution': ['', '.sync:2', '.waitForTaskToken'],
  'events:putEvents': ['', '.waitForTaskToken'],
  'sns:publish': ['', '.waitForTaskToken'],
  'sqs:sendMessage': ['', '.waitForTaskToken'],
  'sagemaker:createTransformJob': ['', '.sync'],
  'sagemaker:createProcessingJob': ['', '.sync'],
  'sagemaker:createTrainingJob': ['', '.sync'],
  'dynamodb:getItem': [''],
  'dynamodb:updateItem': [''],
};

function isKnownResource(resource: string): boolean {
  const [, integration, pattern = ''] = /^arn:aws:states:::([a-z0-9]+:[A-Za-z]+)(\..+)?$/.exec(resource) ?? [];
  return integration !== undefined && (INTEGRATIONS[integration]?.includes(pattern) ?? false);
}

const resources: LintRule = {
  name: 'resources are on the list',
  check: (context) =>
    tasks(context)
      .filter(([, state]) => !isKnownResource(resourceOf(state)))
      .map(([name, state]) => `${name}: no integration ${resourceOf(state)}`),
};

function tokenProblems([name, state]: Named): string[] {
  const passed = strings(state['Arguments'], '').some(([, text]) => text.includes('$states.context.Task.Token'));
  const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
  return [
    ...(passed ? [] : [`${name}: never passes its task token on`]),
    ...(timeout === undefined ? [`${name}: waits up to a year without TimeoutSeconds`] : []),
    ...(typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout
      ? [`${name}: HeartbeatSeconds ${heartbeat} are not below TimeoutSeconds ${timeout}`]
      : []),
  ];
}

const taskTokens: LintRule = {
  name: 'task tokens are passed on, and waits end',
  check: (context) =>
    tasks(context)
      .filter(([, state]) => waitsForToken(state))
      .flatMap(tokenProblems),
};

/** The four errors of Lambda that come and go. */
const TRANSIENT = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

function taskProblems([name, state]: Named): string[] {
  const retried = handlers(state, 'Retry').flatMap(({ ErrorEquals }) => ErrorEquals ?? []);
  const caught = handlers(state, 'Catch');
  const catchAll = caught.findIndex(({ ErrorEquals }) => ErrorEquals?.includes('States.ALL'));
  const isLambda = resourceOf(state).includes(':lambda:');
  return [
    ...(state['TimeoutSeconds'] === undefined ? [`${name}: no TimeoutSeconds`] : []),
    ...(retried.length === 0 ? [`${name}: no Retry`] : []),
    ...(retried.includes('States.ALL') ? [`${name}: retries everything, name the errors`] : []),
    ...(isLambda && !TRANSIENT.every((error) => retried.includes(error))
      ? [`${name}: does not retry the transient errors of Lambda`]
      : []),
    ...(isLambda && !transientHasJitter(state) ? [`${name}: retries of transient errors without jitter`] : []),
    ...(catchAll === -1 ? [`${name}: no Catch of States.ALL`] : []),
    ...(catchAll !== -1 && (catchAll !== caught.length - 1 || caught[catchAll]!.ErrorEquals!.length !== 1)
      ? [`${name}: States.ALL is not alone and last`]
      : []),
  ];
}

function transientHasJitter(state: State): boolean {
  return handlers(state, 'Retry')
    .filter(({ ErrorEquals }) => ErrorEquals?.includes(TRANSIENT[0]!))
    .every((retry) => retry['JitterStrategy'] === 'FULL' && typeof retry['MaxDelaySeconds'] === 'number');
}

const tasksAreGuarded: LintRule = {
  name: 'tasks have a time-out, named retries and a last resort',
  check: (context) => tasks(context).flatMap(taskProblems),
};

const TOKEN = /\$\{([^}]*)\}/g;
const NUMERIC = /Seconds$|^MaxAttempts$|^BackoffRate$|^MaxConcurrency$/;

const tokens: LintRule = {
  name: 'tokens and substitutions belong to each other',
  check: ({ definition, substitutions }) => {
    const found = strings(definition, '').flatMap(([path, text]) =>
      [...text.matchAll(TOKEN)].map(([, token]) => ({ path, token: token! })),
    );
    const used = new Set(found.map(({ token }) => token));
    return [
      ...found.filter(({ token }) => !/^[A-Z][A-Za-z0-9]*$/.test(token)).map(({ path }) => `${path}: not a token`),
      ...found
        .filter(({ path }) => NUMERIC.test(path.split('.').at(-1)!))
        .map(({ path }) => `${path}: a token becomes text, never a number`),
      ...[...used].filter((token) => !substitutions.includes(token)).map((token) => `${token}: no substitution`),
      ...substitutions.filter((token) => !used.has(token)).map((token) => `${token}: substituted, never used`),
    ];
  },
};

function successors(state: State): string[] {
  const choices = (state['Choices'] as Handler[] | undefined) ?? [];
  const targets = [state['Next'], state['Default'], ...choices.map(({ Next }) => Next)];
  return [...targets, ...handlers(state, 'Catch').map(({ Next }) => Next)].filter(
    (target): target is string => typeof target === 'string',
  );
}

function reachable({ StartAt, States }: Workflow): Set<string> {
  const seen = new Set<string>();
  const open = [StartAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const state = States[name];
    if (state) open.push(...successors(state));
  }
  return seen;
}

function wiringProblems(workflow: Workflow): string[] {
  const names = Object.keys(workflow.States);
  const seen = reachable(workflow);
  const targets = [workflow.StartAt, ...Object.values(workflow.States).flatMap(successors)];
  return [
    ...targets.filter((target) => !names.includes(target)).map((target) => `${target}: there is no such state`),
    ...names.filter((name) => !seen.has(name)).map((name) => `${name}: nothing leads here`),
  ];
}

const STATE_NAME_CHARACTERS_MAX = 80;
const TITLE_CASE = /^[A-Z][A-Za-z]*( [A-Z][A-Za-z]*)*\??$/;

function nameProblems([name, { Type }]: Named): string[] {
  return [
    ...(name.length > STATE_NAME_CHARACTERS_MAX ? [`${name}: longer than ${STATE_NAME_CHARACTERS_MAX}`] : []),
    ...(TITLE_CASE.test(name) ? [] : [`${name}: not in Title Case`]),
    ...(name.endsWith('?') === (Type === 'Choice') ? [] : [`${name}: a Choice, and only a Choice, is a question`]),
  ];
}

const wiring: LintRule = {
  name: 'every state is named well and can be reached',
  check: (context) => {
    const names = allStates(context).map(([name]) => name);
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    return [
      ...workflows(context.definition).flatMap(wiringProblems),
      ...allStates(context).flatMap(nameProblems),
      ...twice.map((name) => `${name}: there twice`),
    ];
  },
};

const JSONPATH_FIELDS = /^(Parameters|ResultSelector|Result|Variable|[A-Za-z]+Path)$/;

function expressionProblem(path: string, text: string): string[] {
  const [, expression] = /^\{%([\s\S]*)%\}$/.exec(text) ?? [];
  if (expression === undefined) return text.includes('{%') ? [`${path}: an expression is the whole text`] : [];
  try {
    jsonata(expression);
  } catch (error) {
    return [`${path}: ${(error as Error).message}`];
  }
  return /\$eval\b/.test(expression) ? [`${path}: AWS has no $eval`] : [];
}

function textProblems([path, text]: readonly [string, string]): string[] {
  const isResource = path.endsWith('.Resource');
  return [
    ...(text.startsWith('$.') ? [`${path}: a JSONPath in a JSONata machine`] : []),
    ...(!isResource && text.includes('arn:') ? [`${path}: a literal ARN`] : []),
    ...(/\d{12}/.test(text) ? [`${path}: a literal account id`] : []),
    ...expressionProblem(path, text),
  ];
}

const jsonataOnly: LintRule = {
  name: 'JSONata only, and nothing that AWS lacks',
  check: ({ definition }) => [
    ...(definition.QueryLanguage === 'JSONata' ? [] : ['the machine does not say QueryLanguage: JSONata']),
    ...keys(definition.States, '')
      .filter(([path, key]) => key.endsWith('.$') || (path.split('.').length === 2 && JSONPATH_FIELDS.test(key)))
      .map(([path, key]) => `${path}: field ${key} belongs to JSONPath`),
    ...strings(definition, '').flatMap(textProblems),
  ],
};

function endProblems([name, state]: Named): string[] {
  if (state.Type === 'Choice') return state['Default'] === undefined ? [`${name}: no Default`] : [];
  if (state.Type === 'Fail')
    return ['Error', 'Cause'].filter((field) => state[field] === undefined).map((field) => `${name}: no ${field}`);
  const config = (state['ItemProcessor'] as { ProcessorConfig?: Record<string, unknown> } | undefined)?.ProcessorConfig;
  if (state.Type !== 'Map' || config?.['Mode'] !== 'DISTRIBUTED') return [];
  const tolerated = state['ToleratedFailurePercentage'] ?? state['ToleratedFailureCount'];
  return [
    ...(config['ExecutionType'] === undefined ? [`${name}: no ExecutionType`] : []),
    ...(tolerated === undefined ? [`${name}: says nothing about tolerated failures`] : []),
  ];
}

const ends: LintRule = {
  name: 'choices, failures and distributed maps leave nothing open',
  check: (context) => allStates(context).flatMap(endProblems),
};

const polls: LintRule = {
  name: 'nothing polls',
  check: ({ definition }) =>
    workflows(definition).flatMap((workflow) =>
      Object.entries(workflow.States)
        .filter(([name, state]) => state.Type === 'Wait' && isInCircle(workflow, name) && !isBoundedNet(state))
        .map(([name]) => `${name}: a Wait in a circle is a poll; wait for a task token`),
    ),
};

const isInCircle = ({ States }: Workflow, name: string): boolean =>
  successors(States[name]!).some((next) => reachable({ StartAt: next, States }).has(name));

/** A safety net says so, and how often it may come round. */
const isBoundedNet = (state: State): boolean => /safety net.*at most \d+/i.test(textOf(state['Comment']));

const PLATFORM_ERRORS = [
  /^States\.(ALL|Timeout|HeartbeatTimeout|TaskFailed|Runtime|Permissions|DataLimitExceeded|ItemReaderFailed|ResultWriterFailed|ExceedToleratedFailureThreshold|QueryEvaluationError)$/,
  /^Lambda\.(ServiceException|AWSLambdaException|SdkClientException|TooManyRequestsException|ResourceNotFoundException|Unknown)$/,
  /^StepFunctions\.[A-Za-z]+Exception$/,
  /^(ThrottlingException|TooManyRequestsException)$/,
];

const errorNames: LintRule = {
  name: 'errors that are caught can be thrown',
  check: (context) =>
    allStates(context).flatMap(([name, state]) =>
      [...handlers(state, 'Retry'), ...handlers(state, 'Catch')]
        .flatMap(({ ErrorEquals }) => ErrorEquals ?? [])
        .filter((error) => !PLATFORM_ERRORS.some((known) => known.test(error)) && !context.errorNames.has(error))
        .map((error) => `${name}: nobody throws ${error}`),
    ),
};

export const LINT_RULES = {
  resources,
  taskTokens,
  tasksAreGuarded,
  tokens,
  wiring,
  jsonataOnly,
  ends,
  polls,
  errorNames,
} as const satisfies Record<string, LintRule>;
