/** CloudWatch Logs on the laptop: groups, streams, events, simple filters, and metrics embedded in lines. */
import { asBoolean, asNumber } from '../kernel/coerce.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { Access, CloudContext, Operation, Service, WireInput } from '../kernel/service.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { parseFilterPattern } from './filter-pattern.ts';

/** Older events of a stream are dropped beyond this many: a run's memory must not grow with its hours. */
export const MAX_EVENTS_PER_STREAM = 20_000;
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const DAY_MS = 86_400_000;

interface LogEvent {
  readonly timestampMs: number;
  readonly ingestedMs: number;
  readonly message: string;
  readonly sequence: number;
}

interface LogStream {
  readonly name: string;
  readonly createdMs: number;
  events: LogEvent[];
  lastIngestedMs?: number;
}

interface LogGroup {
  readonly name: string;
  readonly createdMs: number;
  readonly streams: Map<string, LogStream>;
  readonly tags: Map<string, string>;
  retentionDays?: number;
}

export interface LogLine {
  readonly timestampMs: number;
  readonly stream: string;
  readonly message: string;
}

export interface Logs extends Service {
  /** Appends a line, making group and stream when absent, and records the metrics embedded in it. */
  write(group: string, stream: string, message: string): void;
  /** The lines of a group in the order of their time; empty when there is no such group. */
  lines(group: string): LogLine[];
}

function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `The specified ${what} does not exist.`);
}

function page<T>(items: readonly T[], input: WireInput, most: number): { items: T[]; nextToken: string | undefined } {
  const limit = Math.min(input.limit === undefined ? most : asNumber(input.limit, 'limit'), most);
  const from = input.nextToken === undefined ? 0 : Number(/^[fb]\/(\d+)$/.exec(String(input.nextToken))?.[1] ?? NaN);
  if (!Number.isInteger(from)) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  return {
    items: items.slice(from, from + limit),
    nextToken: from + limit < items.length ? `f/${from + limit}` : undefined,
  };
}

class LogStore {
  readonly #cloud: CloudContext;
  readonly groups = new Map<string, LogGroup>();
  #sequence = 0;

  constructor(cloud: CloudContext) {
    this.#cloud = cloud;
  }

  now(): number {
    return this.#cloud.kernel.clock.now();
  }

  group(input: WireInput): LogGroup {
    const named = String(input.logGroupName ?? input.logGroupIdentifier ?? '');
    const name = /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(named)?.[1] ?? named;
    const group = this.groups.get(name);
    if (!group) throw notFound('log group');
    return group;
  }

  stream(input: WireInput): LogStream {
    const stream = this.group(input).streams.get(String(input.logStreamName));
    if (!stream) throw notFound('log stream');
    return stream;
  }

  createGroup(name: string): LogGroup {
    const group: LogGroup = { name, createdMs: this.now(), streams: new Map(), tags: new Map() };
    this.groups.set(name, group);
    return group;
  }

  createStream(group: LogGroup, name: string): LogStream {
    const stream: LogStream = { name, createdMs: this.now(), events: [] };
    group.streams.set(name, stream);
    return stream;
  }

