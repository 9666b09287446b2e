/** Runs the trainer image's commands in a temporary directory, wired as the pipeline wires them. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RidershipRow, toCsv } from '../../../pipelines/demand-forecast/source.ts';
import { type TrainingWindow } from '../../../pipelines/demand-forecast/replay.ts';
import { runContainer, type CommandResult } from '../../../pipelines/images/trainer/commands.ts';
import { type EvaluationReport } from '../../../pipelines/images/trainer/evaluate.ts';

export interface Workshop {
  readonly directory: string;
  /** The lines that the last command logged. */
  readonly log: string[];
  write(path: string, content: string | Uint8Array): void;
  read(path: string): string;
  copy(from: string, to: string): void;
  /** Runs a command with the folder `root` of the workshop as /opt/ml. */
  run(root: string, command: string, ...args: readonly string[]): Promise<CommandResult>;
  remove(): void;
}

export function newWorkshop(): Workshop {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-'));
  const log: string[] = [];
  return {
    directory,
    log,
    write(path, content) {
      mkdirSync(join(directory, path, '..'), { recursive: true });
      writeFileSync(join(directory, path), content);
    },
    read: (path) => readFileSync(join(directory, path), 'utf8'),
    copy: (from, to) => cpSync(join(directory, from), join(directory, to), { recursive: true }),
    run(root, command, ...args) {
      log.length = 0;
      mkdirSync(join(directory, root), { recursive: true });
      return runContainer([command, ...args], {
        root: join(directory, root),
        environment: {},
        log: (line) => log.push(line),
      });
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** Validate, build, train, evaluate. @returns the folder of the artifact (in the workshop) and the evaluation */
export async function runPipeline(
  workshop: Workshop,
  name: string,
  rows: readonly RidershipRow[],
  window: Pick<TrainingWindow, 'trainFrom' | 'trainTo' | 'evaluateTo' | 'featureRecipe'>,
  hyperparameters: Readonly<Record<string, string>> = {},
): Promise<{ readonly artifact: string; readonly report: EvaluationReport }> {
  const step = async (root: string, command: string, ...args: readonly string[]): Promise<void> => {
    const { exitCode, failureMessage } = await workshop.run(`${name}/${root}`, command, ...args);
    if (exitCode !== 0) throw new StepFailed(`${command}: ${failureMessage}`);
  };
  const model = ['--model', 'demand-forecast'];
  workshop.write(`${name}/validate/processing/input/data/rows.csv`, toCsv(rows));
  await step('validate', 'validate-data', ...model);
  workshop.copy(`${name}/validate/processing/output/validated`, `${name}/build/processing/input/validated`);
  await step('build', 'build-features', ...model, '--recipe', window.featureRecipe, ...periods(window));
  for (const channel of ['train', 'validation', 'schema']) {
    workshop.copy(`${name}/build/processing/output/${channel}`, `${name}/train/input/data/${channel}`);
  }
  workshop.write(`${name}/train/input/config/hyperparameters.json`, JSON.stringify(hyperparameters));
  await step('train', 'train');
  workshop.copy(`${name}/train/model`, `${name}/evaluate/processing/input/model`);
  workshop.copy(`${name}/build/processing/output/heldout`, `${name}/evaluate/processing/input/heldout`);
  await step('evaluate', 'evaluate', ...model);
  const report = workshop.read(`${name}/evaluate/processing/output/evaluation/evaluation.json`);
  return { artifact: `${name}/train/model`, report: JSON.parse(report) as EvaluationReport };
}

function periods(window: Pick<TrainingWindow, 'trainFrom' | 'trainTo' | 'evaluateTo'>): readonly string[] {
  return ['--train-from', window.trainFrom, '--train-to', window.trainTo, '--evaluate-to', window.evaluateTo];
}
