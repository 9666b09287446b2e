import { describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { batchItems } from '../../../../local/stepfunctions/distributed/item-batcher.ts';
import { type HistoryEvent, type Runner, jsonata, newRunner, outputOf, seconds } from './machine-runner.ts';

/** A bucket with the given objects; PutObject adds to them. */
function bucket(runner: Runner, objects: Record<string, string> = {}): Record<string, string> {
  runner.cloud.answer = (service, operation, input) => {
    const key = String(input['Key']);
    if (operation === 'GetObject') {
      if (objects[key] === undefined)
        throw new AwsError('NoSuchKey', 'The specified key does not exist.', { statusCode: 404 });
      return { Body: Buffer.from(objects[key]) };
    }
    if (operation === 'PutObject') {
      objects[key] = Buffer.from(input['Body'] as Uint8Array).toString();
      return {};
    }
    if (operation === 'ListObjectsV2') return listing(objects, input['ContinuationToken'] as string | undefined);
    throw new Error(`unexpected ${service}:${operation}`);
  };
  return objects;
}

/** Two keys a page. */
function listing(objects: Record<string, string>, token = '0'): object {
  const keys = Object.keys(objects).sort();
  const from = Number(token);
  const Contents = keys
    .slice(from, from + 2)
    .map((Key) => ({ Key, Size: objects[Key]!.length, ETag: '"e"', LastModified: new Date(5000) }));
  const more = from + 2 < keys.length;
  return { Contents, IsTruncated: more, ...(more ? { NextContinuationToken: String(from + 2) } : {}) };
}

const double = { Type: 'Pass', Output: '{% $states.input %}', End: true };

function map(extra: object = {}, worker: Record<string, object> = { Work: double }, type = 'STANDARD'): object {
  const M = {
    Type: 'Map',
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: type },
      StartAt: Object.keys(worker)[0],
      States: worker,
    },
    End: true,
    ...extra,
  };
  return jsonata('M', { M });
}

const reader = (ReaderConfig: object, Key = 'data'): object => ({
  ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig, Arguments: { Bucket: 'b', Key } },
});

/** Fails for items above 10. */
const picky = {
  Check: { Type: 'Choice', Choices: [{ Condition: '{% $states.input > 10 %}', Next: 'Bad' }], Default: 'Good' },
  Bad: { Type: 'Fail', Error: 'TooBig' },
  Good: { Type: 'Pass', End: true },
};

const eventOf = (events: readonly HistoryEvent[], type: string): HistoryEvent | undefined =>
  events.find((event) => event.type === type);

