/** Control-plane operations of endpoints. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { newDeployments, variantOf } from './deployments.ts';
import { type EndpointConfigs } from './endpoint-configs.ts';
import { describeEndpoint, type Endpoint, enterStatus } from './endpoint.ts';
import { page } from './listing.ts';
import { ENTITY_NAME, listMembers, TAGS } from './members.ts';
import { type Models } from './models.ts';
import { checkInput, flag, integer, list, number, oneOf, struct, timestamp } from './shape.ts';

export interface Endpoints {
  readonly operations: Readonly<Record<string, Operation>>;
  /** By its exact name, as InvokeEndpoint wants it. */
  get(name: string): Endpoint | undefined;
}

const CREATE = struct({ EndpointName: ENTITY_NAME, EndpointConfigName: ENTITY_NAME }, { Tags: TAGS });
const UPDATE = struct(
  { EndpointName: ENTITY_NAME, EndpointConfigName: ENTITY_NAME },
  {
    RetainAllVariantProperties: flag,
    ExcludeRetainedVariantProperties: list(
      struct({ VariantPropertyType: oneOf('DesiredInstanceCount', 'DesiredWeight', 'DataCaptureConfig') }),
      { max: 3 },
    ),
    RetainDeploymentConfig: flag,
  },
);
const SHIFT = struct({
  EndpointName: ENTITY_NAME,
  DesiredWeightsAndCapacities: list(
    struct(
      { VariantName: ENTITY_NAME },
      { DesiredWeight: number({ min: 0 }), DesiredInstanceCount: integer({ min: 0 }) },
    ),
    { min: 1 },
  ),
});
const BY_NAME = struct({ EndpointName: ENTITY_NAME });
const LIST = struct(
  {},
  {
    ...listMembers(['Name', 'CreationTime', 'Status']),
    LastModifiedTimeBefore: timestamp,
    LastModifiedTimeAfter: timestamp,
    StatusEquals: oneOf(
      'OutOfService',
      'Creating',
      'Updating',
      'SystemUpdating',
      'RollingBack',
      'InService',
      'Deleting',
      'Failed',
      'UpdateRollbackFailed',
    ),
  },
);

const NO_GUARDRAILS = 'shift traffic with UpdateEndpointWeightsAndCapacities between two variants';

function checkShift(endpoint: Endpoint, changes: readonly WireInput[]): void {
  const names = changes.map((change) => change['VariantName'] as string);
  for (const name of names) variantOf(endpoint, name);
  if (new Set(names).size < names.length) throw validationError(`Variant names must be unique: ${names.join(', ')}.`);
  for (const change of changes) {
    if (change['DesiredWeight'] === undefined && change['DesiredInstanceCount'] === undefined) {
      throw validationError(
        `Either DesiredWeight or DesiredInstanceCount must be specified for variant ${change['VariantName']}.`,
      );
    }
  }
  if (changes.filter((change) => change['DesiredInstanceCount'] !== undefined).length > 1) {
    throw validationError('The capacity of only one variant can be updated in one request.');
  }
}

