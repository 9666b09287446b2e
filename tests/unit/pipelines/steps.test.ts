import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newDemandForecastPipeline } from '../../../pipelines/demand-forecast/pipeline.ts';
import { period, readSeries, toCsv, type RidershipRow } from '../../../pipelines/demand-forecast/source.ts';
import { type ArtifactMetadata } from '../../../pipelines/images/artifact/metadata.ts';
import { type FeatureSchema } from '../../../pipelines/images/trainer/build-features.ts';
import { parseCommandLine } from '../../../pipelines/images/trainer/commands.ts';
import { parseHyperparameters } from '../../../pipelines/images/trainer/hyperparameters.ts';
import { regressionMetrics } from '../../../pipelines/images/trainer/metrics.ts';
import { type ValidationReport } from '../../../pipelines/images/trainer/validate-data.ts';
import { newWorkshop, runPipeline, type Workshop } from './run-steps.ts';

const series = readSeries();
const year = period(series, '2013-01-01', '2014-03-31');
const MODEL = ['--model', 'demand-forecast'];
const WINDOW = {
  trainFrom: '2013-01-01',
  trainTo: '2013-12-31',
  evaluateTo: '2014-02-28',
  featureRecipe: 'calendar-holiday-2',
} as const;
const SMALL = { trees: '10', leaves: '4' };

let workshop: Workshop;
beforeAll(() => {
  workshop = newWorkshop();
});
afterAll(() => workshop.remove());

describe('validate-data', () => {
  async function validate(root: string, rows: readonly RidershipRow[], ...args: readonly string[]) {
    workshop.write(`${root}/processing/input/data/rows.csv`, toCsv(rows));
    const result = await workshop.run(root, 'validate-data', ...MODEL, ...args);
    const report = JSON.parse(workshop.read(`${root}/processing/output/report/validation.json`)) as ValidationReport;
    return { result, report };
  }

  it('finds the sensor errors of the real series, empties them and keeps every row', async () => {
    const { result, report } = await validate('real', series);
    expect(result).toEqual({ exitCode: 0 });
    expect(report.rows).toEqual({ read: 5698, kept: 5698, rejected: 0 });
    expect(report.missingDays).toBe(0);
    expect(report.findings).toEqual([
      { finding: 'OutOfRange', column: 'pressure_change', count: 1, examples: ['2001-02-09=26.92'] },
      {
        finding: 'OutOfRange',
        column: 'wind_max',
        count: 3,
        examples: ['2002-04-21=240.5', '2006-01-26=406.2', '2014-09-26=126.6'],
      },
    ]);
    const header = workshop.read('real/processing/output/validated/data.csv').split('\n', 1)[0]!.split(',');
    const bad = workshop
      .read('real/processing/output/validated/data.csv')
      .match(/^2006-01-26,.*$/m)![0]
      .split(',');
    expect(bad[header.indexOf('wind_max')]).toBe('');
    expect(bad[header.indexOf('wind')]).toBe('6.9');
  });

  it('finds planted defects, says where, and keeps the rest in order of date', async () => {
    const rows = [...year];
    const plant = (index: number, change: Record<string, number | string>): void => {
      rows[index] = { ...rows[index]!, ...change };
    };
    plant(3, { temp: NaN });
    plant(4, { date: '2013-02-30' });
    plant(5, { date: rows[10]!.date });
    plant(6, { Clark_Lake: -1 });
    plant(7, { ridership: NaN });
    plant(8, { wind_max: 250 });
    rows.reverse();
    const { result, report } = await validate('planted', rows, '--max-rejected-share', '0.02', '--min-rows', '400');
    expect(result.exitCode).toBe(0);
    expect(report.rows).toEqual({ read: 455, kept: 451, rejected: 4 });
    expect(report.findings.map(({ finding, column, count }) => `${finding} ${column} ${count}`)).toEqual([
      'DuplicateDate date 1',
      'InvalidDate date 1',
      'Null temp 1',
      'OutOfRange wind_max 1',
      'UnusableRow Clark_Lake 1',
      'UnusableRow ridership 1',
    ]);
    const dates = workshop.read('planted/processing/output/validated/data.csv').match(/^\d{4}-\d{2}-\d{2}/gm)!;
    expect(dates).toEqual([...dates].sort());
  });

  it('fails when too much had to be rejected or too little is left, with the report still written', async () => {
    const rows = year.map((row, index) => (index % 20 === 0 ? { ...row, Polk: 999 } : row));
    const { result, report } = await validate('rejected', rows);
    expect(result.failureMessage).toMatch(/^InputDataError: 23 of 455 rows had to be rejected/);
    expect(workshop.read('rejected/output/failure')).toBe(result.failureMessage);
    expect(report.rejectedShare).toBeCloseTo(23 / 455);
    const few = await validate('few', year.slice(0, 100));
    expect(few.result.failureMessage).toContain('only 100 usable rows, 365 are required');
  });

  it('fails on missing and unknown columns, no file at all, and arguments it does not know', async () => {
    workshop.write('columns/processing/input/data/a.csv', toCsv(year).replace('baseball_season', 'Cubs_Home'));
    const columns = await workshop.run('columns', 'validate-data', ...MODEL);
    expect(columns.failureMessage).toContain('missing [baseball_season], unknown [Cubs_Home]');
    const empty = await workshop.run('empty', 'validate-data', ...MODEL);
    expect(empty.failureMessage).toContain('is this input or channel configured for the job?');
    const argument = await workshop.run('empty', 'validate-data', ...MODEL, '--minimum', '5');
    expect(argument.failureMessage).toContain('cannot use argument "--minimum"');
  });
});

