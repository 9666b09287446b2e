/** Starts the containers of variants, and says in AWS's words why one did not come up. */
import { type SageMakerContext } from './context.ts';
import { type Endpoint, type LiveVariant, type VariantTarget } from './endpoint.ts';
import { materialiseArtifact, type Models, type ServedImage } from './models.ts';
import { failureText } from './storage.ts';

/** A container that did not become healthy. `message` is a FailureReason. */
export class ContainerStartFailed extends Error {
  override readonly name = 'ContainerStartFailed';
}

export const endpointLogGroup = (endpointName: string): string => `/aws/sagemaker/Endpoints/${endpointName}`;

async function fetchArtifact(context: SageMakerContext, served: ServedImage, label: string): Promise<string> {
  try {
    return await materialiseArtifact(context, served, label);
  } catch (error) {
    throw new ContainerStartFailed(
      `Failed to download model data for container "container_1" from URL: "${served.artifact?.uri ?? ''}". Please ensure ` +
        `that there is an object located at the URL and that the role passed to CreateModel has permissions to ` +
        `download the model: ${failureText(error)}`,
      { cause: error },
    );
  }
}

/**
 * Brings up the container of a new variant.
 * @throws ContainerStartFailed when the artifact is missing, the container crashes or never answers /ping with 200
 * @throws AwsError when the model was deleted meanwhile
 */
export async function startVariant(
  context: SageMakerContext,
  models: Models,
  endpoint: Endpoint,
  target: VariantTarget,
): Promise<LiveVariant> {
  const { VariantName: variantName, ModelName: modelName } = target.config;
  const served = models.find(modelName).served;
  const instanceId = `i-${context.random('instances').hex(17)}`;
  const log = (message: string): void =>
    context.cloud.writeLog(endpointLogGroup(endpoint.name), `${variantName}/${instanceId}`, message);
  const unhealthy = new ContainerStartFailed(
    `The primary container for production variant ${variantName} did not pass the ping health check. ` +
      `Please check CloudWatch logs for this endpoint.`,
  );
  const modelDirectory = await fetchArtifact(context, served, `${endpoint.name}-${variantName}`);
  if (context.cloud.faults.container({ modelName, endpointName: endpoint.name, variantName }).failsToStart)
    throw unhealthy;

  const start = async () => {
    const container = await context.host.startServer({
      image: served.image,
      modelDirectory,
      environment: served.environment,
    });
    return (await container.ping()) ? container : undefined;
  };
  const container = await context.cloud.kernel.inFlight.track('start server', start).catch((error: unknown) => {
    // A crash belongs into the container's log; to SageMaker it is a health check that never passes.
    log(`container failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return undefined;
  });
  if (!container) throw unhealthy;
  log(`serving model ${modelName} from ${served.image}`);
  return {
    config: target.config,
    served,
    container,
    instanceId,
    resolvedMs: context.nowMs(),
    currentWeight: target.weight,
    desiredWeight: target.weight,
    currentInstanceCount: target.instanceCount,
    desiredInstanceCount: target.instanceCount,
  };
}
