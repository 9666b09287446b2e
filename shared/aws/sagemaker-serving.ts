/** SageMaker as the serving platform: models, endpoint configurations, endpoints with weighted variants. */
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  type DescribeEndpointCommandOutput,
  ListEndpointConfigsCommand,
  ListModelsCommand,
  ListTagsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { EndpointBusy, VersionNotDeployable } from '../domain/flow-errors.ts';
import {
  type ConfigurationSpec,
  type EndpointStatus,
  type ObservedEndpoint,
  type Reply,
  type ServingPlatform,
} from '../ports/serving-platform.ts';
import { type ClientOptions, errorMessage, errorName } from './platform.ts';

/** The control plane and the data plane are two services with one signing name. */
export interface ServingClients {
  readonly control: SageMakerClient;
  readonly runtime: SageMakerRuntimeClient;
}

export function servingClients(options: ClientOptions): ServingClients {
  return { control: new SageMakerClient(options), runtime: new SageMakerRuntimeClient(options) };
}

export interface SageMakerServingOptions {
  readonly accountId: string;
  readonly region: string;
  /** The role that SageMaker assumes to read artifacts and write captures. */
  readonly executionRoleArn: string;
}

const STATUS: Readonly<Record<string, EndpointStatus>> = {
  InService: 'IN_SERVICE',
  Failed: 'FAILED',
  UpdateRollbackFailed: 'FAILED',
  OutOfService: 'FAILED',
  Deleting: 'DELETING',
};

/** SageMaker has no typed 'not found' for these; the generic error's text is all there is. */
const NOT_FOUND = /could not find|does not exist|cannot find/i;
const IN_PROGRESS = /in-progress|in progress|is being updated/i;
const ALREADY_THERE = /already exist/i;

/** What follows the endpoint's name in the names of its configurations and models; more than that is another endpoint's. */
const MADE_FOR_ENDPOINT = /^-(staging-)?(e\d+-[a-z]+|v\d+)$/;

const isValidation = (error: unknown): boolean => errorName(error) === 'ValidationException';
const isNotFound = (error: unknown): boolean =>
  (isValidation(error) && NOT_FOUND.test(errorMessage(error))) || errorName(error) === 'ResourceNotFound';

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Names are deterministic: what a lost answer, or somebody else at the same moment, has made is what was asked for. */
async function unlessThere(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(isValidation(error) && ALREADY_THERE.test(errorMessage(error)))) throw error;
  }
}

async function busyAs<T>(endpoint: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isValidation(error) && IN_PROGRESS.test(errorMessage(error))) throw new EndpointBusy(endpoint, 'being updated');
    throw error;
  }
}

function toObserved(endpoint: string, output: DescribeEndpointCommandOutput): ObservedEndpoint {
  const rawStatus = output.EndpointStatus ?? 'unknown';
  return {
    endpoint,
    rawStatus,
    status: STATUS[rawStatus] ?? 'CHANGING',
    configuration: output.EndpointConfigName ?? '',
    changePending: output.PendingDeploymentSummary !== undefined,
    ...(output.FailureReason ? { failureReason: output.FailureReason } : {}),
    variants: (output.ProductionVariants ?? []).map((variant) => ({
      variant: variant.VariantName ?? '',
      servable: '',
      currentWeight: variant.CurrentWeight ?? 0,
      desiredWeight: variant.DesiredWeight ?? variant.CurrentWeight ?? 0,
      currentInstances: variant.CurrentInstanceCount ?? 0,
      desiredInstances: variant.DesiredInstanceCount ?? variant.CurrentInstanceCount ?? 0,
    })),
  };
}

function configInput(spec: ConfigurationSpec) {
  return {
    EndpointConfigName: spec.configuration,
    ProductionVariants: spec.variants.map((variant) => ({
      VariantName: variant.variant,
      ModelName: variant.servable.name,
      InstanceType: variant.instanceType as never,
      InitialInstanceCount: variant.instanceCount,
      InitialVariantWeight: variant.initialWeight,
    })),
    ...(spec.capturePercent > 0
      ? {
          DataCaptureConfig: {
            EnableCapture: true,
            InitialSamplingPercentage: spec.capturePercent,
            DestinationS3Uri: spec.captureUri,
            CaptureOptions: [{ CaptureMode: 'Input' as const }, { CaptureMode: 'Output' as const }],
            CaptureContentTypeHeader: { JsonContentTypes: ['application/json', 'application/jsonlines'] },
          },
        }
      : {}),
  };
}

