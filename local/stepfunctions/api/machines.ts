/** State machines: create, update, describe, list, delete, validate, tag. */
import { AwsError, UnsupportedFeature } from '../../kernel/errors.ts';
import type { Operation, WireInput } from '../../kernel/service.ts';
import { compileMachine } from '../compiler.ts';
import { describeLogging, readLogging } from '../logging.ts';
import { type Machine, type Revision, type Store, refuseQualifiedArn } from '../store.ts';
import { describeDiagnostics, validateDefinition } from '../validator/validator.ts';
import { checkName, page, requireArn, requireText } from './input.ts';

type WireTag = { key?: string; value?: string };

export function machineOperations(store: Store): Record<string, Operation> {
  return {
    CreateStateMachine: (input) => create(store, input),
    UpdateStateMachine: (input) => update(store, input),
    DescribeStateMachine: (input) => describe(store, input),
    ListStateMachines: (input) => list(store, input),
    DeleteStateMachine: (input) => remove(store, input),
    ValidateStateMachineDefinition: (input) => validate(input),
    TagResource: (input) => tag(store, input),
    UntagResource: (input) => untag(store, input),
    ListTagsForResource: (input) => listTags(store, input),
  };
}

/** @throws AwsError StateMachineDoesNotExist */
export function findMachine(store: Store, arn: string): Machine {
  refuseQualifiedArn(arn);
  const machine = store.machines.get(arn);
  if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return machine;
}

function create(store: Store, input: WireInput): object {
  const name = checkName(requireText(input, 'name'));
  refuseUnsupported(input);
  if ((input['type'] ?? 'STANDARD') !== 'STANDARD') {
    throw new UnsupportedFeature(`state machine type ${String(input['type'])}`, 'only STANDARD workflows are here');
  }
  const revision = newRevision(store, requireText(input, 'definition'), requireRole(input), input, undefined);
  const arn = store.arn('stateMachine', name);
  const tags = readTags(input['tags'] as WireTag[] | undefined);
  const existing = store.machines.get(arn);
  if (existing) {
    // AWS's CreateStateMachine is idempotent; tags and role are not compared.
    if (isSame(existing, revision)) return { stateMachineArn: arn, creationDate: new Date(existing.createdMs) };
    throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
  }
  store.machines.set(arn, { arn, name, createdMs: revision.updatedMs, revision, tags });
  return { stateMachineArn: arn, creationDate: new Date(revision.updatedMs) };
}

function isSame(machine: Machine, revision: Revision): boolean {
  const { revision: existing } = machine;
  return (
    existing.definitionText === revision.definitionText &&
    existing.tracingEnabled === revision.tracingEnabled &&
    JSON.stringify(existing.logging) === JSON.stringify(revision.logging)
  );
}

function refuseUnsupported(input: WireInput): void {
  if (input['publish'] === true) throw new UnsupportedFeature('state machine versions (publish)');
  const encryption = input['encryptionConfiguration'] as { type?: string } | undefined;
  if (encryption && encryption.type !== 'AWS_OWNED_KEY') {
    throw new UnsupportedFeature(`state machine encryption ${String(encryption.type)}`, 'use AWS_OWNED_KEY');
  }
}

function requireRole(input: WireInput): string {
  const roleArn = requireText(input, 'roleArn');
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
    throw new AwsError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${roleArn}'`);
  }
  return roleArn;
}

function newRevision(
  store: Store,
  definitionText: string,
  roleArn: string,
  input: WireInput,
  previous: Revision | undefined,
): Revision {
  const { definition, diagnostics } = validateDefinition(definitionText);
  if (!definition || diagnostics.length > 0) throw new AwsError('InvalidDefinition', describeDiagnostics(diagnostics));
  const tracing = input['tracingConfiguration'] as { enabled?: boolean } | undefined;
  const logging = input['loggingConfiguration'] as WireInput | undefined;
  return {
    definitionText,
    compiled: compileMachine(definition, store.expressions),
    roleArn,
    logging: logging === undefined && previous ? previous.logging : readLogging(logging),
    tracingEnabled: tracing?.enabled ?? previous?.tracingEnabled ?? false,
    revisionId: previous ? store.names.uuid() : undefined,
    updatedMs: store.cloud.kernel.clock.now(),
  };
}

