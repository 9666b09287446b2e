/** Event source mappings of SQS queues: Lambda's own pollers, as the function's role. */
import { compilePattern } from '../eventbridge/pattern.ts';
import { queueUrlOf } from '../eventbridge/targets.ts';
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import { rolePrincipal, type CloudContext, type Operation, type WireInput } from '../kernel/service.ts';
import { arrivalsOf } from '../sqs/arrivals.ts';
import type { Executor } from './execution.ts';
import { invalidParameter, parseFunctionName, type FunctionStore, type LambdaFunction } from './functions.ts';

/** Batches that Lambda hands out at a time when no MaximumConcurrency is set: its five initial pollers. */
const DEFAULT_CONCURRENCY = 5;
/** How long a poller rests after an error of the queue or of IAM. */
const REST_AFTER_ERROR_MS = 60_000;
const RECEIVE_LIMIT = 10;

interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: Uint8Array }>
  >;
}

interface Mapping {
  readonly uuid: string;
  readonly arn: string;
  readonly fn: LambdaFunction;
  readonly queueArn: string;
  batchSize: number;
  windowSeconds: number;
  concurrency: number | undefined;
  reportsFailures: boolean;
  filterPatterns: readonly string[];
  filters: readonly ((event: unknown) => boolean)[];
  state: 'Enabled' | 'Disabled' | 'Deleting';
  lastModifiedMs: number;
  running: number;
  /** Counts how often polling began: an earlier poller ends when it sees another number. */
  session: number;
  /** Ends the present rest of the poller. */
  wake: () => void;
}

function describe(mapping: Mapping, state: string = mapping.state): object {
  return {
    UUID: mapping.uuid,
    EventSourceMappingArn: mapping.arn,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.windowSeconds,
    EventSourceArn: mapping.queueArn,
    FunctionArn: mapping.fn.arn,
    LastModified: new Date(mapping.lastModifiedMs),
    State: state,
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: mapping.reportsFailures ? ['ReportBatchItemFailures'] : [],
    FilterCriteria:
      mapping.filterPatterns.length === 0
        ? undefined
        : { Filters: mapping.filterPatterns.map((Pattern) => ({ Pattern })) },
    ScalingConfig: mapping.concurrency === undefined ? undefined : { MaximumConcurrency: mapping.concurrency },
  };
}

/** A message as the function sees it. */
function toRecord(message: ReceivedMessage, mapping: Mapping, region: string): object {
  const messageAttributes = Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        stringValue: StringValue,
        binaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64'),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ]),
  );
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes,
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: mapping.queueArn,
    awsRegion: region,
  };
}

