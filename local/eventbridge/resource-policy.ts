/**
 * Resource policies (of queues, topics, functions and buses) as far as they decide about AWS's own services: roles and
 * the operator are judged by their identity policies, where the call is dispatched.
 */
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { PolicyStatement, Principal } from '../kernel/service.ts';
import { sourceArnOf } from './service-principal.ts';

export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly (PolicyStatement & { readonly Sid?: string })[];
}

export interface PolicyQuestion {
  /** Only principals of kind `service` are judged. */
  readonly principal: Principal & { readonly kind: 'service' };
  /** For instance `sqs:SendMessage`. */
  readonly action: string;
  readonly resource: string;
  readonly accountId: string;
}

type Test = (actual: string, wanted: string) => boolean;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** `*` and `?` as in IAM; without regard to case when told. */
function like(actual: string, pattern: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's').test(actual);
}

/** Each part between colons is compared by itself (the sixth may hold colons), as ArnLike does. */
function arnLike(actual: string, pattern: string): boolean {
  const split = (arn: string): string[] => {
    const parts = arn.split(':');
    return [...parts.slice(0, 5), parts.slice(5).join(':')];
  };
  const wanted = split(pattern);
  return split(actual).every((part, index) => like(part, wanted[index] ?? ''));
}

const CONDITIONS: Readonly<Record<string, { test: Test; negated?: true }>> = {
  StringEquals: { test: (actual, wanted) => actual === wanted },
  StringEqualsIgnoreCase: { test: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase() },
  StringNotEquals: { test: (actual, wanted) => actual === wanted, negated: true },
  StringLike: { test: (actual, wanted) => like(actual, wanted) },
  ArnEquals: { test: arnLike },
  ArnLike: { test: arnLike },
  ArnNotLike: { test: arnLike, negated: true },
  Bool: { test: (actual, wanted) => actual === wanted },
};

function contextValue(key: string, question: PolicyQuestion): string | undefined {
  const sourceArn = sourceArnOf(question.principal);
  switch (key.toLowerCase()) {
    case 'aws:sourcearn':
      return sourceArn;
    case 'aws:sourceaccount':
      return sourceArn?.split(':')[4] || question.accountId;
    // Alarms publish for the account that owns them: what a topic's default policy relies on.
    case 'aws:sourceowner':
      return question.principal.name === 'cloudwatch.amazonaws.com' ? question.accountId : undefined;
    case 'aws:principalservicename':
      return question.principal.name;
    case 'aws:securetransport':
    case 'aws:principalisawsservice':
      return 'true';
    default:
      throw new UnsupportedFeature(`condition key '${key}' in a resource policy`);
  }
}

function conditionsHold(statement: PolicyStatement, question: PolicyQuestion): boolean {
  return Object.entries(statement.Condition ?? {}).every(([name, keys]) => {
    const ifExists = name.endsWith('IfExists');
    const condition = CONDITIONS[ifExists ? name.slice(0, -'IfExists'.length) : name];
    if (!condition) throw new UnsupportedFeature(`condition operator '${name}' in a resource policy`);
    return Object.entries(keys).every(([key, wanted]) => {
      const actual = contextValue(key, question);
      if (actual === undefined) return ifExists || condition.negated === true;
      const matched = list(wanted).some((value) => condition.test(actual, String(value)));
      return condition.negated ? !matched : matched;
    });
  });
}

function namesPrincipal(statement: PolicyStatement, serviceName: string): boolean {
  const principal = statement.Principal;
  if (principal === '*') return true;
  if (typeof principal !== 'object' || principal === null) return false;
  const { Service: services, AWS: accounts } = principal as { Service?: unknown; AWS?: unknown };
  return list(services).some((name) => name === serviceName || name === '*') || list(accounts).includes('*');
}

function applies(statement: PolicyStatement, question: PolicyQuestion): boolean {
  if (statement.NotAction !== undefined) throw new UnsupportedFeature('NotAction in a resource policy');
  return (
    namesPrincipal(statement, question.principal.name) &&
    list(statement.Action).some((action) => like(question.action, String(action), true)) &&
    (statement.Resource === undefined ||
      list(statement.Resource).some((arn) => like(question.resource, String(arn)))) &&
    conditionsHold(statement, question)
  );
}

/** Whether a service may act on the resource: some statement allows it and none denies it. */
export function serviceIsAllowed(policy: PolicyDocument | undefined, question: PolicyQuestion): boolean {
  const matching = (policy?.Statement ?? []).filter((statement) => applies(statement, question));
  return matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny');
}

/** Parses a policy's text. @throws whatever `refuse` makes of the reason */
export function parsePolicy(text: string, refuse: (reason: string) => Error): PolicyDocument {
  let parsed: { Statement?: unknown };
  try {
    parsed = JSON.parse(text) as { Statement?: unknown };
  } catch (error) {
    throw refuse(`the policy is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || parsed.Statement === undefined) {
    throw refuse('the policy has no Statement');
  }
  return { ...parsed, Statement: list(parsed.Statement) as PolicyDocument['Statement'] };
}
