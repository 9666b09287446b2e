/** Operations of pipelines and their executions. */
import { AwsError, validationError } from '../kernel/errors.ts';
import { type CallContext, type Operation, type WireInput } from '../kernel/service.ts';
import { pick, type SageMakerContext, userContext } from './context.ts';
import { page } from './listing.ts';
import { ROLE_ARN, TAGS } from './members.ts';
import { parameterValue, parseDefinition, type PipelineDefinition } from './pipeline-definition.ts';
import { type Execution, newPipelineExecutor, type StepRun, type StepRunner } from './pipeline-execution.ts';
import { checkInput, integer, list, oneOf, struct, text, timestamp } from './shape.ts';
import { getObject } from './storage.ts';

interface Pipeline {
  readonly name: string;
  readonly arn: string;
  readonly creationMs: number;
  readonly createdBy: object;
  lastModifiedMs: number;
  lastModifiedBy: object;
  lastRunMs: number | undefined;
  definitionText: string;
  definition: PipelineDefinition;
  roleArn: string;
  description: Record<string, unknown>;
  version: number;
  readonly executions: Execution[];
}

const NAME = text({ min: 1, max: 256, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}' });
const NAME_OR_ARN = text({
  min: 1,
  max: 2048,
  pattern: '(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:([0-9]{12}|aws):pipeline/.*)|([a-zA-Z0-9](-*[a-zA-Z0-9]){0,255})',
});
const TOKEN = text({ min: 32, max: 128 });
const DEFINITION = {
  PipelineDisplayName: NAME,
  PipelineDefinition: text({ min: 1, max: 1_048_576 }),
  PipelineDefinitionS3Location: struct({ Bucket: text({ min: 3, max: 63 }), ObjectKey: text({ min: 1, max: 1024 }) }),
  PipelineDescription: text({ max: 3072 }),
};
const CREATE = struct(
  { PipelineName: NAME, ClientRequestToken: TOKEN, RoleArn: ROLE_ARN },
  { ...DEFINITION, Tags: TAGS },
);
const UPDATE = struct({ PipelineName: NAME }, { ...DEFINITION, RoleArn: ROLE_ARN });
const DESCRIBE = struct({ PipelineName: NAME_OR_ARN });
const DELETE = struct({ PipelineName: NAME, ClientRequestToken: TOKEN });
const PAGING = {
  NextToken: text({ max: 8192 }),
  MaxResults: integer({ min: 1, max: 100 }),
  SortOrder: oneOf('Ascending', 'Descending'),
};
const CREATED = { CreatedAfter: timestamp, CreatedBefore: timestamp };
const LIST = struct({}, { ...PAGING, ...CREATED, PipelineNamePrefix: NAME, SortBy: oneOf('Name', 'CreationTime') });
const START = struct(
  { PipelineName: NAME_OR_ARN, ClientRequestToken: TOKEN },
  {
    PipelineExecutionDisplayName: text({ min: 1, max: 82, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}' }),
    PipelineParameters: list(
      struct({ Name: text({ min: 1, max: 256, pattern: '[A-Za-z0-9\\-_]*' }), Value: text({ max: 1024 }) }),
      { max: 200 },
    ),
    PipelineExecutionDescription: text({ max: 3072 }),
  },
);
const EXECUTION = struct({ PipelineExecutionArn: text({ max: 2048 }) });
const STOP = struct({ PipelineExecutionArn: text({ max: 2048 }), ClientRequestToken: TOKEN });
const OF_EXECUTION = struct({ PipelineExecutionArn: text({ max: 2048 }) }, PAGING);
const LIST_EXECUTIONS = struct(
  { PipelineName: NAME_OR_ARN },
  { ...PAGING, ...CREATED, SortBy: oneOf('CreationTime', 'PipelineExecutionArn') },
);

const notFound = (what: string): AwsError => new AwsError('ResourceNotFound', `${what} does not exist.`);

/** Given parameters over defaults, typed. @throws AwsError for unknown, missing and ill-typed ones */
function boundParameters(definition: PipelineDefinition, input: WireInput): Map<string, unknown> {
  const given = new Map(
    ((input['PipelineParameters'] ?? []) as WireInput[]).map((item) => [
      item['Name'] as string,
      item['Value'] as unknown,
    ]),
  );
  const bound = new Map<string, unknown>();
  for (const declaration of definition.parameters) {
    const value = given.get(declaration.Name) ?? declaration.DefaultValue;
    if (value === undefined || value === null) {
      throw validationError(`Pipeline parameter '${declaration.Name}' has no default value and was not given.`);
    }
    bound.set(declaration.Name, parameterValue(declaration, value));
    given.delete(declaration.Name);
  }
  if (given.size > 0) {
    throw validationError(
      `Pipeline parameters [${[...given.keys()].join(', ')}] are not declared in the pipeline definition.`,
    );
  }
  return bound;
}

function stepSummary(run: StepRun): Record<string, unknown> {
  return {
    StepName: run.step.Name,
    StepDisplayName: run.step.DisplayName,
    StepDescription: run.step.Description,
    StartTime: new Date(run.startMs),
    EndTime: run.endMs === undefined ? undefined : new Date(run.endMs),
    StepStatus: run.status,
    CacheHitResult: run.cacheHitFrom === undefined ? undefined : { SourcePipelineExecutionArn: run.cacheHitFrom },
    FailureReason: run.failureReason,
    Metadata: structuredClone(run.metadata),
    AttemptCount: Math.max(1, run.attempts),
  };
}

export function newPipelines(context: SageMakerContext, runner: StepRunner): Readonly<Record<string, Operation>> {
  const pipelines = new Map<string, Pipeline>();
  const executions = new Map<string, Execution>();
  const tokens = new Map<string, { readonly arn: string; readonly request: string }>();
  const executor = newPipelineExecutor(context, runner);

  const arnOf = (nameOrArn: string): string =>
    nameOrArn.startsWith('arn:') ? nameOrArn : context.arn('pipeline', nameOrArn);
  const find = (nameOrArn: string): Pipeline => {
    const pipeline = pipelines.get(arnOf(nameOrArn).toLowerCase());
    if (!pipeline) throw notFound(`Pipeline '${arnOf(nameOrArn)}'`);
    return pipeline;
  };
  const findExecution = (arn: unknown): Execution => {
    const execution = executions.get(String(arn));
    if (!execution) throw notFound(`Pipeline execution '${String(arn)}'`);
    return execution;
  };

  const definitionText = async (input: WireInput, call: CallContext): Promise<string | undefined> => {
    const location = input['PipelineDefinitionS3Location'] as { Bucket: string; ObjectKey: string } | undefined;
    if (location && input['PipelineDefinition'] !== undefined) {
      throw validationError('Only one of PipelineDefinition and PipelineDefinitionS3Location can be specified.');
    }
    if (!location) return input['PipelineDefinition'] as string | undefined;
    const bytes = await getObject(context, { bucket: location.Bucket, key: location.ObjectKey }, call.principal);
    return Buffer.from(bytes).toString('utf8');
  };

  /** The resource that an earlier request with this token made. @throws AwsError when the token came with another request */
  const madeBefore = (scope: string, input: WireInput): string | undefined => {
    const before = tokens.get(`${scope} ${input['ClientRequestToken']}`);
    if (before && before.request !== JSON.stringify(input)) {
      throw new AwsError(
        'ConflictException',
        `ClientRequestToken '${input['ClientRequestToken']}' was already used with other parameters.`,
      );
    }
    return before?.arn;
  };
  const remember = (scope: string, input: WireInput, arn: string): void => {
    tokens.set(`${scope} ${input['ClientRequestToken']}`, { arn, request: JSON.stringify(input) });
  };

  const newExecution = (pipeline: Pipeline, input: WireInput, call: CallContext): Execution => {
    const random = context.random('pipeline-executions');
    const id = Array.from({ length: 12 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[random.integer(0, 35)]).join('');
    return {
      id,
      arn: `${pipeline.arn}/execution/${id}`,
      pipelineName: pipeline.name,
      pipelineArn: pipeline.arn,
      roleArn: pipeline.roleArn,
      displayName: (input['PipelineExecutionDisplayName'] as string | undefined) ?? `execution-${context.nowMs()}`,
      description: input['PipelineExecutionDescription'] as string | undefined,
      definitionText: pipeline.definitionText,
      definition: pipeline.definition,
      definitionMs: pipeline.lastModifiedMs,
      parameters: boundParameters(pipeline.definition, input),
      creationMs: context.nowMs(),
      createdBy: userContext(call),
      lastModifiedMs: context.nowMs(),
      status: 'Executing',
      failureReason: undefined,
      runs: new Map(),
    };
  };

  const executionSummary = (execution: Execution): Record<string, unknown> => ({
    PipelineExecutionArn: execution.arn,
    StartTime: new Date(execution.creationMs),
    PipelineExecutionStatus: execution.status,
    PipelineExecutionDescription: execution.description,
    PipelineExecutionDisplayName: execution.displayName,
    PipelineExecutionFailureReason: execution.failureReason,
  });

  return {
    async CreatePipeline(input, call) {
      checkInput('CreatePipeline', CREATE, input);
      const before = madeBefore('CreatePipeline', input);
      if (before !== undefined) return { PipelineArn: before };
      const name = input['PipelineName'] as string;
      const arn = arnOf(name);
      const source = await definitionText(input, call);
      if (source === undefined)
        throw validationError('Either PipelineDefinition or PipelineDefinitionS3Location must be specified.');
      if (pipelines.has(arn)) {
        throw validationError(
          `Pipeline names must be unique within an AWS account and region. Pipeline with name (${name}) already exists.`,
        );
      }
      pipelines.set(arn, {
        name,
        arn,
        creationMs: context.nowMs(),
        createdBy: userContext(call),
        lastModifiedMs: context.nowMs(),
        lastModifiedBy: userContext(call),
        lastRunMs: undefined,
        definitionText: source,
        definition: parseDefinition(source),
        roleArn: input['RoleArn'] as string,
        description: pick(input, 'PipelineDisplayName', 'PipelineDescription'),
        version: 1,
        executions: [],
      });
      context.setTags(arn, input['Tags']);
      remember('CreatePipeline', input, arn);
      return { PipelineArn: arn };
    },
    /** Executions that run keep the definition with which they started. */
    async UpdatePipeline(input, call) {
      checkInput('UpdatePipeline', UPDATE, input);
      const pipeline = find(input['PipelineName'] as string);
      const source = await definitionText(input, call);
      if (source !== undefined) {
        pipeline.definition = parseDefinition(source);
        pipeline.definitionText = source;
      }
      pipeline.roleArn = (input['RoleArn'] as string | undefined) ?? pipeline.roleArn;
      pipeline.description = { ...pipeline.description, ...pick(input, 'PipelineDisplayName', 'PipelineDescription') };
      pipeline.lastModifiedMs = context.nowMs();
      pipeline.lastModifiedBy = userContext(call);
      pipeline.version++;
      return { PipelineArn: pipeline.arn, PipelineVersionId: pipeline.version };
    },
    DescribePipeline(input) {
      checkInput('DescribePipeline', DESCRIBE, input);
      const pipeline = find(input['PipelineName'] as string);
      return {
        PipelineArn: pipeline.arn,
        PipelineName: pipeline.name,
        PipelineDisplayName: pipeline.name,
        ...pipeline.description,
        PipelineDefinition: pipeline.definitionText,
        RoleArn: pipeline.roleArn,
        PipelineStatus: 'Active',
        CreationTime: new Date(pipeline.creationMs),
        LastModifiedTime: new Date(pipeline.lastModifiedMs),
        LastRunTime: pipeline.lastRunMs === undefined ? undefined : new Date(pipeline.lastRunMs),
        CreatedBy: pipeline.createdBy,
        LastModifiedBy: pipeline.lastModifiedBy,
      };
    },
    ListPipelines(input) {
      checkInput('ListPipelines', LIST, input);
      const prefix = (input['PipelineNamePrefix'] as string | undefined) ?? '';
      const items = [...pipelines.values()].filter((pipeline) => pipeline.name.startsWith(prefix));
      const result = page(items, input, { sortBy: 'CreationTime', descending: true });
      const summaries = result.items.map((pipeline) => ({
        PipelineArn: pipeline.arn,
        PipelineName: pipeline.name,
        PipelineDisplayName: pipeline.name,
        ...pipeline.description,
        RoleArn: pipeline.roleArn,
        CreationTime: new Date(pipeline.creationMs),
        LastModifiedTime: new Date(pipeline.lastModifiedMs),
        LastExecutionTime: pipeline.lastRunMs === undefined ? undefined : new Date(pipeline.lastRunMs),
      }));
      return { PipelineSummaries: summaries, NextToken: result.NextToken };
    },
    DeletePipeline(input) {
      checkInput('DeletePipeline', DELETE, input);
      const pipeline = find(input['PipelineName'] as string);
      const running = pipeline.executions.find((item) => item.status === 'Executing' || item.status === 'Stopping');
      if (running)
        throw new AwsError(
          'ConflictException',
          `Pipeline '${pipeline.arn}' has the running execution '${running.arn}'.`,
        );
      pipelines.delete(pipeline.arn);
      context.tags.delete(pipeline.arn);
      return { PipelineArn: pipeline.arn };
    },
    StartPipelineExecution(input, call) {
      checkInput('StartPipelineExecution', START, input);
      const pipeline = find(input['PipelineName'] as string);
      const before = madeBefore(pipeline.arn, input);
      if (before !== undefined) return { PipelineExecutionArn: before };
      const execution = newExecution(pipeline, input, call);
      executions.set(execution.arn, execution);
      pipeline.executions.push(execution);
      pipeline.lastRunMs = context.nowMs();
      remember(pipeline.arn, input, execution.arn);
      executor.start(execution);
      return { PipelineExecutionArn: execution.arn };
    },
    DescribePipelineExecution(input) {
      checkInput('DescribePipelineExecution', EXECUTION, input);
      const execution = findExecution(input['PipelineExecutionArn']);
      return {
        PipelineArn: execution.pipelineArn,
        PipelineExecutionArn: execution.arn,
        PipelineExecutionDisplayName: execution.displayName,
        PipelineExecutionStatus: execution.status,
        PipelineExecutionDescription: execution.description,
        FailureReason: execution.failureReason,
        CreationTime: new Date(execution.creationMs),
        LastModifiedTime: new Date(execution.lastModifiedMs),
        CreatedBy: execution.createdBy,
      };
    },
    ListPipelineExecutions(input) {
      checkInput('ListPipelineExecutions', LIST_EXECUTIONS, input);
      const items = find(input['PipelineName'] as string).executions.map((execution) => ({
        name: execution.arn,
        creationMs: execution.creationMs,
        execution,
      }));
      const sortBy = input['SortBy'] === 'PipelineExecutionArn' ? 'Name' : 'CreationTime';
      const result = page(items, { ...input, SortBy: sortBy }, { sortBy, descending: true });
      return {
        PipelineExecutionSummaries: result.items.map((item) => executionSummary(item.execution)),
        NextToken: result.NextToken,
      };
    },
    ListPipelineExecutionSteps(input) {
      checkInput('ListPipelineExecutionSteps', OF_EXECUTION, input);
      const runs = [...findExecution(input['PipelineExecutionArn']).runs.values()];
      const items = runs.map((run) => ({ name: run.step.Name, creationMs: run.startMs, run }));
      const result = page(items, input, { sortBy: 'CreationTime', descending: true, pageSize: 100 });
      return { PipelineExecutionSteps: result.items.map((item) => stepSummary(item.run)), NextToken: result.NextToken };
    },
    DescribePipelineDefinitionForExecution(input) {
      checkInput('DescribePipelineDefinitionForExecution', EXECUTION, input);
      const execution = findExecution(input['PipelineExecutionArn']);
      return { PipelineDefinition: execution.definitionText, CreationTime: new Date(execution.definitionMs) };
    },
    ListPipelineParametersForExecution(input) {
      checkInput('ListPipelineParametersForExecution', OF_EXECUTION, input);
      const parameters = [...findExecution(input['PipelineExecutionArn']).parameters];
      const items = parameters.map(([name, value], index) => ({ name, creationMs: index, value }));
      const result = page(items, input, { sortBy: 'CreationTime', descending: false, pageSize: 100 });
      const list = result.items.map((item) => ({ Name: item.name, Value: String(item.value) }));
      return { PipelineParameters: list, NextToken: result.NextToken };
    },
    StopPipelineExecution(input) {
      checkInput('StopPipelineExecution', STOP, input);
      const execution = findExecution(input['PipelineExecutionArn']);
      if (execution.status === 'Executing') executor.stop(execution);
      else if (execution.status !== 'Stopping') {
        throw validationError(`Pipeline execution '${execution.arn}' in status ${execution.status} can't be stopped.`);
      }
      return { PipelineExecutionArn: execution.arn };
    },
  };
}
