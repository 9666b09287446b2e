/** Makes what a CloudFormation template describes, by calling the services of the laptop cloud. */
import { type Iam } from '../iam/service.ts';
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type CloudContext } from '../kernel/service.ts';
import { creationOrder } from './dependencies.ts';
import { ResourceCreationFailed, templateError } from './errors.ts';
import { NO_VALUE, resolve, resolveCondition, type Scope } from './intrinsics.ts';
import { type CreatedResource, type ResourceContext } from './resource-type.ts';
import { findResourceType, refuseUnknown } from './resource-types.ts';
import { isObject, parameterValues, parseTemplate, type Template, type TemplateResource } from './template.ts';

export interface DeployOptions {
  readonly stackName: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly iam: Iam;
}

export interface DeployedResource {
  readonly type: string;
  /** What Ref gives. */
  readonly physicalId: string;
  /** What Fn::GetAtt gives. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface StackOutput {
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export interface DeployedStack {
  readonly stackName: string;
  readonly stackId: string;
  readonly description: string | undefined;
  /** By logical id, in the order in which they were made. */
  readonly resources: ReadonlyMap<string, DeployedResource>;
  readonly outputs: ReadonlyMap<string, StackOutput>;
}

/**
 * Creates a stack, one resource after the other; nothing is rolled back when one fails.
 * The promise may need virtual time (a table becomes ACTIVE): `await kernel.settle(deployTemplate(...))`.
 * @param template parsed JSON, as in `.serverless/cloudformation-template-update-stack.json`
 * @throws UnsupportedFeature for a type, property, function or section that is not known, before anything is made where
 * the template alone tells; AwsError ValidationError for a wrong template; ResourceCreationFailed
 */
