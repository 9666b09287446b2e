/** Runs the two images of pipelines/images in process: the code that SageMaker would run, with a directory for /opt/ml. */
import { type ContainerHost } from '../kernel/containers.ts';
import { newServer } from '../../pipelines/images/server/server.ts';
import { runContainer } from '../../pipelines/images/trainer/commands.ts';

/** Raised for an image that the product does not build. */
export class UnknownImage extends Error {
  override readonly name = 'UnknownImage';
}

function repositoryOf(image: string): string {
  return /\/([^/:]+):[^:]+$/.exec(image)?.[1] ?? image;
}

function demand(image: string, repository: string): void {
  if (repositoryOf(image) !== repository)
    throw new UnknownImage(`image '${image}': the laptop cloud runs '${repository}' here`);
}

export interface Trainings {
  /** Training containers that have really run. */
  count: number;
}

export function newContainerHost(trainings: Trainings = { count: 0 }): ContainerHost {
  return {
    async startServer({ image, modelDirectory, environment }) {
      demand(image, 'switchyard-server');
      const server = await newServer({ modelDirectory, environment });
      return {
        ping: async () => server.ping(),
        invoke: (request) =>
          server.handle({
            method: 'POST',
            path: '/invocations',
            contentType: request.contentType,
            ...(request.accept === undefined ? {} : { accept: request.accept }),
            body: request.body,
          }),
      };
    },
    async runJob({ image, entrypoint, arguments: words, root, environment }) {
      demand(image, 'switchyard-trainer');
      const log: string[] = [];
      const all = [...entrypoint, ...words];
      if (all.includes('train')) trainings.count++;
      const result = await runContainer(all, { root, environment, log: (line) => void log.push(line) });
      return {
        exitCode: result.exitCode,
        log,
        ...(result.failureMessage === undefined ? {} : { failureMessage: result.failureMessage }),
      };
    },
  };
}
