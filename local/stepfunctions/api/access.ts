/** What IAM must allow for each operation. */
import type { Access, WireInput } from '../../kernel/service.ts';

/** The member that names the resource of an operation; `*` for operations that IAM can't scope to one. */
const RESOURCE_MEMBERS: Readonly<Record<string, string>> = {
  UpdateStateMachine: 'stateMachineArn',
  DescribeStateMachine: 'stateMachineArn',
  DeleteStateMachine: 'stateMachineArn',
  StartExecution: 'stateMachineArn',
  DescribeExecution: 'executionArn',
  StopExecution: 'executionArn',
  GetExecutionHistory: 'executionArn',
  DescribeStateMachineForExecution: 'executionArn',
  RedriveExecution: 'executionArn',
  ListMapRuns: 'executionArn',
  DescribeMapRun: 'mapRunArn',
  TagResource: 'resourceArn',
  UntagResource: 'resourceArn',
  ListTagsForResource: 'resourceArn',
  // Tokens do not tell IAM which state machine they are from, so a policy can't name one.
  SendTaskSuccess: '*',
  SendTaskFailure: '*',
  SendTaskHeartbeat: '*',
  ListStateMachines: '*',
  ValidateStateMachineDefinition: '*',
  TestState: '*',
};

const PASS_ROLE = new Set(['CreateStateMachine', 'UpdateStateMachine', 'TestState']);

/** @param newArn makes the ARN that CreateStateMachine is about to give */
export function stepFunctionsAccess(
  operation: string,
  input: WireInput,
  newArn: (name: string) => string,
): readonly Access[] {
  const accesses: Access[] = [{ action: `states:${operation}`, resource: resource(operation, input, newArn) }];
  const roleArn: unknown = input['roleArn'];
  if (PASS_ROLE.has(operation) && typeof roleArn === 'string') {
    const conditionKeys = { 'iam:PassedToService': 'states.amazonaws.com' };
    accesses.push({ action: 'iam:PassRole', resource: roleArn, conditionKeys });
  }
  return accesses;
}

function resource(operation: string, input: WireInput, newArn: (name: string) => string): string {
  if (operation === 'CreateStateMachine') return newArn(String(input['name']));
  if (operation === 'ListExecutions') return String(input['mapRunArn'] ?? input['stateMachineArn'] ?? '*');
  const member = RESOURCE_MEMBERS[operation];
  const value: unknown = member === undefined || member === '*' ? undefined : input[member];
  return typeof value === 'string' ? value : '*';
}
