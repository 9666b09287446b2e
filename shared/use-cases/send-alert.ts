/** Tells people how a release or a rollout has ended, by severity. */
import { type Alert, type Alerts, type Severity } from '../ports/alerts.ts';

export interface SendAlertDependencies {
  readonly alerts: Alerts;
}

export interface Ending {
  readonly subject: 'release' | 'rollout';
  readonly model: string;
  readonly id: string;
  readonly outcome: string;
  readonly reason: string;
  readonly whyUri?: string;
}

/** The severity of an outcome; undefined when nobody needs to be told. */
function severityOf(ending: Ending): Severity | undefined {
  if (ending.outcome === 'FAILED_SAFE') return 'critical';
  if (ending.subject === 'rollout') return ending.outcome === 'ROLLED_BACK' ? 'high' : 'low';
  // The rollout has told its own story; a release speaks of what never became one.
  return ['REFUSED', 'EXPIRED', 'FAILED', 'REJECTED'].includes(ending.outcome) ? 'medium' : undefined;
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  FAILED_SAFE: 'Look at the endpoint now: it does not serve what its record says.',
  ROLLED_BACK: 'Read the why page, mend the candidate and register a new version.',
  PROMOTED: 'Nothing to do. The version before stays warm for a while.',
  REFUSED: 'Read the reason, mend the candidate and register a new version.',
  EXPIRED: 'Nobody decided in time. Register the candidate again if it is still wanted.',
  REJECTED: 'A person said no. Nothing to do.',
  FAILED: 'Look at the execution of model-release.',
};

function alertOf(ending: Ending, severity: Severity): Alert {
  const lines = [
    `What: ${ending.subject} ${ending.id} of ${ending.model} ended as ${ending.outcome}.`,
    `Why: ${ending.reason}`,
    ...(ending.whyUri === undefined ? [] : [`Evidence: ${ending.whyUri}`]),
    `Next: ${NEXT_STEP[ending.outcome] ?? 'Look at the record.'}`,
  ];
  const subject = `[${severity}] ${ending.model}: ${ending.subject} ${ending.outcome}`.slice(0, 99);
  return { severity, subject, body: lines.join('\n'), dedupKey: `${ending.subject}/${ending.id}` };
}

/** @returns the severity that was sent, or null when there was nobody to tell */
export async function sendAlert(deps: SendAlertDependencies, ending: Ending): Promise<{ severity: Severity | null }> {
  const severity = severityOf(ending);
  if (severity === undefined) return { severity: null };
  await deps.alerts.send(alertOf(ending, severity));
  return { severity };
}
