/** The data plane: routing by weight, one real call per variant, virtual latency, metrics, faults and data capture. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MetricData } from '../../../../local/kernel/service.ts';
import { type Laboratory, makeConfig, makeEndpoint, MINUTE, newLaboratory } from './laboratory.ts';

let lab: Laboratory;
beforeEach(() => {
  lab = newLaboratory();
});
afterEach(() => lab.close());

/** Blue (m1) and green (m2) with these weights. */
async function serve(blue: number, green: number, more: object = {}): Promise<void> {
  await makeEndpoint(lab);
  await makeConfig(
    lab,
    'c2',
    [
      { name: 'blue', model: 'm1', weight: blue, count: 2 },
      { name: 'green', model: 'm2', weight: green },
    ],
    more,
  );
  await lab.call('UpdateEndpoint', { EndpointName: 'demand', EndpointConfigName: 'c2' });
  await lab.run(11 * MINUTE);
}

const requests = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ body: Buffer.from(JSON.stringify({ n })) }));
const text = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString('utf8');

/** Sum and count of a metric over all records. */
function total(name: string, variantName: string): { sum: number; count: number } {
  const records = lab.cloud.metrics.filter(
    (m: MetricData) => m.name === name && m.dimensions['VariantName'] === variantName,
  );
  let sum = 0;
  let count = 0;
  for (const record of records) {
    record.values.forEach((value, index) => {
      sum += value * (record.counts?.[index] ?? 1);
      count += record.counts?.[index] ?? 1;
    });
  }
  return { sum, count };
}

describe('routing', () => {
  it('shares requests by the live weights and calls each container once', async () => {
    await serve(9, 1);
    const results = await lab.sagemaker.sendTraffic('demand', requests(2000));
    const green = results.filter((result) => result.variantName === 'green').length;
    expect(green).toBeGreaterThan(150);
    expect(green).toBeLessThan(250);
    expect(lab.invocations.map((call) => call.environment['MODEL']).sort()).toEqual(['m1', 'm2']);
    results.forEach((result, n) => expect(text(result.body)).toBe(`{"n":${n}}\n`));
    expect(results.find((result) => result.variantName === 'green')?.modelName).toBe('m2');
  });

  it('routes the same seed in the same way, another seed differently', async () => {
    const draw = async (seed: number): Promise<string> => {
      lab.close();
      lab = newLaboratory(seed);
      await serve(1, 1);
      const results = await lab.sagemaker.sendTraffic('demand', requests(40));
      return results.map((result) => `${result.variantName[0]}${result.latencyMs.toFixed(3)}`).join(' ');
    };
    const first = await draw(5);
    expect(await draw(5)).toBe(first);
    expect(await draw(6)).not.toBe(first);
  });

  it('sends to a pinned variant even at weight 0, and refuses when all weights are 0', async () => {
    await serve(1, 0);
    const answer = await lab.call('InvokeEndpoint', {
      EndpointName: 'demand',
      Body: Buffer.from('1,2'),
      ContentType: 'text/csv',
      TargetVariant: 'green',
    });
    expect(answer).toMatchObject({ InvokedProductionVariant: 'green', ContentType: 'application/jsonlines' });
    await lab.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'demand',
      DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 0 }],
    });
    await lab.run(6 * MINUTE);
    const refused = await lab.refusal('InvokeEndpoint', { EndpointName: 'demand', Body: Buffer.from('{}') });
    expect(refused).toMatchObject({ code: 'ValidationError', statusCode: 400 });
    const [result] = await lab.sagemaker.sendTraffic('demand', requests(1));
    expect(result).toMatchObject({ statusCode: 400, variantName: '' });
    expect(result?.error?.message).toContain('weight 0');
  });

  it('refuses unknown endpoints, other spellings and unknown variants', async () => {
    await serve(1, 0);
    const message = async (input: object) =>
      (await lab.refusal('InvokeEndpoint', { Body: Buffer.from('{}'), ...input })).message;
    expect(await message({ EndpointName: 'nope' })).toBe('Endpoint nope of account 111122223333 not found.');
    expect(await message({ EndpointName: 'Demand' })).toBe('Endpoint Demand of account 111122223333 not found.');
    expect(await message({ EndpointName: 'demand', TargetVariant: 'red' })).toContain('Variant red not found');
    expect(
      (await lab.refusal('InvokeEndpoint', { EndpointName: 'demand', Body: Buffer.from(''), TargetModel: 'x' })).code,
    ).toBe('UnsupportedFeature');
  });
});