const tagList = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export function newSageMakerServing(clients: ServingClients, options: SageMakerServingOptions): ServingPlatform {
  const { control: client, runtime } = clients;
  const endpointArn = (endpoint: string): string =>
    `arn:aws:sagemaker:${options.region}:${options.accountId}:endpoint/${endpoint.toLowerCase()}`;
  const describe = (endpoint: string) =>
    orUndefined(client.send(new DescribeEndpointCommand({ EndpointName: endpoint })));
  const describeConfig = (name: string) =>
    orUndefined(client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })));

  /** Which model a variant serves stands in the configuration alone. */
  const withServables = async (observed: ObservedEndpoint): Promise<ObservedEndpoint> => {
    const config = await describeConfig(observed.configuration);
    const models = new Map(
      (config?.ProductionVariants ?? []).map((variant) => [variant.VariantName, variant.ModelName ?? '']),
    );
    return {
      ...observed,
      variants: observed.variants.map((variant) => ({ ...variant, servable: models.get(variant.variant) ?? '' })),
    };
  };

  return {
    async observe(endpoint) {
      const output = await describe(endpoint);
      return output ? withServables(toObserved(endpoint, output)) : undefined;
    },

    async prepare(servable) {
      if (await orUndefined(client.send(new DescribeModelCommand({ ModelName: servable.name })))) return;
      const input = {
        ModelName: servable.name,
        ExecutionRoleArn: options.executionRoleArn,
        Containers: [{ ModelPackageName: servable.version }],
      };
      try {
        await unlessThere(client.send(new CreateModelCommand(input)));
      } catch (error) {
        if (isValidation(error)) throw new VersionNotDeployable(servable.version, errorMessage(error));
        throw error;
      }
    },

    async configure(spec) {
      if (await describeConfig(spec.configuration)) return;
      await unlessThere(client.send(new CreateEndpointConfigCommand(configInput(spec))));
    },

    async createEndpoint(endpoint, configuration, tags) {
      if (await describe(endpoint)) return;
      const input = { EndpointName: endpoint, EndpointConfigName: configuration, Tags: tagList(tags) };
      await unlessThere(client.send(new CreateEndpointCommand(input)));
    },

    async changeConfiguration(endpoint, configuration) {
      // Without it SageMaker would put live weights and instance counts back to the configuration's initial ones.
      const input = { EndpointName: endpoint, EndpointConfigName: configuration, RetainAllVariantProperties: true };
      await busyAs(endpoint, client.send(new UpdateEndpointCommand(input)));
    },

    async setWeights(endpoint, weights) {
      const changes = Object.entries(weights).map(([VariantName, DesiredWeight]) => ({ VariantName, DesiredWeight }));
      const input = { EndpointName: endpoint, DesiredWeightsAndCapacities: changes };
      await busyAs(endpoint, client.send(new UpdateEndpointWeightsAndCapacitiesCommand(input)));
    },

    async label(endpoint, tags) {
      await client.send(new AddTagsCommand({ ResourceArn: endpointArn(endpoint), Tags: tagList(tags) }));
    },

    async labels(endpoint) {
      const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: endpointArn(endpoint) }));
      return Object.fromEntries((Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
    },

    async deleteEndpoint(endpoint) {
      const observed = await describe(endpoint);
      if (!observed || observed.EndpointStatus === 'Deleting') return;
      await orUndefined(busyAs(endpoint, client.send(new DeleteEndpointCommand({ EndpointName: endpoint }))));
    },

    async deleteConfiguration(configuration) {
      await orUndefined(client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: configuration })));
    },

    async deleteServable(name) {
      await orUndefined(client.send(new DeleteModelCommand({ ModelName: name })));
    },

    async inventory(endpoint) {
      const own = (name: string | undefined): name is string =>
        name !== undefined && name.startsWith(endpoint) && MADE_FOR_ENDPOINT.test(name.slice(endpoint.length));
      const { EndpointConfigs } = await client.send(
        new ListEndpointConfigsCommand({ NameContains: endpoint, MaxResults: 100 }),
      );
      const { Models } = await client.send(new ListModelsCommand({ NameContains: endpoint, MaxResults: 100 }));
      return {
        configurations: (EndpointConfigs ?? []).map((config) => config.EndpointConfigName).filter(own),
        servables: (Models ?? []).map((model) => model.ModelName).filter(own),
      };
    },

    async ask(endpoint, variant, body, contentType): Promise<Reply> {
      const input = {
        EndpointName: endpoint,
        TargetVariant: variant,
        ContentType: contentType,
        Accept: contentType,
        Body: Buffer.from(body),
      };
      try {
        const output = await runtime.send(new InvokeEndpointCommand(input));
        return {
          statusCode: 200,
          body: Buffer.from(output.Body).toString('utf8'),
          variant: output.InvokedProductionVariant ?? '',
        };
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        return { statusCode: error.OriginalStatusCode ?? 500, body: error.OriginalMessage ?? '', variant };
      }
    },
  };
}
