/** Policy documents: checked as IAM checks them, then compiled to matchers. */
import { compileConditions, type Condition } from './conditions.ts';
import { malformed } from './malformed.ts';
import { compilePattern, type Pattern } from './pattern.ts';

/** Which requests of a kind (actions, resources) a statement is about: one of the patterns, or none of them. */
export interface Scope {
  readonly patterns: readonly Pattern[];
  /** NotAction, NotResource. */
  readonly inverted: boolean;
}

export interface PrincipalScope {
  /** `*`, or the values of `AWS`. */
  readonly aws: readonly string[];
  /** Values of `Service`, for instance `lambda.amazonaws.com`. */
  readonly services: readonly string[];
}

export interface Statement {
  readonly policyName: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Scope;
  /** Undefined in trust policies, which are about their own role. */
  readonly resources: Scope | undefined;
  readonly conditions: readonly Condition[];
  /** Of trust policies only. */
  readonly principal: PrincipalScope | undefined;
}

const MEMBERS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition', 'Principal']);

/** Compiles an identity policy (of a role). @throws AwsError MalformedPolicyDocument */
export function compileIdentityPolicy(policyName: string, document: unknown): Statement[] {
  return statementsOf(document).map((statement) => {
    if (statement.raw.Principal !== undefined) throw malformed('Policy document should not specify a principal.');
    const resources = scope(statement.raw, 'Resource', 'NotResource', (value) => {
      if (!/^(\*|arn:.*(:.*){4}|arn:.*\*)$/s.test(value)) {
        throw malformed(`Resource ${value} must be in ARN format or "*".`);
      }
      return compilePattern(value, { arn: true, variables: statement.variables });
    });
    return { ...compileCommon(policyName, statement), resources, principal: undefined };
  });
}

/** Compiles a trust policy (AssumeRolePolicyDocument). @throws AwsError MalformedPolicyDocument */
export function compileTrustPolicy(document: unknown): Statement[] {
  return statementsOf(document).map((statement) => {
    if (statement.raw.Resource !== undefined || statement.raw.NotResource !== undefined) {
      throw malformed('Has prohibited field Resource');
    }
    const principal = compilePrincipal(statement.raw.Principal);
    return { ...compileCommon('trust policy', statement), resources: undefined, principal };
  });
}

interface RawStatement {
  readonly raw: Readonly<Record<string, unknown>>;
  /** Policy variables exist since version 2012-10-17. */
  readonly variables: boolean;
}

/** The parsed document: text (as the API takes it) or an object (as templates write it). */
function statementsOf(document: unknown): RawStatement[] {
  const parsed = typeof document === 'string' ? parseJson(document) : document;
  if (typeof parsed !== 'object' || parsed === null) throw malformed('Syntax errors in policy.');
  const { Version = '2008-10-17', Id, Statement, ...rest } = parsed as Record<string, unknown>;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw malformed(`Syntax errors in policy. (unknown member '${unknown.join("', '")}')`);
  if (Id !== undefined && typeof Id !== 'string') throw malformed('Syntax errors in policy.');
  if (Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw malformed(`Policy document must be version 2012-10-17 or greater, not ${JSON.stringify(Version)}.`);
  }
  const list: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  if (list.length === 0) throw malformed('Syntax errors in policy. (the policy has no statement)');
  return list.map((raw) => {
    if (typeof raw !== 'object' || raw === null) throw malformed('Syntax errors in policy. (no Statement)');
    return { raw: raw as Record<string, unknown>, variables: Version === '2012-10-17' };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw malformed(`This policy contains invalid Json (${error instanceof Error ? error.message : String(error)})`);
  }
}

function compileCommon(policyName: string, { raw, variables }: RawStatement) {
  const stranger = Object.keys(raw).find((member) => !MEMBERS.has(member));
  if (stranger !== undefined) throw malformed(`Syntax errors in policy. (unknown statement member '${stranger}')`);
  const effect = raw.Effect;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}`);
  const actions = scope(raw, 'Action', 'NotAction', (value) => {
    if (value !== '*' && !/^[A-Za-z0-9-]+:.+$/.test(value)) {
      throw malformed(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (${value})`);
    }
    return compilePattern(value, { ignoreCase: true, variables: false });
  });
  const conditions = compileConditions((raw.Condition ?? {}) as Record<string, unknown>, variables);
  return { policyName, effect, actions, conditions } as const;
}

function scope(
  raw: Readonly<Record<string, unknown>>,
  member: string,
  inverse: string,
  compile: (value: string) => Pattern,
): Scope {
  const [value, inverted] = [raw[member], raw[inverse]];
  if ((value === undefined) === (inverted === undefined)) {
    throw malformed(`Policy statement must contain ${member.toLowerCase()}s. (exactly one of ${member}, ${inverse})`);
  }
  return { patterns: texts(value ?? inverted, member).map(compile), inverted: value === undefined };
}

function texts(value: unknown, member: string): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw malformed(`Policy statement must contain ${member.toLowerCase()}s.`);
  return list.map((item) => {
    if (typeof item !== 'string') throw malformed(`${member} must be text, not ${JSON.stringify(item)}`);
    return item;
  });
}

function compilePrincipal(principal: unknown): PrincipalScope {
  if (principal === '*') return { aws: ['*'], services: [] };
  if (typeof principal !== 'object' || principal === null) {
    throw malformed('AssumeRole policy must contain principals, for instance {"Service": "lambda.amazonaws.com"}');
  }
  const { AWS = [], Service = [], ...rest } = principal as Record<string, unknown>;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw malformed(`Invalid principal in policy: "${unknown.join('", "')}"`);
  const list = (value: unknown): string[] =>
    Array.isArray(value) && value.length === 0 ? [] : texts(value, 'Principal');
  return { aws: list(AWS), services: list(Service) };
}