function update(store: Store, input: WireInput): object {
  const machine = findMachine(store, requireArn(input, 'stateMachineArn'));
  refuseUnsupported(input);
  const members = ['definition', 'roleArn', 'loggingConfiguration', 'tracingConfiguration', 'encryptionConfiguration'];
  if (members.every((member) => input[member] === undefined)) {
    throw new AwsError(
      'MissingRequiredParameter',
      'Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the TracingConfiguration must be specified',
    );
  }
  const { revision } = machine;
  const definition = (input['definition'] as string | undefined) ?? revision.definitionText;
  const roleArn = input['roleArn'] === undefined ? revision.roleArn : requireRole(input);
  machine.revision = newRevision(store, definition, roleArn, input, revision);
  return { updateDate: new Date(machine.revision.updatedMs), revisionId: machine.revision.revisionId };
}

/** Members that DescribeStateMachine and DescribeStateMachineForExecution share. */
export function describeRevision(store: Store, machine: Machine, revision: Revision): object {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    definition: revision.definitionText,
    roleArn: revision.roleArn,
    loggingConfiguration: describeLogging(store.cloud, revision.logging),
    tracingConfiguration: { enabled: revision.tracingEnabled },
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
    revisionId: revision.revisionId,
  };
}

function describe(store: Store, input: WireInput): object {
  const machine = findMachine(store, requireArn(input, 'stateMachineArn'));
  return {
    ...describeRevision(store, machine, machine.revision),
    status: 'ACTIVE',
    type: 'STANDARD',
    creationDate: new Date(machine.createdMs),
  };
}

function list(store: Store, input: WireInput): object {
  const machines = [...store.machines.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { items, nextToken } = page(machines, input, 100);
  return {
    stateMachines: items.map(({ arn, name, createdMs }) => ({
      stateMachineArn: arn,
      name,
      type: 'STANDARD',
      creationDate: new Date(createdMs),
    })),
    nextToken,
  };
}

/** Running executions go on with their revision, as on AWS. */
function remove(store: Store, input: WireInput): object {
  store.machines.delete(requireArn(input, 'stateMachineArn'));
  return {};
}

function validate(input: WireInput): object {
  if ((input['type'] ?? 'STANDARD') !== 'STANDARD') {
    throw new UnsupportedFeature(`validation of ${String(input['type'])} state machines`);
  }
  const { diagnostics } = validateDefinition(requireText(input, 'definition'));
  const max = Number(input['maxResults'] ?? 0) || 100;
  return {
    result: diagnostics.length === 0 ? 'OK' : 'FAIL',
    diagnostics: diagnostics.slice(0, max),
    truncated: diagnostics.length > max,
  };
}

function readTags(tags: readonly WireTag[] | undefined): Map<string, string> {
  return new Map((tags ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}

function findTagged(store: Store, input: WireInput): Machine {
  const arn = requireArn(input, 'resourceArn');
  const machine = store.machines.get(arn);
  if (!machine)
    throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`, { fields: { resourceName: arn } });
  return machine;
}

function tag(store: Store, input: WireInput): object {
  const machine = findTagged(store, input);
  for (const [key, value] of readTags(input['tags'] as WireTag[])) machine.tags.set(key, value);
  return {};
}

function untag(store: Store, input: WireInput): object {
  const machine = findTagged(store, input);
  for (const key of (input['tagKeys'] ?? []) as string[]) machine.tags.delete(key);
  return {};
}

function listTags(store: Store, input: WireInput): object {
  return { tags: [...findTagged(store, input).tags].map(([key, value]) => ({ key, value })) };
}
