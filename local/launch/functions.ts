/** Runs the deployed handlers in process: the same rooms, with credentials of their own and the laptop cloud as the network. */
import { type LaptopCloud } from '../cloud.ts';
import { type FunctionConfiguration, type LambdaRuntime } from '../kernel/containers.ts';
import { type Platform } from '../../shared/aws/platform.ts';
import { withConsole } from './console.ts';

interface Room {
  readonly newDependencies: (env: Readonly<Record<string, string | undefined>>, platform: Platform) => object;
  readonly newHandler: (dependencies: object) => (event: unknown, context: unknown) => Promise<unknown>;
}

/** A change of a function's dependencies: how tests plant a defect in one room. */
export type Tamper = (room: string, dependencies: object) => object;

/** `functions/<room>/main.handler` -> `<room>`. */
function roomOf(configuration: FunctionConfiguration): string {
  const room = /^functions\/([a-z-]+)\/main\.handler$/.exec(configuration.handler)?.[1];
  if (!room) throw new Error(`handler '${configuration.handler}' is not of the form functions/<room>/main.handler`);
  return room;
}

const loaded = new Map<string, Promise<Room>>();

function load(room: string): Promise<Room> {
  let promise = loaded.get(room);
  if (!promise) {
    const folder = new URL(`../../functions/${room}/`, import.meta.url);
    promise = Promise.all([
      import(new URL('dependencies.ts', folder).href),
      import(new URL('handler.ts', folder).href),
    ]).then(([dependencies, handler]) => ({ ...(dependencies as object), ...(handler as object) }) as Room);
    loaded.set(room, promise);
  }
  return promise;
}

function platformOf(cloud: LaptopCloud, configuration: FunctionConfiguration): Platform {
  const random = cloud.kernel.random(`function/${configuration.functionName}`);
  return {
    requestHandler: cloud.requestHandler,
    credentials: cloud.services.iam.credentialsFor(configuration.roleArn, configuration.functionName),
    fetch: () => Promise.reject(new Error('the laptop cloud has no such host')),
    clock: { nowMs: () => cloud.kernel.clock.now() },
    random: () => random.next(),
    ids: { next: () => random.uuid() },
  };
}

/** @param tamper plants defects for tests; leaves everything as it is if absent */
export function newFunctionRuntime(
  cloud: LaptopCloud,
  tamper: Tamper = (_room, dependencies) => dependencies,
): LambdaRuntime {
  return {
    async start(configuration, log) {
      const room = roomOf(configuration);
      const { newDependencies, newHandler } = await load(room);
      const env = {
        ...configuration.environment,
        AWS_REGION: cloud.region,
        AWS_LAMBDA_FUNCTION_NAME: configuration.functionName,
      };
      const handler = withConsole(log, () =>
        newHandler(tamper(room, newDependencies(env, platformOf(cloud, configuration)))),
      );
      return { invoke: (event, context) => withConsole(log, () => handler(event, context)) };
    },
  };
}
