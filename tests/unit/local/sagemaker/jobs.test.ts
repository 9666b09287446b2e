/** Training and processing jobs: the /opt/ml layout, real outputs, states over virtual time, failures and stops. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { IMAGE, type Laboratory, MINUTE, newLaboratory, ROLE } from './laboratory.ts';

let lab: Laboratory;
beforeEach(() => {
  lab = newLaboratory();
  lab.objects.set('data/train/2011/a.csv', 'x,y\n1,2\n');
  lab.objects.set('data/train/b.csv', 'x,y\n3,4\n');
});
afterEach(() => lab.close());

const write = (root: string, path: string, content: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

const channel = (name: string, uri: string) => ({
  ChannelName: name,
  DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' } },
});
const training = (more: object = {}) => ({
  TrainingJobName: 'Train-1',
  AlgorithmSpecification: {
    TrainingImage: IMAGE,
    TrainingInputMode: 'File',
    MetricDefinitions: [{ Name: 'validation:mae', Regex: 'mae=([0-9.]+)' }],
  },
  RoleArn: ROLE,
  InputDataConfig: [channel('train', 's3://data/train')],
  OutputDataConfig: { S3OutputPath: 's3://artifacts/demand', CompressionType: 'NONE' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 5 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  HyperParameters: { trees: '300' },
  Environment: { LEVEL: 'debug' },
  ...more,
});
const processing = (more: object = {}) => ({
  ProcessingJobName: 'prepare',
  ProcessingResources: { ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 5 } },
  AppSpecification: {
    ImageUri: IMAGE,
    ContainerEntrypoint: ['node', 'prepare.js'],
    ContainerArguments: ['--year', '2011'],
  },
  RoleArn: ROLE,
  ProcessingInputs: [
    {
      InputName: 'raw',
      S3Input: {
        S3Uri: 's3://data/train/b.csv',
        S3DataType: 'S3Prefix',
        LocalPath: '/opt/ml/processing/input',
        S3InputMode: 'File',
      },
    },
  ],
  ProcessingOutputConfig: {
    Outputs: [
      {
        OutputName: 'report',
        S3Output: { S3Uri: 's3://artifacts/report', LocalPath: '/opt/ml/processing/report', S3UploadMode: 'EndOfJob' },
      },
    ],
  },
  ...more,
});

describe('training', () => {
  it('lays out /opt/ml, really trains, stores the model and tells every transition', async () => {
    const seen: Record<string, unknown> = {};
    lab.runJob = async ({ root }) => {
      const read = (path: string) => readFileSync(join(root, path), 'utf8');
      seen['data'] = [read('input/data/train/2011/a.csv'), read('input/data/train/b.csv')];
      seen['hyperparameters'] = JSON.parse(read('input/config/hyperparameters.json'));
      seen['channels'] = JSON.parse(read('input/config/inputdataconfig.json'));
      seen['hosts'] = JSON.parse(read('input/config/resourceconfig.json')).hosts;
      write(root, 'model/model.onnx', 'trees');
      write(root, 'output/data/importance.json', '{}');
      return { exitCode: 0, log: ['epoch 1 mae=9.5', 'epoch 2 mae=7.25'] };
    };
    expect(await lab.call('CreateTrainingJob', training())).toEqual({
      TrainingJobArn: 'arn:aws:sagemaker:eu-central-1:111122223333:training-job/train-1',
    });
    await lab.run(MINUTE);
    expect(await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-1' })).toMatchObject({
      TrainingJobStatus: 'InProgress',
      SecondaryStatus: 'Starting',
    });
    await lab.run(10 * MINUTE);
    expect(seen).toEqual({
      data: ['x,y\n1,2\n', 'x,y\n3,4\n'],
      hyperparameters: { trees: '300' },
      channels: {
        train: { TrainingInputMode: 'File', S3DistributionType: 'FullyReplicated', RecordWrapperType: 'None' },
      },
      hosts: ['algo-1'],
    });
    expect(lab.jobs[0]).toMatchObject({
      image: IMAGE,
      arguments: ['train'],
      environment: { LEVEL: 'debug', TRAINING_JOB_NAME: 'Train-1' },
    });
    expect(lab.objects.get('artifacts/demand/Train-1/output/model/model.onnx')).toBe('trees');
    expect(lab.objects.get('artifacts/demand/Train-1/output/data/importance.json')).toBe('{}');
    const done = await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-1' });
    expect(done).toMatchObject({
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: 's3://artifacts/demand/Train-1/output/model/' },
      FinalMetricDataList: [{ MetricName: 'validation:mae', Value: 7.25 }],
    });
    const statuses = done.SecondaryStatusTransitions.map((item: { Status: string }) => item.Status);
    expect(statuses).toEqual(['Starting', 'Downloading', 'Training', 'Uploading', 'Completed']);
    expect(done.TrainingEndTime.getTime() - done.TrainingStartTime.getTime()).toBeGreaterThanOrEqual(60_000);
    const logs = lab.cloud.logs
      .filter((line) => line.logGroup === '/aws/sagemaker/TrainingJobs')
      .map((line) => line.message);
    expect(logs).toEqual(['epoch 1 mae=9.5', 'epoch 2 mae=7.25']);
    const event = lab
      .details('SageMaker Training Job State Change')
      .find((detail) => detail['TrainingJobStatus'] === 'Completed');
    expect(event).toMatchObject({
      TrainingJobName: 'Train-1',
      SecondaryStatus: 'Completed',
      CreationTime: String(Date.UTC(2026, 0, 5)),
      ModelArtifacts: { S3ModelArtifacts: 's3://artifacts/demand/Train-1/output/model/' },
      Tags: {},
    });
    const principals = new Set(
      lab.cloud.calls.map((call) => (call.principal.kind === 'role' ? call.principal.arn : call.principal.kind)),
    );
    expect([...principals]).toEqual([ROLE]);
  });

  it('fails with the container’s last words and keeps nothing', async () => {
    lab.runJob = async ({ root }) => {
      write(root, 'model/half.onnx', 'half');
      return { exitCode: 1, failureMessage: 'no rows left after filtering', log: ['reading'] };
    };
    await lab.call('CreateTrainingJob', training());
    await lab.run(10 * MINUTE);
    expect(await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-1' })).toMatchObject({
      TrainingJobStatus: 'Failed',
      SecondaryStatus: 'Failed',
      FailureReason: 'AlgorithmError: no rows left after filtering, exit code: 1',
    });
    expect([...lab.objects.keys()].filter((key) => key.startsWith('artifacts/'))).toEqual([]);
  });

  it('fails as ClientError when the data is missing or the role may not read it', async () => {
    await lab.call('CreateTrainingJob', training({ InputDataConfig: [channel('train', 's3://data/nothing')] }));
    await lab.run(10 * MINUTE);
    const reason = async (name: string) =>
      (await lab.call('DescribeTrainingJob', { TrainingJobName: name })).FailureReason;
    expect(await reason('Train-1')).toContain(
      'ClientError: Data download failed for channel \'train\': No S3 objects found under S3 URL "s3://data/nothing"',
    );
    lab.cloud.answer = () => {
      throw new AwsError('AccessDenied', 'not authorized to perform: s3:ListBucket', { statusCode: 403 });
    };
    await lab.call('CreateTrainingJob', training({ TrainingJobName: 'Train-2' }));
    await lab.run(10 * MINUTE);
    expect(await reason('Train-2')).toContain('not authorized to perform: s3:ListBucket');
    expect(lab.jobs).toEqual([]);
  });

  it('refuses used names, compressed outputs, several instances and broken metric definitions', async () => {
    await lab.call('CreateTrainingJob', training());
    expect(await lab.refusal('CreateTrainingJob', training({ TrainingJobName: 'train-1' }))).toMatchObject({
      code: 'ResourceInUse',
    });
    const unsupported = [
      { OutputDataConfig: { S3OutputPath: 's3://a/b', CompressionType: 'GZIP' } },
      { ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 2, VolumeSizeInGB: 5 } },
      { CheckpointConfig: { S3Uri: 's3://a/b' } },
    ];
    for (const more of unsupported) {
      expect((await lab.refusal('CreateTrainingJob', training({ TrainingJobName: 'x', ...more }))).code).toBe(
        'UnsupportedFeature',
      );
    }
    const specification = { ...training().AlgorithmSpecification, MetricDefinitions: [{ Name: 'm', Regex: '(' }] };
    expect(
      (
        await lab.refusal(
          'CreateTrainingJob',
          training({ TrainingJobName: 'x', AlgorithmSpecification: specification }),
        )
      ).message,
    ).toContain("invalid Regex '('");
    expect((await lab.refusal('DescribeTrainingJob', { TrainingJobName: 'x' })).message).toBe(
      'Requested resource not found.',
    );
  });

  it('stops on request, and by itself when it runs longer than MaxRuntimeInSeconds', async () => {
    await lab.call('CreateTrainingJob', training());
    await lab.run(MINUTE);
    await lab.call('StopTrainingJob', { TrainingJobName: 'Train-1' });
    expect(await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-1' })).toMatchObject({
      TrainingJobStatus: 'Stopping',
    });
    await lab.run(10 * MINUTE);
    expect(await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-1' })).toMatchObject({
      TrainingJobStatus: 'Stopped',
      SecondaryStatus: 'Stopped',
    });
    expect(lab.jobs).toEqual([]);
    expect((await lab.refusal('StopTrainingJob', { TrainingJobName: 'Train-1' })).code).toBe('ValidationException');
    await lab.call(
      'CreateTrainingJob',
      training({ TrainingJobName: 'Train-2', StoppingCondition: { MaxRuntimeInSeconds: 30 } }),
    );
    await lab.run(10 * MINUTE);
    expect(await lab.call('DescribeTrainingJob', { TrainingJobName: 'Train-2' })).toMatchObject({
      TrainingJobStatus: 'Stopped',
      SecondaryStatus: 'MaxRuntimeExceeded',
    });
    const listed = await lab.call('ListTrainingJobs', { StatusEquals: 'Stopped', SortOrder: 'Descending' });
    expect(listed.TrainingJobSummaries.map((item: { TrainingJobName: string }) => item.TrainingJobName)).toEqual([
      'Train-2',
      'Train-1',
    ]);
  });
});

describe('processing', () => {
  it('materialises inputs at their LocalPath and uploads outputs at the end', async () => {
    let input = '';
    lab.runJob = async ({ root }) => {
      input = readFileSync(join(root, 'processing/input/b.csv'), 'utf8');
      write(root, 'processing/report/evaluation.json', '{"mae":7}');
      write(root, 'output/message', 'scored 10 rows');
      return { exitCode: 0, log: [] };
    };
    await lab.call('CreateProcessingJob', processing());
    await lab.run(2 * MINUTE - 1);
    expect(lab.jobs).toEqual([]);
    await lab.run(9 * MINUTE);
    expect(input).toBe('x,y\n3,4\n');
    expect(lab.jobs[0]).toMatchObject({ entrypoint: ['node', 'prepare.js'], arguments: ['--year', '2011'] });
    expect(lab.objects.get('artifacts/report/evaluation.json')).toBe('{"mae":7}');
    expect(await lab.call('DescribeProcessingJob', { ProcessingJobName: 'prepare' })).toMatchObject({
      ProcessingJobStatus: 'Completed',
      ExitMessage: 'scored 10 rows',
    });
    const events = lab.details('SageMaker Processing Job State Change');
    expect(events.map((detail) => detail['ProcessingJobStatus'])).toEqual(['InProgress', 'Completed']);
    expect(events[1]).toMatchObject({ CreationTime: Date.UTC(2026, 0, 5), ProcessingEndTime: expect.any(Number) });
  });

  it('refuses paths outside /opt/ml/processing and what would behave differently', async () => {
    const s3 = processing().ProcessingInputs[0]!.S3Input;
    const withInput = (more: object) =>
      processing({ ProcessingInputs: [{ InputName: 'raw', S3Input: { ...s3, ...more } }] });
    expect((await lab.refusal('CreateProcessingJob', withInput({ LocalPath: '/tmp/x' }))).code).toBe(
      'ValidationException',
    );
    expect((await lab.refusal('CreateProcessingJob', withInput({ S3InputMode: 'Pipe' }))).code).toBe(
      'UnsupportedFeature',
    );
    expect((await lab.refusal('DescribeProcessingJob', { ProcessingJobName: 'nope' })).message).toBe(
      'Could not find requested job with name: nope',
    );
  });
});
