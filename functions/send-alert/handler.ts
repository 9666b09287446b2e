/** Tells people how releases and rollouts end. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { sendAlert, type SendAlertDependencies } from '../../shared/use-cases/send-alert.ts';
import { input } from './schema.ts';
import { type Ending } from '../../shared/use-cases/send-alert.ts';
import { type Input } from './schema.ts';

export interface Dependencies extends SendAlertDependencies {
  readonly telemetry: Telemetry;
}

function toEnding({ detail }: Input): Ending {
  const { model, outcome, reason } = detail;
  if ('rolloutId' in detail)
    return { subject: 'rollout', model, id: detail.rolloutId, outcome, reason, whyUri: detail.whyUri };
  const { releaseId: id, whyUri } = detail;
  return { subject: 'release', model, id, outcome, reason, ...(whyUri === undefined ? {} : { whyUri }) };
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input }, async (event) => {
    return sendAlert(deps, toEnding(event));
  });
}
