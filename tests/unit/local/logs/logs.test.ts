import { describe, expect, it } from '@jest/globals';
import { parseFilterPattern } from '../../../../local/logs/filter-pattern.ts';
import { MAX_EVENTS_PER_STREAM, newLogs } from '../../../../local/logs/service.ts';
import type { WireInput } from '../../../../local/kernel/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';

const START_MS = Date.UTC(2026, 0, 5);

function setUp() {
  const cloud = newFakeCloudContext();
  const service = newLogs(cloud);
  const call = (operation: string, input: WireInput): WireInput =>
    service.operations[operation]!(input, ROOT) as WireInput;
  return { cloud, service, call };
}

describe('log groups and streams', () => {
  it('are created once, described in order and deleted', () => {
    const { call } = setUp();
    call('CreateLogGroup', { logGroupName: '/aws/lambda/b', tags: { stage: 'dev' } });
    call('CreateLogGroup', { logGroupName: '/aws/lambda/a' });
    call('PutRetentionPolicy', { logGroupName: '/aws/lambda/a', retentionInDays: 14 });
    expect(() => call('CreateLogGroup', { logGroupName: '/aws/lambda/a' })).toThrow('already exists');
    expect(() => call('PutRetentionPolicy', { logGroupName: '/aws/lambda/a', retentionInDays: 15 })).toThrow(
      '15 is not one of',
    );
    expect(call('DescribeLogGroups', { logGroupNamePrefix: '/aws/' }).logGroups).toMatchObject([
      {
        logGroupName: '/aws/lambda/a',
        retentionInDays: 14,
        arn: 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/a:*',
      },
      { logGroupName: '/aws/lambda/b', creationTime: START_MS },
    ]);
    const arn = 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/b';
    call('TagResource', { resourceArn: arn, tags: { model: 'm' } });
    expect(call('ListTagsForResource', { resourceArn: arn }).tags).toEqual({ stage: 'dev', model: 'm' });
    call('DeleteLogGroup', { logGroupName: '/aws/lambda/a' });
    expect(() => call('CreateLogStream', { logGroupName: '/aws/lambda/a', logStreamName: 's' })).toThrow(
      'log group does not exist',
    );
    expect(() => call('PutMetricFilter', {})).toThrow('UnsupportedFeature');
  });

  it('keep a bounded number of events', () => {
    const { service, call } = setUp();
    for (let i = 0; i < MAX_EVENTS_PER_STREAM + 10; i++) service.write('g', 's', `line ${i}`);
    expect(service.lines('g')).toHaveLength(MAX_EVENTS_PER_STREAM);
    expect(service.lines('g').at(-1)?.message).toBe(`line ${MAX_EVENTS_PER_STREAM + 9}`);
    expect(call('DescribeLogStreams', { logGroupName: 'g' }).logStreams).toMatchObject([{ logStreamName: 's' }]);
    expect(service.lines('nobody')).toEqual([]);
  });
});

