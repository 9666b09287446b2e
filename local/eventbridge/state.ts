/** Buses, rules and targets as EventBridge keeps them. */
import { AwsError } from '../kernel/errors.ts';
import type { Timer } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { RetryPolicy } from './delivery.ts';
import type { PolicyDocument } from './resource-policy.ts';
import type { Schedule } from './schedule-expression.ts';
import type { TargetInput } from './target-input.ts';

/** A target as PutTargets got it. */
export interface RuleTarget extends TargetInput {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: RetryPolicy;
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly SageMakerPipelineParameters?: {
    readonly PipelineParameterList?: readonly { readonly Name: string; readonly Value: string }[];
  };
}

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly bus: Bus;
  eventPattern: string | undefined;
  matches: ((event: unknown) => boolean) | undefined;
  scheduleExpression: string | undefined;
  schedule: Schedule | undefined;
  state: 'ENABLED' | 'DISABLED';
  description: string | undefined;
  roleArn: string | undefined;
  readonly targets: Map<string, RuleTarget>;
  /** The next firing of a schedule. */
  timer: Timer | undefined;
}

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAtMs: number;
  policy: PolicyDocument | undefined;
  readonly rules: Map<string, Rule>;
}

/** The JSON that a rule sees and a target gets. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export interface EventBridgeState {
  readonly buses: Map<string, Bus>;
  /** ARN -> tags. */
  readonly tags: Map<string, Map<string, string>>;
}

/** EventBridge's whole seconds, for instance 2026-01-05T00:00:00Z. */
export const isoSeconds = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z');

export function newBus(cloud: CloudContext, name: string, description?: string): Bus {
  const arn = `arn:aws:events:${cloud.region}:${cloud.accountId}:event-bus/${name}`;
  return { name, arn, description, createdAtMs: cloud.kernel.clock.now(), policy: undefined, rules: new Map() };
}

/** Name of a bus from its name or ARN; the default bus when absent. */
export function busNameOf(nameOrArn: unknown): string {
  if (nameOrArn === undefined || nameOrArn === null || nameOrArn === '') return 'default';
  const text = nameOrArn as string;
  const at = text.indexOf(':event-bus/');
  return at < 0 ? text : text.slice(at + ':event-bus/'.length);
}

/** @throws AwsError ResourceNotFoundException */
export function findBus(state: EventBridgeState, nameOrArn: unknown): Bus {
  const name = busNameOf(nameOrArn);
  const bus = state.buses.get(name);
  if (!bus) throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  return bus;
}

/** @throws AwsError ResourceNotFoundException */
export function findRule(state: EventBridgeState, ruleName: unknown, bus: unknown): Rule {
  const found = findBus(state, bus);
  const rule = found.rules.get(String(ruleName));
  if (!rule) {
    throw new AwsError(
      'ResourceNotFoundException',
      `Rule ${String(ruleName)} does not exist on EventBus ${found.name}.`,
    );
  }
  return rule;
}
