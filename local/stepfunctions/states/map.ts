/** Map, inline: runs a workflow for each item of an array, inside the same execution. */
import { Cancelled, type StateError, queryEvaluationError } from '../errors.ts';
import { asStateError, recordAborted, runWorkflow } from '../interpreter.ts';
import { type Json, isJsonObject } from '../json.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { Field, StateIo } from '../state-io.ts';
import { Variables } from '../variables.ts';
import type { Frame, MapItem, State, Thread, Workflow } from '../workflow.ts';
import { newThread } from './thread.ts';

/** AWS runs at most 40 iterations of an inline Map at a time, whatever MaxConcurrency says. */
const INLINE_MAX_CONCURRENCY = 40;

export interface MapDefinition {
  readonly io: StateIo;
  readonly next: string | undefined;
  readonly processor: Workflow;
  /** What to iterate over: an array, or (JSONata) an object whose members are the items. */
  items(frame: Frame, effective: Json): MaybePromise<Json>;
  /** ItemSelector: the input of one iteration; the item itself when there is none. */
  readonly select: ((frame: Frame, effective: Json) => MaybePromise<Json>) | undefined;
  readonly maxConcurrency: Field;
}

export function inlineMapRun(map: MapDefinition): State['run'] {
  return async (frame) => {
    const effective = await map.io.effectiveInput(frame);
    const mock = frame.engine.mock;
    if (mock?.error) throw mock.error;
    const items = toItems(await map.items(frame, effective));
    const limit = asCount(await map.maxConcurrency(frame), 'MaxConcurrency') ?? 0;
    const inputs = await selectInputs(map, frame, effective, items);
    const result = mock ? mock.result! : await new Iterations(frame, map.processor, items, inputs, limit).run();
    const { output, assign } = await map.io.complete(frame, effective, result);
    return { output, next: map.next, assign };
  };
}

/** The items of an array; the members of an object become `{ Key, Value }`. */
export function toItems(value: Json): MapItem[] {
  if (Array.isArray(value)) return value.map((item, i) => ({ Index: i, Value: item }));
  if (isJsonObject(value)) return Object.entries(value).map(([Key, Value], i) => ({ Index: i, Key, Value }));
  throw queryEvaluationError(
    `The field 'Items' must be an array or an object but was ${JSON.stringify(value).slice(0, 200)}`,
    'Items',
  );
}

/** The inputs of the iterations. */
export async function selectInputs(
  map: Pick<MapDefinition, 'select'>,
  frame: Frame,
  effective: Json,
  items: readonly MapItem[],
): Promise<Json[]> {
  const inputs: Json[] = [];
  for (const item of items) {
    const plain: Json = item.Key === undefined ? item.Value : { Key: item.Key, Value: item.Value };
    const ofItem = { ...frame, thread: { ...frame.thread, mapItem: item } };
    inputs.push(map.select ? await map.select(ofItem, effective) : plain);
  }
  return inputs;
}

/** A non-negative integer from a field, or undefined when the field is not there. */
export function asCount(value: Json | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw queryEvaluationError(
    `The field '${field}' must be a non-negative integer but was ${JSON.stringify(value)}`,
    field,
  );
}

class Iterations {
  readonly #frame: Frame;
  readonly #processor: Workflow;
  readonly #items: readonly MapItem[];
  readonly #inputs: readonly Json[];
  readonly #limit: number;
  readonly #outputs: Json[];
  readonly #running = new Map<number, Thread>();
  #next = 0;
  #startedId = 0;
  #failure: { readonly error: StateError; readonly index: number; readonly lastEventId: number } | undefined;

  constructor(frame: Frame, processor: Workflow, items: readonly MapItem[], inputs: readonly Json[], limit: number) {
    this.#frame = frame;
    this.#processor = processor;
    this.#items = items;
    this.#inputs = inputs;
    this.#limit = limit === 0 ? INLINE_MAX_CONCURRENCY : Math.min(limit, INLINE_MAX_CONCURRENCY);
    this.#outputs = new Array<Json>(items.length).fill(null);
  }

  async run(): Promise<Json[]> {
    const { thread } = this.#frame;
    const execution = thread.execution;
    this.#startedId = execution.record(thread, 'MapStateStarted', 'fields', 'mapStateStartedEventDetails', {
      length: this.#items.length,
    });
    const workers = Math.min(this.#limit, this.#items.length);
    await Promise.all(Array.from({ length: workers }, () => this.#work()));
    thread.scope.throwIfCancelled();
    if (this.#failure) this.#fail(this.#failure);
    execution.recordAside(thread, 'MapStateSucceeded');
    return this.#outputs;
  }

  async #work(): Promise<void> {
    while (this.#next < this.#items.length && !this.#failure && !this.#frame.thread.scope.cancelled) {
      await this.#iterate(this.#next++);
    }
  }

  async #iterate(index: number): Promise<void> {
    const parent = this.#frame.thread;
    const details = { name: this.#frame.state.name, index };
    const own = newThread(parent, new Variables(parent.variables), this.#startedId, this.#items[index]);
    this.#running.set(index, own);
    try {
      parent.execution.record(own, 'MapIterationStarted', 'fields', 'mapIterationStartedEventDetails', details);
      this.#outputs[index] = await runWorkflow(this.#frame.engine, own, this.#processor, this.#inputs[index]!);
      parent.execution.recordAside(own, 'MapIterationSucceeded', 'mapIterationSucceededEventDetails', details);
      parent.previousEventId = own.previousEventId;
      this.#running.delete(index);
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      const error = asStateError(thrown);
      if (this.#failure) return;
      this.#running.delete(index);
      this.#failure = { error, index, lastEventId: own.previousEventId };
      parent.execution.recordAside(own, 'MapIterationFailed', 'mapIterationFailedEventDetails', details);
      for (const sibling of this.#running.values()) sibling.scope.cancel();
    } finally {
      own.scope.close();
    }
  }

  #fail(failure: { readonly error: StateError; readonly lastEventId: number }): never {
    const { thread, state } = this.#frame;
    thread.previousEventId = failure.lastEventId;
    for (const [index, sibling] of this.#running) {
      sibling.previousEventId = failure.lastEventId;
      recordAborted(sibling);
      sibling.previousEventId = failure.lastEventId;
      thread.execution.recordAside(sibling, 'MapIterationAborted', 'mapIterationAbortedEventDetails', {
        name: state.name,
        index,
      });
    }
    thread.execution.recordFailure(thread, 'MapStateFailed');
    throw failure.error;
  }
}
