/** Each minute: drives on what was missed, and has every watched share looked at. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { sweepRollouts, type SweepRolloutsDependencies } from '../../shared/use-cases/sweep-rollouts.ts';
import { input } from './schema.ts';

export interface Dependencies extends Omit<SweepRolloutsDependencies, 'remainingMs'> {
  readonly telemetry: Telemetry;
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (_event, context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    return sweepRollouts({ ...deps, remainingMs });
  });
}
