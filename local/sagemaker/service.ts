/** Amazon SageMaker of the laptop cloud: control plane (JSON 1.1) and runtime (REST), both signed as `sagemaker`. */
import { type ContainerHost } from '../kernel/containers.ts';
import { type CloudContext, type Operation, type Service } from '../kernel/service.ts';
import { accessOf } from './access.ts';
import { newSageMakerContext } from './context.ts';
import { newDataCapture } from './data-capture.ts';
import { newEndpointConfigs } from './endpoint-configs.ts';
import { newEndpoints } from './endpoints.ts';
import { newModelPackages } from './model-packages.ts';
import { newModels } from './models.ts';
import { newPipelines } from './pipelines.ts';
import { newStepRunner } from './pipeline-steps.ts';
import { newProcessingJobs } from './processing-jobs.ts';
import { newRuntime, type Runtime, RUNTIME_ROUTES } from './runtime.ts';
import { newTagOperations } from './tags.ts';
import { newTrainingJobs } from './training-jobs.ts';
import { newTransformJobs } from './transform-jobs.ts';
import { newTraffic } from './traffic.ts';

export type { TrafficOptions, TrafficRequest, TrafficResult } from './traffic.ts';

export interface SageMaker extends Service {
  /**
   * Sends many requests to an endpoint in the current virtual minute: each is routed by the live weights, counted and
   * delayed on its own, while each variant's container is really called once if the format is JSON Lines. Never throws for
   * what a caller of InvokeEndpoint would get as an error: that is in the results, which come in the order of the requests.
   */
  readonly sendTraffic: Runtime['sendTraffic'];
}

/** @param options.scratchDirectory an existing directory for artifacts and the files of jobs */
export function newSageMaker(
  cloud: CloudContext,
  host: ContainerHost,
  options: { scratchDirectory: string },
): SageMaker {
  const context = newSageMakerContext(cloud, host, options.scratchDirectory);
  const packages = newModelPackages(context);
  const models = newModels(context, packages);
  const configs = newEndpointConfigs(context, models);
  const endpoints = newEndpoints(context, configs, models);
  const runtime = newRuntime(context, endpoints, newTraffic(context, newDataCapture(context)));
  const training = newTrainingJobs(context);
  const processing = newProcessingJobs(context);
  const transform = newTransformJobs(context, models);
  const runner = newStepRunner(context, {
    jobs: { Processing: processing.jobs, Training: training.jobs, Transform: transform.jobs },
    operations: () => operations,
  });
  const operations: Readonly<Record<string, Operation>> = {
    ...packages.operations,
    ...models.operations,
    ...configs.operations,
    ...endpoints.operations,
    ...runtime.operations,
    ...training.operations,
    ...processing.operations,
    ...transform.operations,
    ...newPipelines(context, runner),
    ...newTagOperations(context),
  };
  return {
    id: 'sagemaker',
    operations,
    routes: RUNTIME_ROUTES,
    access: (operation, input) => accessOf(context, operation, input),
    sendTraffic: (endpointName, requests, trafficOptions) =>
      runtime.sendTraffic(endpointName, requests, trafficOptions),
  };
}
