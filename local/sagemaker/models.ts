/** SageMaker models: an image, an artifact and an environment, directly or by way of an approved model package. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Operation, rolePrincipal, type WireInput } from '../kernel/service.ts';
import { pick, type SageMakerContext } from './context.ts';
import { page } from './listing.ts';
import {
  ENTITY_NAME,
  ENVIRONMENT,
  IMAGE,
  listMembers,
  MODEL_DATA_SOURCE,
  MODEL_NAME,
  ROLE_ARN,
  S3_URI,
  TAGS,
} from './members.ts';
import { type ModelPackages } from './model-packages.ts';
import { checkInput, flag, list, oneOf, opaque, someOf, struct, text } from './shape.ts';
import { download, downloadArchive, makeDirectory } from './storage.ts';

/** What a model server needs; fixed when the model is made. */
export interface ServedImage {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly artifact: { readonly uri: string; readonly kind: 'prefix' | 'archive' } | undefined;
  readonly roleArn: string;
}

export interface Model {
  readonly name: string;
  readonly arn: string;
  readonly creationMs: number;
  readonly served: ServedImage;
  readonly description: Record<string, unknown>;
}

export interface Models {
  readonly operations: Readonly<Record<string, Operation>>;
  /** @throws AwsError ValidationException `Could not find model "<arn>".` */
  find(name: string): Model;
}

const CONTAINER = struct(
  {},
  {
    ContainerHostname: ENTITY_NAME,
    Image: IMAGE,
    ImageConfig: struct({ RepositoryAccessMode: oneOf('Platform') }),
    Mode: someOf(['SingleModel'], ['MultiModel']),
    ModelDataUrl: S3_URI,
    ModelDataSource: MODEL_DATA_SOURCE,
    Environment: ENVIRONMENT,
    ModelPackageName: text({ min: 1, max: 176 }),
  },
);
const CREATE = struct(
  { ModelName: MODEL_NAME },
  {
    PrimaryContainer: CONTAINER,
    Containers: list(CONTAINER, { max: 15 }),
    InferenceExecutionConfig: struct({ Mode: someOf(['Serial'], ['Direct']) }),
    ExecutionRoleArn: ROLE_ARN,
    Tags: TAGS,
    // The laptop has no network to isolate: kept and described, like the subnets.
    VpcConfig: opaque,
    EnableNetworkIsolation: flag,
  },
);
const BY_NAME = struct({ ModelName: MODEL_NAME });
const LIST = struct({}, listMembers(['Name', 'CreationTime']));

function onlyContainer(input: WireInput): WireInput {
  const containers = (input['Containers'] ?? []) as WireInput[];
  if (containers.length > 0 && input['PrimaryContainer']) {
    throw validationError('Both PrimaryContainer and Containers were specified. You can only specify one of them.');
  }
  if (containers.length > 1) throw new UnsupportedFeature(`CreateModel with ${containers.length} Containers`);
  const container = (input['PrimaryContainer'] ?? containers[0]) as WireInput | undefined;
  if (!container) throw validationError('Either PrimaryContainer or Containers must be specified.');
  return container;
}

function artifactOf(container: WireInput): ServedImage['artifact'] {
  const source = container['ModelDataSource']?.['S3DataSource'] as WireInput | undefined;
  const url = container['ModelDataUrl'] as string | undefined;
  if (source && url !== undefined) {
    throw validationError('Both ModelDataUrl and ModelDataSource were specified. You can only specify one of them.');
  }
  if (url !== undefined) return { uri: url, kind: 'archive' };
  if (!source) return undefined;
  const uri = source['S3Uri'] as string;
  if (!uri.endsWith('/')) {
    throw validationError(`ModelDataSource S3Uri '${uri}' of type S3Prefix must end with a forward slash (/)`);
  }
  return { uri, kind: 'prefix' };
}

