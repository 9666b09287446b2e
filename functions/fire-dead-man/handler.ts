/** Nobody has completed a look in time: gives the champion all traffic. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { fireDeadMan, type FireDeadManDependencies } from '../../shared/use-cases/fire-dead-man.ts';
import { input } from './schema.ts';

export interface Dependencies extends Omit<FireDeadManDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (event, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return fireDeadMan({ ...deps, remainingMs }, event);
  });
}
