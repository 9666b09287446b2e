/** IAM's evaluation of a role's own policies: an explicit deny wins, then an allow, else the implicit deny. */
import { type RequestKeys, singleValue } from './conditions.ts';
import { type Scope, type Statement } from './policy-document.ts';
import { type VariableLookup } from './pattern.ts';

export interface Decision {
  readonly effect: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Names of the policies with a statement that decided. */
  readonly policyNames: readonly string[];
}

/** What is known of an (action, resource) pair before a request's keys are: the answer, or the statements to ask. */
type Plan = { readonly decision: Decision } | { readonly candidates: readonly Statement[] };

/** Entries kept; object keys make resources unbounded, so the memory starts over when it is full. */
const PLANS_MAX = 20_000;

/** A role's statements with a memory of what they say about each (action, resource). */
export class Evaluator {
  readonly #statements: readonly Statement[];
  readonly #plans = new Map<string, Plan>();

  constructor(statements: readonly Statement[]) {
    this.#statements = statements;
  }

  /** @param keys is only asked when a statement about this action and resource has a condition or a variable */
  decide(action: string, resource: string, keys: RequestKeys): Decision {
    const name = `${action}\n${resource}`;
    let plan = this.#plans.get(name);
    if (!plan) {
      plan = this.#plan(action, resource);
      if (this.#plans.size >= PLANS_MAX) this.#plans.clear();
      this.#plans.set(name, plan);
    }
    return 'decision' in plan ? plan.decision : conclude(plan.candidates.filter((one) => applies(one, resource, keys)));
  }

  #plan(action: string, resource: string): Plan {
    const noKeys = (): undefined => undefined;
    const candidates = this.#statements.filter(
      (statement) =>
        inScope(statement.actions, action, noKeys) &&
        (dependsOnVariables(statement) || inScope(statement.resources, resource, noKeys)),
    );
    const depends = candidates.some((one) => one.conditions.length > 0 || dependsOnVariables(one));
    return depends ? { candidates } : { decision: conclude(candidates) };
  }
}

/** True when the request's keys fulfil the statement, whose action is known to match. */
export function applies(statement: Statement, resource: string, keys: RequestKeys): boolean {
  return (
    inScope(statement.resources, resource, singleValue(keys)) && statement.conditions.every((holds) => holds(keys))
  );
}

/** True when one of the patterns matches (none of them, for NotAction and NotResource). No scope means everything. */
export function inScope(scope: Scope | undefined, text: string, lookup: VariableLookup): boolean {
  if (!scope) return true;
  return scope.patterns.some((pattern) => pattern.matcher(lookup)?.(text) ?? false) !== scope.inverted;
}

function dependsOnVariables(statement: Statement): boolean {
  return statement.resources?.patterns.some((pattern) => pattern.hasVariables) ?? false;
}

function conclude(matching: readonly Statement[]): Decision {
  const names = (effect: Statement['effect']): string[] => [
    ...new Set(matching.filter((one) => one.effect === effect).map((one) => one.policyName)),
  ];
  const denied = names('Deny');
  if (denied.length > 0) return { effect: 'explicitDeny', policyNames: denied };
  const allowed = names('Allow');
  return { effect: allowed.length > 0 ? 'allowed' : 'implicitDeny', policyNames: allowed };
}
