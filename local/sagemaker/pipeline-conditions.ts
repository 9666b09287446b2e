/** Conditions of pipeline Condition steps. */
import { resolve, type Scope, UnresolvedReference } from './pipeline-references.ts';

export type Condition = Readonly<Record<string, unknown>>;

type Compare = (left: number, right: number) => boolean;

const ORDERINGS: Readonly<Record<string, Compare>> = {
  GreaterThan: (left, right) => left > right,
  GreaterThanOrEqualTo: (left, right) => left >= right,
  LessThan: (left, right) => left < right,
  LessThanOrEqualTo: (left, right) => left <= right,
};

const PRIMITIVE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.keys(ORDERINGS).map((type) => [type, ['LeftValue', 'RightValue']])),
  Equals: ['LeftValue', 'RightValue'],
  In: ['QueryValue', 'Values'],
  Not: ['Expression'],
  Or: ['Conditions'],
  And: ['Conditions'],
};

/** What is wrong with a condition's form, or undefined. `unknown` types are for the caller to refuse. */
export function conditionDefect(condition: unknown): { kind: 'invalid' | 'unknown'; message: string } | undefined {
  if (typeof condition !== 'object' || condition === null)
    return { kind: 'invalid', message: 'a condition is not an object' };
  const { Type: type, ...members } = condition as Record<string, unknown>;
  const wanted = PRIMITIVE_MEMBERS[String(type)];
  if (!wanted) return { kind: 'unknown', message: `condition of Type '${String(type)}'` };
  const missing = wanted.find((name) => members[name] === undefined);
  if (missing !== undefined) return { kind: 'invalid', message: `condition ${String(type)} lacks ${missing}` };
  const extra = Object.keys(members).find((name) => !wanted.includes(name));
  if (extra !== undefined) return { kind: 'unknown', message: `member ${extra} of condition ${String(type)}` };
  const inner = type === 'Not' ? [members['Expression']] : type === 'Or' || type === 'And' ? members['Conditions'] : [];
  return (inner as unknown[]).map(conditionDefect).find((defect) => defect !== undefined);
}

/** Numbers, or text that came from a parameter or a property file and reads as one. */
function asOrdered(value: unknown, type: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new UnresolvedReference(`condition ${type} can't order ${JSON.stringify(value)}: it is not a number`);
}

/** Evaluates a condition. @throws UnresolvedReference when a path leads nowhere, which fails the execution */
export async function holds(condition: Condition, scope: Scope): Promise<boolean> {
  const type = condition['Type'] as string;
  const value = (name: string) => resolve(condition[name], scope);
  const inner = (condition['Conditions'] ?? []) as Condition[];
  switch (type) {
    case 'Equals':
      return (await value('LeftValue')) === (await value('RightValue'));
    case 'In':
      return ((await value('Values')) as unknown[]).includes(await value('QueryValue'));
    case 'Not':
      return !(await holds(condition['Expression'] as Condition, scope));
    case 'And':
      return allHold(inner, scope);
    case 'Or':
      for (const each of inner) if (await holds(each, scope)) return true;
      return false;
    default: {
      const compare = ORDERINGS[type];
      if (!compare) throw new UnresolvedReference(`condition of Type '${type}' can't be evaluated`);
      return compare(asOrdered(await value('LeftValue'), type), asOrdered(await value('RightValue'), type));
    }
  }
}

/** The conditions of a Condition step all have to hold. */
export async function allHold(conditions: readonly Condition[], scope: Scope): Promise<boolean> {
  for (const condition of conditions) if (!(await holds(condition, scope))) return false;
  return true;
}
