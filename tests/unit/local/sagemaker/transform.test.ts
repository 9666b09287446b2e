/** Batch transform: splitting, batching, filters, joins, and what fails a job. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseJsonPath, select } from '../../../../local/sagemaker/json-path.ts';
import { type Laboratory, makeModel, MINUTE, newLaboratory } from './laboratory.ts';

let lab: Laboratory;
beforeEach(async () => {
  lab = newLaboratory();
  await makeModel(lab, 'm1');
});
afterEach(() => lab.close());

const job = (more: Record<string, object | string | number> = {}) => {
  const { input, output, ...rest } = more;
  return {
    TransformJobName: 'score',
    ModelName: 'm1',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/in/' } },
      ContentType: 'text/csv',
      SplitType: 'Line',
      ...(input as object),
    },
    TransformOutput: { S3OutputPath: 's3://data/out', Accept: 'text/csv', AssembleWith: 'Line', ...(output as object) },
    TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
    ...rest,
  };
};

/** Doubles the sum of each CSV line. */
const csvModel = (body: string) => ({
  statusCode: 200,
  body: Buffer.from(
    body
      .trimEnd()
      .split('\n')
      .map((line) => String(2 * line.split(',').reduce((sum, cell) => sum + Number(cell), 0)))
      .join('\n'),
  ),
  contentType: 'text/csv',
});

async function run(more: Parameters<typeof job>[0] = {}): Promise<Record<string, unknown>> {
  await lab.call('CreateTransformJob', job(more));
  await lab.run(11 * MINUTE);
  return lab.call('DescribeTransformJob', { TransformJobName: 'score' });
}

describe('CSV', () => {
  beforeEach(() => {
    lab.invoke = csvModel;
    lab.objects.set('data/in/a.csv', '7,1,2\n8,3,4\n');
    lab.objects.set('data/in/sub/b.csv', '9,5,6');
  });

  it('filters the id away, joins the answer to the input and selects columns', async () => {
    const done = await run({ DataProcessing: { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' } });
    expect(done).toMatchObject({
      TransformJobStatus: 'Completed',
      TransformJobArn: expect.stringContaining(':transform-job/score'),
    });
    expect(lab.invocations.map((call) => call.body)).toEqual(['1,2\n3,4', '5,6']);
    expect(lab.invocations[0]?.environment).toMatchObject({ SAGEMAKER_BATCH: 'true', MODEL: 'm1' });
    expect(lab.objects.get('data/out/a.csv.out')).toBe('7,6\n8,14\n');
    expect(lab.objects.get('data/out/sub/b.csv.out')).toBe('9,22\n');
    const events = lab.details('SageMaker Transform Job State Change');
    expect(events.map((detail) => detail['TransformJobStatus'])).toEqual(['InProgress', 'Completed']);
  });

  it('sends one record a call with SingleRecord, and keeps quoted cells whole', async () => {
    lab.objects.set('data/in/a.csv', '"Sunday, 2nd",1,2\n8,3,4\n');
    await run({ BatchStrategy: 'SingleRecord', DataProcessing: { InputFilter: '$[1:]', JoinSource: 'Input' } });
    expect(lab.invocations.map((call) => call.body)).toEqual(['1,2', '3,4', '5,6']);
    expect(lab.objects.get('data/out/a.csv.out')).toBe('"Sunday, 2nd",1,2,6\n8,3,4,14\n');
  });

  it('splits batches at MaxPayloadInMB and refuses a record that is larger', async () => {
    const line = '1'.repeat(600_000);
    lab.objects.set('data/in/a.csv', `${line}\n${line}\n${line}\n`);
    lab.objects.delete('data/in/sub/b.csv');
    await run({ MaxPayloadInMB: 1 });
    expect(lab.invocations.map((call) => call.body.length)).toEqual([600_000, 600_000, 600_000]);
    lab.objects.set('data/in/a.csv', '1'.repeat(1_100_000));
    await lab.call('CreateTransformJob', { ...job({ MaxPayloadInMB: 1 }), TransformJobName: 'large' });
    await lab.run(11 * MINUTE);
    expect(await lab.call('DescribeTransformJob', { TransformJobName: 'large' })).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: expect.stringContaining('exceeds the maximum payload'),
    });
  });

  it('fails when the lines do not match or the model answers with an error, and stores nothing', async () => {
    lab.invoke = () => ({ statusCode: 200, body: Buffer.from('1\n2\n3\n'), contentType: 'text/csv' });
    expect((await run({ DataProcessing: { JoinSource: 'Input' } }))['FailureReason']).toContain(
      'Fail to join data: mismatched line count between the input and the output',
    );
    lab.invoke = () => ({ statusCode: 500, body: Buffer.from('boom'), contentType: 'text/plain' });
    await lab.call('CreateTransformJob', { ...job(), TransformJobName: 'sick' });
    await lab.run(11 * MINUTE);
    const sick = await lab.call('DescribeTransformJob', { TransformJobName: 'sick' });
    expect(sick).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'AlgorithmError: See job logs for more information',
    });
    expect(lab.cloud.logs.map((line) => line.message)).toContain('boom');
    expect([...lab.objects.keys()].filter((key) => key.startsWith('data/out'))).toEqual([]);
  });
});

