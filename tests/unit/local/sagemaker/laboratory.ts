/** A SageMaker with an S3 of its own and containers that the test scripts: what the service's tests stand on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerHost, type JobResult, type ServedContainer } from '../../../../local/kernel/containers.ts';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { type Principal, type WireInput } from '../../../../local/kernel/service.ts';
import { newSageMaker, type SageMaker } from '../../../../local/sagemaker/service.ts';
import { type FakeCloudContext, newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

export const ROLE = 'arn:aws:iam::111122223333:role/sagemaker-execution';
export const IMAGE = '111122223333.dkr.ecr.eu-central-1.amazonaws.com/server:1';
export const MINUTE = 60_000;

type Invoke = ServedContainer['invoke'];
type RunJob = ContainerHost['runJob'];

export interface Laboratory {
  readonly cloud: FakeCloudContext;
  readonly sagemaker: SageMaker;
  /** Objects by `bucket/key`. */
  readonly objects: Map<string, string>;
  /** Requests that reached a container: which artifact served, and the body. */
  readonly invocations: { modelDirectory: string; environment: Readonly<Record<string, string>>; body: string }[];
  /** Jobs that really ran. */
  readonly jobs: Parameters<RunJob>[0][];
  /** What containers do; tests replace them. */
  invoke: (body: string, environment: Readonly<Record<string, string>>) => Awaited<ReturnType<Invoke>>;
  ping: (environment: Readonly<Record<string, string>>) => boolean;
  runJob: (spec: Parameters<RunJob>[0]) => Promise<JobResult>;
  lambda: (input: WireInput) => unknown;
  /** Calls an operation as root. */
  call(operation: string, input: WireInput): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- wire shapes
  /** The AwsError that a call is refused with. */
  refusal(operation: string, input: WireInput): Promise<AwsError>;
  /** Details of the events of one type, in the order in which they reached the bus. */
  details(detailType: string): Record<string, unknown>[];
  run(ms: number): Promise<void>;
  close(): void;
}

const echo = (body: string) => ({ statusCode: 200, body: Buffer.from(body), contentType: 'application/jsonlines' });

/** S3's answers, out of a map. */
function s3(objects: Map<string, string>, operation: string, input: WireInput): unknown {
  const path = `${input['Bucket']}/${input['Key'] ?? ''}`;
  if (operation === 'PutObject') {
    objects.set(path, Buffer.from(input['Body'] as Uint8Array).toString('utf8'));
    return {};
  }
  if (operation === 'GetObject') {
    const content = objects.get(path);
    if (content === undefined)
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', { statusCode: 404 });
    return { Body: Buffer.from(content) };
  }
  if (operation !== 'ListObjectsV2') throw new Error(`unexpected s3:${operation}`);
  const prefix = `${input['Bucket']}/${input['Prefix'] ?? ''}`;
  const found = [...objects].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    Contents: found.map(([name, content]) => ({ Key: name.slice(name.indexOf('/') + 1), Size: content.length })),
    IsTruncated: false,
  };
}

export function newLaboratory(seed = 1): Laboratory {
  const cloud = newFakeCloudContext(seed);
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'sagemaker-'));
  const host: ContainerHost = {
    startServer: ({ modelDirectory, environment }) =>
      Promise.resolve({
        ping: () => Promise.resolve(laboratory.ping(environment)),
        invoke: ({ body }) => {
          const text = Buffer.from(body).toString('utf8');
          laboratory.invocations.push({ modelDirectory, environment, body: text });
          return Promise.resolve(laboratory.invoke(text, environment));
        },
      }),
    runJob: (spec) => {
      laboratory.jobs.push(spec);
      return laboratory.runJob(spec);
    },
  };
  const sagemaker = newSageMaker(cloud, host, { scratchDirectory });
  cloud.answer = (service, operation, input, principal: Principal) => {
    if (service === 's3') return s3(laboratory.objects, operation, input);
    if (service === 'lambda') return laboratory.lambda(input);
    return sagemaker.operations[operation]!(input, { principal, requestId: 'inner' });
  };
  const laboratory: Laboratory = {
    cloud,
    sagemaker,
    objects: new Map(),
    invocations: [],
    jobs: [],
    invoke: echo,
    ping: () => true,
    runJob: () => Promise.resolve({ exitCode: 0, log: [] }),
    lambda: () => {
      throw new Error('no lambda in this test');
    },
    call: async (operation, input) => await sagemaker.operations[operation]!(input, ROOT),
    refusal: async (operation, input) => {
      try {
        await sagemaker.operations[operation]!(input, ROOT);
      } catch (error) {
        if (error instanceof AwsError) return error;
        throw error;
      }
      throw new Error(`${operation} was not refused`);
    },
    details: (detailType) =>
      cloud.events.filter((event) => event.detailType === detailType).map((event) => ({ ...event.detail })),
    run: (ms) => cloud.kernel.runFor(ms),
    close: () => rmSync(scratchDirectory, { recursive: true, force: true }),
  };
  return laboratory;
}

/** Puts an artifact into S3 and makes a model of it; the container sees the model's name in its environment. */
export async function makeModel(laboratory: Laboratory, name: string): Promise<void> {
  laboratory.objects.set(`models/${name}/model.onnx`, `artifact of ${name}`);
  await laboratory.call('CreateModel', {
    ModelName: name,
    ExecutionRoleArn: ROLE,
    PrimaryContainer: {
      Image: IMAGE,
      Environment: { MODEL: name },
      ModelDataSource: {
        S3DataSource: { S3Uri: `s3://models/${name}/`, S3DataType: 'S3Prefix', CompressionType: 'None' },
      },
    },
  });
}

export interface VariantSpec {
  readonly name: string;
  readonly model: string;
  readonly weight: number;
  readonly count?: number;
}

export async function makeConfig(
  laboratory: Laboratory,
  name: string,
  variants: readonly VariantSpec[],
  more: WireInput = {},
): Promise<void> {
  await laboratory.call('CreateEndpointConfig', {
    EndpointConfigName: name,
    ProductionVariants: variants.map((variant) => ({
      VariantName: variant.name,
      ModelName: variant.model,
      InitialInstanceCount: variant.count ?? 1,
      InitialVariantWeight: variant.weight,
      InstanceType: 'ml.m5.large',
    })),
    ...more,
  });
}

/** An endpoint `demand` that serves model `m1` as variant `blue`; models m1 and m2 exist. */
export async function makeEndpoint(laboratory: Laboratory, more: WireInput = {}): Promise<void> {
  await makeModel(laboratory, 'm1');
  await makeModel(laboratory, 'm2');
  await makeConfig(laboratory, 'c1', [{ name: 'blue', model: 'm1', weight: 1 }], more);
  await laboratory.call('CreateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c1' });
  await laboratory.run(11 * MINUTE);
}

export const describeEndpoint = (laboratory: Laboratory) =>
  laboratory.call('DescribeEndpoint', { EndpointName: 'demand' });
