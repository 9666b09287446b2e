/** An event on a bus: faults, matching, and delivery to the targets of each rule that matches. */
import { SLOWNESS } from '../kernel/latency.ts';
import type { CloudContext } from '../kernel/service.ts';
import { deliverWithRetries, type DeliveryOutcome } from './delivery.ts';
import { readJsonPath } from './json-path.ts';
import { nextDue } from './schedule-expression.ts';
import { servicePrincipal } from './service-principal.ts';
import { isoSeconds, type Bus, type EventEnvelope, type Rule, type RuleTarget } from './state.ts';
import { targetPayload } from './target-input.ts';
import { deliverTo, parseTargetArn } from './targets.ts';

export interface Router {
  /** Takes an event in: asks for faults, then matches it against the bus's rules. `forwarded` events stay on this bus. */
  accept(bus: Bus, event: EventEnvelope, forwarded?: boolean): void;
  /** Arms the next firing of a scheduled rule, or disarms it. */
  schedule(rule: Rule): void;
}

type SageMakerParameters = RuleTarget['SageMakerPipelineParameters'];

/** Pipeline parameters whose value is a path take their value from the event. */
function fillPipelineParameters(parameters: SageMakerParameters, event: EventEnvelope): SageMakerParameters {
  return (
    parameters?.PipelineParameterList && {
      PipelineParameterList: parameters.PipelineParameterList.map(({ Name, Value }) => {
        if (!Value.startsWith('$.')) return { Name, Value };
        const value = readJsonPath(event, Value);
        return { Name, Value: typeof value === 'string' ? value : JSON.stringify(value ?? null) };
      }),
    }
  );
}

export function newRouter(cloud: CloudContext): Router {
  const { kernel } = cloud;
  const random = kernel.random('eventbridge');

  const count = (rule: Rule, name: string): void => {
    const data = { namespace: 'AWS/Events', name, values: [1], unit: 'Count' };
    cloud.recordMetric({ ...data, dimensions: { RuleName: rule.name } });
    if (rule.bus.name !== 'default') {
      cloud.recordMetric({ ...data, dimensions: { EventBusName: rule.bus.name, RuleName: rule.name } });
    }
  };

  const countOutcome = (rule: Rule, outcome: DeliveryOutcome): void => {
    count(rule, 'Invocations');
    if (outcome === 'dead-lettered') count(rule, 'InvocationsSentToDlq');
    if (outcome === 'dead-letter-failed') count(rule, 'InvocationsFailedToBeSentToDlq');
    if (outcome === 'dropped' || outcome === 'dead-letter-failed') count(rule, 'FailedInvocations');
  };

  const deliver = async (rule: Rule, target: RuleTarget, event: EventEnvelope): Promise<void> => {
    const identity = { arn: rule.arn, name: rule.name, ingestionTime: new Date(kernel.clock.now()).toISOString() };
    const isBus = parseTargetArn(target.Arn).service === 'events';
    const deliveryId = random.uuid();
    const outcome = await deliverWithRetries(
      cloud,
      {
        label: `rule ${rule.name} -> ${target.Arn}`,
        retryPolicy: target.RetryPolicy,
        attempt: () =>
          deliverTo(cloud, {
            arn: target.Arn,
            roleArn: target.RoleArn,
            payload: targetPayload(target, event, identity),
            sourceArn: rule.arn,
            deliveryId,
            sqsParameters: target.SqsParameters,
            sageMakerPipelineParameters: fillPipelineParameters(target.SageMakerPipelineParameters, event),
            forward: isBus ? event : undefined,
          }),
        deadLetter:
          target.DeadLetterConfig?.Arn === undefined
            ? undefined
            : {
                queueArn: target.DeadLetterConfig.Arn,
                principal: servicePrincipal('events.amazonaws.com', rule.arn),
                body: () => JSON.stringify(event),
                attributes: { RULE_ARN: rule.arn, TARGET_ARN: target.Arn },
              },
      },
      random,
    );
    countOutcome(rule, outcome);
  };

  const trigger = (rule: Rule, event: EventEnvelope, forwarded: boolean): void => {
    count(rule, 'TriggeredRules');
    for (const target of rule.targets.values()) {
      // AWS lets an event hop between buses once.
      if (forwarded && parseTargetArn(target.Arn).service === 'events') {
        kernel.trace(`event ${event.id} not forwarded a second time by ${rule.arn}`);
        continue;
      }
      kernel.spawn(`rule ${rule.name} -> ${target.Id}`, () => deliver(rule, target, event));
    }
  };

  const route = (bus: Bus, event: EventEnvelope, forwarded: boolean): void => {
    kernel.trace(`event ${bus.name} ${event.source} '${event['detail-type']}' ${event.id}`);
    for (const rule of bus.rules.values()) {
      if (rule.state !== 'ENABLED' || !rule.matches?.(event)) continue;
      count(rule, 'MatchedEvents');
      trigger(rule, event, forwarded);
    }
  };

  /** The one place where events get lost, late or doubled. */
  const withFaults = (event: EventEnvelope, deliverCopy: () => void): void => {
    const fault = cloud.faults.event({
      source: event.source,
      detailType: event['detail-type'],
      detail: (event.detail ?? {}) as Record<string, unknown>,
      resources: event.resources,
    });
    if (fault === undefined) deliverCopy();
    else if (fault.kind === 'lose') kernel.trace(`event ${event.id} lost by an injected fault`);
    else {
      for (const delayMs of fault.delaysMs) kernel.clock.after(delayMs, `copy of event ${event.id}`, deliverCopy);
    }
  };

  const fire = (rule: Rule, dueMs: number): void => {
    const event: EventEnvelope = {
      version: '0',
      id: random.uuid(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: cloud.accountId,
      time: isoSeconds(dueMs),
      region: cloud.region,
      resources: [rule.arn],
      detail: {},
    };
    withFaults(event, () => trigger(rule, event, false));
  };

  const arm = (rule: Rule, afterMs: number, anchorMs: number): void => {
    rule.timer = undefined;
    if (rule.schedule === undefined || rule.state !== 'ENABLED') return;
    const dueMs = nextDue(rule.schedule, afterMs, anchorMs);
    if (dueMs === undefined) return;
    const lateMs = random.integer(SLOWNESS.schedulerLateMs.min, SLOWNESS.schedulerLateMs.max - 1);
    rule.timer = kernel.clock.at(dueMs + lateMs, `rule ${rule.name}`, () => {
      arm(rule, dueMs, anchorMs);
      fire(rule, dueMs);
    });
  };

  return {
    accept: (bus, event, forwarded = false) => withFaults(event, () => route(bus, event, forwarded)),
    schedule: (rule) => {
      rule.timer?.cancel();
      const nowMs = kernel.clock.now();
      arm(rule, nowMs, nowMs);
    },
  };
}