describe('ItemReader', () => {
  it('reads CSV with headers in the first row, and given ones', async () => {
    const runner = newRunner();
    bucket(runner, { data: 'id,name\n1,"a,b"\n2,c\n' });
    const first = await runner.run(map(reader({ InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' })));
    expect(outputOf(first)).toEqual([
      { id: '1', name: 'a,b' },
      { id: '2', name: 'c' },
    ]);
    const given = await runner.run(
      map(reader({ InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['x', 'y'], MaxItems: 1 })),
    );
    expect(outputOf(given)).toEqual([{ x: 'id', y: 'name' }]);
  });

  it('reads JSON, an array inside of it, and JSON Lines', async () => {
    const runner = newRunner();
    bucket(runner, { data: '[1,2]', deep: '{"a":{"list":[3]}}', lines: '{"n":1}\n\n{"n":2}\n' });
    expect(outputOf(await runner.run(map(reader({ InputType: 'JSON' }))))).toEqual([1, 2]);
    expect(outputOf(await runner.run(map(reader({ InputType: 'JSON', ItemsPointer: '/a/list' }, 'deep'))))).toEqual([
      3,
    ]);
    expect(outputOf(await runner.run(map(reader({ InputType: 'JSONL' }, 'lines'))))).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('lists the objects of a bucket over all pages', async () => {
    const runner = newRunner();
    bucket(runner, { a: '1', b: '22', c: '333' });
    const ItemReader = {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Arguments: { Bucket: 'b', Prefix: '{% $states.input.p %}' },
    };
    const ItemSelector = { key: '{% $states.context.Map.Item.Value.Key %}' };
    const ended = await runner.run(map({ ItemReader, ItemSelector }), { p: 'x' });
    expect(outputOf(ended)).toEqual([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
    expect(runner.cloud.calls[1]?.input).toEqual({ Bucket: 'b', Prefix: 'x', ContinuationToken: '2' });
  });

  it('fails with States.ItemReaderFailed, which can be caught', async () => {
    const runner = newRunner();
    bucket(runner);
    const ended = await runner.run(map(reader({ InputType: 'JSON' })));
    expect(ended.error).toBe('States.ItemReaderFailed');
    expect(ended.cause).toContain('The specified key does not exist.');
    bucket(runner, { data: '{"no":"array"' });
    expect((await runner.run(map(reader({ InputType: 'JSON' })))).error).toBe('States.ItemReaderFailed');
    const events = await runner.history(ended.executionArn);
    expect(eventOf(events, 'MapRunFailed')?.['mapRunFailedEventDetails']).toMatchObject({
      error: 'States.ItemReaderFailed',
    });
  });
});

describe('ItemBatcher', () => {
  it('groups items by number and adds BatchInput', async () => {
    const ItemBatcher = { MaxItemsPerBatch: 2, BatchInput: { run: '{% $states.input.run %}' } };
    const ended = await newRunner().run(map({ Items: [1, 2, 3], ItemBatcher }), { run: 'r' });
    expect(outputOf(ended)).toEqual([
      { BatchInput: { run: 'r' }, Items: [1, 2] },
      { BatchInput: { run: 'r' }, Items: [3] },
    ]);
  });

  it('groups by bytes and never loses an item that is too large', () => {
    const items = ['a'.repeat(10), 'b'.repeat(10), 'c'.repeat(100), 'd'];
    const batches = batchItems(items, { maxItems: undefined, maxBytes: 40, batchInput: undefined });
    expect(batches.map(({ itemCount }) => itemCount)).toEqual([2, 1, 1]);
    expect(batches.flatMap(({ input }) => (input as { Items: string[] }).Items)).toEqual(items);
  });
});

describe('child executions', () => {
  it('run MaxConcurrency at a time, with their own history and variables', async () => {
    const runner = newRunner();
    const worker = {
      Wait: { Type: 'Wait', Seconds: 10, Next: 'Own' },
      Own: { Type: 'Pass', Assign: { x: 1 }, Output: '{% $states.context.Execution.Id %}', End: true },
    };
    const ended = await runner.run(map({ Items: [1, 2, 3, 4], MaxConcurrency: 2, Label: 'Lab' }, worker));
    expect(seconds(ended)).toBe(20);
    const [first] = outputOf(ended) as string[];
    expect(first).toMatch(/:execution:machine-1\/Lab:[0-9a-f-]{36}$/);
    expect((await runner.history(first!)).at(-1)?.type).toBe('ExecutionSucceeded');
    const types = (await runner.history(ended.executionArn)).map(({ type }) => type);
    expect(types).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('are told by ListMapRuns, DescribeMapRun and ListExecutions', async () => {
    const runner = newRunner();
    const ended = await runner.run(map({ Items: [1, 20, 3], ToleratedFailureCount: 1 }, picky));
    expect(outputOf(ended)).toEqual([1, null, 3]);
    const { mapRuns } = await runner.call<{ mapRuns: { mapRunArn: string }[] }>('ListMapRuns', {
      executionArn: ended.executionArn,
    });
    const run = await runner.call('DescribeMapRun', { mapRunArn: mapRuns[0]!.mapRunArn });
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      toleratedFailureCount: 1,
      executionCounts: { total: 3, succeeded: 2, failed: 1, pending: 0 },
    });
    const { executions } = await runner.call<{ executions: object[] }>('ListExecutions', {
      mapRunArn: mapRuns[0]!.mapRunArn,
      statusFilter: 'FAILED',
    });
    expect(executions).toHaveLength(1);
  });

  it.each([
    [{}, 1, false],
    [{ ToleratedFailureCount: 2 }, 2, true],
    [{ ToleratedFailureCount: 2 }, 3, false],
    [{ ToleratedFailurePercentage: 50 }, 5, true],
    [{ ToleratedFailurePercentage: 50 }, 6, false],
    [{ ToleratedFailurePercentage: '{% 100 %}' }, 10, true],
  ])('with %j and %p failures of 10: tolerated %p', async (tolerance, failures, tolerated) => {
    const Items = Array.from({ length: 10 }, (_, i) => (i < failures ? 11 : 1));
    const ended = await newRunner().run(map({ Items, ...tolerance }, picky));
    expect(ended.status).toBe(tolerated ? 'SUCCEEDED' : 'FAILED');
    if (!tolerated) expect(ended.error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it('end with their parent', async () => {
    const runner = newRunner();
    const executionArn = await runner.start(
      map({ Items: [1, 2] }, { Wait: { Type: 'Wait', Seconds: 1000, End: true } }),
    );
    await runner.cloud.kernel.runFor(10_000);
    await runner.call('StopExecution', { executionArn });
    await runner.cloud.kernel.quiesce();
    const { mapRuns } = await runner.call<{ mapRuns: { mapRunArn: string }[] }>('ListMapRuns', { executionArn });
    expect(await runner.call('DescribeMapRun', { mapRunArn: mapRuns[0]!.mapRunArn })).toMatchObject({
      status: 'ABORTED',
      executionCounts: { aborted: 2 },
    });
    expect(runner.cloud.kernel.clock.pending).toBe(0);
  });

  it('of type EXPRESS end after five minutes and have no tokens', async () => {
    const wait = { Wait: { Type: 'Wait', Seconds: 301, End: true } };
    const ended = await newRunner().run(map({ Items: [1] }, wait, 'EXPRESS'));
    expect(ended.error).toBe('States.ExceedToleratedFailureThreshold');
    expect(seconds(ended)).toBe(300);
    const token = { T: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', End: true } };
    await expect(newRunner().create(map({ Items: [1] }, token, 'EXPRESS'))).rejects.toThrow(/Express state machine/);
  });
});

describe('ResultWriter', () => {
  const writer = (WriterConfig?: object): object => ({
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Arguments: { Bucket: 'out', Prefix: 'p' },
      ...(WriterConfig ? { WriterConfig } : {}),
    },
  });

  it('writes results and a manifest to S3', async () => {
    const runner = newRunner();
    const objects = bucket(runner);
    const ended = await runner.run(map({ Items: [1, 11], ToleratedFailureCount: 1, ...writer() }, picky));
    const output = outputOf(ended) as { MapRunArn: string; ResultWriterDetails: { Bucket: string; Key: string } };
    expect(output.ResultWriterDetails).toEqual({
      Bucket: 'out',
      Key: expect.stringMatching(/^p\/[0-9a-f-]{36}\/manifest\.json$/),
    });
    const manifest = JSON.parse(objects[output.ResultWriterDetails.Key]!) as {
      ResultFiles: Record<string, { Key: string; Size: number }[]>;
    };
    const [succeeded] = manifest.ResultFiles['SUCCEEDED']!;
    expect(JSON.parse(objects[succeeded!.Key]!)).toMatchObject([{ Status: 'SUCCEEDED', Input: '1', Output: '1' }]);
    expect(succeeded!.Size).toBe(objects[succeeded!.Key]!.length);
    expect(JSON.parse(objects[manifest.ResultFiles['FAILED']![0]!.Key]!)).toMatchObject([
      { Status: 'FAILED', Error: 'TooBig' },
    ]);
    expect(manifest.ResultFiles['PENDING']).toEqual([]);
  });

  it('flattens outputs into JSON Lines', async () => {
    const runner = newRunner();
    const objects = bucket(runner);
    const worker = { Work: { Type: 'Pass', Output: '{% [$states.input, $states.input * 10] %}', End: true } };
    await runner.run(map({ Items: [1, 2], ...writer({ OutputType: 'JSONL', Transformation: 'FLATTEN' }) }, worker));
    const key = Object.keys(objects).find((name) => name.endsWith('SUCCEEDED_0.jsonl'));
    expect(objects[key!]).toBe('1\n10\n2\n20');
  });

  it('fails with States.ResultWriterFailed', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => {
      throw new AwsError('AccessDenied', 'Access Denied', { statusCode: 403 });
    };
    expect((await runner.run(map({ Items: [1], ...writer() }))).error).toBe('States.ResultWriterFailed');
  });
});
