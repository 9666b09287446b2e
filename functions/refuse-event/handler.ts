/** An event on the bus that no contract knows: refused by name, counted, kept in the dead-letter queue. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { refuseEvent } from '../../shared/use-cases/refuse-event.ts';
import { input } from './schema.ts';

export interface Dependencies {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (event) => refuseEvent(event['detail-type'], event.source));
}
