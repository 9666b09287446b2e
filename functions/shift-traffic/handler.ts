/** Task: gives the challenger its share. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { shiftTraffic, type ShiftTrafficDependencies } from '../../shared/use-cases/shift-traffic.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends Omit<ShiftTrafficDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return shiftTraffic({ ...deps, remainingMs }, task, task.epoch, task.stepIndex);
  });
}
