/** Reads a template: resources of a type, what refers to what, and who may do what. */
import { type Resource, type Template } from '../support/packaged-template.ts';

export type Named = Resource & { readonly id: string };

export function resourcesOf(template: Template, type: string): Named[] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ id, ...resource }));
}

/** A member below a resource's properties, by names; undefined where the way ends. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((each, name) => (each as Record<string, unknown> | undefined)?.[name], value);
}

/** The resource that a Ref, GetAtt or single-name Sub is about. */
export function target(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { Ref, 'Fn::GetAtt': getAtt } = value as { Ref?: string; 'Fn::GetAtt'?: string | readonly string[] };
  return Ref ?? (typeof getAtt === 'string' ? getAtt.split('.')[0] : getAtt?.[0]);
}

/** Text of a property; of a Sub, its template. */
export function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : at(value, 'Fn::Sub');
  if (typeof text !== 'string') throw new Error(`${JSON.stringify(value)} is no text`);
  return text;
}

/** Every string below a value, with the names on the way. */
export function strings(value: unknown, way: readonly string[] = []): { way: readonly string[]; text: string }[] {
  if (typeof value === 'string') return [{ way, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => strings(member, [...way, name]));
}

/** Logical ids that a value refers to, in any way. */
export function references(value: unknown): Set<string> {
  const found = new Set<string>();
  const visit = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    const direct = target(each);
    if (direct !== undefined) found.add(direct);
    const sub = at(each, 'Fn::Sub');
    const text = Array.isArray(sub) ? String(sub[0]) : sub;
    if (typeof text === 'string') for (const [, id] of text.matchAll(/\$\{([A-Za-z0-9]+)[.}]/g)) found.add(id!);
    Object.values(each).forEach(visit);
  };
  visit(value);
  return found;
}

export interface Statement {
  /** Logical id of the role. */
  readonly role: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** Text of an ARN, `*`, or `<logical id>` / `<logical id>.<attribute>`. */
  readonly resources: readonly string[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

function resourceText(value: unknown): string {
  const attribute = at(value, 'Fn::GetAtt');
  if (attribute !== undefined) return list(attribute).join('.');
  const ref = at(value, 'Ref');
  return typeof ref === 'string' ? ref : textOf(value);
}

export function statements(template: Template): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap((role) =>
    list(role.Properties['Policies']).flatMap((policy) =>
      list(at(policy, 'PolicyDocument', 'Statement')).map((statement) => ({
        role: role.id,
        effect: String(at(statement, 'Effect')),
        actions: list(at(statement, 'Action')).map(String),
        resources: list(at(statement, 'Resource')).map(resourceText),
        condition: at(statement, 'Condition') as Statement['condition'],
      })),
    ),
  );
}

/** Roles that are allowed an action, sorted. */
export function rolesThatMay(template: Template, action: string): string[] {
  const roles = statements(template).filter(({ actions }) => actions.includes(action));
  return [...new Set(roles.map(({ role }) => role))].sort();
}

/** The service that may assume a role, e.g. `lambda.amazonaws.com`. */
export function trustedService(role: Named): string {
  const [statement] = list(at(role.Properties, 'AssumeRolePolicyDocument', 'Statement'));
  return String(at(statement, 'Principal', 'Service'));
}