describe('failures', () => {
  it('answers ModelError 424 with what the container said', async () => {
    await serve(1, 0);
    lab.invoke = () => ({ statusCode: 400, body: Buffer.from('row 1 lacks temp'), contentType: 'text/plain' });
    const refused = await lab.refusal('InvokeEndpoint', { EndpointName: 'demand', Body: Buffer.from('{}') });
    expect(refused).toMatchObject({
      code: 'ModelError',
      statusCode: 424,
      fields: {
        OriginalStatusCode: 400,
        OriginalMessage: 'row 1 lacks temp',
        LogStreamArn: 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/sagemaker/Endpoints/demand',
      },
    });
    expect(refused.message).toMatch(
      /^Received client error \(400\) from primary with message "row 1 lacks temp"\. See https/,
    );
    expect(lab.cloud.logs.at(-1)).toMatchObject({ logGroup: '/aws/sagemaker/Endpoints/demand' });
  });

  it('fails only the bad request of a batch', async () => {
    await serve(1, 0);
    lab.invoke = (body) =>
      body.includes('"n":3')
        ? { statusCode: 400, body: Buffer.from('bad'), contentType: 'text/plain' }
        : { statusCode: 200, body: Buffer.from(body), contentType: 'application/jsonlines' };
    const results = await lab.sagemaker.sendTraffic('demand', requests(6));
    expect(results.map((result) => result.statusCode)).toEqual([200, 200, 200, 424, 200, 200]);
    expect(results[3]?.originalStatusCode).toBe(400);
    expect(total('Invocation4XXErrors', 'blue')).toEqual({ sum: 1, count: 6 });
    expect(total('Invocation5XXErrors', 'blue')).toEqual({ sum: 0, count: 6 });
    expect(total('InvocationModelErrors', 'blue')).toEqual({ sum: 1, count: 6 });
  });

  it('injects errors and latency into one variant alone', async () => {
    await serve(1, 1);
    lab.cloud.faults.inject('sick', {
      container: ({ modelName }) => (modelName === 'm2' ? { errorRate: 0.3, extraLatencyMs: 100 } : undefined),
    });
    const results = await lab.sagemaker.sendTraffic('demand', requests(1000));
    const green = results.filter((result) => result.variantName === 'green');
    const failed = green.filter((result) => result.statusCode === 424);
    expect(failed.length / green.length).toBeGreaterThan(0.22);
    expect(failed.length / green.length).toBeLessThan(0.38);
    expect(failed.every((result) => result.originalStatusCode === 500)).toBe(true);
    expect(results.every((result) => result.variantName === 'green' || result.statusCode === 200)).toBe(true);
    expect(Math.min(...green.map((result) => result.latencyMs))).toBeGreaterThan(100);
    expect(total('Invocation5XXErrors', 'green')).toEqual({ sum: failed.length, count: green.length });
  });
});

describe('metrics', () => {
  it('counts each request and records microseconds in steps of 100', async () => {
    await serve(1, 0);
    const results = await lab.sagemaker.sendTraffic('demand', requests(500));
    expect(total('Invocations', 'blue')).toEqual({ sum: 500, count: 500 });
    expect(total('InvocationsPerInstance', 'blue')).toEqual({ sum: 250, count: 500 });
    expect(total('Invocation5XXErrors', 'blue')).toEqual({ sum: 0, count: 500 });
    const latency = total('ModelLatency', 'blue');
    expect(latency.count).toBe(500);
    expect(latency.sum / 500 / 1000).toBeGreaterThan(7.5);
    expect(latency.sum / 500 / 1000).toBeLessThan(9.5);
    const record = lab.cloud.metrics.find((metric) => metric.name === 'ModelLatency');
    expect(record).toMatchObject({
      namespace: 'AWS/SageMaker',
      dimensions: { EndpointName: 'demand', VariantName: 'blue' },
      unit: 'Microseconds',
      timestampMs: lab.cloud.kernel.clock.now(),
    });
    expect(record!.values.every((value) => value % 100 === 0)).toBe(true);
    expect(record!.values.length).toBeLessThan(250);
    const mean = results.reduce((sum, result) => sum + result.latencyMs, 0) / 500;
    expect(mean * 1000).toBeCloseTo((latency.sum + total('OverheadLatency', 'blue').sum) / 500, -2);
  });
});