export function newEndpoints(context: SageMakerContext, configs: EndpointConfigs, models: Models): Endpoints {
  const endpoints = new Map<string, Endpoint>();
  const deployments = newDeployments(context, configs, models);

  const find = (name: string): Endpoint => {
    const endpoint = endpoints.get(name.toLowerCase());
    if (!endpoint) throw validationError(`Could not find endpoint "${context.arn('endpoint', name)}".`);
    return endpoint;
  };
  /** @throws AwsError while another change is under way, or when nothing but deletion is possible any more */
  const changeable = (name: string): Endpoint => {
    const endpoint = find(name);
    if (endpoint.status === 'Failed') {
      throw validationError(`Cannot update endpoint "${endpoint.arn}" in status Failed: it can only be deleted.`);
    }
    if (endpoint.status !== 'InService') throw validationError(`Cannot update in-progress endpoint "${endpoint.arn}".`);
    // AWS cannot patch an endpoint whose own configuration is gone; only deletion is left.
    configs.find(endpoint.configName);
    return endpoint;
  };
  const refuseGuardrails = (operation: string, input: WireInput): void => {
    if (input['DeploymentConfig'] !== undefined && input['DeploymentConfig'] !== null) {
      throw new UnsupportedFeature(`${operation}.DeploymentConfig`, NO_GUARDRAILS);
    }
    if (input['RetainDeploymentConfig'] === true) {
      throw new UnsupportedFeature(`${operation}.RetainDeploymentConfig`, NO_GUARDRAILS);
    }
  };

  const operations: Record<string, Operation> = {
    CreateEndpoint(input) {
      refuseGuardrails('CreateEndpoint', input);
      checkInput('CreateEndpoint', CREATE, input);
      const name = input['EndpointName'] as string;
      const arn = context.arn('endpoint', name);
      if (endpoints.has(name.toLowerCase())) throw validationError(`Cannot create already existing endpoint "${arn}".`);
      const config = configs.find(input['EndpointConfigName'] as string);
      const endpoint: Endpoint = {
        name,
        arn,
        creationMs: context.nowMs(),
        lastModifiedMs: context.nowMs(),
        status: 'Creating',
        configName: config.name,
        failureReason: undefined,
        variants: [],
        pending: undefined,
        capture: undefined,
      };
      endpoints.set(name.toLowerCase(), endpoint);
      context.setTags(arn, input['Tags']);
      deployments.create(endpoint, config);
      return { EndpointArn: arn };
    },
    DescribeEndpoint(input) {
      checkInput('DescribeEndpoint', BY_NAME, input);
      return describeEndpoint(find(input['EndpointName'] as string));
    },
    ListEndpoints(input) {
      checkInput('ListEndpoints', LIST, input);
      const result = page([...endpoints.values()], input, { sortBy: 'CreationTime', descending: true });
      const items = result.items.map((endpoint) => ({
        EndpointName: endpoint.name,
        EndpointArn: endpoint.arn,
        CreationTime: new Date(endpoint.creationMs),
        LastModifiedTime: new Date(endpoint.lastModifiedMs),
        EndpointStatus: endpoint.status,
      }));
      return { Endpoints: items, NextToken: result.NextToken };
    },
    UpdateEndpoint(input) {
      refuseGuardrails('UpdateEndpoint', input);
      checkInput('UpdateEndpoint', UPDATE, input);
      const endpoint = changeable(input['EndpointName'] as string);
      const config = configs.find(input['EndpointConfigName'] as string);
      if (config.name === endpoint.configName) {
        throw validationError(
          `Endpoint "${endpoint.arn}" already uses endpoint configuration "${config.arn}": create a new one.`,
        );
      }
      for (const variant of config.variants) models.find(variant.ModelName);
      deployments.update(endpoint, config, input);
      return { EndpointArn: endpoint.arn };
    },
    UpdateEndpointWeightsAndCapacities(input) {
      checkInput('UpdateEndpointWeightsAndCapacities', SHIFT, input);
      const endpoint = changeable(input['EndpointName'] as string);
      const changes = input['DesiredWeightsAndCapacities'] as WireInput[];
      checkShift(endpoint, changes);
      deployments.shift(endpoint, changes);
      return { EndpointArn: endpoint.arn };
    },
    DeleteEndpoint(input) {
      checkInput('DeleteEndpoint', BY_NAME, input);
      const endpoint = find(input['EndpointName'] as string);
      if (endpoint.status !== 'InService' && endpoint.status !== 'Failed') {
        throw validationError(`Cannot update in-progress endpoint "${endpoint.arn}".`);
      }
      enterStatus(context, endpoint, 'Deleting');
      const delayMs = context.delayMs(SLOWNESS.variantRemovalMs, `deployments/${endpoint.name}`);
      // AWS sends no event when the endpoint is finally gone.
      context.cloud.kernel.clock.after(delayMs, `delete ${endpoint.name}`, () => {
        endpoints.delete(endpoint.name.toLowerCase());
        context.tags.delete(endpoint.arn);
      });
      return {};
    },
  };
  return {
    operations,
    get: (name) => {
      const endpoint = endpoints.get(name.toLowerCase());
      return endpoint?.name === name ? endpoint : undefined;
    },
  };
}