describe('JSON Lines', () => {
  it('adds SageMakerOutput to each object and filters the joined record', async () => {
    lab.objects.set('data/in/a.jsonl', '{"id":1,"x":{"t":4}}\n{"id":2,"x":{"t":5}}\n');
    lab.invoke = (body) => ({
      statusCode: 200,
      body: Buffer.from(
        body
          .split('\n')
          .map((line) => JSON.stringify({ y: JSON.parse(line).t * 10 }))
          .join('\n'),
      ),
      contentType: 'application/jsonlines',
    });
    const json = { input: { ContentType: 'application/jsonlines' }, output: { Accept: 'application/jsonlines' } };
    await run({
      ...json,
      DataProcessing: { InputFilter: '$.x', JoinSource: 'Input', OutputFilter: "$['id','SageMakerOutput']" },
    });
    expect(lab.invocations[0]?.body).toBe('{"t":4}\n{"t":5}');
    expect(lab.objects.get('data/out/a.jsonl.out')).toBe(
      '{"id":1,"SageMakerOutput":{"y":40}}\n{"id":2,"SageMakerOutput":{"y":50}}\n',
    );
  });
});

describe('refusals', () => {
  it('refuses unknown models, other splits, wildcards and formats that can’t be joined', async () => {
    const refusal = (more: Parameters<typeof job>[0]) => lab.refusal('CreateTransformJob', job(more));
    expect((await refusal({ ModelName: 'nope' })).message).toContain('Could not find model');
    expect((await refusal({ input: { SplitType: 'RecordIO' } })).code).toBe('UnsupportedFeature');
    expect((await refusal({ DataProcessing: { InputFilter: '$[*]' } })).code).toBe('UnsupportedFeature');
    expect((await refusal({ DataProcessing: { InputFilter: 'x' } })).code).toBe('ValidationException');
    const binary = { input: { ContentType: 'application/x-image' }, DataProcessing: { JoinSource: 'Input' } };
    expect((await refusal(binary)).message).toContain("not 'application/x-image'");
  });
});

describe('JSONPath', () => {
  it.each([
    ['$', [1, [2]], [1, [2]]],
    ['$[0]', [1, 2], 1],
    ['$[-1]', [1, 2], 2],
    ['$[1:]', [1, 2, 3], [2, 3]],
    ['$[:2]', [1, 2, 3], [1, 2]],
    ['$[0, 2]', [1, 2, 3], [1, 3]],
    ['$.a.b[1]', { a: { b: [1, 2] } }, 2],
    ["$['a b']", { 'a b': 3 }, 3],
    ["$['a','c']", { a: 1, b: 2, c: 3 }, { a: 1, c: 3 }],
    ['$.x', [1], undefined],
  ])('%s', (path, value, expected) => {
    expect(select(value, parseJsonPath(path))).toEqual(expected);
  });
});
