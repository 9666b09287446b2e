/** The story of every invocation: parse, do, count, and let errors out by their names. */
import middy, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core';
import { type Telemetry } from './telemetry.ts';

/** What handlers use of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Anything that turns unknown input into typed input or throws: a zod schema, for instance. */
export interface Parser<Input> {
  parse(value: unknown): Input;
}

/** Input that does not fit its contract: nothing has been done, and nothing will be by trying again. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
}

const QUOTED_CHARACTERS_MAX = 500;

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}...` : text;
}

interface Issue {
  readonly path?: readonly (string | number)[];
  readonly message?: string;
}

function describe(error: unknown): string {
  const issues = (error as { issues?: readonly Issue[] }).issues;
  if (!issues) return error instanceof Error ? error.message : String(error);
  return issues.map((issue) => `${issue.path?.join('.') || 'the event'}: ${issue.message ?? 'invalid'}`).join('; ');
}

function parsed<Input>(parser: Parser<Input>): MiddlewareObj<unknown, unknown> {
  return {
    before: (request) => {
      try {
        request.event = parser.parse(request.event);
      } catch (error) {
        throw new InvalidEvent(
          `${describe(error)}. Got ${quoted(request.event)}. Send what the contract in events/ or schema.ts says.`,
          { cause: error },
        );
      }
    },
  };
}

/** Errors are counted by name and logged whole, and go on: the caller's retry, catch or dead-letter queue decides. */
function observed(telemetry: Telemetry): MiddlewareObj<unknown, unknown> {
  return {
    after: () => telemetry.flush(),
    onError: (request) => {
      const error = request.error ?? new Error('unknown error');
      telemetry.logger.error('invocation failed', {
        errorName: error.name,
        errorMessage: error.message,
        event: quoted(request.event),
      });
      telemetry.count('Refused', { errorName: error.name });
      telemetry.flush();
    },
  };
}

export interface Contract<Input, Output> {
  readonly input: Parser<Input>;
  /** Checked as well: what leaves a task is the input of the next state. */
  readonly output?: Parser<Output>;
}

/**
 * @param run gets the parsed input and the invocation's context; what it returns is the function's result
 * @throws InvalidEvent before `run` when the input does not fit
 */
export function newParsedHandler<Input, Output>(
  telemetry: Telemetry,
  contract: Contract<Input, Output>,
  run: (input: Input, context: InvocationContext) => Promise<Output>,
): MiddyfiedHandler<unknown, Output> {
  const handler = middy<unknown, Output>({ timeoutEarlyInMillis: 0 })
    .use(observed(telemetry) as MiddlewareObj<unknown, Output>)
    .use(parsed(contract.input));
  return handler.handler(async (event, context) => {
    const result = await run(event as Input, context);
    return contract.output ? contract.output.parse(result) : result;
  });
}
