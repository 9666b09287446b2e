import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { drawRequests, withoutTruth } from '../../../pipelines/demand-forecast/replay.ts';
import { period, readSeries } from '../../../pipelines/demand-forecast/source.ts';
import { type ArtifactMetadata } from '../../../pipelines/images/artifact/metadata.ts';
import { newServer, type ModelServer } from '../../../pipelines/images/server/server.ts';
import { newWorkshop, runPipeline, type Workshop } from './run-steps.ts';

const series = readSeries();
const rows = period(series, '2013-01-01', '2014-03-31');
const row = withoutTruth(period(series, '2014-03-05', '2014-03-05')[0]!);

let workshop: Workshop;
let server: ModelServer;
let artifact: string;

beforeAll(async () => {
  workshop = newWorkshop();
  const window = { trainFrom: '2013-01-01', trainTo: '2013-12-31', evaluateTo: '2014-02-28' };
  const result = await runPipeline(
    workshop,
    'model',
    rows,
    { ...window, featureRecipe: 'calendar-holiday-2' },
    { trees: '20' },
  );
  artifact = join(workshop.directory, result.artifact);
  server = await newServer({ modelDirectory: artifact, environment: {} });
});

afterAll(async () => {
  await server.stop();
  workshop.remove();
});

async function ask(
  body: string | Uint8Array,
  request: { contentType?: string; accept?: string; method?: string; path?: string } = {},
): Promise<{ statusCode: number; contentType: string; text: string }> {
  const answer = await server.handle({
    method: 'POST',
    path: '/invocations',
    contentType: 'application/json',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    ...request,
  });
  return {
    statusCode: answer.statusCode,
    contentType: answer.contentType,
    text: new TextDecoder().decode(answer.body),
  };
}

/** A copy of the artifact with something wrong. */
function spoil(name: string, spoiled: (metadata: ArtifactMetadata) => unknown): string {
  const directory = join(workshop.directory, name);
  cpSync(artifact, directory, { recursive: true });
  const metadata = JSON.parse(workshop.read('model/train/model/metadata.json')) as ArtifactMetadata;
  workshop.write(`${name}/metadata.json`, JSON.stringify(spoiled(metadata)));
  return directory;
}

describe('a single request', () => {
  it('is answered with a prediction from the raw row and its date', async () => {
    const answer = await ask(JSON.stringify(row));
    expect(answer).toMatchObject({ statusCode: 200, contentType: 'application/json' });
    const { prediction } = JSON.parse(answer.text) as { prediction: number };
    expect(prediction).toBeGreaterThan(10);
    expect(prediction).toBeLessThan(20);
  });

  it('derives the features of its own recipe: a holiday is another day than the same row on the next one', async () => {
    const on = async (date: string): Promise<string> => (await ask(JSON.stringify({ ...row, date }))).text;
    expect(await on('2013-12-24')).not.toBe(await on('2013-12-17'));
  });

  it.each([
    ['a field is missing', { ...row, temp: undefined }, 'MissingField', 'temp'],
    ['a number comes as text', { ...row, Clark_Lake: '15.5' }, 'WrongType', 'Clark_Lake'],
    ['a number that must be there is null', { ...row, Clark_Lake: null }, 'WrongType', 'Clark_Lake'],
    ['the date is none', { ...row, date: '2014-02-30' }, 'WrongType', 'date'],
    ['a list comes instead of a row', [row], 'NotAnObject', undefined],
  ])('is refused with 400 when %s', async (_, body, code, field) => {
    const answer = await ask(JSON.stringify(body));
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.text)).toEqual({
      error: { code, message: expect.any(String), ...(field === undefined ? {} : { field }) },
    });
  });

  it('may say that the weather was not measured, which is another answer than a warm day', async () => {
    const answer = await ask(JSON.stringify({ ...row, temp: null, temp_min: null, temp_max: null, wind_max: null }));
    expect(answer.statusCode).toBe(200);
  });

  it('is refused when it is no JSON, no UTF-8, of another type, or wants another answer', async () => {
    expect(await ask('{')).toMatchObject({ statusCode: 400, text: expect.stringContaining('InvalidJson') });
    expect(await ask(Uint8Array.of(0xff, 0xfe))).toMatchObject({
      statusCode: 400,
      text: expect.stringContaining('UTF-8'),
    });
    expect(await ask('a,b', { contentType: 'text/csv' })).toMatchObject({ statusCode: 415 });
    expect(await ask(JSON.stringify(row), { accept: 'text/csv' })).toMatchObject({ statusCode: 406 });
    expect(await ask(JSON.stringify(row), { accept: 'text/html, */*;q=0.1' })).toMatchObject({ statusCode: 200 });
    expect(await ask(JSON.stringify(row), { contentType: 'application/json; charset=utf-8' })).toMatchObject({
      statusCode: 200,
    });
  });
});

