/** What the protocol tests call: data, so that the AWS CLI's requests can be recorded from the same inputs. */
import { type LaptopCloud } from '../../../local/cloud.ts';

/** What must stand at a path of an answer: that value, text like it, or anything of that kind. */
export type Expected = string | number | boolean | RegExp | typeof Date | typeof Array | typeof Uint8Array;

export interface ExpectedError {
  /** As the SDK shows it. */
  readonly name: string;
  /** As the CLI shows it, where that is another (the query protocol's code). */
  readonly code?: string;
  readonly status: number;
  readonly message: RegExp;
}

export interface Case {
  /** Another service than the story's own, which helps to tell it. */
  readonly service?: string;
  readonly operation: string;
  /** Members; a text may hold `saved(...)`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Dotted path in the answer (`Table.KeySchema.0.AttributeName`) -> what must be there. Empty: an answer without members. */
  readonly answer?: Readonly<Record<string, Expected>>;
  readonly error?: ExpectedError;
  /** Name -> path in the answer, for the inputs of later cases. */
  readonly save?: Readonly<Record<string, string>>;
  /** Virtual milliseconds that pass before the call. */
  readonly afterMs?: number;
}

/** The story of one service, told in order on a cloud of its own. */
export interface ServiceCases {
  /** Id of the service in the laptop cloud. */
  readonly service: string;
  readonly prepare?: (cloud: LaptopCloud) => Promise<void>;
  /** Saved values that no answer carries (a token in an e-mail), by name. */
  readonly found?: Readonly<Record<string, (cloud: LaptopCloud) => string>>;
  readonly cases: readonly Case[];
}

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const START_MS = Date.UTC(2026, 0, 5);
export const MINUTE_MS = 60_000;

/** Values by name, as later requests need them. */
export type Saved = Map<string, string | Uint8Array>;

/** Stands for a value that an earlier case saved. Made of characters that no protocol encodes. */
export const saved = (name: string): string => `saved-${name}-here`;

/** As `saved`, for members that are blobs. The length keeps its base64 form free of padding. */
export const savedBytes = (name: string): Uint8Array => Buffer.from(saved(name).padEnd(48, '-'));

export const bytes = (text: string): Uint8Array => Buffer.from(text);

/** A case that is refused. */
export const refused = (
  operation: string,
  input: Case['input'],
  name: string,
  status: number,
  message: RegExp,
): Case => ({ operation, input, error: { name, status, message } });

export const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;

/** A role that the service may take over and that may do everything. */
export async function makeRole(cloud: LaptopCloud, name: string, service: string): Promise<void> {
  const root = { kind: 'root' } as const;
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await cloud.context.call('iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument }, root);
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  await cloud.context.call('iam', 'PutRolePolicy', { RoleName: name, PolicyName: 'all', PolicyDocument }, root);
}