describe('the steps in a row', () => {
  it('make an artifact that evaluates itself through the server, the same bytes each time', async () => {
    const first = await runPipeline(workshop, 'first', year, WINDOW, SMALL);
    const second = await runPipeline(workshop, 'second', year, WINDOW, SMALL);
    const otherSeed = await runPipeline(workshop, 'other', year, WINDOW, { ...SMALL, seed: '8' });
    expect(second.report).toEqual(first.report);
    expect(otherSeed.report.artifactDigest).not.toBe(first.report.artifactDigest);

    const { report } = first;
    expect(report.period).toEqual({ from: '2014-01-01', to: '2014-02-28', rows: 59 });
    const heldOut = period(series, '2014-01-01', '2014-02-28');
    const naive = regressionMetrics(
      heldOut.map((row) => row.ridership),
      heldOut.map((row) => row.Clark_Lake as number),
    );
    expect(report.naive.regression_metrics.mae.value).toBeCloseTo(naive.mae, 10);
    expect(report.mae_relative_to_naive.value).toBeCloseTo(report.regression_metrics.mae.value / naive.mae, 10);
    expect(report.residuals_by_weekday.map(({ rows }) => rows).reduce((sum, rows) => sum + rows)).toBe(59);
    expect(report.champion).toBeNull();
    for (const value of Object.values(report.registration)) expect(value).toMatch(/^[\w .:/=+\-@]{1,256}$/);

    const metadata = JSON.parse(workshop.read(`${first.artifact}/metadata.json`)) as ArtifactMetadata;
    const schema = JSON.parse(workshop.read('first/build/processing/output/schema/schema.json')) as FeatureSchema;
    expect(metadata.version).toBe(report.version);
    expect(metadata.dataDigest).toBe(schema.train.digest);
    expect(metadata.trainedOn).toEqual({ from: '2013-01-01', to: '2013-12-31', rows: 365 });
    expect(metadata.requiredFields).toHaveLength(46);
    expect(metadata.hyperparameters).toMatchObject({ trees: 10, leaves: 4, seed: 7 });
  });

  it('write each value that the pipeline reads from evaluation.json', async () => {
    const { report } = await runPipeline(workshop, 'paths', year, WINDOW, { trees: '2', leaves: '2' });
    const options = { trainerImageUri: 't', serverImageUri: 's', roleArn: 'r' };
    const uris = { modelPackageGroupName: 'g', inputDataUri: 's3://b/in', outputUri: 's3://b/out' };
    const read = JSON.stringify(newDemandForecastPipeline({ ...options, ...uris })).matchAll(/"Path":"([^"]+)"/g);
    const paths = [...new Set(Array.from(read, (match) => match[1]!))];
    expect(paths).toEqual(expect.arrayContaining(['regression_metrics.mape.value', 'registration.artifactDigest']));
    for (const path of paths) expect(report).toHaveProperty(path);
  });

  it('compare with the champion on the same rows when it is given', async () => {
    const weak = await runPipeline(workshop, 'weak', year, WINDOW, { trees: '1', leaves: '2' });
    await runPipeline(workshop, 'strong', year, WINDOW, { trees: '60', leaves: '8' });
    workshop.copy(weak.artifact, 'strong/evaluate/processing/input/champion');
    expect(await workshop.run('strong/evaluate', 'evaluate', ...MODEL)).toEqual({ exitCode: 0 });
    const file = workshop.read('strong/evaluate/processing/output/evaluation/evaluation.json');
    const { champion } = JSON.parse(file) as typeof weak.report;
    expect(champion!.version).toBe(weak.report.version);
    expect(champion!.regression_metrics).toEqual(weak.report.regression_metrics);
    expect(champion!.mae_relative_to_champion.value).toBeLessThan(1);
  });

  it('report the training metrics in the form that the metric definitions read', async () => {
    workshop.copy('first/train', 'again');
    await workshop.run('again', 'train');
    expect(workshop.log).toEqual(
      expect.arrayContaining([expect.stringMatching(/^train:mae=\d/), expect.stringMatching(/^validation:mae=\d/)]),
    );
  });

  it('fail with a reason: periods that do not rise, an unknown recipe, hyperparameters out of range', async () => {
    const reject = async (root: string, ...args: readonly string[]): Promise<string> => {
      workshop.copy('first/build/processing/input', `${root}/processing/input`);
      return (await workshop.run(root, 'build-features', ...MODEL, ...args)).failureMessage ?? '';
    };
    const days = (from: string, to: string, until: string): string[] => {
      return ['--train-from', from, '--train-to', to, '--evaluate-to', until];
    };
    const recipe = ['--recipe', 'calendar-1'];
    expect(await reject('r1', ...recipe, ...days('2013-01-01', '2013-12-31', '2013-12-31'))).toContain('must rise');
    expect(await reject('r2', ...recipe, ...days('2013-01-01', '2013-02-31', '2014-01-31'))).toContain(
      '"2013-02-31" is no date',
    );
    expect(await reject('r3', '--recipe', 'x', ...days('2013-01-01', '2013-02-01', '2014-01-01'))).toContain(
      'calendar-1',
    );
    expect(await reject('r4', ...recipe, ...days('2001-01-01', '2001-02-01', '2002-01-01'))).toContain(
      'no training rows',
    );
    workshop.copy('first/train/input', 'bad/input');
    workshop.write('bad/input/config/hyperparameters.json', '{"trees":"many"}');
    const { exitCode } = await workshop.run('bad', 'train');
    expect(exitCode).toBe(1);
    expect(workshop.read('bad/output/failure')).toBe(
      'JobConfigurationError: hyperparameter trees is "many"; give a number from 1 to 2000',
    );
  });
});

