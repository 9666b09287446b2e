/** Amazon EventBridge Scheduler: one-time and recurring schedules, groups, templated and universal targets. */
import { AwsError, validationError } from '../kernel/errors.ts';
import type { Access, CloudContext, Operation, RestRoute, Service, WireInput } from '../kernel/service.ts';
import { newFiring, type Firing } from './firing.ts';
import { checkedName, describeSchedule, parseDefinition, type StoredSchedule } from './schedules.ts';

interface Group {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
}

/** What a client token was used for: the same request again gets the same answer. */
interface TokenUse {
  readonly request: string;
  readonly answer: object;
}

interface State {
  readonly groups: Map<string, Group>;
  /** `group/name` -> schedule. */
  readonly schedules: Map<string, StoredSchedule>;
  readonly tokens: Map<string, TokenUse>;
}

const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', message, { statusCode: 404 });
const conflict = (message: string): AwsError => new AwsError('ConflictException', message, { statusCode: 409 });
const groupName = (input: WireInput): string => checkedName(input.GroupName ?? 'default', 'groupName');

function page<T>(items: readonly T[], input: WireInput): { items: readonly T[]; NextToken: string | undefined } {
  const from = Number(input.NextToken ?? 0);
  if (!Number.isInteger(from) || from < 0) throw validationError(`NextToken '${String(input.NextToken)}' is not valid`);
  const to = from + Number(input.MaxResults ?? 100);
  return { items: items.slice(from, to), NextToken: to < items.length ? String(to) : undefined };
}

/** Runs a change once for each client token. @throws AwsError ConflictException for the token with another request */
function once(tokens: State['tokens'], operation: string, input: WireInput, change: () => object): object {
  if (input.ClientToken === undefined) return change();
  const key = `${operation}/${String(input.ClientToken)}`;
  const request = JSON.stringify(input);
  const used = tokens.get(key);
  if (used && used.request !== request) {
    throw conflict(`The ClientToken ${String(input.ClientToken)} was used for another request.`);
  }
  const answer = used?.answer ?? change();
  tokens.set(key, { request, answer });
  return answer;
}

function scheduleOperations(cloud: CloudContext, state: State, firing: Firing): Record<string, Operation> {
  const { clock } = cloud.kernel;

  const find = (input: WireInput): StoredSchedule => {
    const name = checkedName(input.Name, 'name');
    const stored = state.schedules.get(`${groupName(input)}/${name}`);
    if (!stored) throw notFound(`Schedule ${name} does not exist.`);
    return stored;
  };

  const create = (input: WireInput): object => {
    const name = checkedName(input.Name, 'name');
    const group = groupName(input);
    const definition = parseDefinition(input);
    if (!state.groups.has(group)) throw notFound(`Schedule group ${group} does not exist.`);
    if (state.schedules.has(`${group}/${name}`)) throw conflict(`Schedule ${name} already exists.`);
    const arn = `arn:aws:scheduler:${cloud.region}:${cloud.accountId}:schedule/${group}/${name}`;
    const nowMs = clock.now();
    const stored: StoredSchedule = {
      name,
      group,
      arn,
      createdAtMs: nowMs,
      modifiedAtMs: nowMs,
      definition,
      timer: undefined,
    };
    state.schedules.set(`${group}/${name}`, stored);
    firing.arm(stored);
    return { ScheduleArn: arn };
  };

  const update = (input: WireInput): object => {
    const stored = find(input);
    stored.definition = parseDefinition(input);
    stored.modifiedAtMs = clock.now();
    firing.arm(stored);
    return { ScheduleArn: stored.arn };
  };

  return {
    CreateSchedule: (input) => once(state.tokens, 'CreateSchedule', input, () => create(input)),
    UpdateSchedule: (input) => once(state.tokens, 'UpdateSchedule', input, () => update(input)),
    GetSchedule: (input) => describeSchedule(find(input)),
    DeleteSchedule: (input) =>
      once(state.tokens, 'DeleteSchedule', input, () => {
        const stored = find(input);
        stored.timer?.cancel();
        state.schedules.delete(`${stored.group}/${stored.name}`);
        return {};
      }),
    ListSchedules: (input) => {
      const all = [...state.schedules.values()]
        .filter(({ group }) => input.GroupName === undefined || group === input.GroupName)
        .filter(({ name }) => name.startsWith(input.NamePrefix ?? ''))
        .filter(({ definition }) => input.State === undefined || definition.state === input.State)
        .sort((a, b) => (a.arn < b.arn ? -1 : 1));
      const { items, NextToken } = page(all, input);
      const Schedules = items.map((stored) => ({
        ...{ Arn: stored.arn, Name: stored.name, GroupName: stored.group, State: stored.definition.state },
        Target: { Arn: stored.definition.target.Arn },
        CreationDate: new Date(stored.createdAtMs),
        LastModificationDate: new Date(stored.modifiedAtMs),
      }));
      return { Schedules, NextToken };
    },
  };
}

