/** Parallel: runs branches side by side; the first that fails ends the others. */
import { Cancelled, type StateError } from '../errors.ts';
import { asStateError, recordAborted, runWorkflow } from '../interpreter.ts';
import type { Json } from '../json.ts';
import type { StateIo } from '../state-io.ts';
import { Variables } from '../variables.ts';
import type { Frame, State, Thread, Workflow } from '../workflow.ts';
import { newThread } from './thread.ts';

export function parallelRun(io: StateIo, next: string | undefined, branches: readonly Workflow[]): State['run'] {
  return async (frame) => {
    const effective = await io.effectiveInput(frame);
    const mock = frame.engine.mock;
    if (mock?.error) throw mock.error;
    const result = mock ? mock.result! : await runBranches(frame, effective, branches);
    const { output, assign } = await io.complete(frame, effective, result);
    return { output, next, assign };
  };
}

async function runBranches(frame: Frame, input: Json, branches: readonly Workflow[]): Promise<Json[]> {
  const { thread, engine } = frame;
  const execution = thread.execution;
  const startedId = execution.record(thread, 'ParallelStateStarted');
  const scope = thread.scope;
  const threads = branches.map(() => newThread(thread, new Variables(thread.variables), startedId, thread.mapItem));
  let failure: { readonly error: StateError; readonly thread: Thread } | undefined;
  const outputs: Json[] = new Array<Json>(branches.length).fill(null);
  const running = branches.map(async (branch, i) => {
    const own = threads[i]!;
    try {
      outputs[i] = await runWorkflow(engine, own, branch, input);
      own.current = undefined;
      thread.previousEventId = own.previousEventId;
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      const error = asStateError(thrown);
      own.current = undefined;
      failure ??= { error, thread: own };
      for (const sibling of threads) sibling.scope.cancel();
    } finally {
      own.scope.close();
    }
  });
  await Promise.all(running);
  scope.throwIfCancelled();
  if (failure) {
    thread.previousEventId = failure.thread.previousEventId;
    for (const sibling of threads) {
      if (sibling === failure.thread) continue;
      sibling.previousEventId = failure.thread.previousEventId;
      recordAborted(sibling);
    }
    execution.recordFailure(thread, 'ParallelStateFailed');
    throw failure.error;
  }
  execution.recordAside(thread, 'ParallelStateSucceeded');
  return outputs;
}
