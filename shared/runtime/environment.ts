/** A function's environment, checked once at its start: a missing variable is named, never defaulted. */
import { type Parser } from './handler.ts';

export class InvalidEnvironment extends Error {
  override readonly name = 'InvalidEnvironment';
}

interface Issue {
  readonly path?: readonly (string | number)[];
  readonly message?: string;
}

/** @throws InvalidEnvironment naming each variable that is missing or malformed */
export function readEnvironment<Settings>(
  schema: Parser<Settings>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  try {
    return schema.parse(environment);
  } catch (error) {
    const issues = (error as { issues?: readonly Issue[] }).issues ?? [];
    const names = issues.map((issue) => `${issue.path?.join('.') ?? '?'} (${issue.message ?? 'invalid'})`).join(', ');
    throw new InvalidEnvironment(
      `environment variables are missing or malformed: ${names}. Set them in the function's function.yml.`,
      { cause: error },
    );
  }
}