describe('hyperparameters', () => {
  it('have defaults, and are refused when unknown, no text, or broken', () => {
    expect(parseHyperparameters({})).toMatchObject({
      trees: 120,
      leaves: 31,
      minRowsPerLeaf: 10,
      featureShare: 0.6,
      seed: 7,
    });
    expect(() => parseHyperparameters({ depth: '3' })).toThrow('hyperparameter depth = "3" cannot be used');
    expect(() => parseHyperparameters({ trees: 3 })).toThrow('hyperparameter trees = 3 cannot be used');
    expect(() => parseHyperparameters({ leaves: '2.5' })).toThrow('give a whole number');
    expect(() => parseHyperparameters([])).toThrow('hyperparameters are []');
  });
});

describe('the command line', () => {
  it('finds the command behind node, the program and flags', () => {
    const words = ['node', '/opt/program/trainer/main.ts', 'evaluate', '--model', 'demand-forecast'];
    expect(parseCommandLine(words)).toEqual({ command: 'evaluate', arguments: ['--model', 'demand-forecast'] });
    expect(parseCommandLine(['train'])).toEqual({ command: 'train', arguments: [] });
  });

  it('without a command fails the container with a reason', async () => {
    const result = await workshop.run('lost', 'serve');
    expect(result).toEqual({
      exitCode: 1,
      failureMessage:
        'JobConfigurationError: no command in ["serve"]; name one of: validate-data, build-features, train, evaluate',
    });
    expect(workshop.read('lost/output/failure')).toBe(result.failureMessage);
  });
});

describe('regression metrics', () => {
  it('are what they are defined as', () => {
    const metrics = regressionMetrics([10, 20, 30], [12, 18, 33]);
    expect(metrics.mae).toBeCloseTo(7 / 3);
    expect(metrics.rmse).toBeCloseTo(Math.sqrt(17 / 3));
    expect(metrics.mape).toBeCloseTo((0.2 + 0.1 + 0.1) / 3);
    expect(metrics.wape).toBeCloseTo(7 / 60);
    expect(metrics.r2).toBeCloseTo(1 - 17 / 200);
    expect(() => regressionMetrics([], [])).toThrow('at least one');
    expect(() => regressionMetrics([0], [1])).toThrow('MAPE divides by it');
  });
});
