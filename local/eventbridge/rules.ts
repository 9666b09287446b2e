/** The operations on rules and their targets. */
import { AwsError, UnsupportedFeature, validationError } from '../kernel/errors.ts';
import type { CloudContext, Operation, WireInput } from '../kernel/service.ts';
import { isJsonPath } from './json-path.ts';
import { compilePattern } from './pattern.ts';
import { InvalidScheduleExpression, parseSchedule, type Schedule } from './schedule-expression.ts';
import { findBus, findRule, type Bus, type EventBridgeState, type Rule, type RuleTarget } from './state.ts';
import { checkTargetInput } from './target-input.ts';
import { parseTargetArn } from './targets.ts';
import { setTags } from './tags.ts';

const TARGETS_PER_RULE = 5;
const TARGET_MEMBERS = new Set(
  ['Id', 'Arn', 'RoleArn', 'Input', 'InputPath', 'InputTransformer', 'DeadLetterConfig', 'RetryPolicy'].concat([
    'SqsParameters',
    'SageMakerPipelineParameters',
  ]),
);

/** A page of a list, with AWS's Limit and NextToken (an offset as text). */
export function page<T>(items: readonly T[], input: WireInput): { items: T[]; NextToken: string | undefined } {
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from) || from < 0) throw validationError(`NextToken '${String(input.NextToken)}' is not valid`);
  const to = from + Number(input.Limit ?? 100);
  return { items: items.slice(from, to), NextToken: to < items.length ? String(to) : undefined };
}

function parseRuleSchedule(text: string): Schedule {
  try {
    return parseSchedule(text, { strictPlural: true });
  } catch (error) {
    if (!(error instanceof InvalidScheduleExpression)) throw error;
    throw validationError(`Parameter ScheduleExpression is not valid. ${error.message}`);
  }
}

function checkRule(input: WireInput, bus: Bus): void {
  if (typeof input.Name !== 'string' || !/^[.\-_A-Za-z0-9]{1,64}$/.test(input.Name)) {
    throw validationError(
      `Rule name '${String(input.Name)}' is not 1 to 64 characters of letters, digits, '.', '-' and '_'`,
    );
  }
  if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
    throw validationError('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (input.ScheduleExpression !== undefined && bus.name !== 'default') {
    throw validationError('ScheduleExpression is supported only on the default event bus.');
  }
  if (String(input.EventPattern ?? '').length > 4096) {
    throw validationError(`EventPattern has ${String(input.EventPattern).length} characters, at most 4096 are allowed`);
  }
  if (input.State !== undefined && input.State !== 'ENABLED' && input.State !== 'DISABLED') {
    throw new UnsupportedFeature(`rule state '${String(input.State)}'`);
  }
}

function checkTarget(target: RuleTarget): void {
  const unknown = Object.keys(target).find(
    (member) => target[member as keyof RuleTarget] !== undefined && !TARGET_MEMBERS.has(member),
  );
  if (unknown !== undefined) throw new UnsupportedFeature(`${unknown} of an EventBridge target`);
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(target.Id ?? '')) throw validationError(`Target Id '${target.Id}' is not valid`);
  const { service, resource } = parseTargetArn(target.Arn);
  if ((service === 'states' || service === 'sagemaker') && target.RoleArn === undefined) {
    throw validationError(`RoleArn is required for target ${target.Arn}.`);
  }
  if (service === 'sqs' && resource.endsWith('.fifo') && target.SqsParameters?.MessageGroupId === undefined) {
    throw validationError(`Parameter(s) SqsParameters must be specified for target: ${target.Id}.`);
  }
  checkTargetInput(target, target.Id);
  checkRange(target.RetryPolicy?.MaximumRetryAttempts, 0, 185, 'MaximumRetryAttempts');
  checkRange(target.RetryPolicy?.MaximumEventAgeInSeconds, 60, 86_400, 'MaximumEventAgeInSeconds');
  const deadLetterArn = target.DeadLetterConfig?.Arn;
  if (deadLetterArn !== undefined && !/^arn:aws:sqs:[^:]+:\d{12}:[\w-]+$/.test(deadLetterArn)) {
    throw validationError(`DeadLetterConfig.Arn '${deadLetterArn}' is not the ARN of a standard SQS queue`);
  }
  for (const { Name, Value } of target.SageMakerPipelineParameters?.PipelineParameterList ?? []) {
    if (Value.startsWith('$') && !isJsonPath(Value)) {
      throw validationError(`Pipeline parameter ${Name}: '${Value}' is not a path such as $.detail.name`);
    }
  }
}

