/** Map, distributed: a map run with a child execution for each item or batch, and a tolerance for failures. */
import { Cancelled, StateError, queryEvaluationError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { type Json, type JsonObject } from '../json.ts';
import type { Field } from '../state-io.ts';
import { type MapDefinition, asCount, selectInputs, toItems } from '../states/map.ts';
import type { Frame, MapRunHandle, State } from '../workflow.ts';
import { type Batch, batchItems } from './item-batcher.ts';
import { type ItemReader, compileReader, readItems } from './item-reader.ts';
import { type ResultWriter, compileWriter, transformResults, writeResults } from './result-writer.ts';

/** AWS's default for the child executions of one map run. */
const MAX_CONCURRENCY = 10_000;

export interface DistributedMapDefinition extends MapDefinition {
  readonly childType: 'STANDARD' | 'EXPRESS';
  readonly label: string | undefined;
  readonly reader: JsonObject | undefined;
  readonly batcher: JsonObject | undefined;
  readonly writer: JsonObject | undefined;
  readonly toleratedFailureCount: Field;
  readonly toleratedFailurePercentage: Field;
  /** Compiles a field of a part (MaxItemsPerBatch of ItemBatcher). */
  field(part: JsonObject, name: string): Field;
  /** Compiles a template of a part (BatchInput of ItemBatcher). */
  template(part: JsonObject, name: string): Field;
  argumentsOf(part: JsonObject): Field;
}

/** The compiled parts of a state. */
interface Parts {
  readonly map: DistributedMapDefinition;
  readonly reader: ItemReader | undefined;
  readonly writer: ResultWriter | undefined;
  readonly batcher: { readonly maxItems: Field; readonly maxBytes: Field; readonly batchInput: Field } | undefined;
}

export function distributedMapRun(map: DistributedMapDefinition): State['run'] {
  const parts = compileParts(map);
  return async (frame) => {
    const effective = await map.io.effectiveInput(frame);
    const mock = frame.engine.mock;
    if (mock?.error) throw mock.error;
    const result = mock ? mock.result! : await runMapRun(parts, frame, effective);
    const { output, assign } = await map.io.complete(frame, effective, result);
    return { output, next: map.next, assign };
  };
}

function compileParts(map: DistributedMapDefinition): Parts {
  const argumentsOf = (part: JsonObject): Field => map.argumentsOf(part);
  const { batcher } = map;
  return {
    map,
    reader: map.reader && compileReader(map.reader, argumentsOf, (part, name) => map.field(part, name)),
    writer: map.writer && compileWriter(map.writer, argumentsOf),
    batcher: batcher && {
      maxItems: map.field(batcher, 'MaxItemsPerBatch'),
      maxBytes: map.field(batcher, 'MaxInputBytesPerBatch'),
      batchInput: map.template(batcher, 'BatchInput'),
    },
  };
}

async function runMapRun(parts: Parts, frame: Frame, effective: Json): Promise<Json> {
  const { thread } = frame;
  const given = parts.reader ? [] : toItems(await parts.map.items(frame, effective));
  const run = await begin(parts.map, frame, given.length);
  try {
    const items = parts.reader ? toItems(await readItems(parts.reader, frame)) : given;
    const inputs = await selectInputs(parts.map, frame, effective, items);
    const { children, failure } = await new Children(frame, run, await toBatches(parts, frame, inputs)).run();
    const result = parts.writer?.exports
      ? await writeResults(parts.writer, frame, run.handle.arn, children)
      : transformResults(children, parts.writer?.transformation ?? 'COMPACT');
    for (const _ of children) run.handle.resultsWritten();
    if (failure) throw failure;
    run.handle.end('SUCCEEDED');
    thread.execution.record(thread, 'MapRunSucceeded');
    thread.execution.recordAside(thread, 'MapStateSucceeded');
    return result;
  } catch (thrown) {
    run.handle.end(thrown instanceof Cancelled ? 'ABORTED' : 'FAILED');
    if (thrown instanceof StateError) {
      const details = { error: thrown.error, cause: thrown.causeText };
      thread.execution.recordFailure(thread, 'MapRunFailed', 'fields', 'mapRunFailedEventDetails', details);
      thread.execution.recordFailure(thread, 'MapStateFailed');
    }
    throw thrown;
  }
}

async function toBatches({ batcher }: Parts, frame: Frame, inputs: readonly Json[]): Promise<Batch[]> {
  if (!batcher) return inputs.map((input) => ({ input, itemCount: 1 }));
  return batchItems(inputs, {
    maxItems: asCount(await batcher.maxItems(frame), 'ItemBatcher/MaxItemsPerBatch'),
    maxBytes: asCount(await batcher.maxBytes(frame), 'ItemBatcher/MaxInputBytesPerBatch'),
    batchInput: await batcher.batchInput(frame),
  });
}

interface Run {
  readonly handle: MapRunHandle;
  readonly limit: number;
  readonly toleratedCount: number;
  readonly toleratedPercentage: number;
}

async function begin(map: DistributedMapDefinition, frame: Frame, length: number): Promise<Run> {
  const { thread, engine, state } = frame;
  const limit = asCount(await map.maxConcurrency(frame), 'MaxConcurrency') ?? 0;
  const toleratedCount = asCount(await map.toleratedFailureCount(frame), 'ToleratedFailureCount') ?? 0;
  const toleratedPercentage = asPercentage(await map.toleratedFailurePercentage(frame)) ?? 0;
  thread.execution.record(thread, 'MapStateStarted', 'fields', 'mapStateStartedEventDetails', { length });
  const handle = engine.mapRuns.start({
    parent: thread.execution,
    // Without a Label AWS makes one up from the state's name.
    label: map.label ?? state.name.replace(/[^\w-]/g, '').slice(0, 40),
    workflow: map.processor,
    childType: map.childType,
    maxConcurrency: limit,
    toleratedFailureCount: toleratedCount,
    toleratedFailurePercentage: toleratedPercentage,
  });
  const details = { mapRunArn: handle.arn };
  thread.execution.record(thread, 'MapRunStarted', 'fields', 'mapRunStartedEventDetails', details);
  return { handle, limit: limit === 0 ? MAX_CONCURRENCY : limit, toleratedCount, toleratedPercentage };
}

function asPercentage(value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  const field = 'ToleratedFailurePercentage';
  throw queryEvaluationError(`The field '${field}' must be between 0 and 100 but was ${JSON.stringify(value)}`, field);
}

interface ChildrenOutcome {
  readonly children: Execution[];
  /** Set when more children failed than are tolerated. */
  readonly failure: StateError | undefined;
}

class Children {
  readonly #frame: Frame;
  readonly #run: Run;
  readonly #batches: readonly Batch[];
  readonly #children: Execution[] = [];
  readonly #items: number;
  #next = 0;
  #failedItems = 0;
  #exceeded = false;

  constructor(frame: Frame, run: Run, batches: readonly Batch[]) {
    this.#frame = frame;
    this.#run = run;
    this.#batches = batches;
    this.#items = batches.reduce((sum, { itemCount }) => sum + itemCount, 0);
    run.handle.expect(batches.length, this.#items);
  }

  async run(): Promise<ChildrenOutcome> {
    const workers = Math.min(this.#run.limit, this.#batches.length);
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#work()));
    } catch (error) {
      this.#abort();
      throw error;
    }
    const failure = this.#exceeded
      ? new StateError(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded',
        )
      : undefined;
    return { children: this.#children.filter((child) => child !== undefined), failure };
  }

  async #work(): Promise<void> {
    while (this.#next < this.#batches.length && !this.#exceeded) await this.#child(this.#next++);
  }

  async #child(index: number): Promise<void> {
    const { input, itemCount } = this.#batches[index]!;
    const child = this.#run.handle.startChild(index, input, itemCount);
    this.#children[index] = child;
    await this.#frame.thread.scope.wait<void>((resolve) => {
      child.whenFinished(() => resolve());
      return () => undefined;
    });
    if (child.status === 'SUCCEEDED' || this.#exceeded) return;
    this.#failedItems += itemCount;
    if (this.#isTooMany()) {
      this.#exceeded = true;
      this.#abort();
    }
  }

  /** Either threshold may be exceeded; without any, the first failure is one too many. */
  #isTooMany(): boolean {
    const { toleratedCount, toleratedPercentage } = this.#run;
    const percentage = (100 * this.#failedItems) / this.#items;
    if (toleratedCount > 0 && this.#failedItems > toleratedCount) return true;
    if (toleratedPercentage > 0 && percentage > toleratedPercentage) return true;
    return toleratedCount === 0 && toleratedPercentage === 0;
  }

  #abort(): void {
    for (const child of this.#children) {
      child?.finish({ status: 'ABORTED' }, child.lastEventId, new Cancelled('the map run has ended'));
    }
  }
}
