/** CloudFormation as operators see it (query protocol): the stacks that were deployed, to be read only. */
import { type Iam } from '../iam/service.ts';
import { AwsError } from '../kernel/errors.ts';
import { type CloudContext, type Service, type WireInput } from '../kernel/service.ts';
import { type DeployedStack, deployTemplate } from './deploy.ts';
import { templateError } from './errors.ts';
import { parseTemplate } from './template.ts';

export interface CloudFormation extends Service {
  /**
   * Creates a stack and remembers it; see `deployTemplate`. @throws AwsError AlreadyExistsException, and what it throws
   */
  deploy(
    template: unknown,
    options: { readonly stackName: string; readonly parameters?: Readonly<Record<string, string>> },
  ): Promise<DeployedStack>;
  /** By name, those that were made completely. */
  readonly stacks: ReadonlyMap<string, DeployedStack>;
}

interface StackRecord {
  readonly stack: DeployedStack;
  readonly template: unknown;
  readonly parameters: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** Makes the service `cloudformation`. Stacks come from `deploy`; CreateStack and its kin are refused as unknown operations. */
export function newCloudFormation(cloud: CloudContext, iam: Iam): CloudFormation {
  const records = new Map<string, StackRecord>();
  const stacks = new Map<string, DeployedStack>();
  const find = (input: WireInput): StackRecord => {
    const name = String(input.StackName);
    const record = records.get(name) ?? [...records.values()].find(({ stack }) => stack.stackId === name);
    if (!record) throw templateError(`Stack with id ${name} does not exist`);
    return record;
  };
  return {
    id: 'cloudformation',
    stacks,
    deploy: async (template, options) => {
      if (records.has(options.stackName)) {
        throw new AwsError('AlreadyExistsException', `Stack [${options.stackName}] already exists`);
      }
      const createdAtMs = cloud.kernel.clock.now();
      const stack = await deployTemplate(cloud, template, { ...options, iam });
      records.set(options.stackName, { stack, template, parameters: options.parameters ?? {}, createdAtMs });
      stacks.set(options.stackName, stack);
      return stack;
    },
    operations: {
      DescribeStacks: (input) => ({
        Stacks: (input.StackName === undefined ? [...records.values()] : [find(input)]).map(describe),
      }),
      ListStacks: () => ({
        StackSummaries: [...records.values()].map(({ stack, createdAtMs }) => ({
          StackId: stack.stackId,
          StackName: stack.stackName,
          CreationTime: new Date(createdAtMs),
          StackStatus: 'CREATE_COMPLETE',
        })),
      }),
      ListStackResources: (input) => {
        const record = find(input);
        return { StackResourceSummaries: resourcesOf(record, 'LastUpdatedTimestamp') };
      },
      DescribeStackResources: (input) => {
        const record = find(input);
        const wanted = (one: { LogicalResourceId: string }): boolean =>
          input.LogicalResourceId === undefined || one.LogicalResourceId === input.LogicalResourceId;
        const { stackId: StackId, stackName: StackName } = record.stack;
        const StackResources = resourcesOf(record, 'Timestamp').filter(wanted);
        return { StackResources: StackResources.map((one) => ({ StackId, StackName, ...one })) };
      },
      GetTemplate: (input) => ({ TemplateBody: JSON.stringify(find(input).template), StagesAvailable: ['Original'] }),
    },
    access: (operation, input) => {
      const name = input.StackName === undefined ? '*' : String(input.StackName);
      const stackId = records.get(name)?.stack.stackId ?? `${stackArnPrefix(cloud)}${name}/*`;
      const resource = operation === 'ListStacks' ? '*' : name.startsWith('arn:') ? name : stackId;
      return [{ action: `cloudformation:${operation}`, resource }];
    },
  };
}

const stackArnPrefix = (cloud: CloudContext): string =>
  `arn:aws:cloudformation:${cloud.region}:${cloud.accountId}:stack/`;

/** The parameters as given or by default; those with NoEcho are masked, as AWS does. */
function describeParameters(template: unknown, given: Readonly<Record<string, string>>): object[] {
  return Object.entries(parseTemplate(template).parameters).map(([ParameterKey, declaration]) => {
    const { NoEcho, Default } = declaration as { readonly NoEcho?: unknown; readonly Default?: string | number };
    const masked = NoEcho === true || NoEcho === 'true';
    return { ParameterKey, ParameterValue: masked ? '****' : String(given[ParameterKey] ?? Default) };
  });
}

function describe({ stack, template, parameters, createdAtMs }: StackRecord): object {
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    Description: stack.description,
    CreationTime: new Date(createdAtMs),
    StackStatus: 'CREATE_COMPLETE',
    DisableRollback: true,
    Parameters: describeParameters(template, parameters),
    Outputs: [...stack.outputs].map(([OutputKey, { value, description, exportName }]) => ({
      OutputKey,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
    Tags: [],
  };
}

function resourcesOf(
  { stack, createdAtMs }: StackRecord,
  timestampMember: string,
): { readonly LogicalResourceId: string; readonly [member: string]: unknown }[] {
  return [...stack.resources].map(([LogicalResourceId, { type, physicalId }]) => ({
    LogicalResourceId,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    ResourceStatus: 'CREATE_COMPLETE',
    [timestampMember]: new Date(createdAtMs),
  }));
}
