/** An endpoint changed its state: reads back whether what was asked has come true. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { settleChange, type SettleChangeDependencies } from '../../shared/use-cases/settle-change.ts';
import { endpointStateChange } from '../../events/aws/endpoint-state-change.ts';

export interface Dependencies extends SettleChangeDependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: endpointStateChange }, async (event) => {
    return settleChange(deps, event.detail.EndpointName);
  });
}