describe('data capture', () => {
  const capture = (percentage: number, more: object = {}) => ({
    DataCaptureConfig: {
      EnableCapture: true,
      InitialSamplingPercentage: percentage,
      DestinationS3Uri: 's3://capture/raw',
      CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
      ...more,
    },
  });
  const files = () => [...lab.objects].filter(([key]) => key.startsWith('capture/'));
  const lines = () =>
    files().flatMap(([, content]) =>
      content
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );

  it('writes JSON Lines below endpoint/variant/hour, with inference ids where they were sent', async () => {
    await serve(1, 0, capture(100, { CaptureContentTypeHeader: { JsonContentTypes: ['application/jsonlines'] } }));
    await lab.sagemaker.sendTraffic('demand', [
      { body: Buffer.from('{"n":1}'), inferenceId: 'ride-1' },
      { body: Buffer.from('{"n":2}') },
    ]);
    expect(files()).toEqual([]);
    await lab.run(6 * MINUTE);
    expect(files().map(([key]) => key)).toEqual([
      expect.stringMatching(/^capture\/raw\/demand\/blue\/2026\/01\/05\/00\/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl$/),
    ]);
    expect(lines()[0]).toEqual({
      captureData: {
        endpointInput: {
          observedContentType: 'application/jsonlines',
          mode: 'INPUT',
          data: '{"n":1}',
          encoding: 'JSON',
        },
        endpointOutput: {
          observedContentType: 'application/jsonlines',
          mode: 'OUTPUT',
          data: '{"n":1}\n',
          encoding: 'JSON',
        },
      },
      eventMetadata: {
        eventId: expect.any(String),
        inferenceId: 'ride-1',
        inferenceTime: expect.stringMatching(/^2026-01-05T00:\d\d:\d\dZ$/),
      },
      eventVersion: '0',
    });
    expect('inferenceId' in lines()[1].eventMetadata).toBe(false);
    expect(lab.cloud.calls.find((call) => call.operation === 'PutObject')?.principal).toEqual({
      kind: 'service',
      name: 'sagemaker.amazonaws.com',
    });
  });

  it('samples by seed, encodes in base64 without a listed content type, and leaves failures out', async () => {
    await serve(1, 0, capture(20));
    lab.cloud.faults.inject('sick', { container: () => ({ errorRate: 0.5 }) });
    await lab.sagemaker.sendTraffic('demand', requests(1000));
    await lab.run(6 * MINUTE);
    expect(lines().length).toBeGreaterThan(60);
    expect(lines().length).toBeLessThan(140);
    expect(lines()[0].captureData.endpointInput.encoding).toBe('BASE64');
    expect(Buffer.from(lines()[0].captureData.endpointInput.data, 'base64').toString()).toMatch(/^\{"n":\d+\}$/);
  });

  it('loses the capture and not the inference when the bucket refuses', async () => {
    await serve(1, 0, capture(100));
    const answer = lab.cloud.answer;
    const { AwsError } = await import('../../../../local/kernel/errors.ts');
    lab.cloud.answer = (service, operation, input, principal) => {
      if (operation === 'PutObject') throw new AwsError('NoSuchBucket', 'gone', { statusCode: 404 });
      return answer(service, operation, input, principal);
    };
    const [result] = await lab.sagemaker.sendTraffic('demand', requests(1));
    await lab.run(6 * MINUTE);
    expect(result?.statusCode).toBe(200);
    expect(lab.cloud.logs.at(-1)?.message).toContain('data capture to s3://capture/raw failed: NoSuchBucket');
  });
});
