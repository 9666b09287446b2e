/** A function's resource policy: who beside the account's own roles may invoke it. */
import { serviceIsAllowed } from '../eventbridge/resource-policy.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { CloudContext, Operation, Principal, WireInput } from '../kernel/service.ts';
import { invalidParameter, type FunctionStore, type LambdaFunction } from './functions.ts';

/** @throws AwsError AccessDeniedException unless the function's policy lets the service invoke it */
export function authorizeInvoke(cloud: CloudContext, fn: LambdaFunction, principal: Principal): void {
  if (principal.kind !== 'service') return;
  const action = 'lambda:InvokeFunction';
  if (serviceIsAllowed(fn.policy, { principal, action, resource: fn.arn, accountId: cloud.accountId })) return;
  throw new AwsError(
    'AccessDeniedException',
    `User: ${principal.name} is not authorized to perform: ${action} on resource: ${fn.arn} because no ` +
      `resource-based policy allows the ${action} action`,
    { statusCode: 403 },
  );
}

function newStatement(fn: LambdaFunction, input: WireInput) {
  for (const member of ['EventSourceToken', 'PrincipalOrgID', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl']) {
    if (input[member] !== undefined) throw new UnsupportedFeature(`${member} of AddPermission`);
  }
  const action = String(input.Action);
  if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(action)) throw invalidParameter(`Action '${action}' is not valid`);
  const principal = String(input.Principal);
  const named = principal.endsWith('.amazonaws.com')
    ? { Service: principal }
    : { AWS: /^\d{12}$/.test(principal) ? `arn:aws:iam::${principal}:root` : principal };
  const condition = {
    ...(input.SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': String(input.SourceAccount) } }),
    ...(input.SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': String(input.SourceArn) } }),
  };
  return {
    Sid: String(input.StatementId),
    Effect: 'Allow' as const,
    Principal: named,
    Action: action,
    Resource: fn.arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

const notFound = (message: string): AwsError =>
  new AwsError('ResourceNotFoundException', message, { statusCode: 404, fields: { Type: 'User' } });

export function permissionOperations(functions: FunctionStore): Record<string, Operation> {
  return {
    AddPermission: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      const statement = newStatement(fn, input);
      if (fn.policy.Statement.some(({ Sid }) => Sid === statement.Sid)) {
        const message = `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`;
        throw new AwsError('ResourceConflictException', message, { statusCode: 409, fields: { Type: 'User' } });
      }
      fn.policy = { ...fn.policy, Statement: [...fn.policy.Statement, statement] };
      return { Statement: JSON.stringify(statement) };
    },
    RemovePermission: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      const rest = fn.policy.Statement.filter(({ Sid }) => Sid !== input.StatementId);
      if (rest.length === fn.policy.Statement.length) {
        throw notFound(`Statement ${String(input.StatementId)} is not found in resource policy.`);
      }
      fn.policy = { ...fn.policy, Statement: rest };
    },
    GetPolicy: (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      if (fn.policy.Statement.length === 0) throw notFound('The resource you requested does not exist.');
      return { Policy: JSON.stringify(fn.policy), RevisionId: fn.revisionId };
    },
  };
}