  append(stream: LogStream, timestampMs: number, message: string): void {
    const event = { timestampMs, ingestedMs: this.now(), message, sequence: this.#sequence++ };
    const last = stream.events.at(-1);
    stream.events.push(event);
    if (last && last.timestampMs > timestampMs) {
      stream.events.sort((a, b) => a.timestampMs - b.timestampMs || a.sequence - b.sequence);
    }
    // Dropped in blocks, so that a full stream does not move all its events for each new one.
    if (stream.events.length > MAX_EVENTS_PER_STREAM * 1.1) stream.events = stream.events.slice(-MAX_EVENTS_PER_STREAM);
    stream.lastIngestedMs = event.ingestedMs;
    for (const metric of embeddedMetrics(message, timestampMs)) this.#cloud.recordMetric(metric);
  }

  /** Events of the given streams that the retention still keeps, by time. */
  events(group: LogGroup, streams: Iterable<LogStream>): { stream: string; event: LogEvent }[] {
    const oldestMs = group.retentionDays === undefined ? -Infinity : this.now() - group.retentionDays * DAY_MS;
    return [...streams]
      .flatMap((stream) => stream.events.slice(-MAX_EVENTS_PER_STREAM).map((event) => ({ stream: stream.name, event })))
      .filter(({ event }) => event.timestampMs >= oldestMs)
      .sort((a, b) => a.event.timestampMs - b.event.timestampMs || a.event.sequence - b.event.sequence);
  }
}

function groupOperations(store: LogStore, groupArn: (name: string) => string): Record<string, Operation> {
  return {
    CreateLogGroup: (input) => {
      const name = String(input.logGroupName ?? '');
      if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name)) {
        throw new AwsError(
          'InvalidParameterException',
          `1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint`,
        );
      }
      if (store.groups.has(name))
        throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
      if (input.logGroupClass !== undefined && input.logGroupClass !== 'STANDARD') {
        throw new UnsupportedFeature(`log group class '${String(input.logGroupClass)}'`);
      }
      const group = store.createGroup(name);
      for (const [key, value] of Object.entries(input.tags ?? {})) group.tags.set(key, String(value));
    },
    DeleteLogGroup: (input) => {
      store.groups.delete(store.group(input).name);
    },
    DescribeLogGroups: (input) => {
      const found = [...store.groups.values()]
        .filter(
          ({ name }) =>
            name.startsWith(String(input.logGroupNamePrefix ?? '')) &&
            name.includes(String(input.logGroupNamePattern ?? '')),
        )
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, nextToken } = page(found, input, 50);
      const logGroups = items.map((group) => ({
        logGroupName: group.name,
        creationTime: group.createdMs,
        retentionInDays: group.retentionDays,
        metricFilterCount: 0,
        arn: `${groupArn(group.name)}:*`,
        logGroupArn: groupArn(group.name),
        logGroupClass: 'STANDARD',
        storedBytes: [...group.streams.values()].reduce((sum, stream) => sum + storedBytes(stream), 0),
      }));
      return { logGroups, nextToken };
    },
    PutRetentionPolicy: (input) => {
      const days = asNumber(input.retentionInDays, 'retentionInDays');
      if (!RETENTION_DAYS.includes(days)) {
        throw new AwsError(
          'InvalidParameterException',
          `retentionInDays ${days} is not one of ${RETENTION_DAYS.join(', ')}`,
        );
      }
      store.group(input).retentionDays = days;
    },
    DeleteRetentionPolicy: (input) => {
      delete store.group(input).retentionDays;
    },
    PutMetricFilter: () => {
      throw new UnsupportedFeature('metric filters', 'embed the metric in the log line (EMF)');
    },
    TagResource: (input) => {
      const group = store.group({ logGroupName: input.resourceArn });
      for (const [key, value] of Object.entries(input.tags ?? {})) group.tags.set(key, String(value));
    },
    UntagResource: (input) => {
      const group = store.group({ logGroupName: input.resourceArn });
      for (const key of (input.tagKeys ?? []) as unknown[]) group.tags.delete(String(key));
    },
    ListTagsForResource: (input) => ({
      tags: Object.fromEntries(store.group({ logGroupName: input.resourceArn }).tags),
    }),
  };
}

// AWS bills 26 bytes for each event beside its message.
const storedBytes = (stream: LogStream): number =>
  stream.events.reduce((sum, event) => sum + Buffer.byteLength(event.message) + 26, 0);

function describeStreams(store: LogStore, groupArn: (name: string) => string, input: WireInput): object {
  const group = store.group(input);
  const byTime = input.orderBy === 'LastEventTime';
  const found = [...group.streams.values()]
    .filter(({ name }) => name.startsWith(String(input.logStreamNamePrefix ?? '')))
    .sort((a, b) => {
      const [lastA, lastB] = [a.events.at(-1)?.timestampMs ?? 0, b.events.at(-1)?.timestampMs ?? 0];
      return byTime && lastA !== lastB ? lastA - lastB : a.name < b.name ? -1 : 1;
    });
  if (input.descending !== undefined && asBoolean(input.descending, 'descending')) found.reverse();
  const { items, nextToken } = page(found, input, 50);
  const logStreams = items.map((stream) => ({
    logStreamName: stream.name,
    creationTime: stream.createdMs,
    firstEventTimestamp: stream.events[0]?.timestampMs,
    lastEventTimestamp: stream.events.at(-1)?.timestampMs,
    lastIngestionTime: stream.lastIngestedMs,
    uploadSequenceToken: '49039859',
    arn: `${groupArn(group.name)}:log-stream:${stream.name}`,
    storedBytes: 0,
  }));
  return { logStreams, nextToken };
}

function putLogEvents(store: LogStore, input: WireInput): object {
  const stream = store.stream(input);
  const events = ((input.logEvents ?? []) as WireInput[]).map((event) => ({
    timestampMs: asNumber(event.timestamp, 'timestamp'),
    message: String(event.message),
  }));
  if (events.length === 0) throw new AwsError('InvalidParameterException', 'logEvents must hold at least one event');
  if (events.length > 10_000)
    throw new AwsError('InvalidParameterException', `${events.length} logEvents are more than 10000`);
  if (events.some((event, index) => index > 0 && event.timestampMs < events[index - 1]!.timestampMs)) {
    throw new AwsError(
      'InvalidParameterException',
      'Log events in a single PutLogEvents request must be in chronological order.',
    );
  }
  const nowMs = store.now();
  const tooNew = events.findIndex((event) => event.timestampMs > nowMs + 2 * 3_600_000);
  const tooOld = events.findLastIndex((event) => event.timestampMs < nowMs - 14 * DAY_MS);
  events.forEach((event, index) => {
    if (index > tooOld && (tooNew < 0 || index < tooNew)) store.append(stream, event.timestampMs, event.message);
  });
  const rejected = {
    ...(tooNew >= 0 ? { tooNewLogEventStartIndex: tooNew } : {}),
    ...(tooOld >= 0 ? { tooOldLogEventEndIndex: tooOld + 1 } : {}),
  };
  return { nextSequenceToken: '49039859', rejectedLogEventsInfo: tooNew >= 0 || tooOld >= 0 ? rejected : undefined };
}

