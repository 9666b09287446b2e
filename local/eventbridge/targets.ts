/** One call to a target of a rule or schedule, as the role or the service that delivers. Retries are in `delivery.ts`. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import { rolePrincipal, type CloudContext, type Principal } from '../kernel/service.ts';
import { servicePrincipal } from './service-principal.ts';

export interface TargetCall {
  readonly arn: string;
  /** Assumed for the call; without it the service itself calls, and the target's resource policy decides. */
  readonly roleArn?: string | undefined;
  /** JSON text (or plain text from a schedule's Input). */
  readonly payload: string;
  /** Who calls without a role: `events.amazonaws.com` unless told. */
  readonly serviceName?: string;
  /** The rule or schedule on whose behalf the call is made. */
  readonly sourceArn?: string;
  /** The same for each attempt of one delivery: makes StartPipelineExecution idempotent. At least 32 characters. */
  readonly deliveryId: string;
  readonly sqsParameters?: { readonly MessageGroupId?: string } | undefined;
  readonly sageMakerPipelineParameters?:
    { readonly PipelineParameterList?: readonly { readonly Name: string; readonly Value: string }[] } | undefined;
  /** For event bus targets of Scheduler. */
  readonly eventBridgeParameters?: { readonly DetailType: string; readonly Source: string } | undefined;
  /** For event bus targets of rules: the event itself travels on, with its source. */
  readonly forward?: object | undefined;
}

/** Marks an entry of PutEvents that a rule forwards from another bus. A symbol can't come over the wire. */
export const FORWARDED = Symbol('event forwarded by a rule');

type Deliver = (cloud: CloudContext, call: TargetCall, principal: Principal, resource: string) => Promise<unknown>;

const queueUrlOf = (arn: string): string => {
  const [, , , region, account, name] = arn.split(':');
  return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
};

/** The queue's URL from its ARN. */
export { queueUrlOf };

async function toBus(cloud: CloudContext, call: TargetCall, principal: Principal): Promise<void> {
  const entry = call.forward
    ? { EventBusName: call.arn, [FORWARDED]: call.forward }
    : {
        EventBusName: call.arn,
        Source: call.eventBridgeParameters?.Source,
        DetailType: call.eventBridgeParameters?.DetailType,
        Detail: call.payload,
      };
  const answer = (await cloud.call('events', 'PutEvents', { Entries: [entry] }, principal)) as {
    readonly Entries: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
  };
  const refused = answer.Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
  if (refused) throw new AwsError(refused.ErrorCode!, refused.ErrorMessage ?? refused.ErrorCode!);
}

const DELIVERIES: Readonly<Record<string, Deliver>> = {
  lambda: (cloud, { arn, payload }, principal) =>
    cloud.call(
      'lambda',
      'Invoke',
      { FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from(payload) },
      principal,
    ),
  sqs: (cloud, { arn, payload, sqsParameters }, principal) =>
    cloud.call('sqs', 'SendMessage', { QueueUrl: queueUrlOf(arn), MessageBody: payload, ...sqsParameters }, principal),
  sns: (cloud, { arn, payload }, principal) =>
    cloud.call('sns', 'Publish', { TopicArn: arn, Message: payload }, principal),
  states: (cloud, { arn, payload }, principal) =>
    cloud.call('states', 'StartExecution', { stateMachineArn: arn, input: payload }, principal),
  events: toBus,
  logs: async (cloud, { arn, payload, deliveryId }) => {
    cloud.writeLog(arn.split(':log-group:')[1]!.replace(/:\*$/, ''), deliveryId, payload);
  },
  sagemaker: (cloud, call, principal, resource) =>
    cloud.call(
      'sagemaker',
      'StartPipelineExecution',
      {
        PipelineName: resource.slice('pipeline/'.length),
        ClientRequestToken: call.deliveryId,
        PipelineParameters: [...(call.sageMakerPipelineParameters?.PipelineParameterList ?? [])],
      },
      principal,
    ),
};

const RESOURCES: Readonly<Record<string, RegExp>> = {
  lambda: /^function:/,
  sqs: /./,
  sns: /./,
  states: /^stateMachine:/,
  events: /^event-bus\//,
  logs: /^log-group:/,
  sagemaker: /^pipeline\//,
};

/** Service and resource of a target's ARN. @throws UnsupportedFeature for targets that the laptop cloud lacks */
export function parseTargetArn(arn: string): { readonly service: string; readonly resource: string } {
  const [prefix, , service, , , ...rest] = arn.split(':');
  const resource = rest.join(':');
  if (prefix !== 'arn' || service === undefined || !RESOURCES[service]?.test(resource)) {
    throw new UnsupportedFeature(
      `target '${arn}'`,
      'targets are functions, queues, topics, state machines, event buses, log groups and SageMaker pipelines',
    );
  }
  return { service, resource };
}

/** Calls the target once. @throws AwsError as the target's service answers */
export async function deliverTo(cloud: CloudContext, call: TargetCall): Promise<void> {
  const { service, resource } = parseTargetArn(call.arn);
  const principal =
    call.roleArn === undefined
      ? servicePrincipal(call.serviceName ?? 'events.amazonaws.com', call.sourceArn)
      : rolePrincipal(call.roleArn);
  await DELIVERIES[service]!(cloud, call, principal, resource);
}
