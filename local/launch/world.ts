/** The laptop cloud with Switchyard deployed into it, and the world around it: operators' clients, data, traffic. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LaptopCloud, newCloud } from '../cloud.ts';
import { type DeployedStack } from '../cloudformation/deploy.ts';
import { type LambdaRuntime } from '../kernel/containers.ts';
import { installGlobals } from '../kernel/globals.ts';
import { newContainerHost, type Trainings } from './containers.ts';
import { installConsole } from './console.ts';
import { DataPlatform } from './data-platform.ts';
import { newFunctionRuntime, type Tamper } from './functions.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT_ID = '111122223333';
export const STAGE = 'dev';

const NO_FILE = '/nonexistent/switchyard-uses-no-aws-configuration';

export interface WorldOptions {
  readonly seed: number;
  /** Virtual epoch milliseconds. */
  readonly startMs: number;
  /** The packaged template. */
  readonly template: unknown;
  readonly tamper?: Tamper;
  /** Runs the functions otherwise than in process. */
  readonly lambdaRuntime?: (cloud: LaptopCloud) => LambdaRuntime;
}

export interface World {
  readonly cloud: LaptopCloud;
  readonly stack: DeployedStack;
  readonly data: DataPlatform;
  readonly trainings: Trainings;
  /** Physical id of a resource of the template. */
  resource(logicalId: string): string;
  /** Puts the process's clock and console back, and deletes the scratch directory. */
  close(): void;
}

/** The SDK's first call in a process looks for its configuration files: real input that the kernel can't see, so it is done here. */
async function readSharedConfiguration(cloud: LaptopCloud): Promise<void> {
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'operator' };
  const client = new DynamoDBClient({ region: REGION, credentials, requestHandler: cloud.requestHandler as never });
  await client.send(new ListTablesCommand({}));
}

/** Empty cloud, replaced globals, template deployed. The process's time is virtual until `close`. */
export async function openWorld(options: WorldOptions): Promise<World> {
  // Powertools writes through the global console in this mode, which is where functions' lines are told apart.
  process.env['POWERTOOLS_DEV'] = 'true';
  process.env['POWERTOOLS_METRICS_DISABLED'] = 'false';
  process.env['AWS_LAMBDA_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.env['TZ'] = 'UTC';
  // A run must not depend on what stands in this machine's own AWS configuration.
  process.env['AWS_CONFIG_FILE'] = NO_FILE;
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = NO_FILE;
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'switchyard-'));
  const trainings: Trainings = { count: 0 };
  const cloud = newCloud({
    seed: options.seed,
    startMs: options.startMs,
    region: REGION,
    accountId: ACCOUNT_ID,
    scratchDirectory,
    lambdaRuntime: options.lambdaRuntime ?? ((made) => newFunctionRuntime(made, options.tamper)),
    containerHost: newContainerHost(trainings),
  });
  const restoreGlobals = installGlobals(cloud.kernel);
  const restoreConsole = installConsole();
  const close = (): void => {
    restoreConsole();
    restoreGlobals();
    rmSync(scratchDirectory, { recursive: true, force: true });
  };
  try {
    await readSharedConfiguration(cloud);
    const deployment = cloud.services.cloudformation.deploy(options.template, { stackName: `switchyard-${STAGE}` });
    const stack = await cloud.kernel.settle(deployment, 3_600_000, 'the deployment');
    const resource = (logicalId: string): string => {
      const found = stack.resources.get(logicalId);
      if (!found) throw new Error(`the template has no resource '${logicalId}'`);
      return found.physicalId;
    };
    return { cloud, stack, data: new DataPlatform(cloud, resource('DataBucket')), trainings, resource, close };
  } catch (error) {
    close();
    throw error;
  }
}
