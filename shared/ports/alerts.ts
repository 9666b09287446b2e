/** Tells people. */
export type Severity = 'critical' | 'high' | 'medium' | 'low';

export interface Alert {
  readonly severity: Severity;
  readonly subject: string;
  /** What happened, since when, the evidence, and the next step. */
  readonly body: string;
  readonly dedupKey: string;
}

export interface Alerts {
  send(alert: Alert): Promise<void>;
}
