/** The trainer image's commands, and how the process of a container ends. */
import { run as buildFeatures } from './build-features.ts';
import { run as evaluate } from './evaluate.ts';
import { JobConfigurationError, paths, writeOutput, type Job } from './job.ts';
import { run as train } from './train.ts';
import { run as validateData } from './validate-data.ts';

const COMMANDS: Readonly<Record<string, (job: Job) => Promise<void>>> = {
  'validate-data': validateData,
  'build-features': buildFeatures,
  train,
  evaluate,
};

export interface CommandResult {
  readonly exitCode: 0 | 1;
  /** `<error name>: <message>` when the command failed. */
  readonly failureMessage?: string;
}

/**
 * Finds the command in what a container is started with: entry point and arguments, `node`, the program and flags before it
 * ignored. SageMaker starts a training image without an entry point of its own with the single argument `train`.
 * @throws JobConfigurationError if no word is a command
 */
export function parseCommandLine(words: readonly string[]): {
  readonly command: string;
  readonly arguments: readonly string[];
} {
  const index = words.findIndex((word) => Object.hasOwn(COMMANDS, word));
  if (index < 0) {
    throw new JobConfigurationError(
      `no command in ${JSON.stringify(words)}; name one of: ${Object.keys(COMMANDS).join(', ')}`,
    );
  }
  return { command: words[index]!, arguments: words.slice(index + 1) };
}

/**
 * Runs one command to its end. A failure is logged and written to output/failure, where SageMaker looks for the reason of a
 * training job; it never rejects.
 */
export async function runCommand(command: string, job: Job): Promise<CommandResult> {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  try {
    if (run === undefined) {
      throw new JobConfigurationError(
        `unknown command ${JSON.stringify(command)}; use one of: ${Object.keys(COMMANDS).join(', ')}`,
      );
    }
    await run(job);
    return { exitCode: 0 };
  } catch (error) {
    const failureMessage = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    job.log(failureMessage);
    writeOutput(paths.failure(job), failureMessage);
    return { exitCode: 1, failureMessage };
  }
}
