/** Amazon EventBridge: buses, rules with patterns or schedules, targets with retries and dead-letter queues. */
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import type { Access, AwsEvent, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';
import { compilePattern } from './pattern.ts';
import { newPutEvents } from './put-events.ts';
import { parsePolicy, type PolicyDocument } from './resource-policy.ts';
import { newRouter } from './routing.ts';
import { page, ruleOperations } from './rules.ts';
import { busNameOf, findBus, isoSeconds, newBus, type Bus, type EventBridgeState } from './state.ts';
import { listTags, removeTags, setTags } from './tags.ts';

/** The service, and the door through which AWS's own services put events on the default bus. */
export type EventBridge = Service & { put(event: AwsEvent): void };

function describeBus(bus: Bus): object {
  return {
    Name: bus.name,
    Arn: bus.arn,
    Description: bus.description,
    Policy: bus.policy && JSON.stringify(bus.policy),
    CreationTime: new Date(bus.createdAtMs),
    LastModifiedTime: new Date(bus.createdAtMs),
  };
}

function refuseMembers(input: WireInput, members: readonly string[], operation: string): void {
  const given = members.find((member) => input[member] !== undefined);
  if (given !== undefined) throw new UnsupportedFeature(`${given} of ${operation}`);
}

function busOperations(cloud: CloudContext, state: EventBridgeState): Record<string, Operation> {
  return {
    CreateEventBus: (input) => {
      refuseMembers(input, ['EventSourceName', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig'], 'CreateEventBus');
      const name = String(input.Name);
      if (!/^[.\-_A-Za-z0-9]{1,256}$/.test(name)) throw validationError(`Event bus name '${name}' is not valid`);
      if (state.buses.has(name)) {
        throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      }
      const bus = newBus(cloud, name, input.Description);
      state.buses.set(name, bus);
      setTags(state.tags, bus.arn, input.Tags);
      return { EventBusArn: bus.arn, Description: bus.description };
    },
    DeleteEventBus: (input) => {
      const name = busNameOf(input.Name);
      if (name === 'default') throw validationError('Cannot delete event bus default.');
      const bus = state.buses.get(name);
      if (bus && bus.rules.size > 0) {
        throw validationError(`Event bus ${name} can't be deleted since it has rules.`);
      }
      state.buses.delete(name);
    },
    DescribeEventBus: (input) => describeBus(findBus(state, input.Name)),
    ListEventBuses: (input) => {
      const buses = [...state.buses.values()].filter(({ name }) => name.startsWith(input.NamePrefix ?? ''));
      const { items, NextToken } = page(buses, input);
      return { EventBuses: items.map(describeBus), NextToken };
    },
    PutPermission: (input) => {
      const bus = findBus(state, input.EventBusName);
      bus.policy =
        input.Policy === undefined ? withStatement(bus, input) : parsePolicy(String(input.Policy), validationError);
    },
  };
}

/** The bus's policy with the statement that PutPermission's single members describe. */
function withStatement(bus: Bus, input: WireInput): PolicyDocument {
  refuseMembers(input, ['Condition'], 'PutPermission');
  if (input.StatementId === undefined || input.Action !== 'events:PutEvents' || input.Principal === undefined) {
    throw validationError('PutPermission needs a Policy, or StatementId, Principal and Action events:PutEvents');
  }
  const principal: unknown = input.Principal === '*' ? '*' : { AWS: `arn:aws:iam::${String(input.Principal)}:root` };
  const statement = {
    Sid: input.StatementId as string,
    Effect: 'Allow' as const,
    Principal: principal,
    Action: 'events:PutEvents',
    Resource: bus.arn,
  };
  const others = (bus.policy?.Statement ?? []).filter(({ Sid }) => Sid !== statement.Sid);
  return { Version: '2012-10-17', Statement: [...others, statement] };
}

function tagOperations(state: EventBridgeState): Record<string, Operation> {
  const known = (arn: string): string => {
    const buses = [...state.buses.values()];
    if (!buses.some((bus) => bus.arn === arn || [...bus.rules.values()].some((rule) => rule.arn === arn))) {
      throw new AwsError('ResourceNotFoundException', `Resource ${arn} does not exist.`);
    }
    return arn;
  };
  return {
    TagResource: (input) => setTags(state.tags, known(input.ResourceARN), input.Tags),
    UntagResource: (input) => removeTags(state.tags, known(input.ResourceARN), input.TagKeys),
    ListTagsForResource: (input) => ({ Tags: listTags(state.tags, known(input.ResourceARN)) }),
  };
}

/** AWS's TestEventPattern demands a whole event. */
function testEventPattern(input: WireInput): object {
  const matches = compilePattern(String(input.EventPattern));
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(String(input.Event)) as Record<string, unknown>;
  } catch (error) {
    throw validationError(`Parameter Event is not valid. Reason: ${(error as Error).message}`);
  }
  for (const field of ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type']) {
    if (event[field] === undefined) throw validationError(`Parameter Event is not valid. Reason: ${field} is missing`);
  }
  return { Result: matches(event) };
}

/** What each operation needs from IAM. */
function newAccess(cloud: CloudContext): Service['access'] {
  const arn = (path: string): string => `arn:aws:events:${cloud.region}:${cloud.accountId}:${path}`;
  const busArn = (name: unknown): string => arn(`event-bus/${busNameOf(name)}`);
  const ruleArn = (name: unknown, bus: unknown): string =>
    arn(`rule/${busNameOf(bus) === 'default' ? '' : `${busNameOf(bus)}/`}${String(name)}`);

  const passRoles = (roleArns: readonly unknown[]): Access[] =>
    [...new Set(roleArns.filter((role): role is string => typeof role === 'string'))].map((resource) => ({
      action: 'iam:PassRole',
      resource,
      conditionKeys: { 'iam:PassedToService': 'events.amazonaws.com' },
    }));

  return (operation, input) => {
    const on = (resource: string): Access => ({ action: `events:${operation}`, resource });
    switch (operation) {
      case 'PutEvents': {
        const buses = new Set(((input.Entries ?? []) as WireInput[]).map((entry) => busArn(entry.EventBusName)));
        return [...buses].map(on);
      }
      case 'PutRule':
        return [on(ruleArn(input.Name, input.EventBusName)), ...passRoles([input.RoleArn])];
      case 'PutTargets': {
        const roles = ((input.Targets ?? []) as WireInput[]).map((target): unknown => target.RoleArn);
        return [on(ruleArn(input.Rule, input.EventBusName)), ...passRoles(roles)];
      }
      case 'DeleteRule':
      case 'DescribeRule':
      case 'EnableRule':
      case 'DisableRule':
        return [on(ruleArn(input.Name, input.EventBusName))];
      case 'RemoveTargets':
      case 'ListTargetsByRule':
        return [on(ruleArn(input.Rule, input.EventBusName))];
      case 'CreateEventBus':
      case 'DeleteEventBus':
      case 'DescribeEventBus':
        return [on(busArn(input.Name))];
      case 'PutPermission':
        return [on(busArn(input.EventBusName))];
      case 'TagResource':
      case 'UntagResource':
      case 'ListTagsForResource':
        return [on(String(input.ResourceARN))];
      case 'ListRules':
      case 'ListRuleNamesByTarget':
        return [on(arn('rule/*'))];
      default:
        return [on('*')];
    }
  };
}

/** Builds EventBridge with its default bus. */
export function newEventBridge(cloud: CloudContext): EventBridge {
  const state: EventBridgeState = { buses: new Map(), tags: new Map() };
  const defaultBus = newBus(cloud, 'default');
  state.buses.set('default', defaultBus);
  const router = newRouter(cloud);
  const random = cloud.kernel.random('eventbridge-put');
  return {
    id: 'events',
    operations: {
      ...busOperations(cloud, state),
      ...ruleOperations(cloud, state, (rule) => router.schedule(rule)),
      ...tagOperations(state),
      PutEvents: newPutEvents(cloud, state, router, random),
      TestEventPattern: testEventPattern,
    },
    access: newAccess(cloud),
    put: (event) =>
      router.accept(defaultBus, {
        version: '0',
        id: random.uuid(),
        'detail-type': event.detailType,
        source: event.source,
        account: cloud.accountId,
        time: isoSeconds(cloud.kernel.clock.now()),
        region: cloud.region,
        resources: event.resources ?? [],
        detail: event.detail,
      }),
  };
}