describe('a batch of lines', () => {
  const lines = { contentType: 'application/jsonlines' };

  it('gets one answer for each line, in order, equal to single requests', async () => {
    const requests = drawRequests(period(series, '2014-03-01', '2014-03-31'), 1, 50, 'd');
    const answer = await ask(requests.map((request) => JSON.stringify(request.row)).join('\n'), lines);
    expect(answer).toMatchObject({ statusCode: 200, contentType: 'application/jsonlines' });
    const answers = answer.text.trimEnd().split('\n');
    expect(answers).toHaveLength(50);
    for (const index of [0, 17, 49])
      expect(answers[index]).toBe((await ask(JSON.stringify(requests[index]!.row))).text);
  });

  it('gets an error for each line that cannot be used, and predictions for all others', async () => {
    const body = [JSON.stringify(row), 'oops', JSON.stringify({ ...row, gust: undefined }), '', JSON.stringify(row)];
    const answer = await ask(`${body.join('\n')}\n`, lines);
    expect(answer.statusCode).toBe(200);
    const answers = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map((line) => Object.keys(line)[0])).toEqual([
      'prediction',
      'error',
      'error',
      'error',
      'prediction',
    ]);
    expect(answers[2]).toEqual({
      error: { code: 'MissingField', field: 'gust', message: expect.stringContaining('gust') },
    });
    expect(answers[4]).toEqual(answers[0]);
  });

  it('may fail in every line and must not be empty', async () => {
    expect((await ask('1\n2\n', lines)).text.trimEnd().split('\n')).toHaveLength(2);
    expect(await ask('', lines)).toMatchObject({ statusCode: 400 });
  });
});

describe('the container', () => {
  it('answers ping, metadata and nothing else', async () => {
    expect(server.ping()).toBe(true);
    expect(await ask('', { method: 'GET', path: '/ping' })).toMatchObject({ statusCode: 200 });
    const metadata = JSON.parse((await ask('', { method: 'GET', path: '/metadata' })).text) as ArtifactMetadata;
    expect(metadata.model).toBe('demand-forecast');
    expect(metadata.requiredFields.map((field) => field.name)).toContain('date');
    expect(await ask('', { method: 'GET', path: '/invocations' })).toMatchObject({ statusCode: 404 });
  });

  it('is not healthy when its self-check answer differs from the trainer', async () => {
    const directory = spoil('differs', (metadata) => ({
      ...metadata,
      selfCheck: { ...metadata.selfCheck, prediction: metadata.selfCheck.prediction + 0.01 },
    }));
    const sick = await newServer({ modelDirectory: directory, environment: {} });
    expect(sick.ping()).toBe(false);
    const request = {
      path: '/invocations',
      contentType: 'application/json',
      body: new TextEncoder().encode(JSON.stringify(row)),
    };
    expect((await sick.handle({ ...request, method: 'POST' })).statusCode).toBe(503);
    await sick.stop();
  });

  it('does not start on an artifact that is missing, mixed, or of a later format', async () => {
    const start = (modelDirectory: string): Promise<ModelServer> => newServer({ modelDirectory, environment: {} });
    await expect(start(join(workshop.directory, 'nowhere'))).rejects.toThrow('cannot read model.onnx');
    const mixed = spoil('mixed', (metadata) => ({ ...metadata, onnx: { ...metadata.onnx, digest: 'sha256:0' } }));
    await expect(start(mixed)).rejects.toThrow('the artifact was changed or mixed');
    const later = spoil('later', (metadata) => ({ ...metadata, formatVersion: 2 }));
    await expect(start(later)).rejects.toThrow('formatVersion 2');
    const partial = spoil('partial', (metadata) => ({ ...metadata, recipe: { version: 'x', features: [] } }));
    await expect(start(partial)).rejects.toThrow('lacks a valid recipe.features');
    rmSync(join(partial, 'metadata.json'));
    await expect(start(partial)).rejects.toThrow('cannot read metadata.json');
  });

  it('refuses a tolerance that is none', async () => {
    const environment = { SELF_CHECK_TOLERANCE: '-1' };
    await expect(newServer({ modelDirectory: artifact, environment })).rejects.toThrow('SELF_CHECK_TOLERANCE is "-1"');
  });
});
