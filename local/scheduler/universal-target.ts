/** Scheduler's universal targets: `arn:aws:scheduler:::aws-sdk:<service>:<apiAction>` calls any API as the role. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { rolePrincipal, type CloudContext } from '../kernel/service.ts';

/** SDK name in the ARN -> signing name, where they differ. */
const SIGNING_NAMES: Readonly<Record<string, string>> = {
  sfn: 'states',
  eventbridge: 'events',
  cloudwatch: 'monitoring',
  cloudwatchlogs: 'logs',
};
/** Services whose wire members begin in lower case; universal targets write them in Pascal case. */
const CAMEL_CASE = new Set(['states', 'logs']);
/** Actions that read only: AWS refuses them as targets. */
const READ_ONLY =
  /^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|transactGet|retrieve)/;

export interface UniversalTarget {
  /** Signing name. */
  readonly service: string;
  /** Operation, in Pascal case. */
  readonly operation: string;
}

/** Undefined when the ARN is no universal target. @throws AwsError ValidationException for actions that AWS refuses */
export function parseUniversalTarget(arn: string): UniversalTarget | undefined {
  if (!arn.startsWith('arn:aws:scheduler:::')) return undefined;
  const match = /^arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([a-z][A-Za-z0-9]*)$/.exec(arn);
  if (!match) throw validationError(`'${arn}': write arn:aws:scheduler:::aws-sdk:<service>:<apiAction>`);
  const [, sdkName, action] = match as unknown as [string, string, string];
  if (READ_ONLY.test(action)) throw validationError(`${arn} is not a supported target: '${action}' only reads`);
  const operation = action[0]!.toUpperCase() + action.slice(1);
  return { service: SIGNING_NAMES[sdkName] ?? sdkName, operation };
}

/** Calls the API once. @throws AwsError as the service answers */
export async function callUniversalTarget(
  cloud: CloudContext,
  { service, operation }: UniversalTarget,
  roleArn: string,
  input: string,
): Promise<void> {
  let request: unknown;
  try {
    request = JSON.parse(input);
  } catch (error) {
    throw validationError(`The Input of the target is not JSON: ${(error as Error).message}`);
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw validationError('The Input of a universal target must be a JSON object');
  }
  const members = Object.entries(request).map(([name, value]) => [
    CAMEL_CASE.has(service) ? name[0]!.toLowerCase() + name.slice(1) : name,
    value as unknown,
  ]);
  const wire = Object.fromEntries(members) as Record<string, unknown>;
  if (service === 'lambda' && operation === 'Invoke' && typeof wire.Payload === 'string') {
    wire.Payload = Buffer.from(wire.Payload);
  }
  const answer: unknown = await cloud.call(service, operation, wire, rolePrincipal(roleArn));
  if ((answer as { FailedEntryCount?: number } | undefined)?.FailedEntryCount) {
    throw new UnsupportedFeature('partial failure of a batch operation as a universal target');
  }
}
