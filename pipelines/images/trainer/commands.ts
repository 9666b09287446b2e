/** The trainer image's commands, and how the process of a container ends. */
import { run as buildFeatures } from './build-features.ts';
import { run as evaluate } from './evaluate.ts';
import { join } from 'node:path';
import { FAILURE_FILE, JobConfigurationError, writeOutput, type Job } from './job.ts';
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
 * Runs a container to its end: finds the command, runs it. A failure is logged and written to output/failure, where SageMaker
 * looks for the reason of a training job; it never rejects.
 * @param words entry point and arguments, as the job was configured
 */
export async function runContainer(words: readonly string[], place: Omit<Job, 'arguments'>): Promise<CommandResult> {
  try {
    const { command, arguments: rest } = parseCommandLine(words);
    await COMMANDS[command]!({ ...place, arguments: rest });
    return { exitCode: 0 };
  } catch (error) {
    const failureMessage = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    place.log(failureMessage);
    writeOutput(join(place.root, FAILURE_FILE), failureMessage);
    return { exitCode: 1, failureMessage };
  }
}
