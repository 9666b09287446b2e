/** Task: the champion gets all traffic back; goes on without the table. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { restoreChampion, type RestoreChampionDependencies } from '../../shared/use-cases/restore-champion.ts';
import { input, output } from './schema.ts';

export interface Dependencies extends Omit<RestoreChampionDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input, output }, async (task, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return restoreChampion({ ...deps, remainingMs }, task);
  });
}
