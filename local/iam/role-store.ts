/** Roles with their policies, each compiled once and evaluated from memory until it changes. */
import { AwsError } from '../kernel/errors.ts';
import { Evaluator } from './decision.ts';
import { managedPolicyDocument } from './managed-policies.ts';
import { compileIdentityPolicy, compileTrustPolicy, type Statement } from './policy-document.ts';

export interface Role {
  readonly roleName: string;
  readonly arn: string;
  readonly path: string;
  readonly roleId: string;
  readonly createdAtMs: number;
  readonly description: string | undefined;
  readonly maxSessionDurationSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
  /** As it was given: text or an object. */
  readonly assumeRolePolicy: unknown;
  readonly trust: readonly Statement[];
  /** Inline policy name -> document as it was given. */
  readonly policies: ReadonlyMap<string, unknown>;
  readonly managedPolicyArns: readonly string[];
  readonly evaluator: Evaluator;
}

export type RoleDescription = Omit<Role, 'trust' | 'evaluator'>;

/** Roles by name; a role's name is unique in its account, whatever its path. */
export class RoleStore {
  readonly #roles = new Map<string, Role>();

  /** Stores a role (replaces one of that name). @throws AwsError MalformedPolicyDocument; UnsupportedFeature */
  put(description: RoleDescription): Role {
    const statements = [...description.policies].flatMap(([name, document]) => compileIdentityPolicy(name, document));
    for (const arn of description.managedPolicyArns) {
      statements.push(...compileIdentityPolicy(arn, managedPolicyDocument(arn)));
    }
    const trust = compileTrustPolicy(description.assumeRolePolicy);
    const role = { ...description, trust, evaluator: new Evaluator(statements) };
    this.#roles.set(role.roleName, role);
    return role;
  }

  find(roleName: string): Role | undefined {
    return this.#roles.get(roleName);
  }

  /** The role with exactly this ARN. */
  findByArn(arn: string): Role | undefined {
    const role = this.#roles.get(arn.slice(arn.lastIndexOf('/') + 1));
    return role?.arn === arn ? role : undefined;
  }

  /** @throws AwsError NoSuchEntity */
  get(roleName: string): Role {
    const role = this.#roles.get(roleName);
    if (!role) throw noSuchEntity(`The role with name ${roleName} cannot be found.`);
    return role;
  }

  /** Sorted by name. */
  list(): Role[] {
    return [...this.#roles.values()].sort((a, b) => (a.roleName < b.roleName ? -1 : 1));
  }

  delete(roleName: string): void {
    this.#roles.delete(roleName);
  }
}

export function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', message, { statusCode: 404 });
}
