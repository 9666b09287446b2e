/** EventBridge, Scheduler, SQS, SNS and Lambda around one kernel, without IAM: calls between them reach the real services. */
import type { LambdaContainer, LambdaInvocationContext } from '../../../../local/kernel/containers.ts';
import { newEventBridge, type EventBridge } from '../../../../local/eventbridge/service.ts';
import type { Principal, Service, WireInput } from '../../../../local/kernel/service.ts';
import { newLambda, type Lambda } from '../../../../local/lambda/service.ts';
import { newScheduler } from '../../../../local/scheduler/service.ts';
import { newSns, type Sns } from '../../../../local/sns/service.ts';
import { newSqs } from '../../../../local/sqs/service.ts';
import { newFakeCloudContext, type FakeCloudContext } from '../../../support/fake-cloud-context.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const queueArn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const queueUrl = (name: string): string => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
export const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
export const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;

export type Handler = (event: never, context: LambdaInvocationContext) => Promise<unknown>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are wire shapes
type Answer = any;

export interface ConnectedCloud extends FakeCloudContext {
  readonly lambda: Lambda;
  readonly sns: Sns;
  readonly events: FakeCloudContext['events'];
  readonly eventbridge: EventBridge;
  /** Handlers by function name. */
  readonly handlers: Record<string, Handler>;
  /** Names of the functions that had a cold start, in order. */
  readonly coldStarts: string[];
  /** Answers instead of the services, for operations that the test takes over: `service:Operation`. */
  readonly intercepts: Record<string, (input: WireInput, principal: Principal) => unknown>;
  /** Calls as the operator, and runs the clock until the answer is there. */
  do(service: string, operation: string, input: WireInput, principal?: Principal): Promise<Answer>;
}

export function newConnectedCloud(seed = 1): ConnectedCloud {
  const fake = newFakeCloudContext(seed);
  const handlers: Record<string, Handler> = {};
  const coldStarts: string[] = [];
  const intercepts: ConnectedCloud['intercepts'] = {};
  const runtime = {
    start: async (configuration: { functionName: string }, log: (line: string) => void): Promise<LambdaContainer> => {
      coldStarts.push(configuration.functionName);
      log(`init of ${configuration.functionName}`);
      const handler = handlers[configuration.functionName];
      if (!handler) throw Object.assign(new Error('no such module'), { name: 'Runtime.ImportModuleError' });
      return { invoke: (event, context) => handler(event as never, context) };
    },
  };
  const eventbridge = newEventBridge(fake);
  const lambda = newLambda(fake, runtime);
  const sns = newSns(fake);
  const services = new Map<string, Service>(
    [eventbridge, lambda, sns, newSqs(fake), newScheduler(fake)].map((service) => [service.id, service]),
  );
  let requests = 0;
  fake.answer = (service, operation, input, principal) => {
    const intercept = intercepts[`${service}:${operation}`];
    if (intercept) return intercept(input, principal);
    const run = services.get(service)?.operations[operation];
    if (!run) throw new Error(`the test did not say how to answer ${service}:${operation}`);
    return run(input, { principal, requestId: `request-${++requests}` });
  };
  return Object.assign(fake, {
    ...{ lambda, sns, eventbridge, handlers, coldStarts, intercepts },
    do: (service: string, operation: string, input: WireInput, principal: Principal = { kind: 'root' }) =>
      fake.kernel.settle(fake.call(service, operation, input, principal), 1_000_000),
  });
}

/** Every message that a queue would give now, with all attributes; they stay invisible for a minute. */
export async function drain(cloud: ConnectedCloud, queue: string): Promise<Answer[]> {
  const all: Answer[] = [];
  for (;;) {
    const { Messages = [] } = await cloud.do('sqs', 'ReceiveMessage', {
      QueueUrl: queueUrl(queue),
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 60,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });
    if (Messages.length === 0) return all;
    all.push(...Messages);
  }
}

/** A queue policy that lets a service send, perhaps only for one source. */
export function allowSend(queue: string, service: string, sourceArn?: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sqs:SendMessage',
        Resource: queueArn(queue),
        ...(sourceArn && { Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } } }),
      },
    ],
  });
}
