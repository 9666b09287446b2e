/** Hyperparameters as SageMaker delivers them: a JSON object whose values are all strings. */
import { type BoostingSettings } from './learning/boosting.ts';
import { JobConfigurationError, toNumber } from './job.ts';

interface Limit {
  readonly setting: keyof BoostingSettings;
  readonly defaultValue: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

const LIMITS: Readonly<Record<string, Limit>> = {
  trees: { setting: 'trees', defaultValue: 120, min: 1, max: 2000, whole: true },
  leaves: { setting: 'leaves', defaultValue: 31, min: 2, max: 1024, whole: true },
  min_rows_per_leaf: { setting: 'minRowsPerLeaf', defaultValue: 10, min: 1, max: 1e6, whole: true },
  l2: { setting: 'l2', defaultValue: 1, min: 0, max: 1e6, whole: false },
  learning_rate: { setting: 'learningRate', defaultValue: 0.1, min: 1e-6, max: 1, whole: false },
  row_share: { setting: 'rowShare', defaultValue: 0.8, min: 0.01, max: 1, whole: false },
  feature_share: { setting: 'featureShare', defaultValue: 0.6, min: 0.01, max: 1, whole: false },
  seed: { setting: 'seed', defaultValue: 7, min: 0, max: 0xffffffff, whole: true },
};

/** @throws JobConfigurationError for an unknown name, a value that is no string, or one out of range */
export function parseHyperparameters(value: unknown): BoostingSettings {
  const given = value as Readonly<Record<string, unknown>>;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JobConfigurationError(
      `hyperparameters are ${JSON.stringify(value)}; SageMaker delivers an object of strings`,
    );
  }
  for (const [name, text] of Object.entries(given)) {
    if (!Object.hasOwn(LIMITS, name) || typeof text !== 'string') {
      throw new JobConfigurationError(
        `hyperparameter ${name} = ${JSON.stringify(text)} cannot be used; give strings for any of: ${Object.keys(LIMITS).join(', ')}`,
      );
    }
  }
  const settings: Record<string, number> = {};
  for (const [name, limit] of Object.entries(LIMITS)) {
    const text = given[name] as string | undefined;
    const number =
      text === undefined ? limit.defaultValue : toNumber(`hyperparameter ${name}`, text, limit.min, limit.max);
    if (limit.whole && !Number.isInteger(number)) {
      throw new JobConfigurationError(`hyperparameter ${name} is ${JSON.stringify(text)}; give a whole number`);
    }
    settings[limit.setting] = number;
  }
  return settings as unknown as BoostingSettings;
}