/** What filters see: a body that is a JSON object counts as such. */
function filterable(record: object): object {
  const { body } = record as { body: string };
  try {
    return { ...record, body: JSON.parse(body) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return record;
    throw error;
  }
}

/** Message ids that the function reports as failed; `undefined` when the whole batch failed (a malformed answer, too). */
function reportedFailures(payload: string, ids: ReadonlySet<string>): Set<string> | undefined {
  const answer = JSON.parse(payload) as { batchItemFailures?: unknown } | null;
  const failures = answer?.batchItemFailures;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return undefined;
  const failed = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return failed.every((id): id is string => typeof id === 'string' && ids.has(id)) ? new Set(failed) : undefined;
}

function answered(error: unknown): AwsError {
  if (error instanceof AwsError && error.code !== 'UnsupportedFeature') return error;
  throw error;
}

export class EventSourceMappings {
  readonly #cloud: CloudContext;
  readonly #functions: FunctionStore;
  readonly #executor: Executor;
  readonly #random;
  readonly #mappings = new Map<string, Mapping>();

  constructor(cloud: CloudContext, functions: FunctionStore, executor: Executor) {
    this.#cloud = cloud;
    this.#functions = functions;
    this.#executor = executor;
    this.#random = cloud.kernel.random('lambda-mappings');
  }

  /** Ends the mappings of a function that was deleted. */
  removeFor(fn: LambdaFunction): void {
    for (const mapping of this.#mappings.values()) if (mapping.fn === fn) this.#remove(mapping);
  }

  operations(): Record<string, Operation> {
    return {
      CreateEventSourceMapping: (input) => this.#create(input),
      GetEventSourceMapping: (input) => describe(this.#find(input.UUID)),
      ListEventSourceMappings: (input) => {
        const name = input.FunctionName === undefined ? undefined : parseFunctionName(input.FunctionName).name;
        const found = [...this.#mappings.values()].filter(
          ({ fn, queueArn }) =>
            (name === undefined || fn.name === name) &&
            (input.EventSourceArn === undefined || queueArn === input.EventSourceArn),
        );
        return { EventSourceMappings: found.map((mapping) => describe(mapping)) };
      },
      UpdateEventSourceMapping: (input) => {
        const mapping = this.#find(input.UUID);
        this.#apply(mapping, input);
        mapping.lastModifiedMs = this.#cloud.kernel.clock.now();
        return describe(mapping, 'Updating');
      },
      DeleteEventSourceMapping: (input) => {
        const mapping = this.#find(input.UUID);
        this.#remove(mapping);
        return describe(mapping);
      },
    };
  }

  #find(uuid: unknown): Mapping {
    const mapping = this.#mappings.get(String(uuid));
    if (!mapping) {
      throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', {
        statusCode: 404,
        fields: { Type: 'User' },
      });
    }
    return mapping;
  }

  #remove(mapping: Mapping): void {
    mapping.state = 'Deleting';
    this.#mappings.delete(mapping.uuid);
    mapping.wake();
  }

  async #create(input: WireInput): Promise<object> {
    const fn = this.#functions.find(input.FunctionName);
    const queueArn = String(input.EventSourceArn);
    if (!/^arn:aws:sqs:/.test(queueArn))
      throw new UnsupportedFeature(`event source '${queueArn}'`, 'only SQS queues are');
    await this.#checkQueue(fn, queueArn);
    if ([...this.#mappings.values()].some((other) => other.fn === fn && other.queueArn === queueArn)) {
      throw new AwsError(
        'ResourceConflictException',
        `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${fn.name} ") already exists.`,
        { statusCode: 409, fields: { Type: 'User' } },
      );
    }
    const uuid = this.#random.uuid();
    const mapping: Mapping = {
      ...{ uuid, fn, queueArn, batchSize: 10, windowSeconds: 0, concurrency: undefined, reportsFailures: false },
      arn: `arn:aws:lambda:${this.#cloud.region}:${this.#cloud.accountId}:event-source-mapping:${uuid}`,
      ...{ filterPatterns: [], filters: [], state: 'Disabled', running: 0, session: 0, wake: () => undefined },
      lastModifiedMs: this.#cloud.kernel.clock.now(),
    };
    this.#apply(mapping, { ...input, FunctionName: undefined, Enabled: input.Enabled ?? true });
    this.#mappings.set(uuid, mapping);
    return describe(mapping, 'Creating');
  }

  async #checkQueue(fn: LambdaFunction, queueArn: string): Promise<void> {
    const request = { QueueUrl: queueUrlOf(queueArn), AttributeNames: ['VisibilityTimeout'] };
    let visibilitySeconds: number;
    try {
      const answer = (await this.#cloud.call('sqs', 'GetQueueAttributes', request, rolePrincipal(fn.roleArn))) as {
        Attributes: Record<string, string>;
      };
      visibilitySeconds = Number(answer.Attributes.VisibilityTimeout);
    } catch (error) {
      const refusal = answered(error);
      throw invalidParameter(
        `The function execution role does not have permissions to call ReceiveMessage on SQS, or the queue does not exist: ${refusal.message}`,
      );
    }
    if (visibilitySeconds < fn.timeoutSeconds) {
      throw invalidParameter(
        `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${fn.timeoutSeconds} seconds`,
      );
    }
  }

  #apply(mapping: Mapping, input: WireInput): void {
    const used = ['UUID', 'EventSourceArn', 'FunctionName', 'Enabled', 'BatchSize', 'MaximumBatchingWindowInSeconds'];
    used.push('FilterCriteria', 'FunctionResponseTypes', 'ScalingConfig', 'Tags');
    const unknown = Object.keys(input).find((member) => input[member] !== undefined && !used.includes(member));
    if (unknown !== undefined) throw new UnsupportedFeature(`${unknown} of an event source mapping`);
    if (input.FunctionName !== undefined && this.#functions.find(input.FunctionName) !== mapping.fn) {
      throw new UnsupportedFeature('moving an event source mapping to another function');
    }
    const window = Number(input.MaximumBatchingWindowInSeconds ?? mapping.windowSeconds);
    const size = Number(input.BatchSize ?? mapping.batchSize);
    const largest = mapping.queueArn.endsWith('.fifo') ? 10 : 10_000;
    if (!Number.isInteger(size) || size < 1 || size > largest) {
      throw invalidParameter(`BatchSize ${size} is not a whole number from 1 to ${largest}`);
    }
    if (!Number.isInteger(window) || window < 0 || window > 300) {
      throw invalidParameter(`MaximumBatchingWindowInSeconds ${window} is not a whole number from 0 to 300`);
    }
    if (size > 10 && window < 1) {
      throw invalidParameter(
        'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
      );
    }
    mapping.batchSize = size;
    mapping.windowSeconds = window;
    if (input.ScalingConfig !== undefined) mapping.concurrency = input.ScalingConfig.MaximumConcurrency;
    if (input.FunctionResponseTypes !== undefined) {
      mapping.reportsFailures = (input.FunctionResponseTypes as string[]).includes('ReportBatchItemFailures');
    }
    if (input.FilterCriteria !== undefined) {
      mapping.filterPatterns = ((input.FilterCriteria.Filters ?? []) as { Pattern: string }[]).map(
        ({ Pattern }) => Pattern,
      );
      mapping.filters = mapping.filterPatterns.map((pattern) => compilePattern(pattern));
    }
    if (input.Enabled !== undefined) this.#enable(mapping, input.Enabled as boolean);
  }

  #enable(mapping: Mapping, enabled: boolean): void {
    const was = mapping.state;
    mapping.state = enabled ? 'Enabled' : 'Disabled';
    if (enabled && was !== 'Enabled') {
      mapping.session++;
      this.#cloud.kernel.spawn(`poller of ${mapping.queueArn}`, () => this.#poll(mapping));
    } else if (!enabled) mapping.wake();
  }

  /** Rests until `wake` is called, or the callback that `until` is given. */
  #rest(mapping: Mapping, until: (resume: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = until(resolve);
      mapping.wake = () => {
        giveUp();
        resolve();
      };
    });
  }

  async #poll(mapping: Mapping): Promise<void> {
    const { clock } = this.#cloud.kernel;
    const arrivals = arrivalsOf(this.#cloud.kernel);
    const { session } = mapping;
    while (mapping.state === 'Enabled' && mapping.session === session) {
      if (mapping.running >= (mapping.concurrency ?? DEFAULT_CONCURRENCY)) {
        await this.#rest(mapping, () => () => undefined);
        continue;
      }
      const messages = await this.#receiveBatch(mapping);
      if (messages === undefined) {
        await this.#rest(mapping, (resume) => {
          const timer = clock.after(REST_AFTER_ERROR_MS, `poller of ${mapping.queueArn}`, resume);
          return () => timer.cancel();
        });
      } else if (messages.length === 0) {
        await this.#rest(mapping, (resume) => arrivals.wait(mapping.queueArn, resume));
      } else {
        mapping.running++;
        this.#cloud.kernel.spawn(`batch of ${mapping.queueArn}`, () => this.#process(mapping, messages));
      }
    }
  }

  /** Messages for one batch; undefined when the queue refused. */
  async #receiveBatch(mapping: Mapping): Promise<ReceivedMessage[] | undefined> {
    const { clock } = this.#cloud.kernel;
    try {
      const messages = await this.#receive(mapping, mapping.batchSize);
      if (messages.length > 0 && messages.length < mapping.batchSize && mapping.windowSeconds > 0) {
        await clock.sleep(mapping.windowSeconds * 1000, `batching window of ${mapping.queueArn}`);
      }
      while (messages.length > 0 && messages.length < mapping.batchSize) {
        const more = await this.#receive(mapping, mapping.batchSize - messages.length);
        if (more.length === 0) break;
        messages.push(...more);
      }
      return messages;
    } catch (error) {
      const refusal = answered(error);
      this.#cloud.kernel.trace(`lambda poller of ${mapping.queueArn} refused: ${refusal.message}`);
      return undefined;
    }
  }

  async #receive(mapping: Mapping, limit: number): Promise<ReceivedMessage[]> {
    const request = {
      QueueUrl: queueUrlOf(mapping.queueArn),
      MaxNumberOfMessages: Math.min(RECEIVE_LIMIT, limit),
      WaitTimeSeconds: 0,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    const answer = (await this.#cloud.call('sqs', 'ReceiveMessage', request, rolePrincipal(mapping.fn.roleArn))) as {
      Messages?: ReceivedMessage[];
    };
    return [...(answer.Messages ?? [])];
  }

  async #process(mapping: Mapping, messages: readonly ReceivedMessage[]): Promise<void> {
    try {
      const done = await this.#run(mapping, messages);
      for (let from = 0; from < done.length; from += RECEIVE_LIMIT) {
        const Entries = done
          .slice(from, from + RECEIVE_LIMIT)
          .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        const request = { QueueUrl: queueUrlOf(mapping.queueArn), Entries };
        await this.#cloud.call('sqs', 'DeleteMessageBatch', request, rolePrincipal(mapping.fn.roleArn));
      }
    } catch (error) {
      // The messages come back when their visibility timeout ends, as in AWS.
      const refusal = answered(error);
      this.#cloud.kernel.trace(`lambda batch of ${mapping.queueArn} failed: ${refusal.message}`);
    } finally {
      mapping.running--;
      mapping.wake();
    }
  }

  /** Runs the function; returns the messages to delete: those that succeeded and those that no filter wants. */
  async #run(mapping: Mapping, messages: readonly ReceivedMessage[]): Promise<ReceivedMessage[]> {
    const records = new Map(messages.map((message) => [message, toRecord(message, mapping, this.#cloud.region)]));
    const wanted = messages.filter(
      (message) =>
        mapping.filters.length === 0 || mapping.filters.some((matches) => matches(filterable(records.get(message)!))),
    );
    const unwanted = messages.filter((message) => !wanted.includes(message));
    if (wanted.length === 0) return unwanted;
    const event = JSON.stringify({ Records: wanted.map((message) => records.get(message)) });
    const result = await this.#executor.invoke(mapping.fn, event, this.#random.uuid());
    if (result.functionError) return unwanted;
    if (!mapping.reportsFailures) return [...messages];
    const failed = reportedFailures(result.payload, new Set(wanted.map(({ MessageId }) => MessageId)));
    if (!failed) return unwanted;
    return messages.filter(({ MessageId }) => !failed.has(MessageId));
  }
}