describe('events', () => {
  function withEvents() {
    const world = setUp();
    world.call('CreateLogGroup', { logGroupName: 'g' });
    world.call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' });
    const logEvents = [1, 2, 3, 4, 5].map((i) => ({ timestamp: START_MS + i, message: `{"level":"INFO","n":${i}}` }));
    world.call('PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents });
    return world;
  }

  it('are read from both ends, page by page', () => {
    const { call } = withEvents();
    const read = (input: WireInput): WireInput =>
      call('GetLogEvents', { logGroupName: 'g', logStreamName: 's', limit: 2, ...input });
    const numbers = (answer: WireInput): number[] =>
      answer.events.map((event: WireInput) => JSON.parse(event.message as string).n);
    const head = read({ startFromHead: true });
    expect(numbers(head)).toEqual([1, 2]);
    const next = read({ nextToken: head.nextForwardToken });
    expect(numbers(next)).toEqual([3, 4]);
    const last = read({ nextToken: next.nextForwardToken });
    expect(numbers(last)).toEqual([5]);
    expect(read({ nextToken: last.nextForwardToken })).toMatchObject({
      events: [],
      nextForwardToken: last.nextForwardToken,
    });
    expect(numbers(read({ nextToken: next.nextBackwardToken }))).toEqual([1, 2]);
    expect(numbers(read({}))).toEqual([4, 5]);
  });

  it('are filtered by time and pattern across streams', () => {
    const { service, call } = withEvents();
    service.write('g', 't', 'plain ERROR line');
    const filter = (input: WireInput): string[] =>
      call('FilterLogEvents', { logGroupName: 'g', ...input }).events.map((event: WireInput) => event.message);
    expect(filter({ filterPattern: '{ $.n > 3 }' })).toEqual(['{"level":"INFO","n":4}', '{"level":"INFO","n":5}']);
    expect(filter({ filterPattern: 'ERROR' })).toEqual(['plain ERROR line']);
    expect(filter({ startTime: START_MS + 2, endTime: START_MS + 3 })).toEqual(['{"level":"INFO","n":2}']);
    expect(filter({ logStreamNames: ['t'] })).toEqual(['plain ERROR line']);
  });

  it('are refused out of order and rejected when too old or too new', () => {
    const { call } = withEvents();
    const put = (...timestamps: number[]): WireInput =>
      call('PutLogEvents', {
        logGroupName: 'g',
        logStreamName: 's',
        logEvents: timestamps.map((timestamp) => ({ timestamp, message: 'm' })),
      });
    expect(() => put(START_MS + 2, START_MS)).toThrow('chronological order');
    expect(put(START_MS - 15 * 86_400_000, START_MS, START_MS + 86_400_000).rejectedLogEventsInfo).toEqual({
      tooOldLogEventEndIndex: 1,
      tooNewLogEventStartIndex: 2,
    });
  });
});

describe('filter patterns', () => {
  const LINE =
    '{"level":"ERROR","detail":{"model":"demand-forecast","latencyMs":12.5},"ok":false,"none":null,"tags":["a","b"]}';
  it.each([
    ['', true],
    ['ERROR demand', true],
    ['ERROR missing', false],
    ['-missing', true],
    ['?missing ?ERROR', true],
    ['"demand-forecast"', true],
    ['{ $.level = "ERROR" }', true],
    ['{ $.level = ERROR && $.detail.latencyMs >= 12.5 }', true],
    ['{ $.level = "E*" }', true],
    ['{ $.level != "INFO" }', true],
    ['{ $.absent != "INFO" }', false],
    ['{ $.level = "INFO" || ($.ok IS FALSE && $.none IS NULL) }', true],
    ['{ $.absent NOT EXISTS }', true],
    ['{ $.tags[1] = "b" }', true],
    ['{ $.detail.latencyMs < 12 }', false],
  ])('%s', (pattern, expected) => expect(parseFilterPattern(pattern)(LINE)).toBe(expected));

  it('refuses what it does not know', () => {
    expect(() => parseFilterPattern('[a, b]')).toThrow('UnsupportedFeature');
    expect(() => parseFilterPattern('%x%')).toThrow('UnsupportedFeature');
    expect(() => parseFilterPattern('{ level = 1 }')).toThrow("unexpected 'level = 1'");
    expect(() => parseFilterPattern('{ $.a > x }')).toThrow("'x' is not a number");
  });
});

describe('embedded metrics', () => {
  it('are recorded for each metric and dimension set', () => {
    const { cloud, service } = setUp();
    const document = {
      _aws: {
        Timestamp: START_MS + 5,
        CloudWatchMetrics: [
          {
            Namespace: 'Switchyard',
            Dimensions: [['service'], ['service', 'model'], ['absent']],
            Metrics: [{ Name: 'Looks', Unit: 'Count' }, { Name: 'Latency' }],
          },
        ],
      },
      service: 's',
      model: 'm',
      Looks: 1,
      Latency: [1, 2],
    };
    service.write('g', 's', JSON.stringify(document));
    service.write('g', 's', 'no "_aws" with "CloudWatchMetrics" here');
    expect(cloud.metrics).toEqual([
      {
        namespace: 'Switchyard',
        name: 'Looks',
        dimensions: { service: 's' },
        values: [1],
        timestampMs: START_MS + 5,
        unit: 'Count',
      },
      {
        namespace: 'Switchyard',
        name: 'Latency',
        dimensions: { service: 's' },
        values: [1, 2],
        timestampMs: START_MS + 5,
      },
      {
        namespace: 'Switchyard',
        name: 'Looks',
        dimensions: { service: 's', model: 'm' },
        values: [1],
        timestampMs: START_MS + 5,
        unit: 'Count',
      },
      {
        namespace: 'Switchyard',
        name: 'Latency',
        dimensions: { service: 's', model: 'm' },
        values: [1, 2],
        timestampMs: START_MS + 5,
      },
    ]);
  });
});

describe('access', () => {
  it('is on the stream for events, and on a nameless stream for groups', () => {
    const { service } = setUp();
    const group = 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/f';
    expect(service.access('PutLogEvents', { logGroupName: '/aws/lambda/f', logStreamName: 's' })).toEqual([
      { action: 'logs:PutLogEvents', resource: `${group}:log-stream:s` },
    ]);
    expect(service.access('CreateLogStream', { logGroupName: '/aws/lambda/f' })[0]?.resource).toBe(
      `${group}:log-stream:`,
    );
  });
});