export async function deployTemplate(
  cloud: CloudContext,
  template: unknown,
  options: DeployOptions,
): Promise<DeployedStack> {
  const parsed = parseTemplate(template);
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(options.stackName)) {
    throw templateError(
      `Value '${options.stackName}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
    );
  }
  const stackId = `arn:aws:cloudformation:${cloud.region}:${cloud.accountId}:stack/${options.stackName}/${cloud.kernel.random(`cloudformation/${options.stackName}`).uuid()}`;
  const created = new Map<string, DeployedResource>();
  const { scope, isKnown } = newScope(cloud, parsed, options, stackId, created);
  const active = new Map(
    [...parsed.resources].filter(([, { condition }]) => condition === undefined || scope.condition(condition)),
  );
  const order = creationOrder(active, parsed.resources, isKnown, scope);
  // Before anything is made: a refusal should leave an empty cloud.
  for (const { logicalId, type, properties } of order) refuseUnknown(logicalId, type, properties);
  for (const resource of order) {
    const { physicalId, attributes = {} } = await create(cloud, options, resource, scope);
    created.set(resource.logicalId, { type: resource.type, physicalId, attributes });
    cloud.kernel.trace(`cloudformation ${options.stackName} ${resource.logicalId} CREATE_COMPLETE`);
  }
  return {
    stackName: options.stackName,
    stackId,
    description: parsed.description,
    resources: created,
    outputs: resolveOutputs(parsed, scope),
  };
}

/** The names of a template: parameters, pseudo parameters, conditions, and the resources made so far. */
function newScope(
  cloud: CloudContext,
  template: Template,
  options: DeployOptions,
  stackId: string,
  created: ReadonlyMap<string, DeployedResource>,
): { scope: Scope; isKnown: (name: string) => boolean } {
  const names = new Map<string, unknown>([
    ['AWS::Region', cloud.region],
    ['AWS::AccountId', cloud.accountId],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', options.stackName],
    ['AWS::StackId', stackId],
    ['AWS::NoValue', NO_VALUE],
    ...parameterValues(template, options.parameters ?? {}),
  ]);
  const made = (name: string): DeployedResource => {
    const resource = created.get(name);
    if (!resource) throw templateError(`Template format error: Unresolved resource dependencies [${name}]`);
    return resource;
  };
  const values = new Map<string, boolean | 'open'>();
  const scope: Scope = {
    mappings: template.mappings,
    ref: (name) => (names.has(name) ? names.get(name) : made(name).physicalId),
    getAtt: (logicalId, attribute) => {
      const { attributes } = made(logicalId);
      if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
      throw templateError(
        `Template error: resource ${logicalId} does not support attribute type ${attribute} in Fn::GetAtt`,
      );
    },
    condition: (name) => {
      const known = values.get(name);
      if (known === 'open') throw templateError(`Template error: condition ${name} depends on itself`);
      if (known !== undefined) return known;
      if (!Object.hasOwn(template.conditions, name)) {
        throw templateError(`Template format error: Unresolved condition dependency ${name}`);
      }
      values.set(name, 'open');
      const value = resolveCondition(template.conditions[name], scope);
      values.set(name, value);
      return value;
    },
  };
  return { scope, isKnown: (name) => names.has(name) };
}

async function create(
  cloud: CloudContext,
  options: DeployOptions,
  resource: TemplateResource,
  scope: Scope,
): Promise<CreatedResource> {
  const { logicalId, type } = resource;
  const path = `${logicalId} (${type})`;
  const properties = resolve(resource.properties, scope);
  try {
    return await findResourceType(logicalId, type).create(properties, path, newContext(cloud, options, logicalId));
  } catch (error) {
    if (error instanceof UnsupportedFeature) {
      throw error.message.includes(logicalId)
        ? error
        : new UnsupportedFeature(`${path}: ${error.message}`, 'see above');
    }
    throw new ResourceCreationFailed(logicalId, type, error);
  }
}

function newContext(cloud: CloudContext, options: DeployOptions, logicalId: string): ResourceContext {
  const { region, accountId, kernel } = cloud;
  const stream = `cloudformation/${options.stackName}/${logicalId}`;
  return {
    logicalId,
    stackName: options.stackName,
    region,
    accountId,
    kernel,
    iam: options.iam,
    random: kernel.random(stream),
    call: (service, operation, input) =>
      cloud.call(service, operation, input, { kind: 'service', name: 'cloudformation.amazonaws.com' }),
    generatedName: (lengthMax) => {
      const suffix = kernel.random(`${stream}/name`).hex(12);
      const space = lengthMax - suffix.length - 2;
      // The logical id tells more than the stack's name, so that the latter is shortened first.
      const id = logicalId.slice(0, Math.max(Math.floor(space / 2), space - options.stackName.length));
      return `${options.stackName.slice(0, space - id.length)}-${id}-${suffix}`;
    },
    arn: (service, name) => `arn:aws:${service}:${region}:${accountId}:${name}`,
    requireAssumable: (roleArn, service, refusal, sourceArn) => {
      if (roleArn === undefined) return;
      const assumers = [`${service}.amazonaws.com`, `${service}.${region}.amazonaws.com`];
      const keys = { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': accountId };
      if (!assumers.some((assumer) => options.iam.mayBeAssumedBy(roleArn, assumer, keys)))
        throw validationError(refusal);
    },
  };
}

const OUTPUT_MEMBERS = ['Description', 'Value', 'Export', 'Condition'];

function resolveOutputs(template: Template, scope: Scope): Map<string, StackOutput> {
  const outputs = new Map<string, StackOutput>();
  for (const [name, output] of Object.entries(template.outputs)) {
    if (!isObject(output)) throw templateError(`Template format error: Output ${name} must be an object.`);
    const stranger = Object.keys(output).find((member) => !OUTPUT_MEMBERS.includes(member));
    if (stranger !== undefined) throw new UnsupportedFeature(`output ${name}: member '${stranger}'`);
    if (typeof output.Condition === 'string' && !scope.condition(output.Condition)) continue;
    const value = resolve(output.Value, scope);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw templateError(`Template format error: Output ${name} must be text, not ${JSON.stringify(value)}.`);
    }
    const exported = isObject(output.Export) ? resolve(output.Export.Name, scope) : undefined;
    outputs.set(name, {
      value: String(value),
      ...(typeof output.Description === 'string' ? { description: output.Description } : {}),
      ...(typeof exported === 'string' ? { exportName: exported } : {}),
    });
  }
  return outputs;
}