const within = (input: WireInput) => {
  const startMs = input.startTime === undefined ? -Infinity : asNumber(input.startTime, 'startTime');
  const endMs = input.endTime === undefined ? Infinity : asNumber(input.endTime, 'endTime');
  return (event: LogEvent): boolean => event.timestampMs >= startMs && event.timestampMs < endMs;
};

function getLogEvents(store: LogStore, input: WireInput): object {
  const found = store
    .events(store.group(input), [store.stream(input)])
    .map(({ event }) => event)
    .filter(within(input));
  const limit = input.limit === undefined ? 10_000 : asNumber(input.limit, 'limit');
  const fromHead = input.startFromHead !== undefined && asBoolean(input.startFromHead, 'startFromHead');
  const token = input.nextToken === undefined ? undefined : /^([fb])\/(\d+)$/.exec(String(input.nextToken));
  if (token === null) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  // A token is a direction and a border between two events; at an end of the stream AWS returns the same token again.
  let from = fromHead ? 0 : Math.max(0, found.length - limit);
  let to = Math.min(found.length, from + limit);
  if (token) {
    const border = Number(token[2]);
    [from, to] =
      token[1] === 'f' ? [border, Math.min(found.length, border + limit)] : [Math.max(0, border - limit), border];
  }
  const events = found
    .slice(from, to)
    .map((event) => ({ timestamp: event.timestampMs, message: event.message, ingestionTime: event.ingestedMs }));
  return { events, nextForwardToken: `f/${to}`, nextBackwardToken: `b/${from}` };
}

function filterLogEvents(store: LogStore, input: WireInput): object {
  const group = store.group(input);
  const names = input.logStreamNames as string[] | undefined;
  const matches = parseFilterPattern(String(input.filterPattern ?? ''));
  const inTime = within(input);
  const streams = [...group.streams.values()].filter(
    ({ name }) => (!names || names.includes(name)) && name.startsWith(String(input.logStreamNamePrefix ?? '')),
  );
  const found = store.events(group, streams).filter(({ event }) => inTime(event) && matches(event.message));
  const { items, nextToken } = page(found, input, 10_000);
  const events = items.map(({ stream, event }) => ({
    logStreamName: stream,
    timestamp: event.timestampMs,
    message: event.message,
    ingestionTime: event.ingestedMs,
    eventId: String(event.sequence).padStart(56, '0'),
  }));
  return { events, searchedLogStreams: [], nextToken };
}

/** CloudWatch Logs (`logs`): keeps the newest `MAX_EVENTS_PER_STREAM` events of each stream. */
export function newLogs(cloud: CloudContext): Logs {
  const store = new LogStore(cloud);
  const groupArn = (name: string): string => `arn:aws:logs:${cloud.region}:${cloud.accountId}:log-group:${name}`;
  const access = (operation: string, input: WireInput): Access[] => {
    const action = `logs:${operation}`;
    if (operation.endsWith('Resource')) return [{ action, resource: String(input.resourceArn) }];
    const named = String(input.logGroupName ?? input.logGroupIdentifier ?? '');
    const group = named.startsWith('arn:') ? named.replace(/:\*$/, '') : groupArn(named);
    // IAM sees a group as a stream without a name: a policy on a group must end in ':*'.
    const ofStream = operation === 'PutLogEvents' || operation === 'GetLogEvents';
    return [{ action, resource: `${group}:log-stream:${ofStream ? String(input.logStreamName) : ''}` }];
  };
  return {
    id: 'logs',
    access,
    operations: {
      ...groupOperations(store, groupArn),
      CreateLogStream: (input) => {
        const group = store.group(input);
        const name = String(input.logStreamName);
        if (group.streams.has(name)) {
          throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
        }
        store.createStream(group, name);
      },
      DescribeLogStreams: (input) => describeStreams(store, groupArn, input),
      PutLogEvents: (input) => putLogEvents(store, input),
      GetLogEvents: (input) => getLogEvents(store, input),
      FilterLogEvents: (input) => filterLogEvents(store, input),
    },
    write: (groupName, streamName, message) => {
      const group = store.groups.get(groupName) ?? store.createGroup(groupName);
      store.append(group.streams.get(streamName) ?? store.createStream(group, streamName), store.now(), message);
    },
    lines: (groupName) => {
      const group = store.groups.get(groupName);
      if (!group) return [];
      return store
        .events(group, group.streams.values())
        .map(({ stream, event }) => ({ timestampMs: event.timestampMs, stream, message: event.message }));
    },
  };
}