export function newModels(context: SageMakerContext, packages: ModelPackages): Models {
  const models = new Map<string, Model>();

  const fromPackage = (container: WireInput): WireInput => {
    const item = packages.find(container['ModelPackageName'] as string);
    if (item.approvalStatus !== 'Approved') {
      throw validationError(
        `Cannot create Model from Model Package ${item.arn} because its approval status is ${item.approvalStatus}: ` +
          `a versioned Model Package must be Approved to be deployed.`,
      );
    }
    const specification = item.members['InferenceSpecification'] as WireInput | undefined;
    const inner = specification?.['Containers']?.[0] as WireInput | undefined;
    if (!inner)
      throw validationError(`Model Package ${item.arn} has no InferenceSpecification to create a Model from.`);
    for (const name of ['Image', 'ModelDataUrl', 'ModelDataSource'] as const) {
      if (container[name] !== undefined) {
        throw validationError(`${name} cannot be specified together with ModelPackageName ${item.arn}.`);
      }
    }
    return { ...inner, Environment: { ...inner['Environment'], ...container['Environment'] } };
  };

  const servedBy = (input: WireInput): ServedImage => {
    const given = onlyContainer(input);
    const container = given['ModelPackageName'] === undefined ? given : fromPackage(given);
    if (typeof container['Image'] !== 'string') {
      throw validationError('A container must specify either Image or ModelPackageName.');
    }
    return {
      image: container['Image'],
      environment: { ...(container['Environment'] as Record<string, string> | undefined) },
      artifact: artifactOf(container),
      roleArn: input['ExecutionRoleArn'] as string,
    };
  };

  const find = (name: string): Model => {
    const model = models.get(name.toLowerCase());
    if (!model) throw validationError(`Could not find model "${context.arn('model', name)}".`);
    return model;
  };

  const operations: Record<string, Operation> = {
    CreateModel(input) {
      checkInput('CreateModel', CREATE, input);
      const name = input['ModelName'] as string;
      const arn = context.arn('model', name);
      if (input['ExecutionRoleArn'] === undefined) {
        throw validationError('ExecutionRoleArn must be specified: without it the model artifact could not be read.');
      }
      if (models.has(name.toLowerCase())) throw validationError(`Cannot create already existing model "${arn}".`);
      models.set(name.toLowerCase(), {
        name,
        arn,
        creationMs: context.nowMs(),
        served: servedBy(input),
        description: structuredClone(
          pick(
            input,
            'PrimaryContainer',
            'Containers',
            'InferenceExecutionConfig',
            'ExecutionRoleArn',
            'VpcConfig',
            'EnableNetworkIsolation',
          ),
        ),
      });
      context.setTags(arn, input['Tags']);
      return { ModelArn: arn };
    },
    DescribeModel(input) {
      checkInput('DescribeModel', BY_NAME, input);
      const model = find(input['ModelName'] as string);
      return {
        EnableNetworkIsolation: false,
        ...structuredClone(model.description),
        ModelName: model.name,
        ModelArn: model.arn,
        CreationTime: new Date(model.creationMs),
      };
    },
    ListModels(input) {
      checkInput('ListModels', LIST, input);
      const result = page([...models.values()], input, { sortBy: 'CreationTime', descending: true });
      const items = result.items.map((model) => ({
        ModelName: model.name,
        ModelArn: model.arn,
        CreationTime: new Date(model.creationMs),
      }));
      return { Models: items, NextToken: result.NextToken };
    },
    DeleteModel(input) {
      checkInput('DeleteModel', BY_NAME, input);
      const model = find(input['ModelName'] as string);
      models.delete(model.name.toLowerCase());
      context.tags.delete(model.arn);
      return {};
    },
  };
  return { operations, find };
}

/**
 * Downloads a model's artifact as its execution role; the returned directory stands for /opt/ml/model.
 * @throws DataUnavailable or AwsError when the artifact is missing or not readable
 */
export async function materialiseArtifact(
  context: SageMakerContext,
  served: ServedImage,
  label: string,
): Promise<string> {
  const directory = context.directory(label);
  const principal = rolePrincipal(served.roleArn, 'SageMaker');
  if (!served.artifact) await makeDirectory(context, directory);
  else if (served.artifact.kind === 'prefix') await download(context, served.artifact.uri, directory, principal);
  else await downloadArchive(context, served.artifact.uri, directory, principal);
  return directory;
}
