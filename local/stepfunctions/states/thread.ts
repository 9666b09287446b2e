/** A new line of execution inside a Parallel or Map state. */
import { Scope } from '../scope.ts';
import type { Variables } from '../variables.ts';
import type { MapItem, Thread } from '../workflow.ts';

export function newThread(
  parent: Thread,
  variables: Variables,
  previousEventId: number,
  mapItem: MapItem | undefined,
): Thread {
  return {
    execution: parent.execution,
    scope: new Scope(parent.scope),
    variables,
    previousEventId,
    mapItem,
    current: undefined,
  };
}