function groupOperations(cloud: CloudContext, state: State): Record<string, Operation> {
  const find = (input: WireInput): Group => {
    const group = state.groups.get(checkedName(input.Name, 'name'));
    if (!group) throw notFound(`Schedule group ${String(input.Name)} does not exist.`);
    return group;
  };
  const describe = (group: Group): object => ({
    ...{ Arn: group.arn, Name: group.name, State: 'ACTIVE' },
    CreationDate: new Date(group.createdAtMs),
    LastModificationDate: new Date(group.createdAtMs),
  });
  return {
    CreateScheduleGroup: (input) =>
      once(state.tokens, 'CreateScheduleGroup', input, () => {
        const name = checkedName(input.Name, 'name');
        if (state.groups.has(name)) throw conflict(`Schedule group ${name} already exists.`);
        const group = newGroup(cloud, name);
        state.groups.set(name, group);
        return { ScheduleGroupArn: group.arn };
      }),
    GetScheduleGroup: (input) => describe(find(input)),
    DeleteScheduleGroup: (input) => {
      const group = find(input);
      if (group.name === 'default') throw validationError('The default schedule group cannot be deleted.');
      for (const [key, stored] of state.schedules) {
        if (stored.group !== group.name) continue;
        stored.timer?.cancel();
        state.schedules.delete(key);
      }
      state.groups.delete(group.name);
    },
    ListScheduleGroups: (input) => {
      const all = [...state.groups.values()].filter(({ name }) => name.startsWith(input.NamePrefix ?? ''));
      const { items, NextToken } = page(all, input);
      return { ScheduleGroups: items.map(describe), NextToken };
    },
  };
}

function newGroup(cloud: CloudContext, name: string): Group {
  const arn = `arn:aws:scheduler:${cloud.region}:${cloud.accountId}:schedule-group/${name}`;
  return { name, arn, createdAtMs: cloud.kernel.clock.now() };
}

const lists = { MaxResults: 'MaxResults', NamePrefix: 'NamePrefix', NextToken: 'NextToken' };
const deletion = { groupName: 'GroupName', clientToken: 'ClientToken' };

const ROUTES: readonly RestRoute[] = [
  { method: 'POST', path: '/schedules/{Name}', operation: 'CreateSchedule' },
  { method: 'PUT', path: '/schedules/{Name}', operation: 'UpdateSchedule' },
  { method: 'GET', path: '/schedules/{Name}', operation: 'GetSchedule', queryMembers: { groupName: 'GroupName' } },
  { method: 'DELETE', path: '/schedules/{Name}', operation: 'DeleteSchedule', queryMembers: deletion },
  {
    method: 'GET',
    path: '/schedules',
    operation: 'ListSchedules',
    queryMembers: { ...lists, ScheduleGroup: 'GroupName', State: 'State' },
  },
  { method: 'POST', path: '/schedule-groups/{Name}', operation: 'CreateScheduleGroup' },
  { method: 'GET', path: '/schedule-groups/{Name}', operation: 'GetScheduleGroup' },
  {
    method: 'DELETE',
    path: '/schedule-groups/{Name}',
    operation: 'DeleteScheduleGroup',
    queryMembers: { clientToken: 'ClientToken' },
  },
  { method: 'GET', path: '/schedule-groups', operation: 'ListScheduleGroups', queryMembers: lists },
];

/** Builds Scheduler with its default group. */
export function newScheduler(cloud: CloudContext): Service {
  const state: State = { groups: new Map(), schedules: new Map(), tokens: new Map() };
  state.groups.set('default', newGroup(cloud, 'default'));
  const firing = newFiring(cloud, ({ group, name }) => void state.schedules.delete(`${group}/${name}`));
  const arn = (path: string): string => `arn:aws:scheduler:${cloud.region}:${cloud.accountId}:${path}`;
  return {
    id: 'scheduler',
    routes: ROUTES,
    operations: { ...scheduleOperations(cloud, state, firing), ...groupOperations(cloud, state) },
    access: (operation, input): readonly Access[] => {
      const action = `scheduler:${operation}`;
      if (operation === 'ListSchedules') return [{ action, resource: arn('schedule/*/*') }];
      if (operation === 'ListScheduleGroups') return [{ action, resource: arn('schedule-group/*') }];
      if (operation.endsWith('Group')) return [{ action, resource: arn(`schedule-group/${String(input.Name)}`) }];
      const own = { action, resource: arn(`schedule/${String(input.GroupName ?? 'default')}/${String(input.Name)}`) };
      const role: unknown = input.Target?.RoleArn;
      if (typeof role !== 'string') return [own];
      const conditionKeys = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
      return [own, { action: 'iam:PassRole', resource: role, conditionKeys }];
    },
  };
}