function checkRange(value: number | undefined, min: number, max: number, member: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max)) {
    throw validationError(`${member} ${value} is not a whole number from ${min} to ${max}`);
  }
}

function describe(rule: Rule): object {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.bus.name,
  };
}

/** Operations PutRule to ListRuleNamesByTarget. `schedule` (re)arms a rule after each change. */
export function ruleOperations(
  cloud: CloudContext,
  state: EventBridgeState,
  schedule: (rule: Rule) => void,
): Record<string, Operation> {
  const newRule = (bus: Bus, name: string): Rule => {
    const path = bus.name === 'default' ? name : `${bus.name}/${name}`;
    const arn = `arn:aws:events:${cloud.region}:${cloud.accountId}:rule/${path}`;
    const nothing = { eventPattern: undefined, matches: undefined, scheduleExpression: undefined, schedule: undefined };
    const rest = { description: undefined, roleArn: undefined, timer: undefined };
    return { name, arn, bus, state: 'ENABLED', targets: new Map(), ...nothing, ...rest };
  };

  const setState = (input: WireInput, newState: Rule['state']): void => {
    const rule = findRule(state, input.Name, input.EventBusName);
    rule.state = newState;
    schedule(rule);
  };

  return {
    PutRule: (input) => {
      const bus = findBus(state, input.EventBusName);
      checkRule(input, bus);
      const matches = input.EventPattern === undefined ? undefined : compilePattern(String(input.EventPattern));
      const expression = input.ScheduleExpression as string | undefined;
      const parsed = expression === undefined ? undefined : parseRuleSchedule(expression);
      const rule = bus.rules.get(input.Name) ?? newRule(bus, input.Name);
      bus.rules.set(rule.name, rule);
      rule.eventPattern = input.EventPattern;
      rule.matches = matches;
      rule.scheduleExpression = expression;
      rule.schedule = parsed;
      rule.state = input.State ?? 'ENABLED';
      rule.description = input.Description;
      rule.roleArn = input.RoleArn;
      setTags(state.tags, rule.arn, input.Tags);
      schedule(rule);
      return { RuleArn: rule.arn };
    },
    DeleteRule: (input) => {
      const bus = findBus(state, input.EventBusName);
      const rule = bus.rules.get(String(input.Name));
      if (!rule) return; // AWS answers 200 for a rule that does not exist.
      if (rule.targets.size > 0) throw validationError("Rule can't be deleted since it has targets.");
      rule.timer?.cancel();
      bus.rules.delete(rule.name);
      state.tags.delete(rule.arn);
    },
    DescribeRule: (input) => ({
      ...describe(findRule(state, input.Name, input.EventBusName)),
      CreatedBy: cloud.accountId,
    }),
    ListRules: (input) => {
      const rules = [...findBus(state, input.EventBusName).rules.values()]
        .filter((rule) => rule.name.startsWith(input.NamePrefix ?? ''))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, NextToken } = page(rules, input);
      return { Rules: items.map(describe), NextToken };
    },
    EnableRule: (input) => setState(input, 'ENABLED'),
    DisableRule: (input) => setState(input, 'DISABLED'),
    PutTargets: (input) => {
      const rule = findRule(state, input.Rule, input.EventBusName);
      const targets = (input.Targets ?? []) as RuleTarget[];
      for (const target of targets) checkTarget(target);
      const ids = new Set([...rule.targets.keys(), ...targets.map(({ Id }) => Id)]);
      if (ids.size > TARGETS_PER_RULE) {
        throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
      }
      for (const target of targets) rule.targets.set(target.Id, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: (input) => {
      const rule = findRule(state, input.Rule, input.EventBusName);
      for (const id of input.Ids as string[]) rule.targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: (input) => {
      const rule = findRule(state, input.Rule, input.EventBusName);
      const { items, NextToken } = page([...rule.targets.values()], input);
      return { Targets: items, NextToken };
    },
    ListRuleNamesByTarget: (input) => {
      const rules = [...findBus(state, input.EventBusName).rules.values()].filter((rule) =>
        [...rule.targets.values()].some(({ Arn }) => Arn === input.TargetArn),
      );
      const { items, NextToken } = page(rules.map(({ name }) => name).sort(), input);
      return { RuleNames: items, NextToken };
    },
  };
}
