/** What roles are given by the template, and what of it nobody has used. */
import { type Resource, packagedTemplate } from '../support/packaged-template.ts';

/** Role name -> `action resource` of each call that was allowed. */
export type Usage = Readonly<Record<string, readonly string[]>>;

interface Statement {
  readonly Action: string | readonly string[];
}

const REGION = 'eu-central-1';
const STAGE = 'dev';
const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

/** Role name -> actions of its policies. */
function given(): Map<string, readonly string[]> {
  const roles = Object.values(packagedTemplate().Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
  return new Map(
    roles.map(({ Properties }: Resource) => {
      const policies = (Properties['Policies'] ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
      const actions = policies.flatMap((policy) =>
        policy.PolicyDocument.Statement.flatMap(({ Action }) => list(Action)),
      );
      return [String(Properties['RoleName']), [...new Set(actions)]];
    }),
  );
}

const shortName = (role: string): string => role.replace(`switchyard-${STAGE}-${REGION}-`, '');

/** Actions used that no policy of the role names: none, or IAM is not enforced. */
export function exceeded(usage: Usage): string[] {
  const allowed = given();
  return Object.entries(usage).flatMap(([role, entries]) => {
    const actions = new Set(entries.map((entry) => entry.split(' ', 1)[0]!));
    return [...actions].filter((action) => !allowed.get(role)?.includes(action)).map((action) => `${role} ${action}`);
  });
}

/** `role action` for what is given and was not used. */
export function unused(usage: Usage): string[] {
  return [...given()]
    .flatMap(([role, actions]) => {
      const used = new Set((usage[role] ?? []).map((entry) => entry.split(' ', 1)[0]!));
      return actions.filter((action) => !used.has(action)).map((action) => `${shortName(role)} ${action}`);
    })
    .sort();
}
