/** Task with token: lets a state machine wait for what will be stored. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { awaitSignal, type AwaitSignalDependencies } from '../../shared/use-cases/await-signal.ts';
import { input } from './schema.ts';

export interface Dependencies extends AwaitSignalDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (task) => {
    await awaitSignal(deps, task);
    return {};
  });
}
